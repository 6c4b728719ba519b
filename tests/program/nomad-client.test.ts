import { readFileSync, rmSync } from "node:fs";
import * as https from "node:https";
import type { AddressInfo } from "node:net";
import { readNomad } from "../../components/nomad-client";
import { selfSigned } from "../certificates";

describe("readNomad", () => {
  const files = selfSigned();
  const ca = readFileSync(files.ca_file, "utf8");
  let server: https.Server;
  let address: string;
  let answers: Record<string, [status: number, body: string]>;
  beforeAll((done) => {
    server = https.createServer({ cert: ca, key: readFileSync(files.key_file) }, (request, response) => {
      const known = request.headers["x-nomad-token"] === "the-token";
      const [status, body] = known ? (answers[request.url!] ?? [404, "unknown"]) : [403, "Permission denied"];
      response.writeHead(status).end(body);
    });
    server.listen(0, "127.0.0.1", () => {
      address = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
      done();
    });
  });
  afterAll((done) => {
    rmSync(files.folder, { recursive: true });
    server.close(done);
  });

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
    expect(await readNomad({ address, ca, token: "the-token" })).toEqual({
      leader: "10.42.128.10:4647",
      aliveServers: 1,
      readyWorkers: new Set(["10.42.128.1", "10.42.128.4"]),
    });
  });

  it("fails with Nomad's own words while the token is not known", async () => {
    await expect(readNomad({ address, ca, token: "another" })).rejects.toThrow(
      "/v1/status/leader answered 403: Permission denied",
    );
  });

  it("does not talk to an agent whose certificate another CA has signed", async () => {
    const other = selfSigned();
    const otherCa = readFileSync(other.ca_file, "utf8");
    rmSync(other.folder, { recursive: true });
    await expect(readNomad({ address, ca: otherCa, token: "the-token" })).rejects.toThrow(/self-signed certificate/);
  });

  it("fails with Nomad's own words while there is no leader", async () => {
    answers = { "/v1/status/leader": [500, "No cluster leader\n"] };
    await expect(readNomad({ address, ca, token: "the-token" })).rejects.toThrow(
      "/v1/status/leader answered 500: No cluster leader",
    );
  });
});
