import { paths } from "./settings";

/**
 * Bounds of the journal, which has what agents and tasks say. All tasks of a host share Docker's allowance: with the second as its interval,
 * one that says too much costs the others no more than that second, where journald's own 30 s would silence them for the rest of these.
 * 2,000 lines a second (the journal makes it up to three times as many while it has room) are those of 400 requests that one host sees
 * through alone.
 */
export function journalConfig(): string {
  return `[Journal]
SystemMaxUse=256M
RateLimitIntervalSec=1s
RateLimitBurst=2000
`;
}

/** Sends the journal to CloudWatch Logs. It starts before those whose lines it sends and stops after them, and is in nobody's way. */
export function logsUnit(): string {
  return `[Unit]
Description=Sends the journal to CloudWatch Logs
Wants=network-online.target
After=network-online.target
Before=consul.service nomad.service docker.service cluster-boot.service cluster-leave.service
StartLimitIntervalSec=0

[Service]
WorkingDirectory=${paths.boot}
EnvironmentFile=${paths.hostEnv}
Environment=work=/run/cluster-logs
RuntimeDirectory=cluster-logs
RuntimeDirectoryMode=0700
StateDirectory=cluster-logs
ExecStart=/usr/bin/python3 ship-logs.py
Restart=on-failure
RestartSec=5
# The time to send the rest.
KillMode=mixed
TimeoutStopSec=20
Nice=10
CPUWeight=20
MemoryMax=128M
NoNewPrivileges=yes
ProtectSystem=full
ProtectHome=yes
PrivateTmp=yes

[Install]
WantedBy=multi-user.target
`;
}
