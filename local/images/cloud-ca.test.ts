import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { ensureCloudCa } from "./cloud-ca";

describe("the local cloud's CA", () => {
  const before = process.env["XDG_CACHE_HOME"];
  let cache: string;

  beforeEach(() => {
    cache = fs.mkdtempSync(path.join(os.tmpdir(), "ca-test-"));
    process.env["XDG_CACHE_HOME"] = cache;
  });

  afterEach(() => {
    fs.rmSync(cache, { recursive: true });
    if (before === undefined) delete process.env["XDG_CACHE_HOME"];
    else process.env["XDG_CACHE_HOME"] = before;
  });

  it("is made once, may sign and nothing else, and only its owner reads the key", () => {
    const ca = ensureCloudCa();
    expect(ca).toEqual({
      certificate: path.join(cache, "nomad-consul-cluster/cloud-ca/ca.crt"),
      key: path.join(cache, "nomad-consul-cluster/cloud-ca/ca.key"),
    });
    const certificate = new crypto.X509Certificate(fs.readFileSync(ca.certificate));
    expect(certificate.ca).toBe(true);
    expect(certificate.checkPrivateKey(crypto.createPrivateKey(fs.readFileSync(ca.key)))).toBe(true);
    expect(fs.statSync(ca.key).mode & 0o777).toBe(0o600);

    const serial = certificate.serialNumber;
    ensureCloudCa();
    expect(new crypto.X509Certificate(fs.readFileSync(ca.certificate)).serialNumber).toBe(serial);
    expect(fs.readdirSync(path.join(cache, "nomad-consul-cluster"))).toEqual(["cloud-ca"]);
  });
});
