import type Docker from "dockerode";
import type { Volume } from "@aws-sdk/client-ec2";
import { execFile } from "node:child_process";
import { mkdir, rm, stat, truncate, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { execIn } from "./docker";

const run = promisify(execFile);

/**
 * EBS volumes as sparse files behind loop devices. A device appears in a host under the names that EC2's Nitro
 * instances show, `/dev/nvme<n>n1` and the link by volume id that udev makes of it, and holds its data when the
 * host goes.
 */
export class Volumes {
  /** Loop devices by volume id. */
  private readonly loops = new Map<string, string>();
  /** The host container that each volume is visible in. */
  private readonly attached = new Map<string, Docker.Container>();

  constructor(
    private readonly folder: string,
    private readonly log: (line: string) => void,
  ) {}

  async start(): Promise<void> {
    await mkdir(this.folder, { recursive: true });
  }

  /** Makes and removes volumes, and shows attached ones in the running hosts that `hostOf` knows. */
  async reconcile(
    volumes: readonly Volume[],
    hostOf: (instanceId: string) => Docker.Container | undefined,
  ): Promise<void> {
    const present = new Set(volumes.filter(({ State }) => State !== "deleted").map(({ VolumeId }) => VolumeId!));
    for (const volumeId of this.loops.keys()) if (!present.has(volumeId)) await this.remove(volumeId);
    for (const volume of volumes) {
      const attachment = volume.Attachments?.find(({ State }) => State === "attached" || State === "attaching");
      // Root volumes are the host's own file system: only what is attached by hand is a disk of its own.
      if (attachment === undefined || ROOT_DEVICES.includes(attachment.Device!)) {
        await this.detach(volume.VolumeId!);
        continue;
      }
      const host = hostOf(attachment.InstanceId!);
      // A host that starts again has an empty /dev.
      if (host === undefined) this.attached.delete(volume.VolumeId!);
      else if (this.attached.get(volume.VolumeId!)?.id !== host.id) await this.attach(volume, host);
    }
  }

  async stop(): Promise<void> {
    for (const volumeId of [...this.loops.keys()]) await this.remove(volumeId);
  }

  private async attach(volume: Volume, host: Docker.Container): Promise<void> {
    const volumeId = volume.VolumeId!;
    const device = await this.loopOf(volumeId, volume.Size!);
    const number = Number(/\d+$/.exec(device)![0]);
    const link = deviceLink(volumeId);
    await execIn(host, [
      "sh",
      "-c",
      // The first free name, as the kernel gives it; nvme0 is the root volume of a real instance.
      `mkdir -p /dev/disk/by-id; [ -e ${link} ] && exit 0
       n=1; while [ -e /dev/nvme\${n}n1 ]; do n=$((n+1)); done
       mknod -m 660 /dev/nvme\${n}n1 b ${LOOP_MAJOR} ${number} && ln -s ../../nvme\${n}n1 ${link}`,
    ]);
    this.attached.set(volumeId, host);
    this.log(`${volumeId}: attached (${volume.Size} GiB)`);
  }

  private async detach(volumeId: string): Promise<void> {
    const host = this.attached.get(volumeId);
    this.attached.delete(volumeId);
    if (host === undefined) return;
    const link = deviceLink(volumeId);
    // The host may be gone together with the volume's place in it.
    await execIn(host, ["sh", "-c", `rm -f "$(readlink -f ${link})" ${link}`]).catch(() => undefined);
    this.log(`${volumeId}: detached`);
  }

  private async loopOf(volumeId: string, sizeGiB: number): Promise<string> {
    const known = this.loops.get(volumeId);
    if (known !== undefined) return known;
    const file = path.join(this.folder, volumeId);
    await stat(file).catch(async () => {
      await writeFile(file, "");
      await truncate(file, sizeGiB * 2 ** 30);
    });
    const device = await this.attachLoop(file);
    this.loops.set(volumeId, device);
    return device;
  }

  /** A free loop device can be one that the kernel is still about to let go of; then it is empty after all. */
  private async attachLoop(file: string): Promise<string> {
    for (let attempt = 1; attempt <= LOOP_ATTEMPTS; attempt++) {
      const { stdout } = await run("losetup", ["--find", "--show", file]);
      const device = stdout.trim();
      const { stdout: size } = await run("blockdev", ["--getsize64", device]);
      if (Number(size) > 0) return device;
    }
    throw new Error(`${file}: no loop device kept it in ${LOOP_ATTEMPTS} attempts`);
  }

  private async remove(volumeId: string): Promise<void> {
    const device = this.loops.get(volumeId);
    if (device !== undefined) await run("losetup", ["--detach", device]);
    this.loops.delete(volumeId);
    this.attached.delete(volumeId);
    await rm(path.join(this.folder, volumeId), { force: true });
    this.log(`${volumeId}: deleted`);
  }
}

/** The link that udev makes on EC2 from the serial number of the NVMe device, which is the volume id without its dash. */
function deviceLink(volumeId: string): string {
  return `/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${volumeId.replace("-", "")}`;
}

const LOOP_ATTEMPTS = 5;
const ROOT_DEVICES = ["/dev/xvda", "/dev/sda1"];
/** Block device major number of loop devices: Linux, Documentation/admin-guide/devices.txt. */
const LOOP_MAJOR = 7;
