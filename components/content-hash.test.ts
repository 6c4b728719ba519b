import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { contentHash } from "./content-hash";

describe("contentHash", () => {
  let folder: string;
  const write = (name: string, content: string): void => {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), content);
  };

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), "content-hash-"));
    write("Dockerfile", "FROM scratch\n");
    write("src/server.ts", "listen();\n");
    write(".dockerignore", "# not part of the image\nnode_modules\n*.md\n!README.md\n**/*.log\ntest/**\n");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("is sixteen hexadecimal digits, the same for the same contents", () => {
    const first = contentHash(folder);
    expect(first).toMatch(/^[0-9a-f]{16}$/);
    write("src/server.ts", "listen();\n");
    expect(contentHash(folder)).toBe(first);
  });

  it.each([
    ["a file's content", () => write("src/server.ts", "listen(80);\n")],
    ["a new file", () => write("src/new.ts", "")],
    ["a file's name", () => write("src/a.ts", "x")],
    ["an executable bit", () => chmodSync(path.join(folder, "Dockerfile"), 0o755)],
    ["a link", () => symlinkSync("src", path.join(folder, "lib"))],
    ["what .dockerignore takes back", () => write("README.md", "hello")],
    ["what .dockerignore says", () => write(".dockerignore", "dist\n")],
  ])("changes with %s", (_, change) => {
    const before = contentHash(folder);
    change();
    expect(contentHash(folder)).not.toBe(before);
  });

  it("changes with the build's arguments", () => {
    const [one, another] = ["1.0.0", "1.0.1"].map((VERSION) => contentHash(folder, { VERSION }));
    expect(new Set([contentHash(folder), one, another]).size).toBe(3);
  });

  it.each(["node_modules/a/index.js", "NOTES.md", "src/deep/build.log", "test/app.test.ts"])(
    "does not change with %s, which .dockerignore leaves out",
    (name) => {
      const before = contentHash(folder);
      write(name, "whatever");
      expect(contentHash(folder)).toBe(before);
    },
  );
});
