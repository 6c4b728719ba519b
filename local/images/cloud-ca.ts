import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";

import { cacheRoot } from "../../engines/find";

export interface CloudCa {
  /** Path of the certificate, PEM. */
  readonly certificate: string;
  /** Path of the private key, PEM, readable by its owner only. */
  readonly key: string;
}

/**
 * The authority that the local cloud's server certificates come from and that host images trust. One per machine: made at
 * the first call, kept in the cache folder, never sent anywhere.
 */
export function ensureCloudCa(): CloudCa {
  const folder = path.join(cacheRoot(), "cloud-ca");
  const ca = { certificate: path.join(folder, "ca.crt"), key: path.join(folder, "ca.key") };
  if (fs.existsSync(ca.certificate) && fs.existsSync(ca.key)) return ca;
  fs.mkdirSync(path.dirname(folder), { recursive: true });
  // Made aside and moved in whole, so that two processes never mix the halves of two authorities.
  const making = fs.mkdtempSync(`${folder}.`);
  try {
    execFileSync(
      "openssl",
      [
        ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3650"],
        ...["-subj", "/CN=Local cloud CA", "-keyout", path.join(making, "ca.key"), "-out", path.join(making, "ca.crt")],
        ...[
          "-addext",
          "basicConstraints=critical,CA:TRUE,pathlen:0",
          "-addext",
          "keyUsage=critical,keyCertSign,cRLSign",
        ],
      ],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    fs.chmodSync(path.join(making, "ca.key"), 0o600);
    fs.chmodSync(path.join(making, "ca.crt"), 0o644);
    fs.chmodSync(making, 0o700);
    fs.renameSync(making, folder);
  } catch (error) {
    // Another process was first: its authority is the one.
    if (fs.existsSync(ca.certificate) && fs.existsSync(ca.key)) return ca;
    throw new Error(`the local cloud's CA could not be made with openssl: ${(error as Error).message}`);
  } finally {
    fs.rmSync(making, { recursive: true, force: true });
  }
  return ca;
}
