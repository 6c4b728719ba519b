/** Texts of which any is a secret given away: tokens, gossip keys and private keys. */
export function secretsIn(value: unknown, name = ""): string[] {
  if (typeof value === "object" && value !== null) {
    return Object.entries(value).flatMap(([key, item]) => secretsIn(item, key));
  }
  const text = String(value);
  // Of a key in SEC1's form the first line holds what is private; the rest is the public half (RFC 5915).
  if (name === "key") return [text.split("\n")[1]!];
  return /^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[A-Za-z0-9+/]{43}=)$/.test(text) ? [text] : [];
}
