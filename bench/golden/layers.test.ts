import { blobsOf, missingBytes } from "./layers";

const manifest = (config: string, layers: Readonly<Record<string, number>>): string =>
  JSON.stringify({
    schemaVersion: 2,
    config: { mediaType: "application/vnd.docker.container.image.v1+json", digest: `sha256:${config}`, size: 7 },
    layers: Object.entries(layers).map(([name, size]) => ({ mediaType: "layer", digest: `sha256:${name}`, size })),
  });

const old = blobsOf(manifest("c1", { node: 40_000, modules: 3_000, app: 20 }));

it("knows an image's layers and its configuration, with their sizes", () => {
  expect(old).toEqual([
    { digest: "sha256:c1", size: 7 },
    { digest: "sha256:node", size: 40_000 },
    { digest: "sha256:modules", size: 3_000 },
    { digest: "sha256:app", size: 20 },
  ]);
});

it("counts what is missing of an image, each layer once", () => {
  const next = blobsOf(manifest("c2", { node: 40_000, modules: 3_000, app2: 21 }));
  expect(missingBytes(old, [...next, { digest: "sha256:app2", size: 21 }])).toBe(28);
  expect(missingBytes(old, old)).toBe(0);
  expect(missingBytes([], old)).toBe(43_027);
});

it("does not take a list of manifests for an image", () => {
  expect(() => blobsOf('{"manifests":[]}')).toThrow('no manifest of an image: {"manifests":[]}');
});
