import * as path from "node:path";

/** What the cloud's container is told by its environment; every name below is the variable's. */
export interface CloudSettings {
  /** STACK: first part of the name of everything Docker that belongs to this cloud. */
  readonly stack: string;
  /** REGION whose state becomes hosts; calls to other regions only reach moto. */
  readonly region: string;
  readonly accountId: string;
  /** PORT of the plain API, published on the machine's loopback. */
  readonly port: number;
  /** TLS_PORT of the API and registry under AWS's own names, and of the mirror of releases, in the VPCs. */
  readonly tlsPort: number;
  /** METADATA_PORT of the instance metadata service. */
  readonly metadataPort: number;
  /** CA_CERTIFICATE and CA_KEY: the authority that host images trust. */
  readonly ca: { readonly certificate: string; readonly key: string };
  /** MOTO_PYTHON and MOTO_SERVER: the interpreter that has moto, and the program to start with it. */
  readonly moto: { readonly python: string; readonly server: string; readonly port: number };
  /** MINUTE_SECONDS: how long a minute of CloudWatch's lasts, by which alarms are judged and groups scaled; less than 60 in tests. */
  readonly minuteSeconds: number;
  readonly registryPort: number;
  /** REGISTRY_STORAGE: folder of the registry, which outlives the cloud and may serve several. */
  readonly registryStorage: string;
  /** RELEASES: folder of the mirror of releases. */
  readonly releases: string;
}

export function readSettings(environment: NodeJS.ProcessEnv): CloudSettings {
  const { STACK: stack } = environment;
  if (!stack) throw new Error("STACK: expected the stack's name, got nothing");
  const number = (name: string, fallback: number): number => {
    const value = environment[name] ?? String(fallback);
    if (!/^\d{1,5}$/.test(value)) throw new Error(`${name}: expected a number of at most five digits, got "${value}"`);
    return Number(value);
  };
  return {
    stack,
    region: environment.REGION ?? "eu-west-1",
    accountId: "123456789012",
    port: number("PORT", 4566),
    tlsPort: number("TLS_PORT", 443),
    metadataPort: number("METADATA_PORT", 80),
    ca: {
      certificate: environment.CA_CERTIFICATE ?? "/ca/ca.crt",
      key: environment.CA_KEY ?? "/ca/ca.key",
    },
    moto: {
      python: environment.MOTO_PYTHON ?? "python3",
      server: path.resolve(environment.MOTO_SERVER ?? "local/cloud/moto/server.py"),
      port: number("MOTO_PORT", 5000),
    },
    minuteSeconds: number("MINUTE_SECONDS", 60),
    registryPort: number("REGISTRY_PORT", 5001),
    registryStorage: environment.REGISTRY_STORAGE ?? "/var/lib/registry",
    releases: environment.RELEASES ?? "/releases",
  };
}
