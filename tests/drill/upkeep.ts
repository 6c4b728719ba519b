import { type Host, hosts } from "../e2e/cluster-view";
import { onHost } from "../e2e/support";
import { isSpread, isWell } from "./view";

/** Has a host do now a part of what cluster-upkeep.timer has it do each minute, perhaps with another setting; gives what it says. */
export const upkeep = ({ container }: Host, step: string, setting = ""): Promise<string> =>
  onHost(
    container,
    `cd /opt/cluster/boot
     set -a
     . /etc/cluster/host.env
     . /etc/cluster/identity.env
     export STEP=upkeep ${setting}
     bash -Eeuo pipefail ${step}`,
    60,
  );

/** Has whoever leads look now, not within a minute, whether an instance is to move; says what it did. */
export async function settlePlacement(say: (line: string) => void): Promise<void> {
  for (const server of await hosts("server")) {
    const said = await upkeep(server, "placement.sh");
    if (said !== "") say(said.trim());
  }
}

/** That all is well and nothing is left to move, as it is some minutes after the last change. */
export async function isAtRest(workers: number, say: (line: string) => void): Promise<boolean> {
  await settlePlacement(say);
  return (await isWell(workers)) && isSpread();
}
