import * as net from "node:net";
import type { AddressInfo } from "node:net";
import type { buildConnector } from "undici";
import { connectWithin } from "../src/connect";

const to = (port: number): buildConnector.Options => ({ hostname: "127.0.0.1", protocol: "http:", port: String(port) });

const connected = (connector: buildConnector.connector, port: number): Promise<net.Socket> =>
  new Promise((resolve, reject) => {
    connector(to(port), (error, socket) => (error ? reject(error) : resolve(socket as net.Socket)));
  });

describe("a connection", () => {
  it("that nobody answers fails when its time is over, and not a second later", async () => {
    const silent = new net.Socket();
    const started = Date.now();
    const connector = connectWithin(100, (() => silent) as unknown as typeof net.connect);
    await expect(connected(connector, 1)).rejects.toMatchObject({ code: "UND_ERR_CONNECT_TIMEOUT" });
    expect(Date.now() - started).toBeLessThan(400);
    expect(silent.destroyed).toBe(true);
  });

  it("that is answered has all the time in the world, and its errors are for whoever took it", async () => {
    const server = net.createServer((socket) => socket.resume()).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const socket = await connected(connectWithin(100), (server.address() as AddressInfo).port);
    expect(socket.timeout).toBe(0);
    expect(socket.listenerCount("error")).toBe(0);
    socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  it("that is refused fails at once", async () => {
    const server = net.createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    await expect(connected(connectWithin(1_000), port)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });
});
