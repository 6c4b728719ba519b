import { local } from "../e2e/support";

export const WORKERS = 3;

const pool: Readonly<Record<string, string | number>> = {
  ...{ min: WORKERS - 1, max: WORKERS + 2, desired: WORKERS },
  // The drill alone says how many there are.
  needPercent: 0,
  // One of three.
  ...{ "instanceTypes[1]": "t3a.small", spotPercent: 34 },
};

/** Brings the drill's stack up, with these values besides, such as `cluster:serverInstanceType=t3.medium`. */
export async function up(...changes: readonly string[]): Promise<void> {
  const config = [...Object.entries(pool).map(([key, value]) => `cluster:workerPools[0].${key}=${value}`), ...changes];
  const { code, stdout, stderr } = await local(["up", ...config.flatMap((each) => ["--config", each])], 600);
  if (code !== 0) throw new Error(`${stdout}${stderr}`);
}
