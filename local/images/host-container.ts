import type Docker from "dockerode";

/** systemd, a nested Docker engine and a packet filter need these; it is less than `--privileged`, which not every engine can give. */
const capabilities = [
  ...["CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP", "SETFCAP"],
  ...["NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER", "LINUX_IMMUTABLE", "MKNOD"],
  ...["SYS_ADMIN", "SYS_CHROOT", "SYS_PTRACE", "SYS_NICE", "SYS_TTY_CONFIG", "SYSLOG", "LEASE"],
  ...["AUDIT_WRITE", "AUDIT_CONTROL", "AUDIT_READ"],
];

export interface HostContainerSettings {
  /** `cluster-local/debian:12` or `cluster-local/host`. */
  readonly image: string;
  /** Volume for the host's own Docker engine, whose overlays cannot lie on an overlay. */
  readonly dockerVolume: string;
  /** Further binds, `source:target[:options]`. */
  readonly binds?: readonly string[];
}

/**
 * What `createContainer` needs for a host that boots: systemd as process 1 over a cgroup tree of its own, a console that
 * `docker logs` shows (hence `Tty`: without a terminal Docker makes no /dev/console), and a stop that is a shutdown.
 * The caller adds name, hostname, labels and networks, and stops it with a time-out above the hosts' own (100 s).
 */
export function hostContainerOptions(settings: HostContainerSettings): Docker.ContainerCreateOptions {
  // Docker's API has known CgroupnsMode for long; dockerode's types do not.
  const hostConfig: Docker.HostConfig & { readonly CgroupnsMode: string } = {
    CapDrop: ["ALL"],
    CapAdd: capabilities,
    SecurityOpt: ["seccomp=unconfined", "apparmor=unconfined"],
    // The command line's `systempaths=unconfined`.
    MaskedPaths: [],
    ReadonlyPaths: [],
    DeviceCgroupRules: ["a *:* rwm"],
    Tmpfs: { "/run": "exec", "/run/lock": "", "/tmp": "exec" },
    Binds: [`${settings.dockerVolume}:/var/lib/docker`, ...(settings.binds ?? [])],
    // The image's entry point makes the namespace's tree writable, under version 1 of cgroups as under 2.
    CgroupnsMode: "private",
  };
  return { Image: settings.image, Tty: true, StopSignal: "SIGRTMIN+3", HostConfig: hostConfig };
}
