import { debian, node, traefik } from "./base-images";
import type { Log } from "./docker";
import { ami, host } from "./host-images";
import { ensureImage, type ImageSpec } from "./image";
import { cloudBase, haproxy } from "./service-images";

/** Every image that the local cloud needs, parents first. */
export const images: readonly ImageSpec[] = [debian, node, ami, host, haproxy, cloudBase, traefik];

/**
 * Makes every image that the local cloud needs and the engine lacks, or has from other sources than now. Logs only what it
 * does; quick when there is nothing to do.
 */
export async function ensureImages(log: Log): Promise<void> {
  for (const image of images) await ensureImage(image, log);
}
