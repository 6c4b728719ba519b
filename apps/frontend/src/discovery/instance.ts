/** Where one instance of a service answers. */
export interface Instance {
  readonly address: string;
  readonly port: number;
}

/** `address:port`, with brackets around an IPv6 address: as in a URL. Two instances are the same when it is. */
export function authority({ address, port }: Instance): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
