import * as fs from "node:fs";
import * as http from "node:http";
import * as os from "node:os";
import * as path from "node:path";
import { Front, type FrontSettings } from "./front";
import { RELEASES_HOST } from "./releases";
import { close } from "./testing";

const archive = "/nomad/1.0.0/nomad_1.0.0_linux_amd64.zip";
let folder: string;
let port: number;
let server: http.Server;

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "releases-"));
  fs.mkdirSync(path.join(folder, "mirror/nomad/1.0.0"), { recursive: true });
  fs.writeFileSync(path.join(folder, "mirror", archive), "a program");
  fs.writeFileSync(path.join(folder, "mirror/nomad/1.0.0/.hidden"), "nobody's");
  fs.writeFileSync(path.join(folder, "outside"), "nobody's");
  // Nothing else of the cloud is asked.
  const front = new Front({ releases: path.join(folder, "mirror") } as FrontSettings);
  ({ port, server } = await front.listenPlain(0, "127.0.0.1"));
});
afterAll(() => {
  close(server);
  fs.rmSync(folder, { recursive: true });
});

/** Status and body, by a client that sends the path as it is. */
function get(url: string): Promise<[number | undefined, string]> {
  return new Promise((resolve, reject) => {
    const request = http.get({ host: "127.0.0.1", port, path: url, headers: { host: RELEASES_HOST } }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => (body += text));
      response.on("end", () => resolve([response.statusCode, body]));
    });
    request.on("error", reject);
  });
}

test("a release is served where releases.hashicorp.com has it", async () => {
  expect(await get(archive)).toEqual([200, "a program"]);
});

test.each([
  ["a version that the mirror lacks", archive.replaceAll("1.0.0", "1.0.1")],
  ["a folder", "/nomad/1.0.0"],
  ["a hidden file", "/nomad/1.0.0/.hidden"],
  ["what lies outside", "/nomad/../../outside"],
])("%s is not found", async (_, url) => expect(await get(url)).toEqual([404, ""]));
