/** Address arithmetic over IPv4, dotted text in and out. */

export function toNumber(address: string): number {
  return address.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
}

export function toAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}

/** Whether `cidr` (`a.b.c.d/n`) contains `address`. */
export function covers(cidr: string, address: string): boolean {
  const [base, bits] = cidr.split("/") as [string, string];
  const size = 2 ** (32 - Number(bits));
  return Math.floor(toNumber(base) / size) === Math.floor(toNumber(address) / size);
}

/**
 * The addresses that AWS keeps in a VPC for itself, as offsets from its base.
 * Source: "Subnet CIDR blocks", Amazon VPC User Guide: .1 is the VPC router, .2 the resolver.
 */
export function reservedAddresses(vpcCidr: string): { readonly router: string; readonly resolver: string } {
  const base = toNumber(vpcCidr.split("/")[0]!);
  return { router: toAddress(base + 1), resolver: toAddress(base + 2) };
}
