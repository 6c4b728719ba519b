import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { createHostInventory, describeBoot } from "./host-inventory";

describe("describeBoot", () => {
  const line = (rest: string) => `[   12.345] cloud-init[312]: cluster-boot: ${rest} t=2026-01-01T00:00:00Z`;

  it.each([
    ["", "its boot has not said anything yet"],
    ["Debian GNU/Linux 12\nlogin: ", "its boot has not said anything yet"],
    [line("step=install state=start"), "boot step install: running"],
    [`${line("step=install state=done")}\r\n${line("step=consul state=start")}\r\n`, "boot step consul: running"],
    [
      line('step=install state=failed detail="nomad_1.11.3: checksum mismatch"'),
      "boot step install: failed (nomad_1.11.3: checksum mismatch)",
    ],
    [
      line('step=data-volume state=start detail="waiting for vol-1"'),
      "boot step data-volume: running (waiting for vol-1)",
    ],
  ])("reads the last line that the boot wrote: case %#", (console, words) => {
    expect(describeBoot(console).words).toBe(words);
  });
});

describe("a boot", () => {
  const [start, step, done, refresh] = [
    "step=boot state=start",
    "step=dns state=done",
    "step=boot state=done",
    "step=refresh-secrets state=start",
  ].map((rest) => `cluster-boot: ${rest} t=x\n`);

  it.each([
    ["has not begun", "", "unknown"],
    ["is under way", `${start}${step}`, "booting"],
    ["has ended", `${start}${step}${done}`, "done"],
    ["has ended, and something else goes on", `${start}${done}${refresh}`, "done"],
    ["goes on again after a reboot", `${start}${done}${start}`, "booting"],
  ])("%s", (_what, console, state) => {
    expect(describeBoot(console).state).toBe(state);
  });
});

describe("createHostInventory", () => {
  let server: http.Server;
  const requests: URLSearchParams[] = [];
  const instance = (id: string, ip: string, name: string, role: string) =>
    `<item><instanceId>${id}</instanceId><privateIpAddress>${ip}</privateIpAddress>` +
    `<instanceType>t3.small</instanceType><instanceState><name>running</name></instanceState><tagSet>` +
    `<item><key>Name</key><value>${name}</value></item><item><key>Role</key><value>${role}</value></item></tagSet></item>`;
  const reservations = (items: string) =>
    `<DescribeInstancesResponse><reservationSet><item><instancesSet>${items}</instancesSet></item></reservationSet>`;

  beforeAll((done) => {
    server = http.createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => (body += chunk));
      request.on("end", () => {
        const asked = new URLSearchParams(body);
        requests.push(asked);
        response.setHeader("content-type", "text/xml");
        if (asked.get("Action") === "DescribeInstanceAttribute")
          return response.end(
            "<DescribeInstanceAttributeResponse><userData><value>I2Nsb3Vk</value></userData></DescribeInstanceAttributeResponse>",
          );
        if (asked.get("Action") === "GetConsoleOutput") {
          if (asked.get("InstanceId") === "i-gone")
            return response
              .writeHead(400)
              .end(
                "<Response><Errors><Error><Code>InvalidInstanceID.NotFound</Code><Message>no such id</Message></Error></Errors></Response>",
              );
          const output = Buffer.from("cluster-boot: step=dns state=done t=x\n").toString("base64");
          return response.end(`<GetConsoleOutputResponse><output>${output}</output></GetConsoleOutputResponse>`);
        }
        return response.end(
          asked.has("NextToken")
            ? `${reservations(instance("i-1", "10.42.128.9", "cluster-dev-server-1", "server"))}</DescribeInstancesResponse>`
            : `${reservations(instance("i-2", "10.42.128.7", "cluster-dev-worker", "worker"))}<nextToken>more</nextToken></DescribeInstancesResponse>`,
        );
      });
    });
    server.listen(0, "127.0.0.1", () => {
      process.env.AWS_ENDPOINT_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      process.env.AWS_ACCESS_KEY_ID = "test";
      process.env.AWS_SECRET_ACCESS_KEY = "test";
      done();
    });
  });
  afterAll((done) => void server.close(done));

  it("lists the cluster's servers and workers that are starting or running, by name, over all pages", async () => {
    const inventory = createHostInventory("eu-west-1", "cluster-dev");
    expect(await inventory.list()).toEqual([
      {
        id: "i-1",
        name: "cluster-dev-server-1",
        role: "server",
        privateIp: "10.42.128.9",
        instanceType: "t3.small",
        state: "running",
      },
      {
        id: "i-2",
        name: "cluster-dev-worker",
        role: "worker",
        privateIp: "10.42.128.7",
        instanceType: "t3.small",
        state: "running",
      },
    ]);
    inventory.close();
    expect(Object.fromEntries(requests[0]!)).toMatchObject({
      "Filter.1.Name": "tag:Cluster",
      "Filter.1.Value.1": "cluster-dev",
      "Filter.2.Name": "tag:Role",
      "Filter.2.Value.1": "server",
      "Filter.2.Value.2": "worker",
      "Filter.3.Name": "instance-state-name",
      "Filter.3.Value.1": "pending",
      "Filter.3.Value.2": "running",
      "Filter.3.Value.3": "stopping",
      "Filter.3.Value.4": "stopped",
    });
  });

  it("reads what a host was launched with", async () => {
    const inventory = createHostInventory("eu-west-1", "cluster-dev");
    expect(await inventory.userDataOf("i-1")).toBe("I2Nsb3Vk");
    expect(Object.fromEntries(requests.at(-1)!)).toMatchObject({ InstanceId: "i-1", Attribute: "userData" });
    inventory.close();
  });

  it("reads a host's last boot step from its newest console output", async () => {
    const inventory = createHostInventory("eu-west-1", "cluster-dev");
    expect(await inventory.lastBootStep("i-1")).toEqual({ state: "unknown", words: "boot step dns: done" });
    expect(requests.at(-1)!.get("Latest")).toBe("true");
    inventory.close();
  });

  it("says why a console cannot be read, without failing", async () => {
    const inventory = createHostInventory("eu-west-1", "cluster-dev");
    expect(await inventory.lastBootStep("i-gone")).toEqual({
      state: "unknown",
      words: "its console cannot be read (no such id)",
    });
    inventory.close();
  });
});
