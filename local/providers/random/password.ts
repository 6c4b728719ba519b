import { randomInt } from "node:crypto";
import { UNKNOWN, type Props } from "../wire";

const kinds = ["upper", "lower", "numeric", "special"] as const;

const minimumOf = (kind: string) => `min${kind[0]!.toUpperCase()}${kind.slice(1)}`;

const lettersOf = ({ overrideSpecial }: Props): Record<(typeof kinds)[number], string> => ({
  upper: "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
  lower: "abcdefghijklmnopqrstuvwxyz",
  numeric: "0123456789",
  special: overrideSpecial || "!@#$%&*()-_=+[]{}<>:?",
});

export const passwordArgs =
  "length! keepers! upper! lower! numeric! number! special! overrideSpecial! " +
  kinds.map((kind) => `${minimumOf(kind)}!`).join(" ");

/** Fills in the defaults and refuses lengths that cannot be; `number` is the old name of `numeric`. Unknown values pass. */
export function normalizePassword(args: Props): Props {
  const { numeric, number } = args;
  if (numeric !== undefined && number !== undefined && numeric !== number)
    throw new Error("number: expected numeric alone, which is its new name, got both with different values");
  const digits = numeric ?? number ?? true;
  const minimums = Object.fromEntries(kinds.map((kind) => [minimumOf(kind), 0]));
  const result: Props = {
    upper: true,
    lower: true,
    special: true,
    ...minimums,
    ...args,
    numeric: digits,
    number: digits,
  };
  if (kinds.every((kind) => result[kind] === false))
    throw new Error("special: expected one of upper, lower, numeric, special to be true, got none");
  const counts: unknown[] = [result["length"], ...Object.keys(minimums).map((name) => result[name])];
  if (counts.includes(UNKNOWN)) return result;
  const needed = Math.max(1, ...[counts.slice(1).reduce((sum: number, count) => sum + Number(count), 0)]);
  for (const count of counts)
    if (!Number.isInteger(count) || (count as number) < 0)
      throw new Error(
        `length: expected whole numbers from 0 on in it and in the minimums, got ${JSON.stringify(count)}`,
      );
  if (result["length"] < needed) throw new Error(`length: expected at least ${needed}, got ${result["length"]}`);
  return result;
}

const pick = (letters: string, count: number): string[] =>
  Array.from({ length: count }, () => letters[randomInt(letters.length)]!);

/** A password by normalized arguments: the minimum of each kind, the rest of all kinds that are allowed, in random order. */
export function password(args: Props): string {
  const letters = lettersOf(args);
  const result = kinds.flatMap((kind) => pick(letters[kind], args[minimumOf(kind)]));
  const allowed = kinds.filter((kind) => args[kind]).map((kind) => letters[kind]);
  result.push(...pick(allowed.join(""), args["length"] - result.length));
  for (let last = result.length - 1; last > 0; last--) {
    const other = randomInt(last + 1);
    [result[last], result[other]] = [result[other]!, result[last]!];
  }
  return result.join("");
}
