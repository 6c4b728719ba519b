import { sumOf } from "./counted";

const METRICS = `# HELP lookups_total Look-ups
# TYPE lookups_total counter
lookups_total{outcome="ok",service="frontend"} 7
lookups_total{outcome="TIMEOUT",service="frontend"} 2
lookups_total_more{outcome="ok",service="frontend"} 100
took_seconds_bucket{le="0.005",route="/",status="200"} 40
took_seconds_count{route="/",status="200"} 41
took_seconds_count{route="/",status="503"} 1
took_seconds_count{route="/health/ready",status="200"} 1.5e3
heap_bytes 12
`;

test("a counter is the sum of its samples, of this name only", () => {
  expect(sumOf(METRICS, "lookups_total")).toBe(9);
});

test("samples count that have all labels", () => {
  expect(sumOf(METRICS, "took_seconds_count", { route: "/" })).toBe(42);
  expect(sumOf(METRICS, "took_seconds_count", { route: "/", status: "503" })).toBe(1);
  expect(sumOf(METRICS, "took_seconds_count", { route: "/health/ready" })).toBe(1500);
});

test("what has not been counted yet is 0", () => {
  expect(sumOf(METRICS, "lookups_total", { outcome: "none" })).toBe(0);
  expect(sumOf(METRICS, "attempts_total")).toBe(0);
});
