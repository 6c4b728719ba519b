import { parseArguments } from "./cli";

test("options count before and after the command", () => {
  expect(parseArguments(["--stack", "two", "up"])).toMatchObject({ command: "up", stack: "two" });
  expect(parseArguments(["demo", "--down", "--stack=two"])).toMatchObject({
    command: "demo",
    stack: "two",
    flags: new Set(["--down"]),
  });
  expect(parseArguments(["up"])).toMatchObject({ stack: "local" });
});

test("words of awscli and of a command on a host are passed on as they are", () => {
  expect(parseArguments(["--stack", "two", "aws", "ec2", "describe-vpcs", "--stack", "x"]).rest).toEqual([
    "ec2",
    "describe-vpcs",
    "--stack",
    "x",
  ]);
  expect(parseArguments(["ssh", "--stack", "two", "server-1", "ls", "-la"])).toMatchObject({
    stack: "two",
    rest: ["server-1", "ls", "-la"],
  });
});

test("settings for one run are taken as pairs", () => {
  expect(
    parseArguments(["up", "--config", "cluster:rotation.certificates=2", "--config=aws:region=eu-west-1"]),
  ).toEqual({
    ...{ command: "up", rest: [], stack: "local", flags: new Set(), targets: [] },
    config: { "cluster:rotation.certificates": "2", "aws:region": "eu-west-1" },
  });
  expect(() => parseArguments(["up", "--config", "serverCount=1"])).toThrow(
    '--config: expected KEY=VALUE like cluster:serverCount=1, got "serverCount=1"',
  );
});

test("patterns of what may change are taken one by one", () => {
  expect(parseArguments(["refresh", "--target", "**$a", "--target=**b"]).targets).toEqual(["**$a", "**b"]);
});

test("an option or a stack's name that makes no sense is refused", () => {
  expect(() => parseArguments(["up", "--fast"])).toThrow("unknown option --fast");
  expect(() => parseArguments(["up", "--stack", "No!"])).toThrow(
    '--stack: expected small letters, digits and hyphens, at most 31 in all, got "No!"',
  );
});
