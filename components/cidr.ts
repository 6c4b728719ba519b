/** IPv4 address arithmetic, pure. */

export interface Cidr {
  /** The network's first address, as an unsigned 32-bit number. */
  readonly base: number;
  readonly prefix: number;
}

/** Zones that a VPC has room for: eight public and eight private subnets. */
export const MAX_ZONES = 8;
const SUBNET_BITS = 4;

/** Reads `a.b.c.d/n`; undefined when it is no CIDR or has host bits set. */
export function parseCidr(text: string): Cidr | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text);
  if (match === null) return undefined;
  const octets = match.slice(1, 5).map(Number);
  const prefix = Number(match[5]);
  if (octets.some((octet) => octet > 255) || prefix > 32) return undefined;
  const base = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  if (base % 2 ** (32 - prefix) !== 0) return undefined;
  return { base, prefix };
}

export function formatCidr({ base, prefix }: Cidr): string {
  const octets = [24, 16, 8, 0].map((shift) => Math.floor(base / 2 ** shift) % 256);
  return `${octets.join(".")}/${prefix}`;
}

/** The letter that names a zone's resources: its place in the region's list of zones. */
export function zoneLetter(slot: number): string {
  return String.fromCharCode("a".charCodeAt(0) + slot);
}

/**
 * The addresses of one zone's subnets. They depend on the zone's slot alone, never on how many zones there are, so that
 * adding a zone moves nobody: a VPC is cut into sixteen blocks, the lower eight public, the upper eight private.
 */
export function zoneCidrs(vpcCidr: string, slot: number): { readonly public: string; readonly private: string } {
  const vpc = parseCidr(vpcCidr);
  if (vpc === undefined) throw new Error(`not a CIDR: ${vpcCidr}`);
  if (slot < 0 || slot >= MAX_ZONES) throw new Error(`no room for zone ${slot}: a VPC holds ${MAX_ZONES}`);
  const prefix = vpc.prefix + SUBNET_BITS;
  const block = (index: number): string => formatCidr({ base: vpc.base + index * 2 ** (32 - prefix), prefix });
  return { public: block(slot), private: block(MAX_ZONES + slot) };
}
