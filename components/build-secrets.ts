import { readFileSync } from "node:fs";

/**
 * What an image build may read without keeping it: the certificate authority of a proxy that this machine reaches package
 * registries through, named by NODE_EXTRA_CA_CERTS or SSL_CERT_FILE. Undefined on machines without one.
 */
export function buildSecrets(environment: NodeJS.ProcessEnv = process.env): { readonly ca: string } | undefined {
  const file = environment.NODE_EXTRA_CA_CERTS || environment.SSL_CERT_FILE;
  return file ? { ca: readFileSync(file, "utf8") } : undefined;
}
