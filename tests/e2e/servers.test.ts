import { hosts, operator } from "./cluster-view";
import { Load } from "./load";
import { local } from "./support";
import { Voters } from "./voters";

describe("a change of the servers", () => {
  it("replaces one at a time, which keep disk and address, and no visitor notices", async () => {
    const before = await hosts("server");
    const { url, nomad, consul } = await operator();
    const load = new Load({ url, text: "Hello from the backend on one machine", rate: 40, limit: 12_000 });
    const voters = { consul: new Voters(consul), nomad: new Voters(nomad) };
    const changes = ["cluster:serverInstanceType=t3.medium"];
    // What the suite before this one has raised stays.
    for (const kind of ["certificates", "gossipKeys", "tokens"]) changes.push(`cluster:rotation.${kind}=2`);
    const started = Date.now();
    const { code, stdout, stderr } = await local(["up", ...changes.flatMap((each) => ["--config", each])], 280);
    for (const each of Object.values(voters)) each.stop();
    const visits = await load.stop();
    expect({ code, stderr: code === 0 ? "" : stdout + stderr }).toEqual({ code: 0, stderr: "" });
    console.info(
      `three servers replaced in ${((Date.now() - started) / 1000).toFixed(1)} s; ${visits.length} visits; ` +
        `healthy voters at least ${Math.min(...voters.consul.counts)} in Consul, ${Math.min(...voters.nomad.counts)} in Nomad`,
    );

    expect(load.failed).toEqual([]);
    expect(visits.length).toBeGreaterThan(500);
    for (const { counts } of Object.values(voters)) {
      expect(counts.length).toBeGreaterThan(10);
      expect(Math.min(...counts)).toBeGreaterThanOrEqual(2);
    }
    const after = await hosts("server");
    expect(after.map(({ name, address }) => [name, address]).sort()).toEqual(
      before.map(({ name, address }) => [name, address]).sort(),
    );
    expect(after.filter(({ id }) => before.some((server) => server.id === id))).toEqual([]);
    expect(stderr).toMatch(/Servers to replace, one at a time: (\S+, ){2}\S+\n/);
  }, 300_000);
});
