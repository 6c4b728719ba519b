import { forget } from "../../e2e/clients";
import { apis, hosts } from "../../e2e/cluster-view";
import { Voters } from "../../e2e/voters";
import { olderVersions, releasesUrl } from "../before";
import { seconds, secondsUntil } from "../clock";
import type { Figure, Scenario } from "../scenario";
import { destroy, up, WORKERS } from "../stack";
import { isWell } from "../view";

/** Looks at the voters of Consul and Nomad, over and over, while something is done. */
async function fewestVoters(during: () => Promise<unknown>): Promise<Figure> {
  const { nomad, consul } = await apis();
  const voters = [new Voters(consul), new Voters(nomad)];
  await during().finally(() => voters.forEach((each) => each.stop()));
  const measured = Math.min(...voters.flatMap(({ counts }) => counts));
  return { what: "healthy voters, fewest seen", limit: 2, measured, unit: "", atLeast: true };
}

export const replaced: Scenario = {
  name: "all servers replaced one by one",
  async run() {
    const before = await hosts("server");
    const started = Date.now();
    const voters = await fewestVoters(() => up("cluster:serverInstanceType=t3.medium"));
    const lasted = seconds(started);
    const stayed = (await hosts("server")).filter(({ id }) => before.some((each) => each.id === id)).length;
    return {
      figures: [
        voters,
        { what: "servers that stayed", limit: 0, measured: stayed, unit: "" },
        { what: "all three", limit: 300, measured: lasted, unit: "s" },
      ],
    };
  },
};

/** How many agents of the cluster still have these versions. */
async function agentsOf(versions: { readonly nomad: string; readonly consul: string }): Promise<number> {
  const { nomad, consul } = await apis();
  const clients = await nomad.get<{ Version: string; Status: string }[]>("/v1/nodes");
  const { Members } = await nomad.get<{ Members: { Status: string; Tags: { build: string } }[] }>("/v1/agent/members");
  const members = await consul.get<{ Status: number; Tags: { build: string } }[]>("/v1/agent/members");
  const builds = [
    ...clients.filter(({ Status }) => Status === "ready").map(({ Version }) => Version === versions.nomad),
    ...Members.filter(({ Status }) => Status === "alive").map(({ Tags }) => Tags.build === versions.nomad),
    // 1 is Serf's number for one that lives.
    ...members.filter(({ Status }) => Status === 1).map(({ Tags }) => Tags.build.split(":")[0] === versions.consul),
  ];
  return builds.filter(Boolean).length;
}

const AGENTS = 2 * (3 + WORKERS);

/** From versions before the cluster's own, for servers don't go back. */
export const upgraded: Scenario = {
  name: "version upgrade of all agents",
  ownsStack: true,
  async run({ startLoad, say }) {
    const older = await olderVersions(say);
    await destroy();
    await up(
      `cluster:nomadVersion=${older.nomad}`,
      `cluster:consulVersion=${older.consul}`,
      `cluster:releasesUrl=${releasesUrl}`,
    );
    forget();
    await secondsUntil("all well", 120, () => isWell(WORKERS));
    const before = await agentsOf(older);
    say(`${before} agents of Nomad ${older.nomad} and Consul ${older.consul}`);
    await startLoad();
    const started = Date.now();
    const voters = await fewestVoters(() => up());
    say(`up has ended after ${seconds(started).toFixed(1)} s`);
    // Workers are replaced by their group, for which up does not wait.
    await secondsUntil("no older agent", 600, async () => (await agentsOf(older)) === 0 && (await isWell(WORKERS)));
    return {
      figures: [
        voters,
        { what: "agents that were older", limit: AGENTS, measured: before, unit: "", atLeast: true },
        { what: "all of them new", limit: 600, measured: seconds(started), unit: "s" },
      ],
    };
  },
};
