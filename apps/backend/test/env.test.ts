import os from "node:os";
import { EnvError, readEnv } from "../src/env";

const complete = { ENVIRONMENT: "dev", GREETING: "Hello" };

function messageOf(source: NodeJS.ProcessEnv): string {
  try {
    readEnv(source);
  } catch (error) {
    expect(error).toBeInstanceOf(EnvError);
    return (error as Error).message;
  }
  return "accepted";
}

describe("the backend's environment", () => {
  it("needs two variables and has defaults for the others", () => {
    expect(readEnv(complete)).toEqual({
      ENVIRONMENT: "dev",
      GREETING: "Hello",
      HOST: "0.0.0.0",
      PORT: 3000,
      METRICS_PORT: 9464,
      LOG_LEVEL: "info",
      NODE_NAME: os.hostname(),
      NOMAD_ALLOC_ID: "unscheduled",
      NOMAD_HOST_ADDR_http: "unpublished",
    });
  });

  it("names every missing variable at once", () => {
    expect(messageOf({})).toBe(
      "ENVIRONMENT: expected the name of the environment, such as dev or prod, got nothing\n" +
        "GREETING: expected a text of 1 to 1000 characters, got nothing",
    );
  });

  it.each([
    ["GREETING", "", 'GREETING: expected a text of 1 to 1000 characters, got ""'],
    ["PORT", "", 'PORT: expected a port from 0 to 65535, got ""'],
    ["PORT", "80.5", 'PORT: expected a port from 0 to 65535, got "80.5"'],
    ["PORT", "65536", 'PORT: expected a port from 0 to 65535, got "65536"'],
    ["METRICS_PORT", "-1", 'METRICS_PORT: expected a port from 0 to 65535, got "-1"'],
    ["LOG_LEVEL", "loud", 'LOG_LEVEL: expected one of fatal, error, warn, info, debug, trace, silent, got "loud"'],
  ])("refuses %s=%j", (name, value, message) => {
    expect(messageOf({ ...complete, [name]: value })).toBe(message);
  });

  it("takes no notice of variables that it does not know", () => {
    expect(Object.keys(readEnv({ ...complete, PATH: "/bin" }))).not.toContain("PATH");
  });
});
