import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

import { folderWith, judge, type Verdict } from "./programs";
import { consulInstance, nomadInstance } from "../../hosts/test-settings";

const folder = path.resolve("hosts/steps");

/** Runs boot.sh with steps of a test's own instead of the real ones. */
function boot(
  steps: Record<string, string>,
  env: Record<string, string> = {},
): Verdict & { lines: string[]; log: string } {
  const names = Object.keys(steps);
  const work = folderWith({
    "lib.sh": fs.readFileSync(path.join(folder, "lib.sh"), "utf8"),
    "boot.sh": fs.readFileSync(path.join(folder, "boot.sh"), "utf8"),
    "host.env": `ROLE=worker\nCLUSTER=test\nSTEPS='${names.join(" ")}'\n`,
    ...Object.fromEntries(names.map((name) => [`${name}.sh`, `. ./lib.sh\n${steps[name]}\n`])),
  });
  const file = (name: string): string => path.join(work, name);
  try {
    fs.writeFileSync(file("console"), "");
    const verdict = judge("bash", [file("boot.sh")], {
      HOST_ENV: file("host.env"),
      BOOT_LOG: file("log"),
      BOOT_CONSOLE: file("console"),
      ...env,
    });
    const read = (name: string): string => fs.readFileSync(file(name), "utf8");
    const lines = read("log")
      .split("\n")
      .filter((line) => line.startsWith("cluster-boot: "));
    return {
      ...verdict,
      lines: lines.map((line) => line.replace(/t=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, "t=TIME")),
      log: read("log"),
    };
  } finally {
    fs.rmSync(work, { recursive: true });
  }
}

/** The JSON that a step writes for its instance, with the shell's own substitution. */
function instanceJson(script: string, variables: string): unknown {
  const text = fs.readFileSync(path.join(folder, script), "utf8");
  const document = /<<JSON\n([\s\S]*?)\nJSON\n/.exec(text)?.[1];
  const command = `${variables}\ncat <<JSON\n${document}\nJSON\n`;
  // Without a socket as standard input: with one, a bash that nobody's shell started takes itself for a remote one and reads
  // its start-up files, which this machine may have and which may fail (bash(1), "invoked by remote shell daemon").
  const stdout = execFileSync("bash", ["-euc", command], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  return JSON.parse(stdout);
}

describe("boot steps", () => {
  it("are recorded, each with what it has to say at its end", () => {
    const { code, lines } = boot({ first: "echo working; echo 'it is \"there\"'", second: "true" });
    expect(lines).toEqual([
      'cluster-boot: step=boot state=start detail="worker of test" t=TIME',
      "cluster-boot: step=first state=start t=TIME",
      "cluster-boot: step=first state=done detail=\"it is 'there'\" t=TIME",
      "cluster-boot: step=second state=start t=TIME",
      "cluster-boot: step=second state=done t=TIME",
      "cluster-boot: step=boot state=done t=TIME",
    ]);
    expect(code).toBe(0);
  });

  it("stop at the first that fails, with its reason on one line", () => {
    const { code, lines } = boot({ first: "fail $'no disk\\nat all'", second: "true" });
    expect(lines.slice(1)).toEqual([
      "cluster-boot: step=first state=start t=TIME",
      'cluster-boot: step=first state=failed detail="no disk at all" t=TIME',
    ]);
    expect(code).toBe(1);
  });

  it("stop at a command that fails without a word of its own", () => {
    const { code, lines } = boot({ first: "ls /nowhere; echo not reached" });
    expect(lines.at(-1)).toMatch(/^cluster-boot: step=first state=failed detail="ls: .*\/nowhere.*" t=TIME$/);
    expect(code).toBe(1);
  });

  it("go on after one that the host can do without", () => {
    const { code, lines } = boot({ first: "fail 'no agent'", second: "true" }, { OPTIONAL_STEPS: "first" });
    expect(lines.map((line) => line.split(" ").slice(1, 3).join(" "))).toEqual([
      "step=boot state=start",
      "step=first state=start",
      "step=first state=failed",
      "step=second state=start",
      "step=second state=done",
      "step=boot state=done",
    ]);
    expect(code).toBe(0);
  });

  it("say what they wait for, and how far it was when the time was over", () => {
    const { lines } = boot({ first: "wait_for 1 'Consul leader' bash -c 'echo 2 members; false'" });
    expect(lines.at(-1)).toBe(
      'cluster-boot: step=first state=failed detail="no Consul leader after 1 s: 2 members" t=TIME',
    );
    expect(boot({ first: "note 'waiting for a disk'" }).lines[2]).toBe(
      'cluster-boot: step=first state=start detail="waiting for a disk" t=TIME',
    );
  });

  it("retry as often as they say", () => {
    const { log } = boot({ first: "try() { echo tried; false; }\nretry 3 0 try || fail 'three times'" });
    expect(log.match(/^tried$/gm)).toHaveLength(3);
  });

  it("never leave the record out because the console is gone", () => {
    const { code, lines } = boot({ first: "true" }, { BOOT_CONSOLE: "/nowhere/console" });
    expect(code).toBe(0);
    expect(lines).toHaveLength(4);
  });
});

describe("a release that a host downloads", () => {
  const archive = `tool_1.0.0_linux_${execFileSync("dpkg", ["--print-architecture"], { encoding: "utf8" }).trim()}.zip`;
  const sums = "mirror/tool/1.0.0/tool_1.0.0_SHA256SUMS";
  let work: string;
  let sha256: string;

  beforeEach(() => {
    work = folderWith({ tool: "#!/bin/sh\necho Tool v1.0.0\n", [sums]: "", "bin/other": "" });
    const file = path.join(work, path.dirname(sums), archive);
    execFileSync("python3", ["-m", "zipfile", "-c", file, path.join(work, "tool")]);
    sha256 = createHash("sha256").update(fs.readFileSync(file)).digest("hex");
  });
  afterEach(() => fs.rmSync(work, { recursive: true }));

  /** Runs install.sh's own function on a mirror in a folder; gives the boot's last line, and what is installed after it. */
  function install(pinned: string): { last: string; programs: string[] } {
    const script = fs.readFileSync(path.join(folder, "install.sh"), "utf8");
    const functions = /^fetch\(\) [\s\S]*?^release\(\) [\s\S]*?^}$/m.exec(script)![0];
    const settings = `bin=${work}/bin\nRELEASES_URL=file://${work}/mirror`;
    const { lines } = boot({ install: `${settings}\n${functions}\nrelease tool 1.0.0 '${pinned}'` });
    return { last: lines.at(-1)!, programs: fs.readdirSync(path.join(work, "bin")) };
  }

  const done = { last: "cluster-boot: step=boot state=done t=TIME", programs: ["other", "tool"] };
  const refused = {
    last: expect.stringMatching(
      /step=install state=failed detail=".*\.zip is not the file that was pinned \(SHA-256\)"/,
    ),
    programs: ["other"],
  };

  it("is installed when it has the pinned checksum, whatever the mirror's list says", () => {
    fs.writeFileSync(path.join(work, sums), `${"0".repeat(64)}  ${archive}\n`);
    expect(install(sha256)).toEqual(done);
  });

  it("is refused when it has another, whatever the mirror's list says", () => {
    fs.writeFileSync(path.join(work, sums), `${sha256}  ${archive}\n`);
    expect(install("0".repeat(64))).toEqual(refused);
  });

  it("is held to the mirror's list where no checksum is pinned", () => {
    fs.writeFileSync(path.join(work, sums), `${"0".repeat(64)}  other.zip\n${sha256}  ${archive}\n`);
    expect(install("")).toEqual(done);
  });

  it("is refused when the mirror's list has another checksum for it, or none", () => {
    fs.writeFileSync(path.join(work, sums), `${sha256}  other.zip\n${"0".repeat(64)}  ${archive}\n`);
    expect(install("")).toEqual(refused);
    fs.writeFileSync(path.join(work, sums), `${sha256}  other.zip\n`);
    expect(install("")).toEqual(refused);
  });
});

describe("instance configuration", () => {
  const identity = `NODE_NAME=server-1 ADDRESS=10.0.1.5 INSTANCE_ID=i-0123456789abcdef0 ZONE=eu-west-1a`;

  it("names Consul's node, its address and its zone", () => {
    expect(instanceJson("consul.sh", `${identity} listen='127.0.0.1 10.0.1.5'`)).toEqual(consulInstance);
  });

  it("names Nomad's node, its address and its zone", () => {
    expect(instanceJson("nomad.sh", identity)).toEqual(nomadInstance);
  });
});
