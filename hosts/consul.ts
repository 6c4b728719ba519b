import { containerDnsAddress, dnsPort, vpcResolver } from "./dns";
import { paths, retryJoin, type HostSettings } from "./settings";
import { tlsFiles } from "./tls";

/**
 * What every Consul agent of a role has in common, as in its configuration file. What differs from instance to instance
 * (name, address, zone) is added at boot in a second file, steps/consul.sh, and what is secret (`encrypt`, `acl.tokens`) in a third,
 * steps/secrets.sh; Consul merges the files of its folder. This one is in readable user data.
 */
export interface ConsulConfig {
  readonly datacenter: string;
  readonly data_dir: string;
  readonly log_level: string;
  readonly server: boolean;
  readonly bootstrap_expect?: number;
  readonly retry_join: readonly string[];
  readonly retry_interval: string;
  readonly rejoin_after_leave: boolean;
  readonly leave_on_terminate: boolean;
  readonly skip_leave_on_interrupt: boolean;
  readonly client_addr: string;
  readonly addresses: { readonly dns: string };
  readonly ports: Readonly<Record<"dns" | "http" | "https" | "grpc" | "grpc_tls", number>>;
  readonly acl: {
    readonly enabled: boolean;
    readonly default_policy: string;
    readonly down_policy: string;
  };
  readonly tls: {
    readonly defaults: ReturnType<typeof tlsFiles> & {
      readonly verify_incoming: boolean;
      readonly verify_outgoing: boolean;
      readonly tls_min_version: string;
    };
    readonly internal_rpc: { readonly verify_server_hostname: boolean };
    readonly https: { readonly verify_incoming: boolean };
  };
  /** Not secret by itself: a wrong key is refused both ways from the first packet. */
  readonly encrypt_verify_incoming: boolean;
  readonly encrypt_verify_outgoing: boolean;
  readonly recursors: readonly string[];
  readonly dns_config: {
    readonly allow_stale: boolean;
    readonly enable_truncate: boolean;
    readonly only_passing: boolean;
    readonly recursor_timeout: string;
  };
  readonly gossip_lan: { readonly suspicion_mult: number };
  readonly performance: { readonly raft_multiplier: number };
  readonly ui_config?: { readonly enabled: boolean };
  readonly telemetry: { readonly disable_hostname: boolean; readonly prometheus_retention_time: string };
  readonly disable_update_check: boolean;
}

export function consulConfig(settings: HostSettings): ConsulConfig {
  const server = settings.role === "server";
  return {
    datacenter: settings.datacenter,
    data_dir: `${paths.data}/consul`,
    log_level: "INFO",
    server,
    ...(server ? { bootstrap_expect: settings.servers } : {}),
    retry_join: retryJoin(settings),
    retry_interval: "2s",
    rejoin_after_leave: true,
    // A worker that shuts down takes its services out of DNS at once; a server keeps its place among the peers. Restarts stop
    // the agent by SIGINT (its unit says so) and leave nothing.
    leave_on_terminate: !server,
    skip_leave_on_interrupt: true,
    client_addr: "127.0.0.1",
    addresses: { dns: `127.0.0.1 ${containerDnsAddress}` },
    // Plain HTTP is for the host's own Nomad agent, on loopback. HTTPS is for operators, and on servers only.
    ports: { dns: dnsPort, http: 8500, https: server ? 8501 : -1, grpc: -1, grpc_tls: -1 },
    // What was known of a token holds on while no server answers: names still resolve without a leader.
    acl: { enabled: true, default_policy: "deny", down_policy: "extend-cache" },
    tls: {
      defaults: {
        ...tlsFiles("consul"),
        verify_incoming: true,
        verify_outgoing: true,
        tls_min_version: "TLSv1_2",
      },
      // Without it any worker could pose as a server.
      internal_rpc: { verify_server_hostname: true },
      // Who calls is known by the token; operators have no certificate.
      https: { verify_incoming: false },
    },
    encrypt_verify_incoming: true,
    encrypt_verify_outgoing: true,
    recursors: [vpcResolver],
    dns_config: {
      // Any server answers, also without a leader; only_passing keeps instances with a warning out, too; a long answer over
      // UDP is marked as cut, so that the asker comes back over TCP.
      allow_stale: true,
      enable_truncate: true,
      only_passing: true,
      recursor_timeout: "2s",
    },
    // A dead host is out of DNS after about 5 s instead of 6 to 8.
    gossip_lan: { suspicion_mult: 3 },
    performance: { raft_multiplier: 1 },
    ...(server ? { ui_config: { enabled: true } } : {}),
    telemetry: { disable_hostname: true, prometheus_retention_time: "60s" },
    disable_update_check: true,
  };
}

/** Consul runs unprivileged; the capability is for port 53. */
export function consulUnit(settings: HostSettings): string {
  return `[Unit]
Description=Consul agent
Documentation=https://developer.hashicorp.com/consul/docs
Wants=network-online.target
After=network-online.target cluster-dns-address.service
${settings.dataVolumeId === undefined ? "" : `AssertPathIsMountPoint=${paths.data}\n`}StartLimitIntervalSec=0

[Service]
Type=notify
User=consul
Group=consul
ExecStart=/usr/local/bin/consul agent -config-dir=${paths.consulConfig}
ExecReload=/bin/kill --signal HUP $MAINPID
# Stopping for good leaves the cluster (workers), a restart does not.
KillSignal=SIGTERM
RestartKillSignal=SIGINT
KillMode=process
Restart=on-failure
RestartSec=2
# It reports that it has started once it has joined, which can take as long as the servers take.
TimeoutStartSec=infinity
TimeoutStopSec=30
LimitNOFILE=65536
AmbientCapabilities=CAP_NET_BIND_SERVICE
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
NoNewPrivileges=yes
ProtectSystem=full
ProtectHome=yes
PrivateTmp=yes
`;
}
