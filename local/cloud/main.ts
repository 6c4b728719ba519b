import * as fs from "node:fs/promises";
import * as http from "node:http";
import * as path from "node:path";
import { Access } from "./access";
import { autoscalingAnswers } from "./answers-autoscaling";
import { ec2Answers } from "./answers-ec2";
import { ecrAnswers } from "./answers-ecr";
import { elbAnswers } from "./answers-elb";
import { stsAnswers } from "./answers-sts";
import { Certificates } from "./certificates";
import { motoClients } from "./clients";
import { VpcResolver } from "./dns";
import { Front } from "./front";
import { watchGroups } from "./group-health";
import { startHypervisor } from "./hypervisor";
import { Imds } from "./imds";
import { InstanceReader } from "./imds-facts";
import { Refreshes } from "./instance-refresh";
import { watchMinutes } from "./minutes";
import { motoEnvironment, motoImages } from "./moto";
import { Program, type ProgramSettings } from "./programs";
import { RegistryGate, registryConfiguration } from "./registry";
import { RegistryTokens } from "./registry-tokens";
import { Sessions } from "./sessions";
import { readSettings } from "./settings";
import { spotAnswers, SpotNotices } from "./spot-notices";

const log = (line: string): void => console.log(`${new Date().toISOString()} ${line}`);

/** Whether anything speaks HTTP there. */
function answers(port: number, url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = http.get({ host: "127.0.0.1", port, path: url, timeout: 1000 }, (response) => {
      response.resume();
      resolve((response.statusCode ?? 500) < 500);
    });
    request.on("error", () => resolve(false)).on("timeout", () => request.destroy());
  });
}

/** Starts every part of the cloud; the API's port is opened last, so that who reaches it finds everything behind it. */
async function main(): Promise<void> {
  const settings = readSettings(process.env);
  const { stack, region, accountId, moto, registryPort } = settings;
  const run = "/run/cloud";
  const storage = settings.registryStorage;
  const certificateFolder = path.join(run, "certificates");
  await Promise.all([run, storage, certificateFolder].map((folder) => fs.mkdir(folder, { recursive: true })));
  const files = { images: path.join(run, "images.json"), registry: path.join(run, "registry.json") };
  await fs.writeFile(files.images, motoImages());
  await fs.writeFile(files.registry, registryConfiguration(storage, registryPort));

  const stops: (() => unknown)[] = [];
  let over = false;
  const stop = async (status: number, reason: string): Promise<void> => {
    if (over) return;
    over = true;
    log(`stopping: ${reason}`);
    for (const each of stops.reverse()) await Promise.resolve(each()).catch((error: Error) => log(error.message));
    process.exit(status);
  };
  process.on("SIGTERM", () => void stop(0, "SIGTERM"));
  process.on("SIGINT", () => void stop(0, "SIGINT"));
  const program = (which: Omit<ProgramSettings, "log" | "onGivenUp">): Program => {
    const made = new Program({ ...which, log, onGivenUp: (reason) => void stop(1, reason) });
    stops.push(() => made.stop());
    return made;
  };

  const api = program({
    name: "moto",
    command: moto.python,
    args: [moto.server, "-H", "127.0.0.1", "-p", String(moto.port)],
    env: motoEnvironment(files.images, certificateFolder, accountId),
    // Its state is in its memory: a new one would not know the hosts that run.
    restarts: 0,
    ready: () => answers(moto.port, "/moto-api/"),
  });
  const registry = program({
    ...{ name: "registry", command: "docker-registry", args: ["serve", files.registry], restarts: 5 },
    env: { OTEL_TRACES_EXPORTER: "none" },
    ready: () => answers(registryPort, "/v2/"),
  });
  const dnsFile = path.join(run, "dnsmasq.conf");
  const dnsmasq = program({
    ...{ name: "dnsmasq", command: "dnsmasq", restarts: 5 },
    args: ["--keep-in-foreground", "--user=root", "--log-facility=-", `--conf-file=${dnsFile}`],
  });
  await Promise.all([api.start(), registry.start()]);
  const clients = motoClients(`http://127.0.0.1:${moto.port}`, region);
  const resolver = new VpcResolver({ region, file: dnsFile, program: dnsmasq, log });
  const hypervisor = await startHypervisor({
    ...{ stack, region, endpoint: `http://127.0.0.1:${moto.port}`, certificates: certificateFolder, log },
    onNetwork: (network) => resolver.add(network),
  });
  stops.push(() => hypervisor.stop());

  const context = { clients, hypervisor, log };
  stops.push(watchGroups(context));
  stops.push(watchMinutes(context, settings.minuteSeconds));
  const sessions = new Sessions(clients);
  const notices = new SpotNotices(log);
  const tokens = new RegistryTokens();
  const access = new Access({ accountId, sessions, clients });
  const front = new Front({
    ...{ motoPort: moto.port, region, context, access, releases: settings.releases },
    registry: new RegistryGate({ port: registryPort, storage, accountId, region, clients, tokens, access }),
    answers: {
      ...{ ...ec2Answers, ...elbAnswers, ...stsAnswers(sessions), ...ecrAnswers({ storage, sessions, tokens }) },
      ...autoscalingAnswers(new Refreshes(context)),
      ...spotAnswers(notices),
    },
  });
  const certificates = await Certificates.open(settings.ca, path.join(run, "tls"));
  const reader = new InstanceReader(clients, region, accountId, sessions, notices);
  const imds = new Imds({ hypervisor, log, reader });
  await imds.listen(settings.metadataPort);
  await front.listenTls(settings.tlsPort, certificates);
  await front.listenPlain(settings.port);
  log(`ready: the AWS API of ${region} on port ${settings.port}`);
}

main().catch((error: Error) => {
  log(error.stack ?? error.message);
  process.exit(1);
});
