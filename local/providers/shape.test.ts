import { changes, parseShape, unmodelled } from "./shape";
import { UNKNOWN } from "./wire";

const shape = parseShape("cidrBlock! tags disk{size kind!} rules!{port} actions{type redirect{port}}");

test("arguments of every depth that are not in the notation are named by their path", () => {
  const args = {
    cidrBlock: "10.0.0.0/8",
    tags: { any: "thing" },
    disk: { size: 1, speed: 2 },
    actions: [{ type: "a" }, { kind: 1 }],
  };
  expect(unmodelled(shape, { ...args, colour: "red" })).toEqual(["disk.speed", "actions[1].kind", "colour"]);
});

test("changes are found by path, with what replaces", () => {
  const olds = { cidrBlock: "a", tags: { one: "1", two: "2" }, disk: { size: 1, kind: "x" }, actions: [{ type: "a" }] };
  const news = {
    cidrBlock: "b",
    tags: { one: "1", two: "3" },
    disk: { size: 2, kind: "y" },
    actions: [{ type: "b" }, { type: "c" }],
  };
  expect(changes(shape, olds, news)).toEqual([
    { path: "cidrBlock", kind: "update", replaces: true },
    { path: "tags.two", kind: "update", replaces: false },
    { path: "disk.size", kind: "update", replaces: false },
    { path: "disk.kind", kind: "update", replaces: true },
    { path: "actions[0].type", kind: "update", replaces: false },
    { path: "actions[1].type", kind: "add", replaces: false },
  ]);
});

test("a block that comes or goes changes what it holds, and replaces only where its members or it itself do", () => {
  expect(changes(shape, {}, { disk: { size: 1 } })).toEqual([{ path: "disk.size", kind: "add", replaces: false }]);
  expect(changes(shape, { disk: { kind: "x" } }, {})).toEqual([{ path: "disk.kind", kind: "delete", replaces: true }]);
  expect(changes(shape, { rules: [{ port: 1 }] }, {})).toEqual([
    { path: "rules[0].port", kind: "delete", replaces: true },
  ]);
});

test("an unknown value is a change, and equal values are none", () => {
  expect(changes(shape, { cidrBlock: "a" }, { cidrBlock: UNKNOWN })).toHaveLength(1);
  expect(changes(shape, { tags: { a: "1" }, disk: {} }, { disk: {}, tags: { a: "1" } })).toEqual([]);
});
