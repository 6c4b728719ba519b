import { nomadConfig, nomadUnit } from "./nomad";
import { server, worker } from "./test-settings";

const server_join = {
  retry_join: ["provider=aws region=eu-west-1 tag_key=ConsulServers tag_value=cluster-dev addr_type=private_v4"],
  retry_interval: "2s",
  retry_max: 0,
};

const common = {
  datacenter: "dc1",
  region: "global",
  data_dir: "/var/lib/cluster/nomad",
  log_level: "INFO",
  bind_addr: "0.0.0.0",
  leave_on_interrupt: false,
  disable_update_check: true,
  acl: { enabled: true },
  tls: {
    ca_file: "/etc/cluster/tls/nomad/ca.pem",
    cert_file: "/etc/cluster/tls/nomad/cert.pem",
    key_file: "/etc/cluster/tls/nomad/key.pem",
    http: true,
    rpc: true,
    verify_server_hostname: true,
    verify_https_client: false,
  },
  telemetry: {
    prometheus_metrics: true,
    publish_allocation_metrics: true,
    publish_node_metrics: true,
    disable_hostname: true,
  },
};

describe("Nomad's configuration", () => {
  it("makes a server find its peers by tag and notice a lost worker within seconds", () => {
    expect(nomadConfig(server)).toEqual({
      ...common,
      leave_on_terminate: false,
      consul: {
        address: "127.0.0.1:8500",
        auto_advertise: false,
        client_auto_join: false,
        server_auto_join: false,
        service_identity: { aud: ["consul.io"], ttl: "1h" },
        task_identity: { aud: ["consul.io"], ttl: "1h" },
      },
      server: {
        enabled: true,
        bootstrap_expect: 3,
        server_join,
        min_heartbeat_ttl: "5s",
        heartbeat_grace: "5s",
        failover_heartbeat_ttl: "45s",
        node_gc_threshold: "1h",
        client_introduction: { enforcement: "none" },
      },
      autopilot: { cleanup_dead_servers: true, last_contact_threshold: "1s", server_stabilization_time: "10s" },
    });
  });

  it("makes a worker run nothing but containers from ECR, and drain when it shuts down", () => {
    expect(nomadConfig(worker)).toEqual({
      ...common,
      addresses: { http: "127.0.0.1" },
      consul: {
        address: "127.0.0.1:8500",
        auto_advertise: false,
        client_auto_join: false,
        server_auto_join: false,
        service_auth_method: "nomad-workloads",
        task_auth_method: "nomad-workloads",
      },
      leave_on_terminate: true,
      client: {
        enabled: true,
        server_join,
        node_class: "edge",
        max_kill_timeout: "60s",
        min_dynamic_port: 20000,
        max_dynamic_port: 32000,
        options: { "driver.allowlist": "docker" },
        reserved: { memory: 256 },
        gc_interval: "1m",
        gc_max_allocs: 50,
        gc_disk_usage_threshold: 80,
        drain_on_shutdown: { deadline: "60s", force: false, ignore_system_jobs: false },
      },
      plugin: {
        docker: {
          config: {
            allow_privileged: false,
            volumes: { enabled: false },
            auth: { helper: "ecr-login" },
            gc: { image: true, image_delay: "10m" },
            extra_labels: ["job_name", "task_group_name", "task_name"],
            logging: {
              type: "journald",
              config: {
                tag: "{{.Name}}",
                labels: "com.hashicorp.nomad.job_name,com.hashicorp.nomad.task_name,com.hashicorp.nomad.alloc_id",
              },
            },
          },
        },
      },
    });
  });

  it("has no node class where none is given", () => {
    const { nodeClass: _none, ...settings } = worker;
    expect(nomadConfig(settings).client).not.toHaveProperty("node_class");
  });
});

describe("Nomad's unit", () => {
  it("gives a drain the time that it may take", () => {
    expect(nomadUnit(worker).split("\n")).toEqual(
      expect.arrayContaining(["KillSignal=SIGTERM", "RestartKillSignal=SIGINT", "TimeoutStopSec=75"]),
    );
  });

  it("runs a server unprivileged, and a worker as root with a home for its registry credentials", () => {
    expect(nomadUnit(server)).toContain("\nUser=nomad\nGroup=nomad\n");
    expect(nomadUnit(worker)).not.toContain("User=");
    expect(nomadUnit(worker)).toContain("\nEnvironment=HOME=/root\n");
  });
});
