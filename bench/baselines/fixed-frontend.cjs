/**
 * The frontend's own server, with one thing changed: a look-up asks nobody, and gives what stands in BACKENDS.
 *
 *   BACKENDS: address:port of each instance, separated by commas; and the frontend's own
 */
const srv = require("../../apps/frontend/.build/discovery/srv.js");

const instances = process.env.BACKENDS.split(",").map((backend) => {
  const [address, port] = backend.split(":");
  return { address, port: Number(port) };
});
srv.srvLookup = () => async () => instances;
require("../../apps/frontend/.build/server.js");
