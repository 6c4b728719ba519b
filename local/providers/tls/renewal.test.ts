import * as operations from "../operations";
import type { Made } from "../trial";
import { UNKNOWN, type Props } from "../wire";
import { chain, model, types } from "./chain";

afterEach(() => jest.restoreAllMocks());

const at = (hours: number) => jest.spyOn(Date, "now").mockReturnValue(Date.now() + hours * 3_600_000);
const known = ({ id, inputs, plain }: Made) => ({ id, inputs, state: plain });

test("a certificate is replaced from its early renewal time on", async () => {
  const { leaf } = await chain();
  const news = { ...leaf.inputs, earlyRenewalHours: 4 };
  const diff = () => operations.diff(model("signed"), news, news, leaf.plain);
  at(19.9);
  expect(diff()).toEqual({ changes: [], deleteBeforeReplace: false });
  jest.restoreAllMocks();
  at(20.1);
  expect(diff()).toEqual({
    changes: [{ path: "readyForRenewal", kind: "update", replaces: true, isOutput: true }],
    deleteBeforeReplace: false,
  });
});

test("a refresh tells that it is due", async () => {
  const { leaf } = await chain();
  const operation = { type: types.signed, name: "n" } as Parameters<typeof operations.read>[3];
  const due = async () =>
    (await operations.read(model("signed"), {}, known(leaf), operation))?.outputs["readyForRenewal"];
  expect(await due()).toBe(false);
  at(24.1);
  expect(await due()).toBe(true);
});

test("the renewal time changes in place, everything else makes a new certificate", async () => {
  const { leaf } = await chain();
  const changes = (more: Props) =>
    operations.diff(model("signed"), leaf.inputs, { ...leaf.inputs, ...more }, leaf.plain).changes;
  expect(changes({ earlyRenewalHours: 2 })).toEqual([{ path: "earlyRenewalHours", kind: "update", replaces: false }]);
  for (const [path, value] of Object.entries({
    validityPeriodHours: 25,
    caCertPem: UNKNOWN,
    certRequestPem: "other",
  }))
    expect(changes({ [path]: value })).toEqual([{ path, kind: "update", replaces: true }]);
});
