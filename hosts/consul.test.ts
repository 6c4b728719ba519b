import { consulConfig, consulUnit } from "./consul";
import { server, worker } from "./test-settings";

const common = {
  datacenter: "dc1",
  data_dir: "/var/lib/cluster/consul",
  log_level: "INFO",
  retry_join: ["provider=aws region=eu-west-1 tag_key=ConsulServers tag_value=cluster-dev addr_type=private_v4"],
  retry_interval: "2s",
  rejoin_after_leave: true,
  skip_leave_on_interrupt: true,
  client_addr: "127.0.0.1",
  addresses: { dns: "127.0.0.1 169.254.1.1" },
  ports: { dns: 53, http: 8500, grpc: -1, grpc_tls: -1 },
  recursors: ["169.254.169.253"],
  dns_config: { allow_stale: true, enable_truncate: true, only_passing: true, recursor_timeout: "2s" },
  gossip_lan: { suspicion_mult: 3 },
  performance: { raft_multiplier: 1 },
  telemetry: { disable_hostname: true, prometheus_retention_time: "60s" },
  disable_update_check: true,
};

describe("Consul's configuration", () => {
  it("makes a server wait for its peers and keep its place among them", () => {
    expect(consulConfig(server)).toEqual({
      ...common,
      server: true,
      bootstrap_expect: 3,
      leave_on_terminate: false,
      ui_config: { enabled: true },
    });
  });

  it("makes a worker a client that leaves when it shuts down", () => {
    expect(consulConfig(worker)).toEqual({ ...common, server: false, leave_on_terminate: true });
  });
});

describe("Consul's unit", () => {
  it("never starts a server on the root disk when it has a data volume", () => {
    expect(consulUnit(server)).toContain("\nAssertPathIsMountPoint=/var/lib/cluster\n");
    expect(consulUnit(worker)).not.toContain("AssertPathIsMountPoint");
  });

  it("runs unprivileged but for port 53, and leaves the cluster only when stopped for good", () => {
    const lines = consulUnit(worker).split("\n");
    expect(lines).toEqual(
      expect.arrayContaining([
        "User=consul",
        "AmbientCapabilities=CAP_NET_BIND_SERVICE",
        "CapabilityBoundingSet=CAP_NET_BIND_SERVICE",
        "KillSignal=SIGTERM",
        "RestartKillSignal=SIGINT",
      ]),
    );
  });
});
