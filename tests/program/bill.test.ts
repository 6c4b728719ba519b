import { billedFor, registeredBill, unjudgedTypes } from "./registered-bill";
import { PROGRAM_TIMEOUT_MS, runProgram } from "./run-program";

/** By the keys of the configuration. */
const CHANGES = {
  natGateways: "none",
  hostImage: { owner: "self", name: "cluster-host-*" },
  operatorCidrs: ["203.0.113.7/32", "198.51.100.0/24"],
  bastion: { enabled: false },
  serverCount: 5,
  flowLogs: true,
  frontend: { image: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/apps/frontend:1" },
};

describe("a stack with settings that none of the three has", () => {
  it(
    "has all that an estimate of its price takes it to have, and nothing else that AWS bills",
    async () => {
      const changes = Object.fromEntries(Object.entries(CHANGES).map(([key, value]) => [`cluster:${key}`, value]));
      const { mocks } = await runProgram("dev", "up", changes);
      expect(registeredBill(mocks)).toEqual(billedFor("dev", CHANGES));
      expect(unjudgedTypes(mocks)).toEqual([]);
    },
    PROGRAM_TIMEOUT_MS,
  );
});
