import { judgeAlarms } from "./alarms";
import type { AnswerContext } from "./answers";
import { AwsMetrics } from "./aws-metrics";
import { keepTrackingAlarms, TargetTracking } from "./target-tracking";

/** What CloudWatch and Auto Scaling do when a minute is over: take stock, judge, act. */
export class Minutes {
  private readonly metrics: AwsMetrics;
  private readonly tracking: TargetTracking;

  constructor(private readonly context: AnswerContext) {
    this.metrics = new AwsMetrics(context);
    this.tracking = new TargetTracking(context);
  }

  async end(now: Date, minuteSeconds: number): Promise<void> {
    const clock = { now, minuteSeconds };
    await this.metrics.report(clock);
    await keepTrackingAlarms(this.context);
    await judgeAlarms(this.context, clock);
    await this.tracking.end(clock);
  }
}

/** A little after a minute's end, so that what was sent before has arrived. */
const LAG_MS = 500;

/** Ends minutes of so many seconds until the returned function is called. */
export function watchMinutes(context: AnswerContext, seconds: number): () => void {
  const minutes = new Minutes(context);
  const next = (): NodeJS.Timeout => {
    const left = seconds * 1000 - (Date.now() % (seconds * 1000));
    return setTimeout(() => void round(), left + LAG_MS);
  };
  let stopped = false;
  const round = async (): Promise<void> => {
    await minutes.end(new Date(), seconds).catch((error: Error) => context.log(`metrics: ${error.message}`));
    if (!stopped) timer = next();
  };
  let timer = next();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
