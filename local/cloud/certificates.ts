import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import * as tls from "node:tls";
import { promisify } from "node:util";
import { ownDomains } from "./dns";

const run = promisify(execFile);

/** Server certificates for names of this cloud's, each signed by its CA when it is first asked for. */
export class Certificates {
  private readonly contexts = new Map<string, Promise<tls.SecureContext>>();

  private constructor(
    private readonly ca: { readonly certificate: string; readonly key: string },
    private readonly folder: string,
  ) {}

  /** Keeps one private key for all names in `folder`, which is emptied. */
  static async open(ca: { certificate: string; key: string }, folder: string): Promise<Certificates> {
    await fs.rm(folder, { recursive: true, force: true });
    await fs.mkdir(folder, { recursive: true, mode: 0o700 });
    await run("openssl", [
      ...["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
      ...["-out", path.join(folder, "server.key")],
    ]);
    return new Certificates(ca, folder);
  }

  /** For `SNICallback`: rejects a name that is not the cloud's own. */
  context(name: string): Promise<tls.SecureContext> {
    const lower = name.toLowerCase();
    if (!/^[a-z0-9.-]{1,253}$/.test(lower) || !ownDomains.some((domain) => `.${lower}`.endsWith(`.${domain}`))) {
      return Promise.reject(new Error(`${name} is not one of this cloud's names`));
    }
    let context = this.contexts.get(lower);
    if (context === undefined) {
      context = this.sign(lower);
      this.contexts.set(lower, context);
      context.catch(() => this.contexts.delete(lower));
    }
    return context;
  }

  private async sign(name: string): Promise<tls.SecureContext> {
    const key = path.join(this.folder, "server.key");
    const request = path.join(this.folder, `${name}.csr`);
    const certificate = path.join(this.folder, `${name}.crt`);
    const extensions = path.join(this.folder, `${name}.ext`);
    // A common name holds 64 characters; the name that counts is the alternative one.
    await run("openssl", ["req", "-new", "-key", key, "-subj", `/CN=${name.slice(-64)}`, "-out", request]);
    await fs.writeFile(
      extensions,
      `subjectAltName=DNS:${name}\nbasicConstraints=CA:FALSE\nkeyUsage=digitalSignature\nextendedKeyUsage=serverAuth\n`,
    );
    await run("openssl", [
      ...["x509", "-req", "-in", request, "-CA", this.ca.certificate, "-CAkey", this.ca.key],
      ...["-set_serial", `0x${Date.now().toString(16)}${Math.floor(Math.random() * 65536).toString(16)}`],
      ...["-days", "365", "-extfile", extensions, "-out", certificate],
    ]);
    const chain = `${await fs.readFile(certificate, "utf8")}${await fs.readFile(this.ca.certificate, "utf8")}`;
    return tls.createSecureContext({ key: await fs.readFile(key), cert: chain });
  }
}
