import type { Answer, Answers } from "./answers";
import { editResult } from "./api-call";
import type { TargetHealth } from "./types";
import { listOf, type Xml } from "./xml";

/** A load balancer is `active` when it listens, and its name is then the address under which this machine reaches it. */
const loadBalancers: Answer = {
  after: (call, response, { hypervisor }) =>
    editResult(call, response, (result) => {
      for (const balancer of listOf(result.LoadBalancers)) {
        const address = hypervisor.loadBalancerAddress(String(balancer.LoadBalancerArn));
        if (address !== undefined) balancer.DNSName = address;
        balancer.State = { Code: address === undefined ? "provisioning" : "active" };
      }
    }),
};

function healthOf(seen: TargetHealth | undefined, known: Xml): Xml {
  // moto's own word counts for targets that have left: `unused` and `draining`.
  const state = typeof known === "object" && "State" in known ? known.State : "healthy";
  if (seen === undefined && state !== "healthy") return known;
  const health: { [name: string]: Xml } = { State: seen?.state ?? "initial" };
  if (seen === undefined) health.Reason = "Elb.RegistrationInProgress";
  if (seen?.reason) health.Reason = seen.reason;
  if (seen?.description) health.Description = seen.description;
  return health;
}

export const elbAnswers: Answers = {
  "elasticloadbalancing:CreateLoadBalancer": loadBalancers,
  "elasticloadbalancing:DescribeLoadBalancers": loadBalancers,
  /** What the load balancer's health checks saw; a target that was not checked yet is `initial`. */
  "elasticloadbalancing:DescribeTargetHealth": {
    after: (call, response, { hypervisor }) =>
      editResult(call, response, (result) => {
        const seen = hypervisor.targetHealth(call.query.get("TargetGroupArn") ?? "");
        for (const entry of listOf(result.TargetHealthDescriptions)) {
          const { Id, Port } = entry.Target as { Id: string; Port?: string };
          const found = seen.find(({ targetId, port }) => targetId === Id && (!Port || port === Number(Port)));
          entry.TargetHealth = healthOf(found, entry.TargetHealth ?? "");
        }
      }),
  },
};
