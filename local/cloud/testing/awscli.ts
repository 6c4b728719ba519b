import { spawn } from "node:child_process";
import * as path from "node:path";
import * as readline from "node:readline";
import { operator } from "../sessions";

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

interface Waiting {
  readonly resolve: (line: string) => void;
  readonly reject: (error: Error) => void;
}

/** awscli, kept running between commands. */
export class AwsCli {
  private readonly child;
  private readonly ended: Promise<void>;
  private readonly waiting: Waiting[] = [];

  /** `credentials` are the operator's unless others are given. */
  constructor(python: string, endpoint: string, credentials: Credentials = operator) {
    const environment = {
      ...{ PATH: process.env.PATH, HOME: "/nonexistent", AWS_ENDPOINT_URL: endpoint, AWS_DEFAULT_REGION: "eu-west-1" },
      ...{
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
        ...(credentials.sessionToken && { AWS_SESSION_TOKEN: credentials.sessionToken }),
        AWS_DEFAULT_OUTPUT: "json",
        AWS_PAGER: "",
        PYTHONDONTWRITEBYTECODE: "1",
      },
    };
    const script = path.resolve("local/cloud/testing/serve_awscli.py");
    this.child = spawn(python, [script], { env: environment, stdio: ["pipe", "pipe", "inherit"] });
    readline.createInterface({ input: this.child.stdout }).on("line", (line) => this.waiting.shift()?.resolve(line));
    this.ended = new Promise((resolve) => this.child.once("close", () => resolve()));
    void this.ended.then(() => this.waiting.forEach(({ reject }) => reject(new Error("awscli has ended"))));
  }

  /** What the command printed; rejects with its error. */
  async run(args: readonly string[]): Promise<string> {
    const line = await new Promise<string>((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.child.stdin.write(`${JSON.stringify(args)}\n`);
    });
    const [code, output, errors] = JSON.parse(line) as [number, string, string];
    if (code !== 0) throw new Error(errors.trim());
    return output;
  }

  stop(): Promise<void> {
    this.child.stdin.end();
    return this.ended;
  }
}
