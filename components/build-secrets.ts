import { readFileSync } from "node:fs";
import { rootCertificates } from "node:tls";

/**
 * What an image build may read without keeping it: the certificate authority of a proxy that this machine reaches package
 * registries through, in the file that NODE_EXTRA_CA_CERTS or SSL_CERT_FILE names. Undefined on machines without one.
 */
export function buildSecrets(environment: NodeJS.ProcessEnv = process.env): { readonly ca: string } | undefined {
  const file = environment.NODE_EXTRA_CA_CERTS || environment.SSL_CERT_FILE;
  const ca = file ? beyondNode(readFileSync(file, "utf8")) : "";
  return ca ? { ca } : undefined;
}

/**
 * The certificates of a text that Node does not trust anyway. The file is often the system's whole bundle, and with the 200 KB of that in each image
 * twice, the state is four times as large, which is written after every step.
 */
function beyondNode(text: string): string {
  const content = (pem: string) => pem.replaceAll(/\s/g, "");
  const known = new Set(rootCertificates.map(content));
  const all = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return all
    .filter((pem) => !known.has(content(pem)))
    .map((pem) => `${pem}\n`)
    .join("");
}
