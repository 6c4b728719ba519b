import { paths, type HostSettings } from "./settings";

/** Nomad's region; there is one in a cluster. */
export const nomadRegion = "global";

/** The files that the boot step `secrets` writes for an agent, readable by it alone. */
export function tlsFiles(agent: "consul" | "nomad"): { ca_file: string; cert_file: string; key_file: string } {
  const folder = `${paths.tls}/${agent}`;
  return { ca_file: `${folder}/ca.pem`, cert_file: `${folder}/cert.pem`, key_file: `${folder}/key.pem` };
}

/**
 * The names that a role's certificate carries. Consul and Nomad know a server from a client by them (`verify_server_hostname`),
 * so a worker's certificate never has a server's name.
 */
export function certificateNames(role: HostSettings["role"], datacenter: string): string[] {
  const kind = role === "server" ? "server" : "client";
  return [`${kind}.${datacenter}.consul`, `${kind}.${nomadRegion}.nomad`, "localhost"];
}
