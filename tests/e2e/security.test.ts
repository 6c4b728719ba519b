import { readdirSync, readFileSync, statSync } from "node:fs";
import * as path from "node:path";
import { gunzipSync } from "node:zlib";
import { AgentApi, AgentError } from "../../local/providers/agent";
import { CLUSTER, documents, type Host, hosts, inTask, operator, outputs } from "./cluster-view";
import { secretsIn } from "./secrets";
import { aws, eventually, local, onHost, run, STACK, succeed } from "./support";

/** What an API answers: the value, or the status that it refuses with. */
async function answer(api: AgentApi, request: string): Promise<unknown> {
  return api.get<unknown>(request).catch((error: Error) => (error instanceof AgentError ? error.status : error));
}

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => path.join(folder, name))
    .filter((file) => statSync(file).isFile());
}

/**
 * A TLS handshake with an agent's RPC port, whose first byte asks for TLS, from a host; `then` is sent after it. Gives `accepted`
 * when the agent waits for more, `closed`, or the reason of the refusal.
 */
const HANDSHAKE = `
import socket, ssl, sys
address, port, first, then, cert, key = sys.argv[1:]
plain = socket.create_connection((address, int(port)), 5)
plain.sendall(bytes([int(first)]))
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname = False
context.load_verify_locations("/etc/cluster/tls/consul/ca.pem")
if cert:
    context.load_cert_chain(cert, key)
try:
    secure = context.wrap_socket(plain)
    if then:
        secure.sendall(bytes([int(then)]))
    secure.settimeout(3)
    print("closed" if secure.recv(1) == b"" else "answered")
except socket.timeout:
    print("accepted")
except ssl.SSLError as error:
    print(error.reason)
`;
const CONSUL_RPC = { port: "8300", tls: "3" };
const NOMAD_RPC = { port: "4647", tls: "4", raft: "2" };
const OWN_CERTIFICATE = ["/etc/cluster/tls/consul/cert.pem", "/etc/cluster/tls/consul/key.pem"];

async function handshake(
  from: Host,
  to: Host,
  { port, tls }: { port: string; tls: string },
  [cert, key]: readonly string[] = ["", ""],
  then = "",
): Promise<string> {
  const args = ["exec", from.container, "python3", "-c", HANDSHAKE, to.address, port, tls, then, cert!, key!];
  return (await succeed("docker", args)).trim();
}

describe("the cluster's security", () => {
  let servers: Host[];
  let workers: Host[];

  beforeAll(async () => {
    [servers, workers] = [await hosts("server"), await hosts("worker")];
  });

  it("shows a caller without a token no service, no node, no key and no job", async () => {
    const { nomadAddress, consulAddress, credentials } = await outputs();
    const anonymous = (address: string) =>
      new AgentApi({ base: new URL(address), headers: {}, query: {}, tls: { ca: credentials.ca } });
    expect(await answer(anonymous(consulAddress), "/v1/catalog/services")).toEqual({});
    expect(await answer(anonymous(consulAddress), "/v1/catalog/nodes")).toEqual([]);
    expect(await answer(anonymous(consulAddress), "/v1/kv/?keys")).toEqual([]);
    expect(await answer(anonymous(consulAddress), "/v1/acl/tokens")).toBe(403);
    expect(await answer(anonymous(nomadAddress), "/v1/jobs")).toBe(403);
    expect(await answer(anonymous(nomadAddress), "/v1/nodes")).toBe(403);
    expect(await answer(anonymous(nomadAddress), "/v1/agent/self")).toBe(403);
  });

  it("speaks no plain HTTP to another host", async () => {
    const { nomadAddress, consulAddress } = await outputs();
    for (const address of [nomadAddress, consulAddress]) {
      const response = await fetch(address.replace("https:", "http:"), { redirect: "manual" });
      expect([response.status, await response.text()]).toEqual([
        400,
        "Client sent an HTTP request to an HTTPS server.\n",
      ]);
    }
    const host = new URL(consulAddress).hostname;
    await expect(fetch(`http://${host}:8500/v1/status/leader`)).rejects.toThrow("fetch failed");
    for (const { container, address } of servers) {
      const listening = await onHost(container, "ss -Hltn | awk '{print $4}'");
      expect(listening.split("\n")).toContain("127.0.0.1:8500");
      expect(listening).not.toContain(`${address}:8500`);
    }
  });

  /** As good a certificate of a client as any, but of its own making. */
  const makeForeignCertificate = ({ container }: Host) =>
    onHost(
      container,
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=client.global.nomad " +
        "-keyout /tmp/foreign.key -out /tmp/foreign.pem 2>/dev/null",
    );

  it("believes no certificate but its own CA's: an agent without one, or with another's, is refused", async () => {
    const [worker, server] = [workers[0]!, servers[0]!];
    await makeForeignCertificate(worker);
    for (const rpc of [CONSUL_RPC, NOMAD_RPC]) {
      expect(await handshake(worker, server, rpc)).toMatch(/CERTIFICATE_REQUIRED|BAD_CERTIFICATE/);
      expect(await handshake(worker, server, rpc, ["/tmp/foreign.pem", "/tmp/foreign.key"])).toMatch(
        /UNKNOWN_CA|BAD_CERTIFICATE/,
      );
      expect(await handshake(worker, server, rpc, OWN_CERTIFICATE)).toBe("accepted");
    }
    await onHost(worker.container, "rm /tmp/foreign.pem /tmp/foreign.key");
  });

  it("registers no worker without the credential that the stack gave its role", async () => {
    const [worker, server] = [workers[0]!, servers[0]!];
    await makeForeignCertificate(worker);
    const rogue = {
      ...{ name: "rogue", data_dir: "/tmp/rogue", bind_addr: worker.address, log_level: "INFO" },
      ports: { http: 4999, rpc: 4998, serf: 4997 },
      // No driver: it must not take the containers of the worker's own agent for its own.
      client: { enabled: true, servers: [`${server.address}:4647`], options: { "driver.allowlist": "none" } },
      tls: {
        ...{ rpc: true, verify_server_hostname: true, ca_file: "/etc/cluster/tls/nomad/ca.pem" },
        ...{ cert_file: "/tmp/foreign.pem", key_file: "/tmp/foreign.key" },
      },
    };
    const said = await onHost(
      worker.container,
      `cat >/tmp/rogue.json <<<'${JSON.stringify(rogue)}'; timeout --signal=KILL 8 nomad agent -config=/tmp/rogue.json 2>&1; ` +
        "rm -rf /tmp/rogue /tmp/rogue.json /tmp/foreign.pem /tmp/foreign.key",
    );
    expect(said).toContain("error registering");
    const { nomad } = await operator();
    const nodes = await nomad.get<{ Name: string; Status: string }[]>("/v1/nodes");
    expect(nodes.map(({ Name }) => Name)).not.toContain("rogue");
    expect(nodes.filter(({ Status }) => Status === "ready")).toHaveLength(workers.length);
  });

  it("lets no worker pose as a server: its certificate has no server's name, and Raft wants one", async () => {
    const [worker, server] = [workers[0]!, servers[0]!];
    const names = await onHost(worker.container, `openssl x509 -in ${OWN_CERTIFICATE[0]} -noout -ext subjectAltName`);
    expect(names.split("\n")[1]!.trim()).toBe(
      "DNS:client.dc1.consul, DNS:client.global.nomad, DNS:localhost, IP Address:127.0.0.1",
    );
    expect(await handshake(worker, server, NOMAD_RPC, OWN_CERTIFICATE, NOMAD_RPC.raft)).toBe("closed");
    expect(await handshake(servers[1]!, server, NOMAD_RPC, OWN_CERTIFICATE, NOMAD_RPC.raft)).toBe("accepted");
  });

  it("takes nobody into its gossip without the key", async () => {
    const [worker, server] = [workers[0]!, servers[0]!];
    const key = Buffer.alloc(32, 7).toString("base64");
    const agent =
      `consul agent -node=rogue -data-dir=/tmp/rogue -bind=${worker.address} -retry-join=${server.address}:8301 ` +
      `-retry-interval=1s -encrypt=${key} -serf-lan-port=8399 -http-port=-1 -dns-port=-1 -grpc-port=-1 -grpc-tls-port=-1`;
    const said = await onHost(worker.container, `timeout --signal=KILL 6 ${agent} 2>&1; rm -rf /tmp/rogue`);
    expect(said).toContain("Join cluster failed, will retry");
    expect(said).not.toContain("Join cluster completed");
    const members = await onHost(
      server.container,
      "consul members -token-file=<(python3 -c 'import json; " +
        'print(json.load(open("/etc/consul.d/secrets.json"))["acl"]["tokens"]["agent"])\')',
    );
    expect(members.match(/ alive /g)).toHaveLength(servers.length + workers.length);
    expect(members).not.toContain("rogue");
  });

  it("lets a worker's role read its own secrets and never the servers'", async () => {
    const fetchAll = (folder: string, names: string) =>
      run("docker", [
        ...["exec", "--workdir", "/opt/cluster/boot", "--env", `SECRETS_PATH=/${CLUSTER}/${folder}`],
        ...["--env", `SECRETS=${names}`, "--env", "REGION=eu-west-1", "--env", "STEP=test", workers[0]!.container],
        ...["bash", "-c", "sed 's/^wait_for .*/fetch || exit 1; echo fetched; exit/' secrets.sh | bash -Eeuo pipefail"],
      ]);
    expect(await fetchAll("workers", "tls consul nomad")).toMatchObject({ code: 0, stdout: "fetched\n" });
    const { code, stdout, stderr } = await fetchAll("servers", "tls consul nomad acl");
    expect(code).toBe(1);
    expect(`${stdout}${stderr}`).toContain("Parameter Store answers 400 AccessDeniedException: User: arn:aws:sts::");
    expect(`${stdout}${stderr}`).toContain("is not authorized to perform: ssm:GetParameters on resource");
  });

  it("encrypts disks, parameters and repositories with the stack's own key, which rotates", async () => {
    const { KeyMetadata } = await aws("kms", "describe-key", "--key-id", `alias/${CLUSTER}`);
    const key = KeyMetadata.Arn as string;
    expect(await aws("kms", "get-key-rotation-status", "--key-id", key)).toMatchObject({ KeyRotationEnabled: true });
    const named = async (...command: string[]): Promise<string[]> => [...new Set((await aws(...command)) as string[])];
    const data = "Volumes[?Attachments[0].Device=='/dev/sdf'].KmsKeyId";
    expect(await named("ec2", "describe-volumes", "--query", data)).toEqual([key]);
    expect(await named("ssm", "describe-parameters", "--query", "Parameters[].KeyId")).toEqual([key]);
    const images = "repositories[].encryptionConfiguration.kmsKey";
    expect(await named("ecr", "describe-repositories", "--query", images)).toEqual([key]);
    const roots = "LaunchTemplateVersions[].LaunchTemplateData.BlockDeviceMappings[].Ebs.KmsKeyId";
    const { LaunchTemplates } = await aws("ec2", "describe-launch-templates");
    const template = ["--launch-template-id", LaunchTemplates[0].LaunchTemplateId as string];
    expect(await named("ec2", "describe-launch-template-versions", ...template, "--query", roots)).toEqual([key]);
  });

  it("gives a host no secret once its role may not decrypt with the key, and again when it may", async () => {
    const { container, id } = workers[0]!;
    const profile = "Reservations[0].Instances[0].IamInstanceProfile.Arn";
    const arn = (await aws("ec2", "describe-instances", "--instance-ids", id, "--query", profile)) as string;
    const { InstanceProfile } = await aws(
      ...["iam", "get-instance-profile", "--instance-profile-name", arn.split("/").at(-1)!],
    );
    const role = ["--role-name", InstanceProfile.Roles[0].RoleName as string];
    const { PolicyNames } = await aws("iam", "list-role-policies", ...role);
    const policy = [...role, "--policy-name", PolicyNames[0] as string];
    const { PolicyDocument } = await aws("iam", "get-role-policy", ...policy);
    const put = (statements: unknown[]) =>
      aws(
        ...["iam", "put-role-policy", ...policy, "--policy-document"],
        JSON.stringify({ ...PolicyDocument, Statement: statements }),
      );
    const bootLog = () => onHost(container, "cat /var/log/cluster-boot.log");
    const before = (await bootLog()).length;
    let refusedUntil = "";

    const all = PolicyDocument.Statement as { Sid: string }[];
    await put(all.filter(({ Sid }) => Sid !== "DecryptOwnParameters"));
    try {
      await onHost(container, "systemctl --no-block restart cluster-secrets.service");
      // It goes on asking for five minutes, and says every fifteen seconds why it has to.
      await eventually("the refusal", 60, async () =>
        expect((await bootLog()).slice(before)).toMatch(
          /step=refresh-secrets .*Parameter Store answers 400 AccessDeniedException: User: \S+ is not authorized to perform: kms:Decrypt /,
        ),
      );
    } finally {
      refusedUntil = (await onHost(container, "date +%s")).trim();
      await put(all);
    }
    await eventually("secrets", 60, async () =>
      expect(
        await onHost(container, `journalctl --unit cluster-secrets --since @${refusedUntil} --output cat`),
      ).toContain("nothing new"),
    );
  });

  it("lets a service register under its own name and no other, and read no key", async () => {
    const { consul } = await operator();
    const tokens = await consul.get<{ AccessorID: string; AuthMethod?: string }[]>("/v1/acl/tokens");
    const logins = await Promise.all(
      tokens
        .filter(({ AuthMethod }) => AuthMethod === "nomad-workloads")
        .map(({ AccessorID }) =>
          consul.get<{ SecretID: string; ServiceIdentities?: { ServiceName: string }[] }>(
            `/v1/acl/token/${AccessorID}`,
          ),
        ),
    );
    const own = logins.find(({ ServiceIdentities }) => ServiceIdentities?.[0]?.ServiceName === "backend")!;
    const { container } = workers[0]!;
    const ask = async (method: string, request: string, body: string) =>
      succeed(
        "docker",
        [
          ...["exec", "--interactive", container, "curl", "--silent", "--config", "-", "--request", method],
          ...["--output", "/dev/null", "--write-out", "%{http_code}"],
          ...(body === "" ? [] : ["--data", body]),
          `http://127.0.0.1:8500/v1/${request}`,
        ],
        10,
        `header = "X-Consul-Token: ${own.SecretID}"\n`,
      );
    const register = (name: string) =>
      ask("PUT", "agent/service/register", JSON.stringify({ Name: name, ID: "probe" }));
    expect(await register("frontend")).toBe("403");
    expect(await register("traefik")).toBe("403");
    expect(await ask("GET", "kv/anything", "")).toBe("403");
    expect(await ask("PUT", "kv/anything", "x")).toBe("403");
    expect(await register("backend")).toBe("200");
    expect(await ask("PUT", "agent/service/deregister/probe", "")).toBe("200");
  });

  it("keeps the metadata service and the host's APIs from containers", async () => {
    const [worker, server] = [workers[0]!, servers[0]!];
    const script = `
      const net = require("node:net");
      const tried = ${JSON.stringify([
        ["169.254.169.254", 80],
        ["127.0.0.1", 8500],
        ["172.17.0.1", 8500],
        ["172.17.0.1", 4646],
        ["169.254.1.1", 8500],
        [worker.address, 8500],
        [worker.address, 4646],
        [server.address, 8501],
        [server.address, 4646],
        ["169.254.1.1", 53],
      ])};
      Promise.all(tried.map(([host, port]) => new Promise((resolve) => {
        const socket = net.connect({ host, port });
        const done = (open) => (socket.destroy(), resolve(host + ":" + port + " " + open));
        socket.on("connect", () => done("open")).on("error", () => done("shut"));
        setTimeout(() => done("shut"), 3000);
      }))).then((all) => (console.log(JSON.stringify(all)), process.exit()));`;
    const seen = JSON.parse(await inTask("frontend", script)) as string[];
    expect(seen.filter((each) => each.endsWith("open"))).toEqual(["169.254.1.1:53 open"]);
  });

  it("keeps the metadata service and Nomad from Traefik too, which shares its host's network", async () => {
    const { container } = workers[0]!;
    const asTraefik = (url: string) =>
      onHost(
        container,
        `setpriv --reuid 65532 --regid 65532 --clear-groups curl -sk -m 3 -o /dev/null ${url}; echo $?`,
      );
    expect((await asTraefik("http://169.254.169.254/latest/meta-data/")).trim()).toBe("7");
    expect((await asTraefik("https://127.0.0.1:4646/v1/status/leader")).trim()).toBe("7");
    expect((await asTraefik("http://127.0.0.1:8500/v1/status/leader")).trim()).toBe("0");
    const uid = await onHost(container, "ps -o uid= -C traefik | sort -u");
    expect(uid.trim()).toBe("65532");
  });

  it("gives no secret away in user data, templates, jobs, logs, arguments or plain state", async () => {
    const all = await documents();
    expect(Object.keys(all).sort()).toEqual([
      ...["servers/acl", "servers/consul", "servers/nomad", "servers/tls"],
      ...["workers/consul", "workers/nomad", "workers/tls"],
    ]);
    const secrets = [...new Set(secretsIn(all))];
    // Six tokens, two gossip keys, two private keys.
    expect(secrets).toHaveLength(6 + 2 + 2);

    const places: Record<string, string> = {};
    const { nomad } = await operator();
    for (const { ID } of await nomad.get<{ ID: string }[]>("/v1/jobs")) {
      places[`job ${ID}`] = JSON.stringify(await nomad.get(`/v1/job/${ID}`));
      places[`source of job ${ID}`] = JSON.stringify(await nomad.get(`/v1/job/${ID}/submission`, { version: 0 }));
    }
    const { LaunchTemplates } = await aws("ec2", "describe-launch-templates");
    for (const { LaunchTemplateId } of LaunchTemplates) {
      const found = await aws(
        ...["ec2", "describe-launch-template-versions", "--launch-template-id", LaunchTemplateId],
      );
      for (const { LaunchTemplateData } of found.LaunchTemplateVersions) {
        places[`template ${LaunchTemplateId}`] = JSON.stringify(LaunchTemplateData);
        const packed = Buffer.from(LaunchTemplateData.UserData, "base64");
        places[`user data of template ${LaunchTemplateId}`] = gunzipSync(packed).toString();
      }
    }
    for (const { id, container } of [...servers, ...workers]) {
      const { UserData } = await aws(
        ...["ec2", "describe-instance-attribute", "--instance-id", id, "--attribute", "userData"],
      );
      places[`user data of ${id}`] = gunzipSync(Buffer.from(UserData.Value, "base64")).toString();
      places[`journal of ${id}`] = await onHost(container, "journalctl --no-pager --output=json --all", 60);
      places[`logs of ${id}`] = await onHost(container, "find /var/log -type f -print0 | xargs -0 cat");
      places[`arguments on ${id}`] = await onHost(container, "cat /proc/[0-9]*/cmdline | tr '\\0' ' '");
      places[`console of ${id}`] = await succeed("docker", ["logs", container]);
    }
    const local = filesUnder(path.join(".local", STACK));
    for (const file of local) places[file] = readFileSync(file, "latin1");

    const given = Object.entries(places).filter(([, text]) => secrets.some((secret) => text.includes(secret)));
    expect(given.map(([place]) => place)).toEqual([]);
    expect(local.length).toBeGreaterThan(3);
    expect(Object.values(places).every((text) => text.length > 0)).toBe(true);
  });

  it("gives operators a shell in which both programs work, and prints no token", async () => {
    const { credentials } = await outputs();
    const cli = (...command: string[]) => run("node", ["cli.mjs", "--stack", STACK, ...command]);
    const jobs = await cli("nomad", "job", "status");
    const members = await cli("consul", "members");
    expect([jobs.code, members.code]).toEqual([0, 0]);
    expect(jobs.stdout).toMatch(/^backend +service/m);
    expect(members.stdout.match(/ alive /g)).toHaveLength(5);
    const said = [jobs, members, await local(["output"]), await local(["status"])]
      .map(({ stdout, stderr }) => stdout + stderr)
      .join("\n");
    for (const token of [credentials.consulToken, credentials.nomadToken]) expect(said).not.toContain(token);
  });
});
