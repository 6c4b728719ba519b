import { paths, retryJoin, type HostSettings } from "./settings";
import { nomadRegion, tlsFiles } from "./tls";

/** Dynamic ports of allocations; workers' security group opens this range between workers. */
export const dynamicPorts = { min: 20000, max: 32000 } as const;

interface ServerJoin {
  readonly retry_join: readonly string[];
  readonly retry_interval: string;
  readonly retry_max: number;
}

/**
 * What every Nomad agent of a role has in common, as in its configuration file. What differs from instance to instance
 * (name, address, zone) is added at boot in a second file, steps/nomad.sh, and what is secret (`server.encrypt`, `consul.token`) in
 * a third, steps/secrets.sh; Nomad merges the files of its folder. This one is in readable user data.
 */
export interface NomadConfig {
  readonly datacenter: string;
  readonly region: string;
  readonly data_dir: string;
  readonly log_level: string;
  readonly bind_addr: string;
  readonly addresses?: { readonly http: string };
  readonly leave_on_interrupt: boolean;
  readonly leave_on_terminate: boolean;
  readonly disable_update_check: boolean;
  readonly server?: {
    readonly enabled: boolean;
    readonly bootstrap_expect: number;
    readonly server_join: ServerJoin;
    readonly min_heartbeat_ttl: string;
    readonly heartbeat_grace: string;
    readonly failover_heartbeat_ttl: string;
    readonly node_gc_threshold: string;
    readonly client_introduction: { readonly enforcement: "none" };
  };
  readonly client?: {
    readonly enabled: boolean;
    readonly server_join: ServerJoin;
    readonly node_class?: string;
    readonly max_kill_timeout: string;
    readonly min_dynamic_port: number;
    readonly max_dynamic_port: number;
    /** Nothing but containers runs here, whatever else the host could. */
    readonly options: { readonly "driver.allowlist": string };
    readonly reserved: { readonly memory: number };
    readonly gc_interval: string;
    readonly gc_max_allocs: number;
    readonly gc_disk_usage_threshold: number;
    readonly drain_on_shutdown: {
      readonly deadline: string;
      readonly force: boolean;
      readonly ignore_system_jobs: boolean;
    };
  };
  readonly plugin?: { readonly docker: { readonly config: DockerPluginConfig } };
  readonly acl: { readonly enabled: boolean };
  readonly tls: ReturnType<typeof tlsFiles> & {
    readonly http: boolean;
    readonly rpc: boolean;
    readonly verify_server_hostname: boolean;
    readonly verify_https_client: boolean;
  };
  readonly consul: {
    readonly address: string;
    /** Workers find servers by their tag, and nobody asks Consul where Nomad is: so agents need no right to write there. */
    readonly auto_advertise: false;
    readonly client_auto_join: false;
    readonly server_auto_join: false;
    /** Identity that each service and each task with a `consul` block logs in to Consul with; servers issue them. */
    readonly service_identity?: WorkloadIdentity;
    readonly task_identity?: WorkloadIdentity;
    /** Clients present them there. */
    readonly service_auth_method?: string;
    readonly task_auth_method?: string;
  };
  readonly autopilot?: {
    readonly cleanup_dead_servers: boolean;
    readonly last_contact_threshold: string;
    readonly server_stabilization_time: string;
  };
  readonly telemetry: {
    readonly prometheus_metrics: boolean;
    readonly publish_allocation_metrics: boolean;
    readonly publish_node_metrics: boolean;
    readonly disable_hostname: boolean;
  };
}

interface WorkloadIdentity {
  readonly aud: readonly string[];
  readonly ttl: string;
}

/** Consul's auth method for what Nomad runs, and the audience that its tokens are for. */
export const workloadAuthMethod = "nomad-workloads";
export const workloadAudience = "consul.io";

interface DockerPluginConfig {
  readonly allow_privileged: boolean;
  readonly volumes: { readonly enabled: boolean };
  readonly auth: { readonly helper: string };
  readonly gc: { readonly image: boolean; readonly image_delay: string };
  readonly extra_labels: readonly string[];
  readonly logging: { readonly type: string; readonly config: { readonly tag: string; readonly labels: string } };
}

/** Labels of a container that say whose it is; Nomad sets the last one unasked. */
const taskLabels = ["job_name", "task_name", "alloc_id"] as const;

/** Seconds that a worker which shuts down has for moving its allocations elsewhere. */
const drainSeconds = 60;

export function nomadConfig(settings: HostSettings): NomadConfig {
  const server = settings.role === "server";
  const identity: WorkloadIdentity = { aud: [workloadAudience], ttl: "1h" };
  const server_join: ServerJoin = { retry_join: retryJoin(settings), retry_interval: "2s", retry_max: 0 };
  return {
    datacenter: settings.datacenter,
    region: nomadRegion,
    data_dir: `${paths.data}/nomad`,
    log_level: "INFO",
    bind_addr: "0.0.0.0",
    // Containers of a worker must not reach its agent.
    ...(server ? {} : { addresses: { http: "127.0.0.1" } }),
    // SIGTERM, which a shutdown sends, drains a worker; SIGINT, which a restart sends (its unit says so), does not.
    leave_on_interrupt: false,
    leave_on_terminate: !server,
    disable_update_check: true,
    ...(server
      ? {
          server: {
            enabled: true,
            bootstrap_expect: settings.servers,
            server_join,
            // A worker that is gone is noticed after 5 to 15 s, and within 45 s even if the leader went with it. That is more than any that lives
            // is silent, with up to 1,000 of them.
            min_heartbeat_ttl: "5s",
            heartbeat_grace: "5s",
            failover_heartbeat_ttl: "45s",
            // Workers come and go with their group; the dead ones need no day of remembrance.
            node_gc_threshold: "1h",
            // A worker is let in by its certificate; see docs/decisions.
            client_introduction: { enforcement: "none" },
          },
          autopilot: {
            cleanup_dead_servers: true,
            // A follower looks for another leader after one second: who has heard of it since is in contact, on a busy machine too.
            last_contact_threshold: "1s",
            server_stabilization_time: "10s",
          },
        }
      : {
          client: {
            enabled: true,
            server_join,
            ...(settings.nodeClass === undefined ? {} : { node_class: settings.nodeClass }),
            max_kill_timeout: "60s",
            min_dynamic_port: dynamicPorts.min,
            max_dynamic_port: dynamicPorts.max,
            options: { "driver.allowlist": "docker" },
            // For the agents and Docker.
            reserved: { memory: 256 },
            gc_interval: "1m",
            gc_max_allocs: 50,
            gc_disk_usage_threshold: 80,
            drain_on_shutdown: { deadline: `${drainSeconds}s`, force: false, ignore_system_jobs: false },
          },
          plugin: {
            docker: {
              config: {
                allow_privileged: false,
                volumes: { enabled: false },
                auth: { helper: "ecr-login" },
                gc: { image: true, image_delay: "10m" },
                extra_labels: ["job_name", "task_group_name", "task_name"],
                // The journal bounds what it keeps, and steps/ship-logs.py reads it there, with these labels as fields.
                logging: {
                  type: "journald",
                  config: {
                    tag: "{{.Name}}",
                    labels: taskLabels.map((label) => `com.hashicorp.nomad.${label}`).join(","),
                  },
                },
              },
            },
          },
        }),
    acl: { enabled: true },
    tls: {
      ...tlsFiles("nomad"),
      http: true,
      rpc: true,
      // Without it any worker could pose as a server.
      verify_server_hostname: true,
      // Who calls is known by the token; operators have no certificate, and Consul fetches the key set of identities here.
      verify_https_client: false,
    },
    consul: {
      address: "127.0.0.1:8500",
      auto_advertise: false,
      client_auto_join: false,
      server_auto_join: false,
      ...(server
        ? { service_identity: identity, task_identity: identity }
        : { service_auth_method: workloadAuthMethod, task_auth_method: workloadAuthMethod }),
    },
    telemetry: {
      prometheus_metrics: true,
      publish_allocation_metrics: true,
      publish_node_metrics: true,
      disable_hostname: true,
    },
  };
}

/** On workers Nomad starts containers and mounts their files, hence root; on servers it needs nothing. */
export function nomadUnit(settings: HostSettings): string {
  const server = settings.role === "server";
  return `[Unit]
Description=Nomad agent
Documentation=https://developer.hashicorp.com/nomad/docs
Wants=network-online.target
After=network-online.target consul.service${server ? "" : " docker.service"}
${settings.dataVolumeId === undefined ? "" : `AssertPathIsMountPoint=${paths.data}\n`}StartLimitIntervalSec=0

[Service]
Type=notify
${server ? "User=nomad\nGroup=nomad" : "Environment=HOME=/root"}
ExecStart=/usr/local/bin/nomad agent -config=${paths.nomadConfig}
ExecReload=/bin/kill --signal HUP $MAINPID
# Stopping for good drains a worker first, a restart does not.
KillSignal=SIGTERM
RestartKillSignal=SIGINT
KillMode=process
# What it answers to a signal that it does not drain on.
SuccessExitStatus=1
Restart=on-failure
RestartSec=2
TimeoutStartSec=infinity
TimeoutStopSec=${drainSeconds + 15}
LimitNOFILE=65536
${server ? "NoNewPrivileges=yes\nProtectSystem=full\nProtectHome=yes\nPrivateTmp=yes" : "LimitNPROC=infinity\nTasksMax=infinity\nOOMScoreAdjust=-500"}
`;
}
