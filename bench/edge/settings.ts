/** Something that could be said to Traefik instead of, or on top of, what its job and the frontend's tags say. */
export interface Setting {
  readonly name: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** From the frontend's tags. */
  readonly tags?: (tags: readonly string[]) => readonly string[];
  /** What would be different for whoever asks, operates or watches it. Without it, nothing. */
  readonly changes?: string;
}

const without = (part: string) => (tags: readonly string[]) => tags.filter((tag) => !tag.includes(part));

const set = (name: string, value: string) => (tags: readonly string[]) => [
  ...tags.filter((tag) => !tag.startsWith(`${name}=`)),
  `${name}=${value}`,
];

const frontend = "traefik.http.services.frontend.loadbalancer";

/** The same information is in fields that stay. */
const REPEATED = ["ClientPort", "RequestHost", "RequestPort", "StartLocal", "ServiceAddr"];

/** Measures chance alone: what differs by less says nothing. */
export const NO_CHANGE: Setting = { name: "no change" };

/** Those that nobody would notice. */
const KEEPING: readonly Setting[] = [
  { name: "access log without a buffer", args: ["--accessLog.bufferingSize=0"] },
  { name: "access log through a buffer of 10,000 lines", args: ["--accessLog.bufferingSize=10000"] },
  {
    name: "access log with fields that repeat others",
    args: REPEATED.map((field) => `--accessLog.fields.names.${field}=keep`),
  },
  { name: "no tracing on the entry point", args: ["--entryPoints.web.observability.tracing=false"] },
  { name: "maxIdleConnsPerHost=1000", args: ["--serversTransport.maxIdleConnsPerHost=1000"] },
  { name: "log.level=ERROR", args: ["--log.level=ERROR"] },
  { name: "GOMAXPROCS=1", env: { GOMAXPROCS: "1" } },
  { name: "GOMAXPROCS=4", env: { GOMAXPROCS: "4" } },
  // The job collects by need alone, within half of its memory. Less of it, or as Go does by itself:
  { name: "GOMEMLIMIT=48MiB", env: { GOMEMLIMIT: "48MiB" } },
  { name: "GOGC=400", env: { GOGC: "400" } },
  { name: "GOGC=100", env: { GOGC: "100" } },
];

/** Those that would be, and show what each thing costs that is asked of Traefik. */
const CHANGING: readonly Setting[] = [
  { name: "no access log", args: ["--accessLog=false"], changes: "no request can be followed" },
  { name: "accessLog.format=common", args: ["--accessLog.format=common"], changes: "no request id, no trace id" },
  {
    name: "access log without any field",
    args: ["--accessLog.fields.defaultMode=drop"],
    changes: "a line has the two ids and nothing else",
  },
  { name: "no metrics", args: ["--metrics.prometheus=false"], changes: "monitoring and drills read them" },
  {
    name: "no metrics of services",
    args: ["--metrics.prometheus.addServicesLabels=false"],
    changes: "drills read which server is up",
  },
  { name: "no retry", tags: without("retry"), changes: "a lost worker is its visitors' to notice" },
  {
    name: "no health check",
    tags: without("healthcheck"),
    changes: "an instance that Consul can't tell of is asked on",
  },
  { name: "round robin", tags: set(`${frontend}.strategy`, "wrr"), changes: "decision 28" },
  {
    name: "passHostHeader=false",
    tags: set(`${frontend}.passhostheader`, "false"),
    changes: "the frontend no longer knows what name it was asked by",
  },
  {
    name: "idleConnTimeout=90s",
    args: ["--serversTransport.forwardingTimeouts.idleConnTimeout=90s"],
    changes: "decision 28",
  },
  { name: "dialTimeout=30s", args: ["--serversTransport.forwardingTimeouts.dialTimeout=30s"], changes: "decision 28" },
  {
    name: "no responseHeaderTimeout",
    args: ["--serversTransport.forwardingTimeouts.responseHeaderTimeout=0s"],
    changes: "a frontend that hangs holds its visitors",
  },
  {
    name: "no readTimeout, no writeTimeout",
    args: ["readTimeout=0s", "writeTimeout=0s"].map((each) => `--entryPoints.web.transport.respondingTimeouts.${each}`),
    changes: "who sends or reads slowly holds a connection for ever",
  },
  {
    name: "sanitizePath=false",
    args: ["--entryPoints.web.http.sanitizePath=false"],
    changes: "the frontend sees paths with .. and // as they were sent",
  },
  {
    name: "no trusted addresses",
    args: ["--entryPoints.web.forwardedHeaders.trustedIPs=192.0.2.0/24"],
    changes: "all visitors are the load balancer",
  },
  {
    name: "refreshInterval=15s",
    args: ["--providers.consulCatalog.refreshInterval=15s"],
    changes: "an instance that leaves must serve for so much longer",
  },
  {
    name: "experimental.fastProxy",
    args: ["--experimental.fastProxy=true"],
    changes: "experimental, in Traefik's own words not for production",
  },
];

export const SETTINGS: readonly Setting[] = [NO_CHANGE, ...KEEPING, ...CHANGING];
