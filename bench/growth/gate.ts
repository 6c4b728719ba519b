/** Measures looks of the readiness gate: `gate.ts <cluster> <address of an AWS API> <address of the agents> <file of their CA>`. */
import { readFileSync } from "node:fs";
import { createHostInventory } from "../../components/host-inventory";
import { lookAt, missing } from "../../components/readiness";
import { awsEnvironment } from "../../local/engine";
import { finish } from "./fresh-process";

const LOOKS = 20;

async function main([cluster, endpoint, address, caFile]: readonly string[]): Promise<void> {
  Object.assign(process.env, awsEnvironment("local", endpoint!));
  const inventory = createHostInventory(process.env["AWS_REGION"]!, cluster!);
  const agents = { address: address!, ca: readFileSync(caFile!, "utf8"), token: "of-an-operator" };
  const look = async (): Promise<void> => {
    const reasons = missing({ servers: 3, minWorkers: 1 }, await lookAt(inventory, { consul: agents, nomad: agents }));
    if (reasons.length > 0) throw new Error(reasons.join("; "));
  };
  // The first one loads and compiles what all of them need.
  await look();
  const before = process.cpuUsage();
  for (let count = 0; count < LOOKS; count++) await look();
  const { user, system } = process.cpuUsage(before);
  finish({ lookCpuMs: (user + system) / 1000 / LOOKS });
}

void main(process.argv.slice(2));
