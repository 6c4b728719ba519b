import * as path from "node:path";

import { debianImage, nodeImage } from "./base-images";
import type { ImageSpec } from "./image";

/** A load balancer of the local cloud. */
export const haproxyImage = "cluster-local/haproxy";

/** The local cloud's container without its own program, which `local/cloud` adds. */
export const cloudBaseImage = "cluster-local/cloud-base";

export const haproxy: ImageSpec = {
  tag: haproxyImage,
  folder: path.resolve("local/images/haproxy"),
  parents: [debianImage],
  takes: "under a minute",
};

export const cloudBase: ImageSpec = {
  tag: cloudBaseImage,
  folder: path.resolve("local/images/cloud-base"),
  parents: [nodeImage],
  args: { MOTO_VERSION: "5.2.5" },
  takes: "1 to 2 minutes",
};
