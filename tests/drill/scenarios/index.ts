import type { Scenario } from "../scenario";
import { upKilled } from "./apply";
import { restored } from "./backups";
import { badImage, brokenTraefik, failingHealthCheck, rolling } from "./deploys";
import { upFails } from "./failed-up";
import { lost, partitioned } from "./network";
import { together } from "./placement";
import { agentStopped, majorityLost } from "./quorum";
import { replaced, upgraded } from "./rollout";
import { consulLeader, leadersAndWorker, nomadLeader } from "./servers";
import { killed, stopped } from "./tasks";
import { poweredOff, scaleIn, spotNotice } from "./workers";

/** In the order in which they run; those that own the stack are the last. */
export const SCENARIOS: readonly Scenario[] = [
  ...[killed, stopped, rolling, badImage, failingHealthCheck, brokenTraefik, consulLeader, nomadLeader],
  ...[majorityLost, replaced, agentStopped, partitioned, lost, together],
  ...[scaleIn, spotNotice, poweredOff, leadersAndWorker],
  ...[restored, upgraded, upFails, upKilled],
];

/** What CI runs. The end-to-end tests show more of it: servers that are replaced, a worker that leaves, secrets that change. */
export const SHORT: readonly Scenario[] = [killed, badImage, brokenTraefik, consulLeader, nomadLeader];
