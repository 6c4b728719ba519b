import { type EngineName, engineNames, enginePath, ensureEngines } from "./find";

/** `engines.js <name>...` makes the named programs available and prints where each is. */
async function main(names: string[]): Promise<void> {
  for (const name of names) {
    if (!(engineNames as string[]).includes(name)) {
      throw new Error(`no engine is called "${name}": expected one of ${engineNames.join(", ")}`);
    }
  }
  const wanted = names as EngineName[];
  await ensureEngines(wanted, (line) => console.error(line));
  for (const name of wanted) console.log(enginePath(name));
}

main(process.argv.slice(2)).catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
