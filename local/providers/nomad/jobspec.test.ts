import { hclString, jobId, variableFile } from "./jobspec";

test.each([
  ["plain", '"plain"'],
  ['a "quoted" word', '"a \\"quoted\\" word"'],
  ["back\\slash", '"back\\\\slash"'],
  ["two\nlines\tand a tab", '"two\\nlines\\tand a tab"'],
  ["${not.a.template}", '"$${not.a.template}"'],
  ["%{ if true }", '"%%{ if true }"'],
  ["\b and \f and \\b", '"\\u0008 and \\u000c and \\\\b"'],
  ["snow ☃", '"snow ☃"'],
])("the text %j becomes an HCL literal that means nothing else", (text, literal) => {
  expect(hclString(text)).toBe(literal);
});

test("a variable file has a line for each variable", () => {
  expect(variableFile({ count: "2", greeting: 'x"\ny = "z' })).toBe('count = "2"\ngreeting = "x\\"\\ny = \\"z"\n');
});

test("what is no name of a variable, or no text, is refused", () => {
  expect(() => variableFile({ "a = 1\nb": "x" })).toThrow('hcl2.vars: "a = 1\\nb" is not a name of an HCL2 variable');
  expect(() => variableFile({ count: 2 })).toThrow("hcl2.vars.count: expected a string, got number");
});

test("the job's id is read from the text in either form", () => {
  expect(jobId('variable "a" {}\njob "web" {\n}', false)).toBe("web");
  expect(jobId('{"Job":{"ID":"web"}}', true)).toBe("web");
  expect(jobId("no job here", false)).toBeUndefined();
});
