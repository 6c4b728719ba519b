import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { hostContainerOptions } from "./host-container";
import { madeFrom, type ImageSpec } from "./image";

describe("what an image is made from", () => {
  let folder: string;
  const write = (name: string): void => {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    fs.appendFileSync(path.join(folder, name), "CMD x\n");
  };
  const spec = (change: Partial<ImageSpec> = {}): ImageSpec => ({
    tag: "test",
    folder,
    parents: [],
    takes: "no time",
    ...change,
  });

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "image-test-"));
    fs.writeFileSync(path.join(folder, "Dockerfile"), "FROM scratch\n");
  });
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  it("is the same as long as nothing changes", async () => {
    expect(await madeFrom(spec())).toBe(await madeFrom(spec()));
  });

  it.each<[string, () => Partial<ImageSpec>]>([
    ["a file's content", () => (write("Dockerfile"), {})],
    ["a file's name", () => (fs.renameSync(path.join(folder, "Dockerfile"), path.join(folder, "Other")), {})],
    ["a file's mode", () => (fs.chmodSync(path.join(folder, "Dockerfile"), 0o755), {})],
    ["a new file in a subfolder", () => (write("sub/file"), {})],
    ["a build argument", () => ({ args: { VERSION: "2" } })],
    ["another input", () => ({ inputs: () => ({ engine: "1" }) })],
  ])("changes with %s", async (_name, change) => {
    const before = await madeFrom(spec());
    expect(await madeFrom(spec(change()))).not.toBe(before);
  });
});

describe("a host's container", () => {
  const options = hostContainerOptions({
    image: "cluster-local/host",
    dockerVolume: "dev-a-docker",
    binds: ["/a:/b:ro"],
  });

  it("has a console, boots to a shutdown that systemd understands, and a cgroup tree of its own", () => {
    expect(options).toMatchObject({
      Image: "cluster-local/host",
      Tty: true,
      StopSignal: "SIGRTMIN+3",
      HostConfig: {
        Binds: ["dev-a-docker:/var/lib/docker", "/a:/b:ro"],
        CgroupnsMode: "private",
        Tmpfs: { "/run": "exec", "/run/lock": "", "/tmp": "exec" },
      },
    });
  });

  it("is not privileged, and may neither load modules nor set the clock nor raise limits", () => {
    expect(options.HostConfig?.Privileged).toBeUndefined();
    expect(options.HostConfig?.CapDrop).toEqual(["ALL"]);
    for (const capability of ["SYS_MODULE", "SYS_TIME", "SYS_RESOURCE", "SYS_RAWIO", "SYS_BOOT"]) {
      expect(options.HostConfig?.CapAdd).not.toContain(capability);
    }
  });
});
