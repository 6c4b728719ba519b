/**
 * `npm run sbom`: builds each app's image as an `up` does, and writes what is in it to `.build/sbom/<app>.cdx.json`, a CycloneDX bill of
 * materials. Fails when a bill names less than the image is known to hold.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { enginePath, ensureEngines } from "../engines/find";
import { ensureDocker } from "./docker-engine";
import { debian, node, traefik } from "./images/base-images";
import { buildImage, run } from "./images/docker";
import { ensureImage } from "./images/image";

/** As much of CycloneDX as is read here. A package URL is `pkg:<type>/<name>@<version>`; what is no package has none. */
export interface Bill {
  readonly components?: readonly { readonly purl?: string }[];
}

/** Beginnings of the package URLs that a bill has to have: packages, and what is not from their registry. */
export const NODE_APP = ["pkg:npm/", "pkg:generic/node@", "pkg:deb/debian/libc6@", "pkg:deb/debian/libstdc%2B%2B6@"];
export const GO_APP = ["pkg:golang/"];

/** Those of the beginnings with which no package URL of the bill begins. */
export function unnamed(bill: Bill, beginnings: readonly string[]): string[] {
  const named = (bill.components ?? []).flatMap(({ purl }) => purl ?? []);
  return beginnings.filter((beginning) => !named.some((purl) => purl.startsWith(beginning)));
}

/** Packages by type, as in `3 deb, 71 npm`. */
export function summary(bill: Bill): string {
  const counts = new Map<string, number>();
  for (const { purl } of bill.components ?? []) {
    const type = /^pkg:(\w+)\//.exec(purl ?? "")?.[1];
    if (type !== undefined) counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  return [...counts]
    .map(([type, count]) => `${count} ${type}`)
    .sort()
    .join(", ");
}

const log = (line: string): void => console.error(`sbom: ${line}`);

async function main(): Promise<void> {
  await ensureDocker(log);
  // Traefik's base image holds it where no registry of images answers.
  await ensureEngines(["syft", "traefik"], log);
  for (const image of [debian, node, traefik]) await ensureImage(image, log);

  const folder = path.join(".build", "sbom");
  mkdirSync(folder, { recursive: true });
  for (const app of readdirSync("apps").sort()) {
    const context = path.resolve("apps", app);
    const tag = `cluster-local/sbom-${app}`;
    const file = path.join(folder, `${app}.cdx.json`);
    await buildImage({ tag, folder: context, labels: {}, args: {} }, log);
    await run(
      enginePath("syft"),
      ["scan", `docker:${tag}`, "--source-name", app, "--output", `cyclonedx-json=${file}`],
      {
        env: { SYFT_CHECK_FOR_APP_UPDATE: "false" },
      },
    );
    const bill = JSON.parse(readFileSync(file, "utf8")) as Bill;
    const missing = unnamed(bill, existsSync(path.join(context, "package.json")) ? NODE_APP : GO_APP);
    if (missing.length > 0) throw new Error(`${file} names no ${missing.join(", no ")}, which the image holds`);
    console.log(`${file}: ${summary(bill)}`);
  }
}

if (require.main === module) {
  main().catch((error: Error) => {
    log(error.message);
    process.exitCode = 1;
  });
}
