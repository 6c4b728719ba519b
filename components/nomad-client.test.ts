import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { readNomad } from "./nomad-client";

describe("readNomad", () => {
  let server: http.Server;
  let address: string;
  let answers: Record<string, [status: number, body: string]>;
  beforeAll((done) => {
    server = http.createServer((request, response) => {
      const [status, body] = answers[request.url!] ?? [404, "unknown"];
      response.writeHead(status).end(body);
    });
    server.listen(0, "127.0.0.1", () => {
      address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      done();
    });
  });
  afterAll((done) => void server.close(done));

  const node = (Address: string, Status: string, SchedulingEligibility = "eligible") => ({
    Address,
    Status,
    SchedulingEligibility,
  });

  it("counts servers that are alive and collects the addresses of workers that are ready", async () => {
    answers = {
      "/v1/status/leader": [200, '"10.42.128.10:4647"'],
      "/v1/agent/members": [200, JSON.stringify({ Members: [{ Status: "alive" }, { Status: "left" }] })],
      "/v1/nodes": [
        200,
        JSON.stringify([
          node("10.42.128.1", "ready"),
          node("10.42.128.2", "down"),
          node("10.42.128.3", "initializing"),
          // Drained by an operator: there, and not to be waited for.
          node("10.42.128.4", "ready", "ineligible"),
        ]),
      ],
    };
    expect(await readNomad(address)).toEqual({
      leader: "10.42.128.10:4647",
      aliveServers: 1,
      readyWorkers: new Set(["10.42.128.1", "10.42.128.4"]),
    });
  });

  it("fails with Nomad's own words while there is no leader", async () => {
    answers = { "/v1/status/leader": [500, "No cluster leader\n"] };
    await expect(readNomad(address)).rejects.toThrow("/v1/status/leader answered 500: No cluster leader");
  });
});
