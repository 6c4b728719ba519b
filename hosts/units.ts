import { logsUnit } from "./logs";
import { type HostSettings, paths } from "./settings";

/** Runs the steps at every boot, and again after a while when one failed. */
export function bootUnit(): string {
  return `[Unit]
Description=Boot steps of a cluster host
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=${paths.boot}/boot.sh
Restart=on-failure
RestartSec=15
TimeoutStartSec=infinity

[Install]
WantedBy=multi-user.target
`;
}

/** What a host does again every minute, so that it has the secrets of Parameter Store. Steps of the boot, and what only changes need. */
export const refreshSteps = {
  server: ["secrets", "nomad-acl", "gossip-keys"],
  worker: ["secrets", "gossip-keys"],
} as const;

/** What the servers that lead look after. Each does its part, whatever becomes of the others. */
const upkeepSteps = ["backup consul", "backup nomad", "lost-workers", "placement"];

/** Steps, some with an argument, that a timer starts, one after the other; with `-` before, one that fails does not end the run. */
const stepsUnit = (description: string, step: string, seconds: number, steps: readonly string[]): string =>
  `[Unit]
Description=${description}

[Service]
Type=oneshot
WorkingDirectory=${paths.boot}
EnvironmentFile=${paths.hostEnv}
EnvironmentFile=${paths.identity}
Environment=STEP=${step}
${steps.map((name) => name.replace(/^(-?)(\S+)/, "ExecStart=$1/bin/bash -Eeuo pipefail $2.sh")).join("\n")}
TimeoutStartSec=${seconds}
`;

const timer = (description: string, when: string): string =>
  `[Unit]
Description=${description}

[Timer]
${when}
AccuracySec=1
`;

/** A timer that starts with the host, once it is a member of the cluster. */
const standingTimer = (description: string, when: string): string =>
  `${timer(description, when).replace("\n\n", "\nAfter=cluster-boot.service\n\n")}
[Install]
WantedBy=multi-user.target
`;

/** Hosts take their turns, so that not all do it at once. */
const inTurns = "OnActiveSec=60\nOnUnitInactiveSec=60\nRandomizedDelaySec=20";

/** Once in every minute of the clock, so that what all hosts report sums up, and each at a time of its own. */
const everyMinute = "OnCalendar=*:*:05\nRandomizedDelaySec=30\nFixedRandomDelay=true";

/** A worker's watch over what no agent looks after: a step that does not end. */
const watchUnit = (description: string, step: string): string =>
  `[Unit]
Description=${description}
After=cluster-boot.service

[Service]
WorkingDirectory=${paths.boot}
EnvironmentFile=${paths.hostEnv}
ExecStart=/bin/bash -Eeuo pipefail ${step}.sh
Restart=on-failure
RestartSec=2

[Install]
WantedBy=multi-user.target
`;

/** What a host does all the while besides its agents. */
export interface StandingWork {
  /** Files of hosts/steps. */
  readonly scripts: readonly string[];
  readonly units: Readonly<Record<string, string>>;
  /** The one of the units that starts with the host; none where a step of the boot starts it. */
  readonly start?: string;
}

/** In the order in which they are written and started. */
export function standingWork(settings: Pick<HostSettings, "role" | "monitoring">): readonly StandingWork[] {
  const { role } = settings;
  return [
    { scripts: ["ship-logs.py"], units: { "cluster-logs.service": logsUnit() }, start: "cluster-logs.service" },
    {
      scripts: refreshSteps[role].map((step) => `${step}.sh`),
      units: {
        "cluster-secrets.service": stepsUnit("New secrets", "refresh-secrets", 360, refreshSteps[role]),
        "cluster-secrets.timer": timer("Looks for new secrets", inTurns),
      },
    },
    { scripts: [], units: { "cluster-boot.service": bootUnit() }, start: "cluster-boot.service" },
    ...(role === "worker" ? [leaves, rejoins] : [upkeep]),
    ...(settings.monitoring ? [reports(role)] : []),
  ];
}

const leaves: StandingWork = {
  scripts: ["leave.sh"],
  units: { "cluster-leave.service": watchUnit("Leaves the cluster when the host is to end", "leave") },
  start: "cluster-leave.service",
};

const rejoins: StandingWork = {
  scripts: ["rejoin.sh"],
  units: { "cluster-rejoin.service": watchUnit("Finds the servers again when the network is back", "rejoin") },
  start: "cluster-rejoin.service",
};

const upkeep: StandingWork = {
  scripts: ["leader.sh", "backup.sh", "lost-workers.sh", "placement.sh"],
  units: {
    "cluster-upkeep.service": stepsUnit(
      "Upkeep of what this server leads",
      "upkeep",
      600,
      upkeepSteps.map((step) => `-${step}`),
    ),
    "cluster-upkeep.timer": standingTimer("Looks after what this server leads", inTurns),
  },
  start: "cluster-upkeep.timer",
};

/** Tells CloudWatch how the host is. */
const reports = (role: HostSettings["role"]): StandingWork => ({
  scripts: ["report.sh", "report.py", `report-${role}.py`],
  units: {
    "cluster-report.service": stepsUnit("Metrics of this host, to CloudWatch", "report", 50, ["report"]),
    "cluster-report.timer": standingTimer("Reports metrics", everyMinute),
  },
  start: "cluster-report.timer",
});
