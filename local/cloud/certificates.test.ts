import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as tls from "node:tls";
import type { AddressInfo } from "node:net";
import { Certificates } from "./certificates";

let folder: string;
let certificates: Certificates;
const ca = () => ({ certificate: path.join(folder, "ca.crt"), key: path.join(folder, "ca.key") });

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "certificates-"));
  execFileSync(
    "openssl",
    [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"],
      ...["-subj", "/CN=test CA", "-keyout", ca().key, "-out", ca().certificate],
    ],
    { stdio: "ignore" },
  );
  certificates = await Certificates.open(ca(), path.join(folder, "tls"));
});
afterAll(() => fs.rmSync(folder, { recursive: true }));

/** Connects under a name, trusting the CA only, and gives the names in the certificate. */
async function namesShown(servername: string): Promise<string | undefined> {
  const server = tls.createServer({
    SNICallback: (name, done) => void certificates.context(name).then((context) => done(null, context), done),
  });
  server.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await new Promise((resolve, reject) => {
      const { port } = server.address() as AddressInfo;
      const socket = tls.connect({ host: "127.0.0.1", port, servername, ca: fs.readFileSync(ca().certificate) }, () => {
        const names = socket.getPeerCertificate().subjectaltname;
        socket.destroy();
        resolve(names);
      });
      socket.on("error", reject);
    });
  } finally {
    server.close();
  }
}

test.each([
  "ec2.eu-west-1.amazonaws.com",
  "ec2.eu-west-1.api.aws",
  "api.ecr.eu-west-1.amazonaws.com",
  "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
  "a-bucket.s3.eu-west-1.amazonaws.com",
  "releases.internal",
])("%s is served under a certificate of its own that the CA's holders trust", async (name) => {
  expect(await namesShown(name)).toBe(`DNS:${name}`);
});

test("a name that is not the cloud's gets no certificate", async () => {
  await expect(namesShown("releases.hashicorp.com")).rejects.toThrow();
  await expect(certificates.context("amazonaws.com.example.org")).rejects.toThrow(
    "amazonaws.com.example.org is not one of this cloud's names",
  );
});
