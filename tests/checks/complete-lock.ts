import * as fs from "node:fs";

interface Entry {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}
interface Lock {
  packages: Record<string, object>;
}

/** Where Node looks for a package that the package in `folder` asks for, nearest first. */
function lookups(folder: string, name: string): string[] {
  const places: string[] = [];
  for (let at = folder; ; at = at.includes("/") ? at.slice(0, at.lastIndexOf("/")) : "") {
    if (!at.endsWith("node_modules")) places.push(`${at === "" ? "" : `${at}/`}node_modules/${name}`);
    if (at === "") return places;
  }
}

/** The optional packages that a lock file's packages ask for and that it doesn't list: `npm ci` refuses such a lock file. */
export function missingPackages(lock: Lock): { name: string; version: string; dev: boolean }[] {
  return Object.entries(lock.packages as Record<string, Entry>).flatMap(([folder, entry]) =>
    Object.entries(entry.optionalDependencies ?? {})
      .filter(([name]) => !lookups(folder, name).some((place) => place in lock.packages))
      .map(([name, version]) => ({ name, version, dev: entry.dev === true })),
  );
}

const systems = ["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32"];
const processors = ["arm64", "arm", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "x64", "wasm32"];

/** What npm would have written for a package whose name says which platform it is for. */
function entryFor(name: string, version: string, dev: boolean): object {
  const words = name.split(/[-/]/);
  const cpu = processors.filter((processor) => words.includes(processor));
  const system = systems.filter((candidate) => words.includes(candidate));
  if (cpu.length === 0 && system.length === 0) throw new Error(`${name} does not say which platform it is for`);
  const libc = system[0] !== "linux" ? [] : /musl/.test(name) ? ["musl"] : /gnu/.test(name) ? ["glibc"] : [];
  return {
    version: version.replace(/^[\^~]/, ""),
    ...(cpu.length > 0 ? { cpu } : {}),
    ...(dev ? { dev } : {}),
    ...(libc.length > 0 ? { libc } : {}),
    optional: true,
    ...(system.length > 0 ? { os: system } : {}),
  };
}

/**
 * `npx ts-node tests/checks/complete-lock.ts <package-lock.json>...` adds the packages for other platforms that `npm install` left
 * out because the registry it asked does not carry them.
 */
function main(files: string[]): void {
  for (const file of files) {
    const lock = JSON.parse(fs.readFileSync(file, "utf8")) as Lock;
    const missing = missingPackages(lock);
    if (missing.length === 0) continue;
    for (const { name, version, dev } of missing) lock.packages[`node_modules/${name}`] = entryFor(name, version, dev);
    const order = Object.keys(lock.packages).sort((a, b) => a.localeCompare(b, "en"));
    lock.packages = Object.fromEntries(order.map((name) => [name, lock.packages[name]!]));
    fs.writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
    console.log(`${file}: added ${missing.map(({ name }) => name).join(", ")}`);
  }
}

if (require.main === module) main(process.argv.slice(2));
