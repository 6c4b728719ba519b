/** What a configuration does not say and the bill depends on. Nothing of it is measured on AWS; `npm run cost` shows all of it. */
export interface Assumptions {
  /** The users', on average over the whole month. */
  readonly requestsASecond: number;
  /** Of the page, with its headers: what leaves AWS. */
  readonly answerBytes: number;
  readonly requestBytes: number;
  /** Between frontend and backend, both ways. */
  readonly backendBytes: number;
  /** Lines of Traefik, frontend and backend for one request, as CloudWatch counts them. */
  readonly logBytesARequest: number;
  /** What agents and the system say. */
  readonly logMBADayAHost: number;
  /** Stored logs are compressed by CloudWatch; what is left of what came in. */
  readonly logShareStored: number;
  readonly flowLogBytesARequest: number;
  readonly flowLogMBADayAHost: number;
  /** Between a host and the servers: gossip, heartbeats, what agents ask for. */
  readonly agentKBASecondAHost: number;
  /** Requests to AWS's APIs: for secrets and with metrics each minute, with logs each ten seconds. */
  readonly apiCallKB: number;
  readonly logCallsAMinuteAHost: number;
  /** Downloads of a host that boots from an image without Docker, Nomad and Consul. */
  readonly bootMB: number;
  readonly bootsAMonthAHost: number;
  /** Through the load balancer of the APIs: operators, deployments. */
  readonly operatorGBAMonth: number;
  /** Of one snapshot, Consul's or Nomad's. */
  readonly snapshotMB: number;
  /** One repository: the layers that its versions share, and those that they don't. */
  readonly repositoryGB: number;
  /** Root disk of a host whose size is that of its machine image. */
  readonly imageGiB: number;
  /** What a spot instance costs of the price on demand. It varies from type to type and from day to day. */
  readonly spotShare: number;
}

export const ASSUMPTIONS: Assumptions = {
  requestsASecond: 1,
  answerBytes: 5_000,
  requestBytes: 1_000,
  backendBytes: 1_500,
  logBytesARequest: 1_200,
  logMBADayAHost: 10,
  logShareStored: 0.15,
  flowLogBytesARequest: 500,
  flowLogMBADayAHost: 15,
  agentKBASecondAHost: 10,
  apiCallKB: 8,
  logCallsAMinuteAHost: 6,
  bootMB: 500,
  bootsAMonthAHost: 2,
  operatorGBAMonth: 1,
  snapshotMB: 1,
  repositoryGB: 0.1,
  imageGiB: 8,
  // In the catalogue that has the prices of eu-west-1, types of the stacks cost 0.43 to 0.69 of it there, in us-east-1 0.36 to 0.53.
  spotShare: 0.6,
};

/** As AWS's calculator has it. */
export const HOURS = 730;
export const MINUTES = HOURS * 60;
export const DAYS = HOURS / 24;
