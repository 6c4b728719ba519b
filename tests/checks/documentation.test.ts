import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";

import { configReference, currentReference } from "../../docs/config-reference";
import versions from "../../engines/versions.json";
import { projectFiles } from "./files";

const pages = projectFiles().filter((file) => file.endsWith(".md"));
const read = (file: string) => fs.readFileSync(file, "utf8");
const scripts = (JSON.parse(read("package.json")) as { scripts: Record<string, string> }).scripts;

describe("the configuration's reference", () => {
  it("says what Pulumi.yaml declares now", () => {
    expect(read("docs/configuration.md")).toBe(currentReference());
  });

  it("shows types, defaults and what each stack sets, and no secret", () => {
    const project = {
      name: "cluster",
      config: {
        zones: { type: "integer", default: 2, description: "How many zones\n to use." },
        operatorCidrs: { type: "array", items: { type: "string" }, default: [], description: "Who | may." },
        token: { type: "string", secret: true, description: "A token." },
      },
    };
    const dev = { config: { "cluster:zones": 1, "cluster:token": { secure: "v1:abc" } } };
    const lines = configReference(project, { dev, prod: {} }).split("\n");
    expect(lines.filter((line) => line.startsWith("| `"))).toEqual([
      "| `zones` | integer | `2` | How many zones to use. |",
      "| `operatorCidrs` | array of string | `[]` | Who \\| may. |",
      "| `token` | string, secret |  | A token. |",
      "| `zones` | `1` |  |",
      "| `token` | (secret) |  |",
    ]);
  });
});

describe("the documentation", () => {
  it("links to files that exist", () => {
    const broken = pages.flatMap((page) =>
      [...read(page).matchAll(/\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)/g)]
        .map((match) => path.join(path.dirname(page), match[1]!))
        .filter((target) => !fs.existsSync(target))
        .map((target) => `${page}: ${target}`),
    );
    expect(broken).toEqual([]);
  });

  it("names npm scripts that exist", () => {
    const named = pages.flatMap((page) =>
      [...read(page).matchAll(/npm run ([a-z][\w:-]*)/g)].map((match) => match[1]!),
    );
    expect([...new Set(named)].filter((name) => !(name in scripts))).toEqual([]);
  });

  it("keeps every decision to one page that says what was decided and why", () => {
    const decisions = projectFiles("docs/decisions").filter((file) => !file.endsWith("README.md"));
    expect(decisions.length).toBeGreaterThan(0);
    for (const file of decisions) {
      const headings = [...read(file).matchAll(/^#+ (.+)$/gm)].map((match) => match[1]);
      expect([file, headings.slice(1)]).toEqual([file, ["Decision", "Why", "What follows"]]);
    }
  });
});

describe("pinned versions", () => {
  it("are the same where hosts download them and where engines are built", () => {
    const project = parse(read("Pulumi.yaml")) as { config: Record<string, { default?: unknown }> };
    const declared = (key: string) => (project.config[key] ?? project.config[`cluster:${key}`])?.default;
    const { version: traefik } = declared("traefik") as { version: string };
    expect({ nomad: declared("nomadVersion"), consul: declared("consulVersion"), traefik }).toEqual({
      nomad: versions.nomad,
      consul: versions.consul,
      traefik: versions.traefik,
    });
  });

  it("are the same in the images and where Traefik is built", () => {
    const images = projectFiles("apps").filter((file) => /Dockerfile$|\.nomad\.hcl$/.test(file));
    const tags = images.flatMap((file) => [...read(file).matchAll(/traefik:v([\d.]+)/g)].map((match) => match[1]));
    expect(tags.filter((tag) => tag !== versions.traefik)).toEqual([]);
  });
});
