import { type FilterLogEventsCommandInput, paginateFilterLogEvents } from "@aws-sdk/client-cloudwatch-logs";
import { cloud } from "./clients";
import { CLUSTER } from "./cluster-view";

export interface LogEvent {
  readonly logStreamName: string;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly message: string;
}

type Filter = Pick<FilterLogEventsCommandInput, "filterPattern" | "startTime" | "endTime">;

/** What the stack's agents or jobs have said, in the order of time. */
export async function logEvents(group: "agents" | "jobs", filter: Filter = {}): Promise<LogEvent[]> {
  const query = { logGroupName: `/${CLUSTER}/${group}`, ...filter };
  const found: LogEvent[] = [];
  for await (const { events = [] } of paginateFilterLogEvents({ client: (await cloud()).logs }, query)) {
    found.push(...(events as LogEvent[]));
  }
  return found.sort((one, other) => one.timestamp - other.timestamp);
}
