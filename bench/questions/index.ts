import type { Question } from "../question";
import { apps } from "./apps";
import { catalog } from "./catalog";
import { change } from "./change";
import { cluster } from "./cluster";
import { discovery } from "./discovery";
import { edge } from "./edge";
import { edgeSettings } from "./edge-settings";
import { goldenImage } from "./golden-image";
import { instances } from "./instances";
import { money } from "./money";
import { programGrowth } from "./program-growth";

/** In the order in which they are asked and shown. */
export const QUESTIONS: readonly Question[] = [
  ...[discovery, apps, edge, edgeSettings, cluster, change, programGrowth, instances, catalog, money, goldenImage],
];
