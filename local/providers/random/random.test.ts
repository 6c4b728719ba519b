import { randomProvider } from ".";
import * as operations from "../operations";
import { make } from "../trial";
import { secret, UNKNOWN, type Props } from "../wire";

const provider = randomProvider();
const TYPE = "random:index/randomPassword:RandomPassword";
const create = (args: Props) => make(provider, TYPE, args);
const model = () => operations.resourceModel(provider, TYPE);

test("nothing is drawn twice alike", async () => {
  const drawn = await Promise.all(Array.from({ length: 20 }, () => create({ length: 12 })));
  expect(new Set(drawn.map(({ plain }) => plain["result"])).size).toBe(20);
});

describe("a password", () => {
  const count = (text: string, letters: RegExp) => text.match(letters)?.length ?? 0;

  test("is secret, not in the id, and shows its defaults", async () => {
    const { id, outputs, plain } = await create({ length: 24 });
    expect(id).toBe("none");
    expect(plain["result"]).toMatch(/^[A-Za-z0-9!@#$%&*()\-_=+[\]{}<>:?]{24}$/);
    expect(outputs).toEqual({
      ...{ length: 24, upper: true, lower: true, numeric: true, number: true, special: true },
      ...{ minUpper: 0, minLower: 0, minNumeric: 0, minSpecial: 0 },
      result: secret(plain["result"]),
    });
  });

  test("has at least what is asked of each kind, and nothing of what is not wanted", async () => {
    for (let run = 0; run < 20; run++) {
      const args = { length: 12, upper: false, minNumeric: 4, minSpecial: 5, minLower: 1, overrideSpecial: "_." };
      const result = (await create(args)).plain["result"] as string;
      expect(result).toMatch(/^[a-z0-9_.]{12}$/);
      expect(count(result, /\d/g)).toBeGreaterThanOrEqual(4);
      expect(count(result, /[_.]/g)).toBeGreaterThanOrEqual(5);
      expect(count(result, /[a-z]/g)).toBeGreaterThanOrEqual(1);
    }
  });

  test("takes the old name of numeric", async () => {
    const args = { length: 30, number: false, special: false };
    const { plain } = await create(args);
    expect(plain).toMatchObject({ number: false, numeric: false });
    expect(plain["result"]).toMatch(/^[A-Za-z]{30}$/);
  });

  test.each<[Props, string]>([
    [{ length: 0 }, "length: expected at least 1, got 0"],
    [{ length: 3, minUpper: 2, minLower: 2 }, "length: expected at least 4, got 3"],
    [{ length: 3, minUpper: -1 }, "length: expected whole numbers from 0 on in it and in the minimums, got -1"],
    [
      { length: 3, upper: false, lower: false, numeric: false, special: false },
      "special: expected one of upper, lower, numeric, special to be true, got none",
    ],
    [
      { length: 3, number: true, numeric: false },
      "number: expected numeric alone, which is its new name, got both with different values",
    ],
  ])("%j is refused", async (args, reason) => {
    await expect(create(args)).rejects.toThrow(`${TYPE}: ${reason}`);
  });
});

test("a length that is not known yet waits for the run", () => {
  const request = { type: TYPE, name: "n", olds: {}, news: { length: UNKNOWN }, naming: { seed: new Uint8Array() } };
  expect(operations.check(model(), {}, request).failures).toEqual([]);
});

test("types and arguments that are not modelled are refused by name", async () => {
  await expect(create({ length: 8, seed: "x" })).rejects.toThrow(
    `${TYPE}: argument "seed" is not modelled by the local provider`,
  );
  expect(() => operations.resourceModel(provider, "random:index/randomPet:RandomPet")).toThrow(
    "random:index/randomPet:RandomPet: this resource type is not modelled by the local provider",
  );
});

test("a changed keeper replaces a password", () => {
  const changes = (olds: Props, news: Props) => operations.diff(model(), olds, news).changes;
  expect(changes({ keepers: { zone: "a" } }, { keepers: { zone: "b" } })).toEqual([
    { path: "keepers.zone", kind: "update", replaces: true },
  ]);
  expect(changes({}, { keepers: { zone: "b" } }).every(({ replaces }) => replaces)).toBe(true);
  expect(changes({ keepers: { zone: "a" } }, { keepers: { zone: "a" } })).toEqual([]);
});
