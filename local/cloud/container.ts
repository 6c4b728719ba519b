import type Docker from "dockerode";
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as http from "node:http";
import * as net from "node:net";
import * as path from "node:path";
import { ensureCloudCa } from "../images/cloud-ca";
import { engine } from "../images/docker";
import { ensureImage, type ImageSpec } from "../images/image";
import { ensureMirror } from "../images/mirror";
import { cloudBaseImage } from "../images/service-images";
import { isAbsent, removeContainer, STACK_LABEL } from "./hypervisor/docker";

export interface CloudAddress {
  /** Of the AWS API, on the machine's loopback. */
  readonly endpoint: string;
  readonly port: number;
}

interface CloudOptions {
  /** First part of the name of everything that belongs to it. */
  readonly stack: string;
  log(line: string): void;
}

const API_PORT = "4566/tcp";
const START_SECONDS = 90;

const bundle = path.resolve(".build/cloud.js");
const moto = path.resolve("local/cloud/moto");
const digest = (file: string): string => crypto.createHash("sha256").update(fs.readFileSync(file)).digest("hex");
const motoFiles = (): string[] => fs.readdirSync(moto).filter((name) => name.endsWith(".py"));

export const cloudImage: ImageSpec = {
  tag: "cluster-local/cloud",
  folder: path.resolve("local/cloud/image"),
  parents: [cloudBaseImage],
  inputs: () => ({
    bundle: digest(bundle),
    ...Object.fromEntries(motoFiles().map((name) => [name, digest(path.join(moto, name))])),
  }),
  prepare: (context) => {
    fs.copyFileSync(bundle, path.join(context, "cloud.js"));
    fs.mkdirSync(path.join(context, "moto"));
    for (const name of motoFiles()) fs.copyFileSync(path.join(moto, name), path.join(context, "moto", name));
  },
  takes: "some seconds",
};

const containerName = (stack: string): string => `${stack}-cloud`;

/** Where the stack's cloud answers, or nothing when it does not run. */
export async function cloudStatus(stack: string): Promise<CloudAddress | undefined> {
  const info = await inspect(stack);
  const published = info?.State.Running ? info.NetworkSettings.Ports[API_PORT]?.[0]?.HostPort : undefined;
  return published === undefined ? undefined : { endpoint: `http://127.0.0.1:${published}`, port: Number(published) };
}

/** Starts the stack's cloud unless it runs; resolves when its API answers. */
export async function startCloud({ stack, log }: CloudOptions): Promise<CloudAddress> {
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(stack)) {
    throw new Error(`stack: expected small letters, digits and hyphens, at most 31 in all, got "${stack}"`);
  }
  const running = await cloudStatus(stack);
  if (running !== undefined) {
    await answering(stack, running);
    return running;
  }
  // The API's state ends with its container: what an earlier one left behind belongs to nobody.
  await stopCloud({ stack, log });
  await ensureImage(cloudImage, log);
  const port = await freePort(stack);
  log(`starting the cloud of stack ${stack} on 127.0.0.1:${port}`);
  const container = await engine.createContainer(containerOptions(stack, port));
  await container.start();
  const address = { endpoint: `http://127.0.0.1:${port}`, port };
  await answering(stack, address);
  return address;
}

/** Removes everything Docker that carries the stack's label: the cloud, its hosts, load balancers, networks and volumes. */
export async function stopCloud({ stack, log }: CloudOptions): Promise<void> {
  const filters = { label: [`${STACK_LABEL}=${stack}`] };
  const cloud = engine.getContainer(containerName(stack));
  const removeOthers = async (): Promise<void> => {
    const containers = await engine.listContainers({ all: true, filters });
    const others = containers.filter(({ Names }) => !Names.includes(`/${containerName(stack)}`));
    await Promise.all(others.map(({ Id }) => removeContainer(engine.getContainer(Id))));
  };
  // Hosts first: they hold the disks that the hypervisor then lets go of, and that the engine knows nothing of.
  await removeOthers();
  const state = (await inspect(stack))?.State;
  if (state?.Running) {
    log(`stopping the cloud of stack ${stack}`);
    await cloud.stop({ t: 60 }).catch(ignoreAbsent);
  } else if (state !== undefined) {
    log(`the cloud of stack ${stack} has ended by itself: letting go of its disks`);
    await letGoOfDisks(stack);
  }
  // While it ran it may have replaced a host that was gone.
  await removeOthers();
  await removeContainer(cloud);
  for (const { Id } of await engine.listNetworks({ filters })) await engine.getNetwork(Id).remove().catch(ignoreAbsent);
  const { Volumes } = await engine.listVolumes({ filters: JSON.stringify(filters) as never });
  for (const { Name } of Volumes ?? []) await engine.getVolume(Name).remove({ force: true }).catch(ignoreAbsent);
}

/** What a cloud does as it stops, for one that was killed: the kernel keeps loop devices until they are told to go. */
const DETACH = `for file in /var/lib/cloud/volumes/"$STACK"/*; do
  losetup --associated "$file" --noheadings --output NAME | xargs --no-run-if-empty losetup --detach
done`;

async function letGoOfDisks(stack: string): Promise<void> {
  const { HostConfig, Image, Env, Labels } = containerOptions(stack, 0);
  const helper = await engine.createContainer({
    ...{ Image, Env, Labels, Entrypoint: ["bash", "-c", DETACH] },
    HostConfig: { ...HostConfig, PortBindings: {} },
  });
  try {
    await helper.start();
    await helper.wait();
  } finally {
    await removeContainer(helper);
  }
}

function containerOptions(stack: string, port: number): Docker.ContainerCreateOptions {
  const ca = ensureCloudCa();
  return {
    name: containerName(stack),
    Image: cloudImage.tag,
    Env: [`STACK=${stack}`, `MINUTE_SECONDS=${process.env.MINUTE_SECONDS ?? 60}`],
    Labels: { [STACK_LABEL]: stack },
    ExposedPorts: { [API_PORT]: {} },
    StopTimeout: 60,
    HostConfig: {
      PortBindings: { [API_PORT]: [{ HostIp: "127.0.0.1", HostPort: String(port) }] },
      // Link-local addresses on its interfaces, loop devices behind EBS volumes.
      CapAdd: ["NET_ADMIN", "SYS_ADMIN"],
      SecurityOpt: ["seccomp=unconfined", "apparmor=unconfined"],
      ...{ DeviceCgroupRules: ["a *:* rwm"] },
      Mounts: [
        { Type: "volume", Source: `${stack}-cloud`, Target: "/var/lib/cloud", VolumeOptions: volumeOptions(stack) },
        // Layers of images, for every stack of this machine and from one to the next: a cache, and no part of the stack.
        { Type: "volume", Source: "cluster-local-layers", Target: "/var/lib/registry" },
        { Type: "bind", Source: "/var/run/docker.sock", Target: "/var/run/docker.sock" },
        { Type: "bind", Source: "/dev", Target: "/dev" },
        { Type: "bind", Source: ca.certificate, Target: "/ca/ca.crt", ReadOnly: true },
        { Type: "bind", Source: ca.key, Target: "/ca/ca.key", ReadOnly: true },
        { Type: "bind", Source: ensureMirror(), Target: "/releases", ReadOnly: true },
      ],
    },
  };
}

function volumeOptions(stack: string): Docker.MountSettings["VolumeOptions"] {
  return { NoCopy: true, Labels: { [STACK_LABEL]: stack }, DriverConfig: { Name: "local", Options: {} } };
}

async function inspect(stack: string): Promise<Docker.ContainerInspectInfo | undefined> {
  return engine.getContainer(containerName(stack)).inspect().catch(ignoreAbsent);
}

function ignoreAbsent(error: unknown): undefined {
  if (!isAbsent(error)) throw error;
  return undefined;
}

/** Waits for the API; when the container ends instead, says what it printed last. */
async function answering(stack: string, { endpoint }: CloudAddress): Promise<void> {
  for (const end = Date.now() + START_SECONDS * 1000; Date.now() < end;) {
    if (await isHealthy(`${endpoint}/_cloud/health`)) return;
    if (!(await inspect(stack))?.State.Running) break;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const logs = await engine.getContainer(containerName(stack)).logs({ stdout: true, stderr: true, tail: 20 });
  const lines = logs.toString("utf8").replace(/^[^ -~]+.?/gm, "");
  throw new Error(`the cloud of stack ${stack} does not answer at ${endpoint}. Its last lines:\n${lines}`);
}

/**
 * One look. Not with `fetch`: where Docker's proxy accepts a connection and drops it, as it does until the process in the
 * container listens, Node 20's fetch can wait for ever on nothing that keeps the process alive.
 */
function isHealthy(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = http.get(url, { timeout: 2000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on("error", () => resolve(false)).on("timeout", () => request.destroy());
  });
}

/** The stack's own port when it is free, so that the address stays the same from one start to the next. */
async function freePort(stack: string): Promise<number> {
  const first = 14500 + (crypto.createHash("sha256").update(stack).digest().readUInt16BE() % 400);
  for (let port = first; port < first + 50; port += 1) {
    const isFree = await new Promise<boolean>((resolve) => {
      const server = net.createServer().once("error", () => resolve(false));
      server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
  throw new Error(`no free port between ${first} and ${first + 49} on 127.0.0.1`);
}
