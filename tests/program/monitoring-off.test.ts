import { gunzipSync } from "node:zlib";
import { billedFor, registeredBill } from "./registered-bill";
import { PROGRAM_TIMEOUT_MS, runProgram } from "./run-program";

describe("a stack without monitoring", () => {
  it(
    "has no dashboard, no alarm, nothing that scales or reports, and no right to",
    async () => {
      const { mocks, outputs } = await runProgram("dev", "up", { "cluster:monitoring": false });
      const types = Object.keys(mocks.counts());
      expect(types.filter((type) => /metricAlarm|dashboard|policy:Policy|Monitoring/.test(type))).toEqual([]);
      const group = mocks.ofType("aws:autoscaling/group:Group")["workers-workers"]!;
      expect(group.inputs.enabledMetrics).toBeUndefined();
      expect(JSON.stringify(mocks.ofType("aws:iam/rolePolicy:RolePolicy"))).not.toContain("PutMetricData");
      const template = mocks.ofType("aws:ec2/launchTemplate:LaunchTemplate")["workers-workers"]!;
      const userData = gunzipSync(Buffer.from(template.inputs.userData as string, "base64")).toString();
      expect(userData).not.toMatch(/report-worker|cluster-report\.(service|timer)"/);
      expect(outputs.dashboardUrl).toBeUndefined();
      expect(registeredBill(mocks)).toEqual(billedFor("dev", { monitoring: false }));
    },
    PROGRAM_TIMEOUT_MS,
  );
});
