import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { fetchPage } from "./page-client";

describe("fetchPage", () => {
  let server: http.Server;
  const seen: (string | undefined)[] = [];
  beforeAll((done) => {
    server = http.createServer((request, response) => {
      seen.push(request.headers.host, request.url, request.headers.accept);
      response.writeHead(503, { "content-type": "text/html" }).end("<p>späť</p>");
    });
    server.listen(0, "127.0.0.1", done);
  });
  afterAll((done) => void server.close(done));

  it("asks the load balancer's address for the site by the site's own name, and reads any answer", async () => {
    const { port } = server.address() as AddressInfo;
    const page = await fetchPage({ url: `http://www.example.com:${port}`, address: "127.0.0.1" });
    expect(page).toEqual({ status: 503, body: "<p>späť</p>" });
    expect(seen).toEqual([`www.example.com:${port}`, "/", "text/html"]);
  });

  it("fails with the reason when nobody listens", async () => {
    await expect(fetchPage({ url: "http://www.example.com:1", address: "127.0.0.1" })).rejects.toThrow(
      "connect ECONNREFUSED 127.0.0.1:1",
    );
  });
});
