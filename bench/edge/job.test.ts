import { frontendJob, traefikJob, withArguments } from "./job";

describe("readJob", () => {
  it("gives Traefik's arguments as the job has them, without those that are empty", () => {
    const { args } = traefikJob();
    expect(args[0]).toBe("--entryPoints.web.address=:8080");
    expect(args).toContain("--entryPoints.web.forwardedHeaders.trustedIPs=127.0.0.0/8");
    expect(args.filter((arg) => !/^--[A-Za-z]/.test(arg))).toEqual([]);
  });

  it("gives the tags by which Traefik finds the frontend", () => {
    expect(frontendJob().tags[0]).toBe("traefik.enable=true");
  });
});

describe("withArguments", () => {
  it("replaces what has the same name in any case, in its place, and adds the rest", () => {
    const args = ["--a.b=1", "--accessLog=true", "--c=2"];
    expect(withArguments(args, ["--accesslog=false", "--d=4"])).toEqual([
      "--a.b=1",
      "--accesslog=false",
      "--c=2",
      "--d=4",
    ]);
  });
});
