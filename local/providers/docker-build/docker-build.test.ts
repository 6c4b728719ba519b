import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { dockerBuildProvider, reachable, splitReference } from ".";
import * as operations from "../operations";
import type { Props } from "../wire";
import { contextHash } from "./context";

let folder: string;
const write = (name: string, text: string) => {
  mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
  writeFileSync(path.join(folder, name), text);
};
const hash = () => contextHash(folder, path.join(folder, "Dockerfile"));

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "context-"));
  write("Dockerfile", "FROM scratch\n");
  write("src/main.ts", "1");
  write(".dockerignore", "node_modules\n**/*.log\n!keep.log\n");
});
afterEach(() => rmSync(folder, { recursive: true }));

test("the hash of a context changes with names, contents and modes of what a build sees", () => {
  const seen = new Set([hash()]);
  write("src/main.ts", "2");
  seen.add(hash());
  chmodSync(path.join(folder, "src/main.ts"), 0o755);
  seen.add(hash());
  write("src/other.ts", "");
  seen.add(hash());
  write("Dockerfile", "FROM scratch\nUSER 1\n");
  seen.add(hash());
  write("keep.log", "x");
  seen.add(hash());
  expect(seen.size).toBe(6);
});

test("what .dockerignore leaves out does not count", () => {
  const before = hash();
  write("node_modules/a/index.js", "x");
  write("src/deep/debug.log", "x");
  expect(hash()).toBe(before);
});

test("what a later pattern brings back counts, however deep it lies in what is left out", () => {
  write(".dockerignore", "*\n!src/deep/keep.txt\n");
  const before = hash();
  write("src/deep/other.txt", "x");
  expect(hash()).toBe(before);
  write("src/deep/keep.txt", "x");
  expect(hash()).not.toBe(before);
  write(".dockerignore", "src\n!**/keep.txt\n");
  const byWildcard = hash();
  write("src/deep/keep.txt", "y");
  expect(hash()).not.toBe(byWildcard);
});

test("a repository of AWS is reached at the cloud's own port, every other one by its name", () => {
  const endpoint = "http://127.0.0.1:14500";
  expect(reachable("123456789012.dkr.ecr.eu-west-1.amazonaws.com/cluster-local/backend", endpoint)).toBe(
    "127.0.0.1:14500/cluster-local/backend",
  );
  expect(reachable("docker.io/library/node", endpoint)).toBe("docker.io/library/node");
});

test("a port is no tag", () => {
  expect(splitReference("127.0.0.1:5000/a/b:v1")).toEqual({ repository: "127.0.0.1:5000/a/b", tag: "v1" });
  expect(splitReference("127.0.0.1:5000/a/b")).toEqual({ repository: "127.0.0.1:5000/a/b", tag: "latest" });
});

test("a login that is new in every run and secrets that are to be ignored make no change", () => {
  const image = operations.resourceModel(dockerBuildProvider(), "docker-build:index:Image");
  const args = (password: string, ca: string, key: string): Props => ({
    registries: [{ address: "r", username: "AWS", password }],
    secrets: { ca, key },
    ignoreSecretsInDiffCalculation: ["ca"],
  });
  expect(operations.diff(image, args("a", "1", "x"), args("b", "2", "x")).changes).toEqual([]);
  expect(operations.diff(image, args("a", "1", "x"), args("b", "2", "y")).changes).toEqual([
    { path: "secrets.key", kind: "update", replaces: false },
  ]);
});
