import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, readFileSync } from "node:fs";
import type { AgentApi } from "../../local/providers/agent";
import { edgeHealth, hosts, inTask, members, operator, page, readyWorkers, scaling, setDesired } from "./cluster-view";
import { Load } from "./load";
import { aws, eventually, local, onHost, STACK, succeed } from "./support";

describe("the cluster on one machine", () => {
  let url: string;
  let nomad: AgentApi;
  let consul: AgentApi;

  beforeAll(async () => {
    ({ url, nomad, consul } = await operator());
  });

  it("serves the frontend's page with the backend's values through the load balancer", async () => {
    const { status, text } = await page(url);
    expect(status).toBe(200);
    expect(text).toContain("Frontend on one machine");
    expect(text).toContain("Hello from the backend on one machine");
  });

  it("has three servers and two workers in Consul and Nomad", async () => {
    expect(await hosts("server")).toHaveLength(3);
    expect(await members(consul)).toHaveLength(5);
    expect(await readyWorkers(nomad)).toHaveLength(2);
  });

  it("has each worker's Traefik ready by a route of the catalog, which is where the load balancer looks", async () => {
    for (const { container } of await hosts("worker")) {
      const statusOf = (path: string) =>
        onHost(container, `curl --silent --output /dev/null --write-out '%{http_code}' http://127.0.0.1:8081${path}`);
      expect(await statusOf("/ready")).toBe("200");
      expect(await statusOf("/ready/not")).toBe("404");
    }
    const entries = await consul.get<{ ServiceTags: string[] }[]>("/v1/catalog/service/traefik");
    expect(entries).toHaveLength(2);
    for (const { ServiceTags } of entries)
      expect(ServiceTags).toContain("traefik.http.routers.ready.service=ping@internal");
  });

  it("resolves the backend by SRV, Consul itself and names of AWS inside a container", async () => {
    const script = `
      const { resolveSrv, resolve4 } = require("node:dns").promises;
      (async () => console.log(JSON.stringify({
        srv: await resolveSrv("backend.service.consul"),
        consul: await resolve4("consul.service.consul"),
        aws: await resolve4("sts.eu-west-1.amazonaws.com"),
      })))();`;
    const { srv, consul, aws: api } = JSON.parse(await inTask("frontend", script));
    expect(srv).toHaveLength(3);
    for (const { port } of srv) expect(port >= 20000 && port <= 32000).toBe(true);
    expect(consul.sort()).toEqual((await hosts("server")).map(({ address }) => address).sort());
    expect(api).toHaveLength(1);
  });

  it("keeps the instance metadata from containers, one hop behind the host that may read it", async () => {
    const url = "http://169.254.169.254/latest/api/token";
    const header = "x-aws-ec2-metadata-token-ttl-seconds";
    const script = `fetch("${url}", { method: "PUT", headers: { "${header}": "60" }, signal: AbortSignal.timeout(3000) })
      .then(({ status }) => console.log(status), ({ name }) => console.log(name));`;
    expect((await inTask("frontend", script)).trim()).toBe("TimeoutError");
    const [worker] = await hosts("worker");
    const asked = `curl -s -m 3 -o /dev/null -w '%{http_code}' -X PUT -H '${header}: 60' ${url}`;
    expect(await onHost(worker!.container, asked)).toBe("200");
  });

  it("leaves the settings of a run alone when somebody reads the outputs meanwhile", async () => {
    const file = `.local/${STACK}/project/Pulumi.${STACK}.yaml`;
    appendFileSync(file, "# of a run under way\n");
    const before = readFileSync(file, "utf8");
    expect((await local(["output"])).code).toBe(0);
    expect(readFileSync(file, "utf8")).toBe(before);
  });

  it("changes nothing in a second up", async () => {
    const started = Date.now();
    const { code, stdout, stderr } = await local(["up"], 120);
    expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
    expect(`${stdout}${stderr}`).toMatch(/^up: nothing to change \(190 resources\), in \d+ s$/m);
    console.info(`second up: ${((Date.now() - started) / 1000).toFixed(1)} s`);
  }, 150_000);

  it("ends a run that nobody follows any more", async () => {
    const args = [".build/local.js", "--stack", STACK, "preview", "--config", "cluster:backend.cpuMhz=110"];
    const child = spawn("node", args, { stdio: ["ignore", "ignore", "pipe"] });
    child.stderr.destroy();
    const late = setTimeout(() => child.kill("SIGKILL"), 60_000);
    const [, signal] = (await once(child, "exit")) as [number | null, string | null];
    clearTimeout(late);
    expect(signal).toBeNull();
  });

  it("has what the images of the services share once on each worker", async () => {
    const layers = `docker ps --quiet --filter name=^frontend- --filter name=^backend- | xargs docker inspect --format '{{.Image}}' |
      xargs docker image inspect --format '{{index .RootFS.Layers 0}}' | sort -u`;
    const services =
      "docker ps --filter name=^frontend- --filter name=^backend- --format '{{.Names}}' | cut -d- -f1 | sort -u";
    for (const { container } of await hosts("worker")) {
      expect(await onHost(container, services)).toBe("backend\nfrontend\n");
      expect((await onHost(container, layers)).trim().split("\n")).toHaveLength(1);
    }
  });

  it("takes in a worker that scaling adds, and empties one that it removes before that ends: no visitor notices", async () => {
    const before = await hosts("worker");
    // What scales by need would have a say in it.
    await scaling("suspend");
    await setDesired(3);
    const started = Date.now();
    const added = await eventually("a third worker", 30, async () => {
      const now = await hosts("worker");
      const fresh = now.find(({ id }) => !before.some((host) => host.id === id));
      if (fresh === undefined || fresh.container === "") throw new Error(`${now.length} workers`);
      return fresh;
    });
    await eventually("the worker in Nomad, in Consul and behind the load balancer with Traefik", 120, async () => {
      expect(await readyWorkers(nomad)).toContain(added.address);
      expect(await members(consul)).toHaveLength(6);
      expect((await edgeHealth())[added.id]).toBe("healthy");
    });
    console.info(`worker added, serving after ${((Date.now() - started) / 1000).toFixed(1)} s`);
    // Traefik on the new worker itself answers the page.
    const direct = await onHost(added.container, "curl --silent --fail --max-time 5 http://127.0.0.1:8080/");
    expect(direct).toContain("Hello from the backend on one machine");

    const allocations = await nomad.get<{ NodeName: string; ClientStatus: string }[]>("/v1/job/frontend/allocations");
    const { NodeName } = allocations.find(({ ClientStatus }) => ClientStatus === "running")!;
    const leaving = NodeName.replace("worker-", "");
    const load = new Load({ url, text: "Hello from the backend on one machine", rate: 40, limit: 12_000 });
    const told = Date.now();
    await aws(
      ...["autoscaling", "terminate-instance-in-auto-scaling-group", "--instance-id", leaving],
      "--should-decrement-desired-capacity",
    );
    await eventually("one worker gone", 150, async () => {
      const now = await hosts("worker");
      expect(now.map(({ id }) => id)).not.toContain(leaving);
      expect(now).toHaveLength(2);
      expect(await members(consul)).toHaveLength(5);
      expect((await readyWorkers(nomad)).sort()).toEqual(now.map(({ address }) => address).sort());
      expect(Object.keys(await edgeHealth()).sort()).toEqual(now.map(({ id }) => id).sort());
    });
    const visits = await load.stop();
    console.info(`worker gone after ${((Date.now() - told) / 1000).toFixed(1)} s; ${visits.length} visits meanwhile`);
    expect(load.failed).toEqual([]);
    expect(visits.length).toBeGreaterThan(500);
    await scaling("resume");
  }, 400_000);

  it("is cut off by its packet filters when a security group rule is taken away, and served when it is back", async () => {
    const { SecurityGroupRules } = await aws("ec2", "describe-security-group-rules");
    const fromBalancer = SecurityGroupRules.filter(
      (rule: { IsEgress: boolean; FromPort: number; ReferencedGroupInfo?: object }) =>
        !rule.IsEgress && rule.FromPort === 8080 && rule.ReferencedGroupInfo !== undefined,
    );
    expect(fromBalancer).toHaveLength(1);
    const [{ GroupId, ReferencedGroupInfo, SecurityGroupRuleId }] = fromBalancer;
    await aws(
      ...["ec2", "revoke-security-group-ingress", "--group-id", GroupId],
      ...["--security-group-rule-ids", SecurityGroupRuleId],
    );
    await eventually("no page without the rule", 60, async () => {
      const answer = await page(url, 15).catch((error: Error) => ({ status: error.name }));
      expect(answer.status).not.toBe(200);
    });
    await aws(
      ...["ec2", "authorize-security-group-ingress", "--group-id", GroupId, "--ip-permissions"],
      `IpProtocol=tcp,FromPort=8080,ToPort=8080,UserIdGroupPairs=[{GroupId=${ReferencedGroupInfo.GroupId}}]`,
    );
    await eventually("the page with the rule", 60, async () => expect((await page(url)).status).toBe(200));
  }, 200_000);

  it("names its hosts after the stack and shows where each is in its boot", async () => {
    const { stdout } = await local(["status"]);
    for (const host of [...(await hosts("server")), ...(await hosts("worker"))]) expect(stdout).toContain(host.id);
    for (const { container } of await hosts("server")) {
      expect((await succeed("docker", ["inspect", "--format", "{{.Name}}", container])).trim()).toMatch(`/${STACK}-`);
    }
  });
});
