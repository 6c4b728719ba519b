/**
 * Many instances of a service in one process: a server on each of COUNT ports that the system chooses, all of which answer every path with the
 * same body, and say in `x-instance` on which port they were asked.
 *
 *   COUNT, TYPE: content type, BODY, PORT: where `GET /` answers { port: requests so far }, without those for paths under /health/
 */
const { createServer } = require("node:http");

const { COUNT, TYPE, BODY, PORT } = process.env;
const counts = {};

/** Its port is known only once it listens. */
function listen() {
  const server = createServer({ keepAliveTimeout: 75_000 });
  server.listen(0, "127.0.0.1", () => {
    const { port } = server.address();
    const headers = { "content-type": TYPE, "content-length": Buffer.byteLength(BODY), "x-instance": String(port) };
    counts[port] = 0;
    server.on("request", (request, response) => {
      if (!request.url.startsWith("/health/")) counts[port]++;
      response.writeHead(200, headers).end(BODY);
    });
  });
}

for (let i = 0; i < Number(COUNT); i++) listen();
const control = (_request, response) => response.end(JSON.stringify(counts));
createServer(control).listen(Number(PORT), "127.0.0.1");
