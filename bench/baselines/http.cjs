/**
 * Node's own server with nothing on top: the floor. Answers each path of ROUTES with the bytes that stand there, and logs nothing.
 *
 *   PORT, ROUTES: JSON of path to { type, body }
 */
const { createServer } = require("node:http");

const { PORT, ROUTES } = process.env;
const routes = new Map(Object.entries(JSON.parse(ROUTES)));
createServer((request, response) => {
  const { type, body } = routes.get(request.url);
  response.writeHead(200, { "content-type": type, "content-length": Buffer.byteLength(body) }).end(body);
}).listen(Number(PORT), "127.0.0.1");
