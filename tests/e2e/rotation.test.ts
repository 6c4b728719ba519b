import { api, documents, type Host, hosts, operator, outputs } from "./cluster-view";
import { eventually, local, onHost } from "./support";
import { Load } from "./load";

const VISITS = 10_000;
/** Each on a connection of its own. It leaves room on two cores for the run of up that goes on meanwhile. */
const VISITS_A_SECOND = 60;

/** Hosts look for new secrets each minute and let old tokens live for three; here all goes five times as fast, and is the same. */
const UNIT = "/etc/systemd/system/cluster-secrets";
const HASTE = {
  timer: "[Timer]\\nOnUnitInactiveSec=\\nOnActiveSec=1\\nOnUnitInactiveSec=12\\nRandomizedDelaySec=4\\n",
  service: "[Service]\\nEnvironment=TOKEN_GRACE_SECONDS=36\\n",
};
const again = "systemctl daemon-reload && systemctl restart cluster-secrets.timer";
const hasten = ({ container }: Host) => {
  const files = Object.entries(HASTE).map(
    ([kind, text]) => `mkdir -p ${UNIT}.${kind}.d && printf '${text}' >${UNIT}.${kind}.d/haste.conf`,
  );
  return onHost(container, [...files, again].join(" && "));
};
const asBefore = ({ container }: Host) => onHost(container, `rm -rf ${UNIT}.timer.d ${UNIT}.service.d && ${again}`);

interface Secrets {
  readonly consulKey: string;
  readonly nomadKey: string;
  readonly consulTokens: readonly string[];
  readonly certificates: Readonly<Record<string, string>>;
}

/** What Parameter Store holds now. */
async function secrets(): Promise<Secrets> {
  const all = (await documents()) as Record<string, any>;
  const { acl, nomad, consul } = {
    acl: all["servers/acl"],
    nomad: all["servers/nomad"],
    consul: all["servers/consul"],
  };
  return {
    consulKey: consul.encrypt,
    nomadKey: nomad.server.encrypt,
    consulTokens: acl.consul.tokens.map(({ SecretID }: { SecretID: string }) => SecretID),
    certificates: { server: all["servers/tls"].cert, worker: all["workers/tls"].cert },
  };
}

/** The certificate, PEM, that an agent shows to whoever calls. */
const shown = (host: Host, port: number): Promise<string> =>
  onHost(host.container, `openssl s_client -connect 127.0.0.1:${port} </dev/null 2>/dev/null | openssl x509`);

const processOf = async (host: Host, unit: string): Promise<string> =>
  (await onHost(host.container, `systemctl show --property MainPID --value ${unit}`)).trim();

interface Allocation {
  readonly ID: string;
  readonly TaskStates: Readonly<Record<string, { Restarts: number }>>;
}

describe("rotation of every secret under load", () => {
  let all: Host[];
  let load: Load;
  let before: {
    secrets: Secrets;
    processes: string[];
    tasks: string[];
    credentials: { consul: string; nomad: string };
  };

  const consulProcesses = () => Promise.all(all.map((host) => processOf(host, "consul.service")));
  async function tasks(): Promise<string[]> {
    const { nomad } = await operator();
    const allocations = await nomad.get<Allocation[]>("/v1/allocations", { filter: 'ClientStatus == "running"' });
    return allocations
      .map(({ ID, TaskStates }) => `${ID} ${Object.values(TaskStates).map(({ Restarts }) => Restarts)}`)
      .sort();
  }
  const lookUp = (token: string) =>
    onHost(
      all[0]!.container,
      `curl -s -o /dev/null -w '%{http_code}' --config - http://127.0.0.1:8500/v1/acl/token/self <<<'header = "X-Consul-Token: ${token}"'`,
    );

  beforeAll(async () => {
    all = [...(await hosts("server")), ...(await hosts("worker"))];
    await Promise.all(all.map(hasten));
    const { url, credentials } = await outputs();
    before = {
      secrets: await secrets(),
      processes: await consulProcesses(),
      tasks: await tasks(),
      credentials: { consul: credentials.consulToken, nomad: credentials.nomadToken },
    };
    load = new Load({
      ...{ url, text: "Hello from the backend on one machine", rate: VISITS_A_SECOND, limit: 4 * VISITS },
      connections: "new",
    });
  });
  afterAll(async () => {
    await load.stop();
    await Promise.all(all.map(asBefore));
  });

  it("is one run of up, with three numbers raised", async () => {
    const raised = ["certificates", "gossipKeys", "tokens"].flatMap((kind) => [
      "--config",
      `cluster:rotation.${kind}=2`,
    ]);
    const { code, stdout, stderr } = await local(["up", ...raised], 280);
    expect({ code, stderr: code === 0 ? "" : stdout + stderr }).toEqual({ code: 0, stderr: "" });
    const after = await secrets();
    expect(after.consulKey).not.toBe(before.secrets.consulKey);
    expect(after.nomadKey).not.toBe(before.secrets.nomadKey);
    expect(after.certificates.server).not.toBe(before.secrets.certificates.server);
    expect(after.certificates.worker).not.toBe(before.secrets.certificates.worker);
    expect(after.consulTokens.filter((token) => before.secrets.consulTokens.includes(token))).toEqual([]);
  }, 300_000);

  it("gives every agent its new certificate", async () => {
    const { certificates } = await secrets();
    await eventually("new certificates everywhere", 180, async () => {
      for (const host of all) {
        const files = await onHost(host.container, "cat /etc/cluster/tls/consul/cert.pem");
        expect([host.name, files]).toEqual([host.name, certificates[host.role]]);
        expect([host.name, await shown(host, 4646)]).toEqual([host.name, certificates[host.role]]);
        if (host.role === "server") expect(await shown(host, 8501)).toBe(certificates.server);
      }
    });
  }, 200_000);

  it("has every member gossip with the new keys and no other", async () => {
    const { consulKey, nomadKey } = await secrets();
    const { consul, nomad } = await operator();
    await eventually("one key, known to all", 180, async () => {
      const rings = await consul.get<{ WAN: boolean; PrimaryKeys: object; Keys: object }[]>("/v1/operator/keyring");
      const known = rings.map(({ WAN, PrimaryKeys, Keys }) => ({ WAN, PrimaryKeys, Keys }));
      expect(known.sort((a, b) => Number(a.WAN) - Number(b.WAN))).toEqual([
        { WAN: false, PrimaryKeys: { [consulKey]: 5 }, Keys: { [consulKey]: 5 } },
        { WAN: true, PrimaryKeys: { [consulKey]: 3 }, Keys: { [consulKey]: 3 } },
      ]);
      expect((await nomad.get<{ Keys: object }>("/v1/agent/keyring/list")).Keys).toEqual({ [nomadKey]: 3 });
    });
  }, 200_000);

  it("ends the old tokens, the operators' among them", async () => {
    await eventually("the end of the old tokens", 400, async () => {
      const answers = await Promise.all(before.secrets.consulTokens.map(lookUp));
      expect(answers).toEqual(["403", "403", "403", "403", "403"]);
    });
    expect(await Promise.all((await secrets()).consulTokens.map(lookUp))).toEqual(["200", "200", "200", "200", "200"]);
    expect(before.secrets.consulTokens).toContain(before.credentials.consul);
    const { nomadAddress, credentials } = await outputs();
    const self = (token: string) =>
      api(nomadAddress, credentials.ca, { "X-Nomad-Token": token }).get("/v1/acl/token/self");
    await expect(self(before.credentials.nomad)).rejects.toMatchObject({ status: 403 });
    expect(await self(credentials.nomadToken)).toMatchObject({ Type: "management" });
  }, 450_000);

  it("costs no visitor a page, no agent of Consul its process and no task a restart", async () => {
    await eventually(`${VISITS} visits`, 400, async () => expect(load.visits.length).toBeGreaterThanOrEqual(VISITS));
    const visits = await load.stop();
    console.info(
      `${visits.length} visits while every secret was changed, ${load.failed.length} failed, ${load.stayedAway} stayed away`,
    );
    expect(load.failed).toEqual([]);
    expect(await consulProcesses()).toEqual(before.processes);
    expect(await tasks()).toEqual(before.tasks);
    expect(before.tasks.every((task) => task.endsWith(" 0"))).toBe(true);
  }, 450_000);
});
