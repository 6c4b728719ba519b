import * as fs from "node:fs";
import * as path from "node:path";

import versions from "../../engines/versions.json";
import { debianImage } from "./base-images";
import { ensureCloudCa } from "./cloud-ca";
import type { ImageSpec } from "./image";
import { ensureMirror, mirrorSums, pinnedReleases } from "./mirror";

/** Debian 12 with systemd and cloud-init, nothing else: the stock machine image. */
export const amiImage = "cluster-local/debian:12";

/** The stock image on which the hosts' own install step has run: the golden machine image. */
export const hostImage = "cluster-local/host";

export const ami: ImageSpec = {
  tag: amiImage,
  folder: path.resolve("local/images/debian-ami"),
  parents: [debianImage],
  inputs: () => ({ ca: fs.readFileSync(ensureCloudCa().certificate, "utf8") }),
  takes: "about a minute",
  prepare: (context) => fs.cpSync(ensureCloudCa().certificate, path.join(context, "cloud-ca.crt")),
};

/** The scripts that the install step consists of, from `hosts/`, which brings the same ones to a host in its user data. */
const installScripts = ["lib.sh", "boot.sh", "install.sh"];

export const host: ImageSpec = {
  tag: hostImage,
  folder: path.resolve("local/images/host"),
  parents: [amiImage],
  args: { CONSUL_VERSION: versions.consul, NOMAD_VERSION: versions.nomad },
  inputs: () => ({
    ...mirrorSums(),
    ...Object.fromEntries(installScripts.map((name) => [name, fs.readFileSync(stepFile(name), "utf8")])),
  }),
  takes: "1 to 2 minutes",
  prepare: (context) => {
    for (const name of installScripts) fs.cpSync(stepFile(name), path.join(context, "steps", name));
    const mirror = ensureMirror();
    for (const release of pinnedReleases) {
      fs.cpSync(path.join(mirror, release), path.join(context, "mirror", release), { recursive: true });
    }
  },
};

function stepFile(name: string): string {
  return path.resolve("hosts/steps", name);
}
