import { existsSync, readFileSync } from "node:fs";
import { leftovers, local, STACK } from "./support";

/** Loop devices whose file belongs to a local cloud. */
function disks(): string[] {
  const mounted = readFileSync("/proc/mounts", "utf8").split("\n");
  return mounted.filter((line) => line.includes("/var/lib/cloud/volumes"));
}

describe("destroy", () => {
  it("leaves no container, network, volume, disk or file behind", async () => {
    const before = await leftovers();
    expect(before.containers.length).toBeGreaterThan(7);
    expect(existsSync(`.local/${STACK}`)).toBe(true);

    const { code, stdout, stderr } = await local(["destroy"], 280);
    expect({ code, stderr: code === 0 ? "" : stdout + stderr }).toEqual({ code: 0, stderr: "" });
    expect(await leftovers()).toEqual({ containers: [], networks: [], volumes: [] });
    expect(disks()).toEqual([]);
    expect(existsSync(`.local/${STACK}`)).toBe(false);
  });
});
