import { type EngineName, engineNames, enginePath, ensureEngines } from "./find";
import { ensureDocker, stopDocker } from "./machine";

const log = (line: string) => console.error(line);

/**
 * `engines.js <name>...` makes the named programs available and prints where each is. Among the names, `docker` stands for a
 * Docker engine that answers, and `docker-stop` ends the one that was started that way.
 */
async function main(names: string[]): Promise<void> {
  if (names.includes("docker")) await ensureDocker(log);
  if (names.includes("docker-stop")) stopDocker();
  const wanted = names.filter((name) => !name.startsWith("docker")) as EngineName[];
  for (const name of wanted) {
    if (!engineNames.includes(name)) {
      throw new Error(`no engine is called "${name}": expected one of ${engineNames.join(", ")}`);
    }
  }
  await ensureEngines(wanted, log);
  for (const name of wanted) console.log(enginePath(name));
}

main(process.argv.slice(2)).catch((error: Error) => {
  log(error.message);
  process.exitCode = 1;
});
