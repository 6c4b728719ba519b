// The library's dependency injection wants it before the library itself.
import "reflect-metadata";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

x509.cryptoProvider.set(webcrypto);

/** Certificates and requests in ASN.1, signed by Node's own Web Crypto. */
export { x509 };
