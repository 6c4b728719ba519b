/** Where one instance of a service answers. */
export interface Instance {
  readonly address: string;
  readonly port: number;
}

// Each request asks for that of each instance, and a string that is made anew has to be hashed anew.
const spelled = new WeakMap<Instance, string>();

/** `address:port`, with brackets around an IPv6 address: as in a URL. Two instances are the same when it is. */
export function authority(instance: Instance): string {
  let text = spelled.get(instance);
  if (text === undefined) {
    const { address, port } = instance;
    text = address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
    spelled.set(instance, text);
  }
  return text;
}
