import { spawn } from "node:child_process";
import type { CloudState } from "./state";

/**
 * The nftables rules, for the cloud's own container, that let answers of the metadata service travel as far as each
 * instance allows: with the limit of 1 that AWS gives by default they end at the host, and its containers get none.
 * EC2 limits the answer to the token request only; without a token the others are of no use, so here it is all of them.
 */
export function hopLimits(state: CloudState): string {
  const rules = state.instances
    .filter(({ State, PrivateIpAddress }) => State?.Name === "running" && PrivateIpAddress !== undefined)
    .map(({ PrivateIpAddress, MetadataOptions }) => {
      const limit = MetadataOptions?.HttpPutResponseHopLimit ?? 1;
      return `    ip saddr 169.254.169.254 ip daddr ${PrivateIpAddress} ip ttl set ${limit}`;
    })
    .sort();
  return `table ip metadata
delete table ip metadata
table ip metadata {
  chain answers {
    type filter hook output priority mangle; policy accept;
${rules.join("\n")}
  }
}
`;
}

/** Puts rules in force in the network namespace that this process runs in. */
export function loadRules(rules: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const nft = spawn("nft", ["-f", "-"], { stdio: ["pipe", "ignore", "pipe"] });
    let errors = "";
    nft.stderr.on("data", (chunk) => (errors += chunk));
    nft.on("error", reject);
    nft.on("close", (code) => (code === 0 ? resolve() : reject(new Error(`nft ended with ${code}: ${errors.trim()}`))));
    nft.stdin.end(rules);
  });
}
