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
  acl: { enabled: true, default_policy: "deny", down_policy: "extend-cache" },
  tls: {
    defaults: {
      ca_file: "/etc/cluster/tls/consul/ca.pem",
      cert_file: "/etc/cluster/tls/consul/cert.pem",
      key_file: "/etc/cluster/tls/consul/key.pem",
      verify_incoming: true,
      verify_outgoing: true,
      tls_min_version: "TLSv1_2",
    },
    internal_rpc: { verify_server_hostname: true },
    https: { verify_incoming: false },
  },
  encrypt_verify_incoming: true,
  encrypt_verify_outgoing: true,
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
      ports: { dns: 53, http: 8500, https: 8501, grpc: -1, grpc_tls: -1 },
      bootstrap_expect: 3,
      leave_on_terminate: false,
      ui_config: { enabled: true },
    });
  });

  it("makes a worker a client that leaves when it shuts down", () => {
    expect(consulConfig(worker)).toEqual({
      ...common,
      server: false,
      ports: { dns: 53, http: 8500, https: -1, grpc: -1, grpc_tls: -1 },
      leave_on_terminate: true,
    });
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
