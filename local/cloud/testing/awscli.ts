import { spawn } from "node:child_process";
import * as path from "node:path";
import * as readline from "node:readline";

/** awscli, kept running between commands. */
export class AwsCli {
  private readonly child;
  private readonly waiting: ((line: string) => void)[] = [];

  constructor(python: string, endpoint: string) {
    const environment = {
      ...{ PATH: process.env.PATH, HOME: "/nonexistent", AWS_ENDPOINT_URL: endpoint, AWS_DEFAULT_REGION: "eu-west-1" },
      ...{ AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test", AWS_DEFAULT_OUTPUT: "json", AWS_PAGER: "" },
    };
    const script = path.resolve("local/cloud/testing/awscli.py");
    this.child = spawn(python, [script], { env: environment, stdio: ["pipe", "pipe", "inherit"] });
    readline.createInterface({ input: this.child.stdout }).on("line", (line) => this.waiting.shift()?.(line));
  }

  /** What the command printed; rejects with its error. */
  async run(args: readonly string[]): Promise<string> {
    const line = await new Promise<string>((resolve) => {
      this.waiting.push(resolve);
      this.child.stdin.write(`${JSON.stringify(args)}\n`);
    });
    const [code, output, errors] = JSON.parse(line) as [number, string, string];
    if (code !== 0) throw new Error(errors.trim());
    return output;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => this.child.once("exit", () => resolve()).stdin.end());
  }
}
