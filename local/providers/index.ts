import { awsProvider } from "./aws";
import { consulProvider } from "./consul";
import { dockerBuildProvider } from "./docker-build";
import { nomadProvider } from "./nomad";
import { randomProvider } from "./random";
import { serve, type OnCreated, type RunningProvider } from "./server";
import { tlsProvider } from "./tls";

export interface RunningProviders {
  /** The value of PULUMI_DEBUG_PROVIDERS that attaches an engine to them. */
  readonly attach: string;
  stop(): void;
}

/**
 * Serves every provider that the program needs, in this process, each on a free loopback port. `onCreated` hears of each resource as
 * soon as it exists.
 */
export async function startProviders(onCreated?: OnCreated): Promise<RunningProviders> {
  const running: RunningProvider[] = await Promise.all([
    serve(awsProvider(), onCreated),
    serve(nomadProvider(), onCreated),
    serve(consulProvider(), onCreated),
    serve(dockerBuildProvider(), onCreated),
    serve(tlsProvider(), onCreated),
    serve(randomProvider(), onCreated),
  ]);
  return {
    attach: running.map(({ name, port }) => `${name}:${port}`).join(","),
    stop: () => running.forEach((provider) => provider.stop()),
  };
}
