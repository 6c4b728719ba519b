import { dockerOnly, imagesByDigest, lockedContainers, noHostPaths } from "./jobs";
import { judge } from "./test-resources";
import { DOCKER_IMAGE, NOMAD_JOB } from "./types";

const LOCKS = 'readonly_rootfs = true\ncap_drop = ["all"]\nsecurity_opt = ["no-new-privileges"]';

const job = (group: string) => ({
  type: NOMAD_JOB,
  props: { jobspec: `job "a" {\n  group "a" {\n${group}\n  }\n}\n` },
});
const task = (config: string, driver = '"docker"') =>
  job(`task "web" {\n  driver = ${driver}\n  config {\n    image = var.image\n    ${config}\n  }\n}`);

describe("docker-only", () => {
  it("lets containers pass", () => expect(judge(dockerOnly, task(LOCKS))).toEqual([]));

  it.each(['"raw_exec"', '"exec"', '"java"', "var.driver"])("refuses %s", (driver) => {
    expect(judge(dockerOnly, task(LOCKS, driver))).toEqual([
      `task web: driver: expected "docker", got ${JSON.stringify(driver)}; run it in a container`,
    ]);
  });

  it("refuses what it cannot read", () => {
    const read = (props: object) => judge(dockerOnly, { type: NOMAD_JOB, props });
    expect(read({ jobspec: "job {" })).toEqual([
      'jobspec: expected a job in HCL, got what cannot be read (line 1: unexpected ""); write it in HCL',
    ]);
    expect(read({ jobspec: "{}", json: true })).toEqual([
      "jobspec: expected a job in HCL, got what cannot be read (it is JSON); write it in HCL",
    ]);
  });
});

describe("locked-containers", () => {
  it("lets locked containers pass", () => {
    expect(judge(lockedContainers, task(LOCKS))).toEqual([]);
    expect(judge(lockedContainers, task(`${LOCKS}\nprivileged = false`))).toEqual([]);
    expect(judge(lockedContainers, task(LOCKS.replace('"all"', ' "ALL" ')))).toEqual([]);
  });

  it("names each lock that is missing", () => {
    expect(judge(lockedContainers, task('cap_drop = ["net_raw"]'))).toEqual([
      "task web: config.readonly_rootfs: expected true, got nothing; set it so",
      'task web: config.cap_drop: expected ["all"], got ["net_raw"]; set it so',
      'task web: config.security_opt: expected ["no-new-privileges"], got nothing; set it so',
    ]);
  });

  it.each([
    ["privileged = true", "privileged: expected false, got true"],
    ["privileged = var.privileged", "privileged: expected false, got var.privileged"],
    ['cap_add = ["sys_admin"]', 'cap_add: expected nothing, got ["sys_admin"]'],
    ['pid_mode = "host"', 'pid_mode: expected nothing, got "host"'],
  ])("refuses %s", (line, message) => {
    expect(judge(lockedContainers, task(`${LOCKS}\n${line}`))).toEqual([`task web: config.${message}; remove it`]);
  });
});

describe("no-host-paths", () => {
  it("lets temporary files and volumes from elsewhere pass", () => {
    expect(judge(noHostPaths, task('mount {\n  type = "tmpfs"\n  target = "/tmp"\n}'))).toEqual([]);
    expect(judge(noHostPaths, job('volume "data" {\n  type = "csi"\n}'))).toEqual([]);
  });

  it.each([
    [
      task('volumes = ["/:/host"]'),
      'task web: config.volumes: expected nothing, got ["/:/host"]; use a mount block of type "tmpfs"',
    ],
    [
      task('mount {\n  type = "bind"\n}'),
      'task web: config.mount.type: expected "tmpfs", got "bind"; keep data outside of the worker',
    ],
    [
      task('mount {\n  type = "volume"\n}'),
      'task web: config.mount.type: expected "tmpfs", got "volume"; keep data outside of the worker',
    ],
    [task("mount {\n}"), 'task web: config.mount.type: expected "tmpfs", got nothing; keep data outside of the worker'],
    [
      job('volume "data" {\n  type = "host"\n}'),
      'volume data: type: expected "csi", got "host"; keep data outside of the worker',
    ],
  ])("refuses %j", (resource, message) => expect(judge(noHostPaths, resource)).toEqual([message]));
});

describe("images-by-digest", () => {
  const built = { type: DOCKER_IMAGE };
  const running = (image: string, from = [built]) => [
    built,
    { type: NOMAD_JOB, props: { hcl2: { vars: { image } } }, madeFrom: { hcl2: from } },
  ];

  it("wants digests of what is built with the stack", () => {
    expect(judge(imagesByDigest, running("registry.example/a@sha256:0f"))).toEqual([]);
    expect(judge(imagesByDigest, running("registry.example/a:latest"))).toEqual([
      'hcl2.vars.image: expected <repository>@sha256:<digest>, got "registry.example/a:latest"; ' +
        "pass the reference of AppImage, which has the digest",
    ]);
  });

  it("leaves references of the configuration alone", () => {
    expect(judge(imagesByDigest, running("registry.example/a:1.2.3", []))).toEqual([]);
  });
});
