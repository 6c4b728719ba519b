import { forget } from "../e2e/clients";
import { outputs, page } from "../e2e/cluster-view";
import { seconds, secondsUntil } from "./clock";
import { isChanged, up, WORKERS } from "./stack";
import { isWell } from "./view";

/**
 * Brings a stack up that an earlier run left unfinished. Fails when that does not end well; gives how long it took, and whether all is well
 * after it, with a page that is served and nothing for a further run to change.
 */
export async function converge(...changes: readonly string[]): Promise<{ lasted: number; converged: boolean }> {
  const started = Date.now();
  await up(...changes);
  const lasted = seconds(started);
  forget();
  const { url } = await outputs();
  await secondsUntil("all well", 300, () => isWell(WORKERS));
  const { status } = await page(url);
  return { lasted, converged: status === 200 && !isChanged(await up(...changes)) };
}
