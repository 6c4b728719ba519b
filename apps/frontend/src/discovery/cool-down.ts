import { authority, type Instance } from "./instance";

/**
 * Remembers which instances failed within the last seconds, so that not every request has to find out anew. It orders,
 * it never refuses: when all have failed lately, each is still worth a try.
 */
export class CoolDown {
  private readonly until = new Map<string, number>();

  constructor(
    private readonly ms = 5000,
    private readonly now: () => number = () => performance.now(),
  ) {}

  failed(instance: Instance): void {
    // Addresses are never used again for long: without this the map would grow with every deployment.
    for (const [key, until] of this.until) if (until <= this.now()) this.until.delete(key);
    this.until.set(authority(instance), this.now() + this.ms);
  }

  succeeded(instance: Instance): void {
    this.until.delete(authority(instance));
  }

  isCooling(instance: Instance): boolean {
    const until = this.until.get(authority(instance));
    return until !== undefined && until > this.now();
  }
}
