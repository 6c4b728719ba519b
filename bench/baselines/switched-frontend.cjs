/**
 * The frontend's own server, with one thing added: where look-ups go is switched while it runs. GET /fixed on the switch's port, and they ask nobody
 * and give what stands in BACKENDS; GET /dns, and they ask DNS again, as from the start. Both answer how many have asked DNS so far.
 *
 *   BACKENDS: address:port of each instance, separated by commas; SWITCH_PORT: of loopback; and the frontend's own
 */
const { createServer } = require("node:http");
const srv = require("../../apps/frontend/.build/discovery/srv.js");

const instances = process.env.BACKENDS.split(",").map((backend) => {
  const [address, port] = backend.split(":");
  return { address, port: Number(port) };
});
const { srvLookup } = srv;
let asksDns = true;
let asked = 0;

srv.srvLookup = (options) => {
  const lookup = srvLookup(options);
  return async (name) => {
    if (!asksDns) return instances;
    asked += 1;
    return lookup(name);
  };
};
createServer((request, response) => {
  asksDns = request.url === "/dns";
  response.end(String(asked));
}).listen(Number(process.env.SWITCH_PORT), "127.0.0.1");
require("../../apps/frontend/.build/server.js");
