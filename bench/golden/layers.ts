import { runningCloud } from "../../local/cli/session";
import { outputs } from "../../tests/e2e/cluster-view";
import { STACK } from "../../tests/e2e/support";

/** Something that a registry keeps by the hash of its content: a layer, or an image's configuration. */
export interface Blob {
  readonly digest: string;
  /** In bytes, as it travels: compressed. */
  readonly size: number;
}

const MANIFESTS = [
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
];

/** What the backend's image, as the stack runs it now, is made of. */
export async function backendBlobs(): Promise<Blob[]> {
  const { images } = (await outputs()) as unknown as { readonly images: { readonly backend: string } };
  // <account>.dkr.ecr.<region>.amazonaws.com/<repository>@sha256:...: this machine reaches it by the cloud's own address.
  const [, repository, digest] = /^[^/]+\/(.+)@(sha256:[0-9a-f]{64})$/.exec(images.backend) ?? [];
  const url = `${(await runningCloud(STACK)).endpoint}/v2/${repository}/manifests/${digest}`;
  const response = await fetch(url, { headers: { accept: MANIFESTS.join(", ") } });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url}: ${response.status} ${text.slice(0, 200)}`);
  return blobsOf(text);
}

/** Of a manifest of one image; throws for a list of manifests. */
export function blobsOf(manifest: string): Blob[] {
  const { config, layers } = JSON.parse(manifest) as { readonly config?: Blob; readonly layers?: readonly Blob[] };
  if (config === undefined || layers === undefined)
    throw new Error(`no manifest of an image: ${manifest.slice(0, 200)}`);
  return [config, ...layers].map(({ digest, size }) => ({ digest, size }));
}

/** Bytes that somebody who has the one image lacks of the other. A layer that comes twice is sent once. */
export function missingBytes(has: readonly Blob[], wants: readonly Blob[]): number {
  const lacking = new Map(wants.map(({ digest, size }) => [digest, size]));
  for (const { digest } of has) lacking.delete(digest);
  return [...lacking.values()].reduce((sum, size) => sum + size, 0);
}
