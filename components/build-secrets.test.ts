import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { rootCertificates } from "node:tls";
import { buildSecrets } from "./build-secrets";

const own = "-----BEGIN CERTIFICATE-----\nb3du\n-----END CERTIFICATE-----\n";

let folder: string;
beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), "build-secrets-"))));
afterEach(() => fs.rmSync(folder, { recursive: true }));

function bundle(name: string, text: string): string {
  const file = path.join(folder, name);
  fs.writeFileSync(file, text);
  return file;
}

describe("the secrets of a build", () => {
  it("are the certificates that Node does not have already", () => {
    const whole = `${rootCertificates.join("\n")}\n# ours\n${own}${rootCertificates[0]!.replaceAll("\n", "\r\n")}\n`;
    expect(buildSecrets({ NODE_EXTRA_CA_CERTS: bundle("whole", whole) })).toEqual({ ca: own });
  });

  it("come from the file that is Node's own where there are two", () => {
    const SSL_CERT_FILE = bundle("other", own.replace("b3du", "b3RoZXI="));
    const NODE_EXTRA_CA_CERTS = bundle("own", own);
    expect(buildSecrets({ NODE_EXTRA_CA_CERTS, SSL_CERT_FILE })).toEqual({ ca: own });
    expect(buildSecrets({ SSL_CERT_FILE })).toEqual({ ca: own.replace("b3du", "b3RoZXI=") });
  });

  it.each([
    ["nothing is named", {}],
    ["an empty name is given", { NODE_EXTRA_CA_CERTS: "" }],
  ])("are none where %s", (_what, environment) => expect(buildSecrets(environment)).toBeUndefined());

  it("are none where Node has all certificates", () => {
    expect(buildSecrets({ SSL_CERT_FILE: bundle("known", rootCertificates.join("\n")) })).toBeUndefined();
  });
});
