import * as fs from "node:fs";
import { gunzipSync } from "node:zlib";

import { server, worker } from "./test-settings";
import {
  bootSteps,
  encodeUserData,
  type HostSettings,
  renderBastionUserData,
  renderUserData,
  userDataLimit,
} from "./user-data";

interface CloudConfig {
  write_files: { path: string; permissions: string; content: string }[];
  runcmd: string[][];
}

function parse(text: string): CloudConfig {
  const [head, ...rest] = text.split("\n");
  expect(head).toBe("#cloud-config");
  return JSON.parse(rest.join("\n")) as CloudConfig;
}

function contentOf(text: string, path: string): string | undefined {
  return parse(text).write_files.find((file) => file.path === path)?.content;
}

const bastion = renderBastionUserData({ cluster: "cluster-dev", region: "eu-west-1" });

describe("user data", () => {
  it("brings a server its settings, steps, agent configuration and units", () => {
    expect(parse(renderUserData(server)).write_files.map((file) => [file.path, file.permissions])).toEqual([
      ["/etc/cluster/host.env", "0644"],
      ["/opt/cluster/boot/lib.sh", "0755"],
      ["/opt/cluster/boot/aws.sh", "0755"],
      ["/opt/cluster/boot/nomad-api.sh", "0755"],
      ["/opt/cluster/boot/tokens.sh", "0755"],
      ["/opt/cluster/boot/boot.sh", "0755"],
      ["/opt/cluster/boot/identity.sh", "0755"],
      ["/opt/cluster/boot/data-volume.sh", "0755"],
      ["/opt/cluster/boot/install.sh", "0755"],
      ["/opt/cluster/boot/metadata-guard.sh", "0755"],
      ["/opt/cluster/boot/secrets.sh", "0755"],
      ["/opt/cluster/boot/dns.sh", "0755"],
      ["/opt/cluster/boot/consul.sh", "0755"],
      ["/opt/cluster/boot/consul-acl.sh", "0755"],
      ["/opt/cluster/boot/nomad.sh", "0755"],
      ["/opt/cluster/boot/nomad-acl.sh", "0755"],
      ["/opt/cluster/boot/ship-logs.py", "0755"],
      ["/opt/cluster/boot/gossip-keys.sh", "0755"],
      ["/opt/cluster/boot/leader.sh", "0755"],
      ["/opt/cluster/boot/backup.sh", "0755"],
      ["/opt/cluster/boot/lost-workers.sh", "0755"],
      ["/opt/cluster/boot/placement.sh", "0755"],
      ["/opt/cluster/boot/report.sh", "0755"],
      ["/opt/cluster/boot/report.py", "0755"],
      ["/opt/cluster/boot/report-server.py", "0755"],
      ["/etc/consul.d/agent.json", "0644"],
      ["/etc/nomad.d/agent.json", "0644"],
      ["/etc/systemd/resolved.conf.d/consul.conf", "0644"],
      ["/etc/systemd/journald.conf.d/cluster.conf", "0644"],
      ["/etc/systemd/system/cluster-dns-address.service", "0644"],
      ["/etc/systemd/system/consul.service", "0644"],
      ["/etc/systemd/system/nomad.service", "0644"],
      ["/etc/systemd/system/cluster-logs.service", "0644"],
      ["/etc/systemd/system/cluster-secrets.service", "0644"],
      ["/etc/systemd/system/cluster-secrets.timer", "0644"],
      ["/etc/systemd/system/cluster-boot.service", "0644"],
      ["/etc/systemd/system/cluster-upkeep.service", "0644"],
      ["/etc/systemd/system/cluster-upkeep.timer", "0644"],
      ["/etc/systemd/system/cluster-report.service", "0644"],
      ["/etc/systemd/system/cluster-report.timer", "0644"],
    ]);
  });

  it("tells the steps what to do in a file that a shell reads", () => {
    expect(contentOf(renderUserData(server), "/etc/cluster/host.env")).toBe(
      [
        "ROLE='server'",
        "CLUSTER='cluster-dev'",
        "NAME='server-1'",
        "REGION='eu-west-1'",
        "SERVERS='3'",
        "SECRETS_PATH='/cluster-dev/servers'",
        "LOG_GROUPS='/cluster-dev'",
        "SECRETS='tls consul nomad acl'",
        "STEPS='identity data-volume install metadata-guard secrets dns consul consul-acl nomad nomad-acl'",
        "DATA_VOLUME_ID='vol-0123456789abcdef0'",
        "BACKUP_BUCKET='cluster-dev-backups-0123456789abcdef'",
        "BACKUP_MINUTES='60'",
        "DNS_ADDRESS='169.254.1.1'",
        "CONSUL_VERSION='1.22.7'",
        `CONSUL_SHA256='${"b".repeat(64)}'`,
        "NOMAD_VERSION='1.11.3'",
        `NOMAD_SHA256='${"a".repeat(64)}'`,
        "RELEASES_URL='https://releases.hashicorp.com'",
        "",
      ].join("\n"),
    );
  });

  it("has no data volume step on a host without one", () => {
    expect(bootSteps(worker)).toEqual(["identity", "install", "metadata-guard", "secrets", "dns", "consul", "nomad"]);
    expect(contentOf(renderUserData(worker), "/opt/cluster/boot/data-volume.sh")).toBeUndefined();
  });

  it("bounds the journal, and lets the units send it and run the steps, now and at every later boot", () => {
    const start = (text: string) => {
      const [journal, enable, start] = parse(text).runcmd;
      expect(journal).toEqual(["systemctl", "restart", "systemd-journald.service"]);
      expect(enable!.slice(0, 3)).toEqual(["systemctl", "enable", "--quiet"]);
      expect(start!.slice(0, 3)).toEqual(["systemctl", "start", "--no-block"]);
      expect(enable!.slice(3)).toEqual(start!.slice(3));
      return start!.slice(3);
    };
    const common = ["cluster-logs.service", "cluster-boot.service"];
    expect(start(renderUserData(server))).toEqual([...common, "cluster-upkeep.timer", "cluster-report.timer"]);
    expect(start(renderUserData(worker))).toEqual([
      ...common,
      ...["cluster-leave.service", "cluster-rejoin.service", "cluster-report.timer"],
    ]);
  });

  it("has a worker watch for its own end, and tells it which group and hook are to hear that it has left", () => {
    const text = renderUserData(worker);
    expect(contentOf(text, "/etc/cluster/host.env")).toContain(
      "GROUP='cluster-dev-workers-edge'\nLIFECYCLE_HOOK='leave'\n",
    );
    expect(contentOf(text, "/opt/cluster/boot/leave.sh")).toContain("$here/autoscaling/target-lifecycle-state");
  });

  it("reports once in every minute of the clock, each host at a time of its own, where that is asked for", () => {
    const timer = "/etc/systemd/system/cluster-report.timer";
    expect(contentOf(renderUserData(worker), timer)).toContain(
      "OnCalendar=*:*:05\nRandomizedDelaySec=30\nFixedRandomDelay=true\nAccuracySec=1\n",
    );
    const text = renderUserData({ ...worker, monitoring: false });
    expect(parse(text).write_files.filter(({ path }) => path.includes("report"))).toEqual([]);
    expect(parse(text).runcmd.flat()).not.toContain("cluster-report.timer");
  });

  it("carries the step files of hosts/steps without their comments and empty lines", () => {
    const script = contentOf(renderUserData(worker), "/opt/cluster/boot/install.sh")!;
    const lines = fs.readFileSync("hosts/steps/install.sh", "utf8").split("\n");
    const kept = lines.filter((line, index) => index === 0 || (line !== "" && !line.trim().startsWith("#")));
    expect(script.trimEnd().split("\n")).toEqual(kept);
  });

  it("looks for new secrets every minute; servers see to tokens and gossip keys too", () => {
    const steps = (settings: HostSettings) =>
      [
        ...contentOf(renderUserData(settings), "/etc/systemd/system/cluster-secrets.service")!.matchAll(
          /^ExecStart=.* (\S+)\.sh$/gm,
        ),
      ].map(([, step]) => step);
    expect(steps(server)).toEqual(["secrets", "nomad-acl", "gossip-keys"]);
    expect(steps(worker)).toEqual(["secrets", "gossip-keys"]);
    expect(contentOf(renderUserData(worker), "/etc/systemd/system/cluster-secrets.timer")).toContain(
      "OnActiveSec=60\nOnUnitInactiveSec=60\nRandomizedDelaySec=20\n",
    );
  });

  it("makes the bastion boot even when Session Manager's agent cannot be had", () => {
    expect(contentOf(bastion, "/etc/cluster/host.env")).toBe(
      "ROLE='bastion'\nCLUSTER='cluster-dev'\nREGION='eu-west-1'\nSTEPS='ssm-agent'\nOPTIONAL_STEPS='ssm-agent'\n",
    );
  });
});

describe("settings", () => {
  it.each([
    [{ cluster: "a'; rm -rf /" }, `hosts: cluster: expected ^[a-z][a-z0-9-]*$, got "a'; rm -rf /"`],
    [{ region: "ireland" }, `hosts: region: expected ^[a-z]{2,}(-[a-z]+)+-\\d$, got "ireland"`],
    [{ datacenter: "DC 1" }, `hosts: datacenter: expected ^[a-z0-9][a-z0-9_-]*$, got "DC 1"`],
    [{ secretsPath: "a b" }, 'hosts: secretsPath: expected ^(\\/[A-Za-z0-9_.-]+)+$, got "a b"'],
    [{ logGroups: "/a b" }, 'hosts: logGroups: expected ^(\\/[A-Za-z0-9_.-]+)+$, got "/a b"'],
    [{ dataVolumeId: "sdf" }, `hosts: dataVolumeId: expected ^vol-[0-9a-f]+$, got "sdf"`],
    [
      { releasesUrl: "releases.hashicorp.com" },
      `hosts: releasesUrl: expected ^(https?|file):\\/\\/[A-Za-z0-9._~:/%-]+[^/]$, got "releases.hashicorp.com"`,
    ],
    [{ nomad: { version: "latest" } }, `hosts: nomad.version: expected ^\\d+\\.\\d+\\.\\d+$, got "latest"`],
    [{ consul: { version: "1.22.7", sha256: "abc" } }, `hosts: consul.sha256: expected ^[0-9a-f]{64}$, got "abc"`],
    [{ servers: 0 }, "hosts: servers: expected a number from 1, got 0"],
    [{ nodeClass: "edge" }, "hosts: nodeClass: servers run no jobs and have no node class"],
    [{ name: undefined }, "hosts: name: servers, and they alone, have a name of their own"],
    [{ name: "one" }, 'hosts: name: expected ^server-\\d+$, got "one"'],
    [{ group: "workers" }, "hosts: group: workers, and they alone, are in an Auto Scaling group"],
    [{ group: "a b" }, 'hosts: group: expected ^[A-Za-z0-9_-]+$, got "a b"'],
  ])("refuses %j by name", (change, message) => {
    expect(() => renderUserData({ ...server, ...change })).toThrow(new Error(message));
  });
});

describe("encoded user data", () => {
  it.each([
    ["server", renderUserData(server), 16_100],
    ["worker", renderUserData(worker), 13_800],
    ["bastion", bastion, 2_500],
  ])("of a %s leaves room in EC2's 16 KiB for the longest names", (_role, text, most) => {
    const zipped = Buffer.from(encodeUserData(text), "base64");
    expect(zipped.length).toBeLessThan(most);
    expect(gunzipSync(zipped).toString()).toBe(text);
  });

  it("is the same for the same text at any time and on any machine", () => {
    const zipped = Buffer.from(encodeUserData("#cloud-config\n"), "base64");
    expect(zipped.subarray(0, 10).toString("hex")).toBe("1f8b08000000000002ff");
  });

  it("is refused over EC2's limit, with both sizes", () => {
    const noise = Array.from({ length: 40_000 }, (_, index) => String.fromCharCode(33 + ((index * index * 7919) % 89)));
    const text = noise.join("") + Array.from({ length: 3_000 }, (_, i) => Math.sin(i).toString(36)).join("");
    expect(() => encodeUserData(text)).toThrow(
      /^user data: expected at most 16384 bytes gzip, got \d+ \(\d+ before\): move something from hosts\/ into the machine image$/,
    );
    expect(userDataLimit).toBe(16_384);
  });
});
