import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

/** Paths of PEM files. */
export interface CertificateFiles {
  readonly folder: string;
  readonly ca_file: string;
  readonly cert_file: string;
  readonly key_file: string;
}

/** A certificate for names and 127.0.0.1 that is its own CA, in a folder that the test removes. */
export function selfSigned(names: readonly string[] = ["localhost"]): CertificateFiles {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "certificate-"));
  const [cert, key] = [path.join(folder, "cert.pem"), path.join(folder, "key.pem")];
  const alternatives = [...names.map((name) => `DNS:${name}`), "IP:127.0.0.1"].join(",");
  execFileSync(
    "openssl",
    [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"],
      ...["-subj", `/CN=${names[0]}`, "-addext", `subjectAltName=${alternatives}`, "-keyout", key, "-out", cert],
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  return { folder, ca_file: cert, cert_file: cert, key_file: key };
}
