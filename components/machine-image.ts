import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

/** Which machine image to boot: the newest of `owner` whose name matches. A full name pins one. */
export interface MachineImage {
  /** Account id, or `self`. */
  readonly owner: string;
  /** Name, `*` and `?` are wildcards. */
  readonly name: string;
}

/** Debian's own account on AWS, and its images for Debian 12 on x86-64. */
export const DEBIAN_12: MachineImage = { owner: "136693071363", name: "debian-12-amd64-*" };

export function findMachineImage(
  image: MachineImage,
  parent: pulumi.Resource,
): pulumi.Output<{ readonly id: string; readonly rootDeviceName: string }> {
  return aws.ec2
    .getAmiOutput(
      { owners: [image.owner], mostRecent: true, filters: [{ name: "name", values: [image.name] }] },
      { parent },
    )
    .apply(({ id, rootDeviceName }) => ({ id, rootDeviceName: rootDeviceName || "/dev/xvda" }));
}
