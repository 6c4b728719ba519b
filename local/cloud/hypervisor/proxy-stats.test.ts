import { parseStats, TrafficCount } from "./proxy-stats";

const stats = (front: number, frontErrors: number, errors: number, time: number) =>
  parseStats(
    [
      "# pxname,svname,status,last_chk,req_tot,hrsp_5xx,rtime",
      `port-80,FRONTEND,OPEN,,${front},${frontErrors},`,
      `web,i-1-8080,UP,L7OK,,${errors},${time}`,
      `web,BACKEND,UP,,,${errors},${time}`,
      "",
    ].join("\n"),
  );

it("reads HAProxy's table by its titles", () => {
  expect(stats(7, 2, 1, 20)[1]).toEqual({
    ...{ pxname: "web", svname: "i-1-8080", status: "UP", last_chk: "L7OK", req_tot: 0, hrsp_5xx: 1, rtime: 20 },
  });
  expect(parseStats("")).toEqual([]);
});

it("tells the load balancer's own errors from those of targets, and goes on counting after a reload", () => {
  const traffic = new TrafficCount();
  traffic.observe(stats(10, 3, 1, 20));
  expect(traffic.total).toEqual({ requests: 10, refused: 2, failed: 1, responseSeconds: 0.02 });
  traffic.observe(stats(12, 3, 1, 40));
  traffic.observe(stats(5, 1, 1, 40));
  expect(traffic.total).toEqual({ requests: 17, refused: 2, failed: 2, responseSeconds: 0.04 });
});
