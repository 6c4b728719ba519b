import { readFileSync } from "node:fs";
import path from "node:path";
import { ensureCached, recipes, releaseOf, type Source } from "../../engines/find";
import { RELEASES_HOST } from "../../local/cloud/releases";
import { addToMirror } from "../../local/images/mirror";

export const programs = ["nomad", "consul"] as const;
type Name = (typeof programs)[number];

/** The local cloud's mirror, as the stack's `releasesUrl`. */
export const releasesUrl = `https://${RELEASES_HOST}`;

/** An older version than the cluster's, as its module in `tests/drill/engines/` pins it. */
export function older(name: Name): Source {
  const module = path.resolve("tests/drill/engines", name);
  const goMod = readFileSync(path.join(module, "go.mod"), "utf8");
  const version = new RegExp(`^\\s*${recipes[name].main} v(\\S+)$`, "m").exec(goMod)?.[1];
  if (version === undefined) throw new Error(`${module}/go.mod requires no ${recipes[name].main}`);
  return { name, version, release: releaseOf(name, version), module, recipe: recipes[name] };
}

/**
 * Versions of Nomad and Consul that a stack can be upgraded from. Once this resolves the mirror has them, and hosts get them by the keys
 * `nomadVersion`, `consulVersion` and `releasesUrl`. The first time they are downloaded or built, which takes minutes.
 */
export async function olderVersions(log: (line: string) => void = console.error): Promise<Record<Name, string>> {
  const sources = programs.map(older);
  for (const source of sources) addToMirror(source.name, source.version, await ensureCached(source, log));
  const [nomad, consul] = sources;
  return { nomad: nomad!.version, consul: consul!.version };
}
