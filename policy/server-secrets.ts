import type { StackValidationPolicy } from "@pulumi/policy";
import { type Statement, statements, takesIn } from "./documents";
import { allOfType, madeFrom, violation } from "./rule";
import { ROLE_POLICY } from "./types";

const READING = ["ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath", "ssm:GetParameterHistory"];

/** Under every cluster's path; the names beneath are examples for a pattern to take in. */
const SERVERS_PATH = /(^|[/:])parameter\/[^/]+\/servers($|[/*?])/;
const EXAMPLES = ["/servers", "/servers/key"];

/** Whether an ARN pattern takes in a parameter of the servers, whatever the region, the account and the cluster. */
function reachesServers(arn: string): boolean {
  if (SERVERS_PATH.test(arn)) return true;
  const [, , service = "ssm", , , ...rest] = arn === "*" ? [] : arn.split(":");
  const path = arn === "*" ? "*" : rest.join(":");
  const [, cluster = "any"] = /^parameter\/([^/*?]+)\//.exec(path) ?? [];
  return takesIn(service, "ssm") && EXAMPLES.some((example) => takesIn(path, `parameter/${cluster}${example}`));
}

function readsServers({ allows, actions, resources, exceptions }: Statement): boolean {
  const reads = exceptions.includes("NotAction") || actions.some((name) => READING.some((it) => takesIn(name, it)));
  return allows && reads && (exceptions.includes("NotResource") || resources.some(reachesServers));
}

/** Only roles with the tag `Component=servers` read the servers' parameters. */
export const serversParameters: StackValidationPolicy = {
  name: "servers-parameters",
  description:
    "Only the servers' own role, by its tag Component=servers, reads parameters under /<cluster>/servers: whoever takes over a worker must " +
    "not get what makes a server.",
  validateStack: (args, report) => {
    for (const policy of allOfType(args, ROLE_POLICY)) {
      const [role] = madeFrom(policy, "role");
      if (role?.props.tags?.Component === "servers") continue;
      const reading = statements(policy.props.policy, (message) => report(message, policy.urn)).filter(readsServers);
      for (const { resources } of reading) {
        const remedy = "name this role's own path";
        report(violation("Resource", "no parameters of the servers", resources, remedy), policy.urn);
      }
    }
  },
};
