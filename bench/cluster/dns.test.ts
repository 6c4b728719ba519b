import { dnsResult, p99 } from "./dns";

/** What dnsperf 2.10 prints, with this many lines of answers. */
const printed = (answers: readonly string[], code: string, lost: number): string =>
  `DNS Performance Testing Tool
Version 2.10.0

[Status] Command line: dnsperf -s 169.254.1.1 -d questions.txt -l 1 -q 100 -Q 20 -v
${answers.map((answer) => `> ${answer}\n`).join("")}[Status] Testing complete (time limit)

Statistics:

  Queries sent:         20
  Queries completed:    ${20 - lost} (100.00%)
  Queries lost:         ${lost} (0.00%)

  Response codes:       ${code} 20 (100.00%)
  Average packet size:  request 40, response 180
  Run time (s):         1.004356
  Queries per second:   19.913258

  Average Latency (s):  0.000710 (min 0.000342, max 0.004587)
  Latency StdDev (s):   0.000919
`;

const answers = [4, 1, 2, 3].map((ms) => `NOERROR backend.service.consul SRV 0.00${ms}000`);

it("takes answers a second, the time of each answer, and what was lost from what dnsperf prints", () => {
  const result = dnsResult(printed([...answers, "T backend.service.consul SRV"], "NOERROR", 1));
  expect(result).toEqual({ answersPerSecond: 19.913258, ms: [4, 1, 2, 3], lost: 1 });
});

it("has a p99 between the slowest and what is just faster", () => {
  const ms = Array.from({ length: 101 }, (_, index) => 100 - index);
  expect(p99({ answersPerSecond: 1, ms, lost: 0 })).toBe(99);
});

it("does not count answers that say that there is no such service", () => {
  expect(() => dnsResult(printed([], "NXDOMAIN", 0))).toThrow("backend.service.consul SRV: NXDOMAIN 20 (100.00%)");
});

it("says what is missing from what dnsperf prints", () => {
  expect(() => dnsResult("dnsperf: bind: no")).toThrow('dnsperf does not say "Response codes": dnsperf: bind: no');
});
