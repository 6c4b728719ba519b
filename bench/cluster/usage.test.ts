import { usageOf } from "./usage";

/** As grep prints it of one process; CPU in hundredths of a second. */
const process = (
  id: number,
  name: string,
  group: string,
  cpu: readonly number[],
  anonymous = 0,
  file = 0,
  parent = 1,
): string =>
  [
    `/proc/${id}/stat:${id} (${name}) S ${parent} ${id} ${id} 0 -1 4194560 1 2 3 4 ${cpu.join(" ")} 20 0 9 0 100 1 2`,
    `/proc/${id}/cgroup:5:memory:${group}`,
    `/proc/${id}/cgroup:0::/`,
    `/proc/${id}/status:RssAnon:\t   ${anonymous} kB`,
    `/proc/${id}/status:RssFile:\t   ${file} kB`,
  ].join("\n");

const host = [
  process(1, "systemd", "/init.scope", [10, 10, 200, 100], 2048, 1024),
  process(20, "consul", "/system.slice/consul.service", [500, 250, 0, 0], 40960, 61440),
  process(30, "nomad", "/system.slice/nomad.service", [300, 100, 50, 50], 30720, 51200),
  // A helper of it, with a blank and a parenthesis in its name: the same program's text.
  process(31, "nomad (log) x", "/system.slice/nomad.service", [10, 10, 0, 0], 10240, 40960, 30),
  process(40, "dockerd", "/system.slice/docker.service", [20, 0, 0, 0], 1024, 0),
  process(41, "containerd", "/system.slice/containerd.service", [30, 0, 0, 0], 1024, 0),
  process(50, "python3", "/system.slice/cluster-logs.service", [40, 10, 25, 25], 10240, 5120),
  // What runs in containers is no part of Docker, though one hierarchy says so.
  process(60, "node", `/docker/${"0a".repeat(32)}`, [9000, 9000, 0, 0], 90000, 90000),
  `/proc/60/cgroup:1:name=systemd:/system.slice/containerd.service`,
  process(70, "systemd-journal", "/system.slice/systemd-journald.service", [700, 700, 0, 0], 7000, 7000),
].join("\n");

it("adds up processes by the unit that they belong to, those that Nomad starts beside tasks by themselves, and a program's text once", () => {
  expect(usageOf(host)).toMatchObject({
    consul: { cpu: 7.5, memory: 100 },
    nomad: { cpu: 5, memory: 80 },
    helpers: { cpu: 0.2, memory: 10 },
    docker: { cpu: 0.5, memory: 2 },
  });
});

it("counts what timers have started and has ended with the project's own services", () => {
  expect(usageOf(host).own).toEqual({ cpu: 1 + 3, memory: 15 });
});

it("knows units by the second version of control groups too", () => {
  const text = [
    "/proc/7/stat:7 (consul) S 1 7 7 0 -1 0 0 0 0 0 100 0 0 0 20",
    "/proc/7/cgroup:0::/system.slice/consul.service",
  ];
  expect(usageOf(text.join("\n")).consul).toEqual({ cpu: 1, memory: 0 });
});

it("takes a process of which half was read for what it is known to have used", () => {
  expect(usageOf("/proc/8/cgroup:0::/system.slice/nomad.service").nomad).toEqual({ cpu: 0, memory: 0 });
});
