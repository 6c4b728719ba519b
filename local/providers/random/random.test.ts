import { randomProvider } from ".";
import * as operations from "../operations";
import { make } from "../trial";
import { secret, UNKNOWN, type Props } from "../wire";

const provider = randomProvider();
const types = {
  bytes: "random:index/randomBytes:RandomBytes",
  uuid: "random:index/randomUuid:RandomUuid",
  password: "random:index/randomPassword:RandomPassword",
  id: "random:index/randomId:RandomId",
};
const create = (type: keyof typeof types, args: Props) => make(provider, types[type], args);
const model = (type: keyof typeof types) => operations.resourceModel(provider, types[type]);

test("bytes come in two forms, both secret, and in the id all the same", async () => {
  const { id, outputs, plain } = await create("bytes", { length: 32 });
  const bytes = Buffer.from(plain["base64"], "base64");
  expect(bytes).toHaveLength(32);
  expect(plain).toEqual({ length: 32, base64: bytes.toString("base64"), hex: bytes.toString("hex") });
  expect(outputs).toEqual({ length: 32, base64: secret(plain["base64"]), hex: secret(plain["hex"]) });
  expect(id).toBe(plain["base64"]);
});

test("a UUID is its own id", async () => {
  const { id, outputs } = await create("uuid", { keepers: { zone: "a" } });
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(outputs).toEqual({ keepers: { zone: "a" }, result: id });
});

test("an id comes in four forms, each with the prefix", async () => {
  const { id, outputs } = await create("id", { byteLength: 5, prefix: "web-" });
  const bytes = Buffer.from(id, "base64url");
  expect(bytes).toHaveLength(5);
  expect(outputs).toEqual({
    byteLength: 5,
    prefix: "web-",
    b64Url: `web-${id}`,
    b64Std: `web-${bytes.toString("base64")}`,
    hex: `web-${bytes.toString("hex")}`,
    dec: `web-${bytes.readUIntBE(0, 5)}`,
  });
});

test("nothing is drawn twice alike", async () => {
  const drawn = await Promise.all(Array.from({ length: 20 }, () => create("bytes", { length: 8 })));
  expect(new Set(drawn.map(({ plain }) => plain["hex"])).size).toBe(20);
});

describe("a password", () => {
  const count = (text: string, letters: RegExp) => text.match(letters)?.length ?? 0;

  test("is secret, not in the id, and shows its defaults", async () => {
    const { id, outputs, plain } = await create("password", { length: 24 });
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
      const result = (await create("password", args)).plain["result"] as string;
      expect(result).toMatch(/^[a-z0-9_.]{12}$/);
      expect(count(result, /\d/g)).toBeGreaterThanOrEqual(4);
      expect(count(result, /[_.]/g)).toBeGreaterThanOrEqual(5);
      expect(count(result, /[a-z]/g)).toBeGreaterThanOrEqual(1);
    }
  });

  test("takes the old name of numeric", async () => {
    const args = { length: 30, number: false, special: false };
    const { plain } = await create("password", args);
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
    await expect(create("password", args)).rejects.toThrow(`${types.password}: ${reason}`);
  });
});

test("lengths that cannot be are refused, unknown ones wait for the run", async () => {
  await expect(create("bytes", { length: 0 })).rejects.toThrow(
    `${types.bytes}: length: expected a whole number from 1 on, got 0`,
  );
  await expect(create("id", {})).rejects.toThrow("byteLength: expected a whole number from 1 on, got undefined");
  for (const type of ["bytes", "password"] as const) {
    const request = {
      type: types[type],
      name: "n",
      olds: {},
      news: { length: UNKNOWN },
      naming: { seed: new Uint8Array() },
    };
    expect(operations.check(model(type), {}, request).failures).toEqual([]);
  }
});

test("types and arguments that are not modelled are refused by name", async () => {
  await expect(create("uuid", { seed: "x" })).rejects.toThrow(
    `${types.uuid}: argument "seed" is not modelled by the local provider`,
  );
  expect(() => operations.resourceModel(provider, "random:index/randomPet:RandomPet")).toThrow(
    "random:index/randomPet:RandomPet: this resource type is not modelled by the local provider",
  );
});

test.each(Object.keys(types) as (keyof typeof types)[])("a changed keeper replaces %s", (type) => {
  const changes = (olds: Props, news: Props) => operations.diff(model(type), olds, news).changes;
  expect(changes({ keepers: { zone: "a" } }, { keepers: { zone: "b" } })).toEqual([
    { path: "keepers.zone", kind: "update", replaces: true },
  ]);
  expect(changes({}, { keepers: { zone: "b" } }).every(({ replaces }) => replaces)).toBe(true);
  expect(changes({ keepers: { zone: "a" } }, { keepers: { zone: "a" } })).toEqual([]);
});
