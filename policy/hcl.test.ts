import { readdirSync, readFileSync } from "node:fs";
import { blocksOf, parseHcl } from "./hcl";

describe("parseHcl", () => {
  it("reads blocks, labels and the text of expressions", () => {
    const text = 'job "web" "two" {\n  type = "service"\n  group web { count = parseint(var.count, 10) }\n}\n';
    expect(parseHcl(text).blocks).toEqual([
      {
        type: "job",
        labels: ["web", "two"],
        attributes: { type: '"service"' },
        blocks: [{ type: "group", labels: ["web"], attributes: { count: "parseint(var.count, 10)" }, blocks: [] }],
      },
    ]);
  });

  it.each([
    ["comments of all kinds", 'a = 1 # b = 2\n// c = 3\n/* d = 4\n e = 5 */ f = 6 // "', { a: "1", f: "6" }],
    ["a comment in a list", 'a = [\n  "x", # ] }\n  "y",\n]\n', { a: '[\n  "x", \n  "y",\n]' }],
    ["braces and comments in texts", 'a = "} # \\" //"\nb = 2', { a: '"} # \\" //"', b: "2" }],
    [
      "templates, and texts in them",
      'a = "${b["}"]} $${c} %{ if x }y%{ endif }"\nb = 1',
      { a: '"${b["}"]} $${c} %{ if x }y%{ endif }"', b: "1" },
    ],
    ["objects over several lines", "a = {\n  b = { c = 1 }\n}\nd = 2", { a: "{\n  b = { c = 1 }\n}", d: "2" }],
    [
      "here documents",
      'a = <<-END\n  driver = "x"\n  }\n  END\nb = 2',
      { a: '<<-END\n  driver = "x"\n  }\n  END', b: "2" },
    ],
    ["comparisons", 'a = b == "" ? 1 : 2\n', { a: 'b == "" ? 1 : 2' }],
  ])("reads %s", (_, text, attributes) => expect(parseHcl(text)).toMatchObject({ attributes, blocks: [] }));

  it("takes a dynamic block for the block that it makes", () => {
    const text =
      'task "a" {\n  dynamic "volume" {\n    for_each = [1]\n    content {\n      type = "host"\n    }\n  }\n}';
    expect(blocksOf(parseHcl(text), "volume")).toMatchObject([{ type: "volume", attributes: { type: '"host"' } }]);
  });

  it.each([
    ["job {", 'line 1: unexpected ""'],
    ["a = 1\n}", 'line 2: unexpected "}"'],
    ['a = "open\nb = 2', 'line 1: unexpected "\\nb = 2"'],
    ["a\nb", 'line 1: unexpected "\\nb"'],
    ["a = <<END\nnever", 'line 1: unexpected "<<END\\nnever"'],
  ])("refuses %j", (text, message) => expect(() => parseHcl(text)).toThrow(message));

  it.each(readdirSync("apps"))("reads the job of %s", (app) => {
    const job = parseHcl(readFileSync(`apps/${app}/${app}.nomad.hcl`, "utf8"));
    expect(blocksOf(job, "job", "group", "task").map(({ type, labels }) => [type, labels])).toEqual([
      ["job", [app]],
      ["group", [app]],
      ["task", [app]],
    ]);
  });
});
