import { aws } from "./cli/aws";
import { logs, spotNotice, ssh, status } from "./cli/hosts";
import { fetchPage, readableText } from "./cli/page";
import { restore } from "./cli/restore";
import { destroy, preview, refresh, savedOutputs, secretOutputs, up, type Outputs, type Session } from "./cli/session";

const USAGE = `The cluster on this machine: the same program as on AWS, in a cloud of containers.

  npm run demo [-- --down]                 up, then the page that is served (or take everything down)
  npm run local -- up                      create or change the stack
  npm run local -- preview                 what up would do
  npm run local -- refresh                 bring the state in line with what is there
  npm run local -- output [--show-secrets] the stack's outputs, as JSON
  npm run local -- status                  hosts, members, addresses
  npm run local -- ssh <host> [command]    a shell on a host, by name or instance id
  npm run local -- logs <host>             its console, boot steps and agents' journal
  npm run local -- spot-notice <host>      tells a spot instance that EC2 takes it back in two minutes, and does
  npm run local -- restore                 gives servers that have lost everything the newest backups
  npm run local -- aws <arguments>         awscli against the stack's cloud
  npm run local -- destroy [--force]       remove everything (--force: without asking the engine)

  --stack NAME          another stack beside the first (default local; its configuration is Pulumi.NAME.yaml, else Pulumi.local.yaml)
  --target PATTERN      only resources whose URN matches, in up, preview and refresh, as with pulumi; may be repeated
  --config KEY=VALUE    sets a value for this run of up or preview, as if the file had it: cluster:serverCount=1; may be repeated`;

interface Arguments {
  readonly command: string;
  readonly rest: string[];
  readonly stack: string;
  readonly flags: ReadonlySet<string>;
  readonly config: Readonly<Record<string, string>>;
  readonly targets: readonly string[];
}

function setting(text: string): [key: string, value: string] {
  const [, key, value] = /^([a-z]+:[^=]+)=(.*)$/s.exec(text) ?? [];
  if (key === undefined) throw new Error(`--config: expected KEY=VALUE like cluster:serverCount=1, got "${text}"`);
  return [key, value!];
}

/** Options count before the command, and after it where the command takes no words of its own to pass on. */
export function parseArguments(argv: readonly string[]): Arguments {
  const words: string[] = [];
  const flags = new Set<string>();
  const config: Record<string, string> = {};
  const targets: string[] = [];
  let stack = "local";
  const set = (text: string) => Object.assign(config, Object.fromEntries([setting(text)]));
  const passesOn = () => words[0] === "aws" || (words[0] === "ssh" && words.length > 1);
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index]!;
    if (passesOn() || !word.startsWith("-")) words.push(word);
    else if (word === "--stack") stack = argv[++index] ?? "";
    else if (word.startsWith("--stack=")) stack = word.slice("--stack=".length);
    else if (word === "--target") targets.push(argv[++index] ?? "");
    else if (word.startsWith("--target=")) targets.push(word.slice("--target=".length));
    else if (word === "--config") set(argv[++index] ?? "");
    else if (word.startsWith("--config=")) set(word.slice("--config=".length));
    else if (["--down", "--force", "--show-secrets", "--help", "-h"].includes(word)) flags.add(word);
    else throw new Error(`unknown option ${word}\n\n${USAGE}`);
  }
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(stack)) {
    throw new Error(`--stack: expected small letters, digits and hyphens, at most 31 in all, got "${stack}"`);
  }
  const [command = "", ...rest] = words;
  return { command: flags.has("--help") || flags.has("-h") ? "help" : command, rest, stack, flags, config, targets };
}

function printOutputs(outputs: Outputs): void {
  const print = (value: unknown, indent: string): void => {
    for (const [name, item] of Object.entries(value as Record<string, unknown>)) {
      const nested = typeof item === "object" && item !== null;
      console.log(`${indent}${name}${nested ? "" : `: ${String(item)}`}`);
      if (nested) print(item, `${indent}  `);
    }
  };
  print(outputs, "  ");
}

async function demo(session: Session, down: boolean): Promise<void> {
  if (down) return destroy(session, { force: false });
  const { url } = await up(session);
  if (typeof url !== "string") throw new Error("the stack has no output `url`");
  const text = readableText(await fetchPage(url));
  const option = session.stack === "local" ? "" : ` --stack ${session.stack}`;
  console.log(`\n${text.replace(/^/gm, "  | ")}\n\nThe page is served at ${url}\n
Next:
  npm run local --${option} status
  npm run local --${option} ssh <host>
  npm run cli --${option} nomad status
  npm run local --${option} aws autoscaling describe-auto-scaling-groups
  npm run demo --${option} --down      takes everything away`);
}

async function main(argv: readonly string[]): Promise<number> {
  process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] = "true";
  // Who reads the first lines only, as `head` does, has seen enough.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
  const { command, rest, stack, flags, config, targets } = parseArguments(argv);
  const abort = new AbortController();
  // Who followed the run is gone, and with them whoever would end it. Unheard, the error would be reported to the same stream, without an end.
  process.stderr.on("error", () => abort.abort());
  const session: Session = { stack, config, targets, log: (line) => console.error(line), signal: abort.signal };
  let signals = 0;
  const cancel = (signal: NodeJS.Signals) => {
    signals += 1;
    if (signals > 2) process.exit(130);
    console.error(`${signal}: cancelling; what is under way is finished and recorded`);
    // A terminal sends Ctrl-C to the engine too, and a second one would end it in the middle of its work.
    if (signals === 2 || signal === "SIGTERM" || !process.stdin.isTTY) abort.abort();
  };
  if (["up", "preview", "refresh", "destroy", "demo"].includes(command)) {
    // Not `once`: a library that sees no other listener left ends the process at the first signal.
    process.on("SIGINT", cancel).on("SIGTERM", cancel);
  }
  switch (command) {
    case "up":
      printOutputs(await up(session));
      return 0;
    case "preview":
      await preview(session);
      return 0;
    case "refresh":
      await refresh(session);
      return 0;
    case "destroy":
      await destroy(session, { force: flags.has("--force") });
      return 0;
    case "demo":
      await demo(session, flags.has("--down"));
      return 0;
    case "restore":
      await restore(session);
      return 0;
    case "output":
      console.log(
        JSON.stringify(flags.has("--show-secrets") ? await secretOutputs(stack) : savedOutputs(stack), undefined, 2),
      );
      return 0;
    case "status":
      await status(stack);
      return 0;
    case "aws":
      return aws(session, rest);
    case "ssh":
    case "spot-notice":
    case "logs": {
      const [host, ...words] = rest;
      if (!host) throw new Error(`${command}: which host? \`npm run local -- status\` lists them`);
      if (command === "ssh") return ssh(stack, host, words);
      await (command === "logs" ? logs : spotNotice)(stack, host);
      return 0;
    }
    case "help":
      console.log(USAGE);
      return 0;
    default:
      throw new Error(`${command ? `unknown command ${command}` : "expected a command"}\n\n${USAGE}`);
  }
}

if (require.main === module) {
  main(process.argv.slice(2)).then(
    (code) => process.exit(code),
    (error: Error) => {
      console.error(error.message);
      process.exit(1);
    },
  );
}
