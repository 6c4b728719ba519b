// A shell, or one command, in which `nomad` and `consul` are an operator's: NOMAD_* and CONSUL_* come from the stack's outputs.
// Tokens go from the state to the environment, and are never printed.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import path from "node:path";

const USAGE = `npm run cli -- [--stack NAME] [command...]

  npm run cli                              a shell for the stack that is on this machine (local)
  npm run cli -- nomad status              one command
  npm run cli -- --stack dev consul members`;

function parse(argv) {
  const words = [...argv];
  let stack = "local";
  while (words[0]?.startsWith("-")) {
    const word = words.shift();
    if (word === "--stack") stack = words.shift() ?? "";
    else if (word.startsWith("--stack=")) stack = word.slice("--stack=".length);
    else if (word === "--") break;
    else throw new Error(`unknown option ${word}\n\n${USAGE}`);
  }
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(stack)) throw new Error(`--stack: expected the name of a stack, got "${stack}"`);
  return { stack, command: words };
}

/** What the last \`up\` of a stack gave out, from the machine's own state if it is a local one. */
function outputsOf(stack) {
  const [program, args] = existsSync(path.join(".local", stack, "state"))
    ? ["node", [".build/local.js", "output", "--show-secrets", "--stack", stack]]
    : ["pulumi", ["stack", "output", "--json", "--show-secrets", "--stack", stack]];
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: "utf8" });
  if (status !== 0) {
    const reason = error?.message ?? stderr.trim();
    throw new Error(`the outputs of stack ${stack} cannot be had: ${reason}`);
  }
  const outputs = JSON.parse(stdout);
  if (!outputs.credentials) throw new Error(`the stack ${stack} has no output \`credentials\`: run \`up\` first`);
  return outputs;
}

function environment({ nomadAddress, consulAddress, credentials }, folder) {
  const ca = path.join(folder, "ca.pem");
  writeFileSync(ca, credentials.ca);
  const cache = process.env.XDG_CACHE_HOME ?? path.join(homedir(), ".cache");
  return {
    ...process.env,
    // The pinned programs, where the machine has none of its own.
    PATH: `${process.env.PATH}${path.delimiter}${path.join(cache, "nomad-consul-cluster/engines/bin")}`,
    NOMAD_ADDR: nomadAddress,
    NOMAD_CACERT: ca,
    NOMAD_TOKEN: credentials.nomadToken,
    CONSUL_HTTP_ADDR: consulAddress,
    CONSUL_CACERT: ca,
    CONSUL_HTTP_TOKEN: credentials.consulToken,
  };
}

try {
  const { stack, command } = parse(process.argv.slice(2));
  const outputs = outputsOf(stack);
  const folder = mkdtempSync(path.join(tmpdir(), "cluster-cli-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  // The command gets the terminal's signals itself.
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => undefined);
  const [program, ...args] = command.length > 0 ? command : [process.env.SHELL ?? "bash"];
  if (command.length === 0) console.error(`stack ${stack}: nomad and consul are set up; leave with exit`);
  const child = spawn(program, args, { stdio: "inherit", env: environment(outputs, folder) });
  child.on("error", (error) => {
    console.error(`${program} cannot be run: ${error.message}`);
    process.exit(127);
  });
  child.on("exit", (code) => process.exit(code ?? 1));
} catch (error) {
  console.error(error.message);
  process.exit(2);
}
