import os from "node:os";
import { EnvError, readEnv } from "../src/env";

const complete = { ENVIRONMENT: "dev", TITLE: "Cluster" };

function messageOf(source: NodeJS.ProcessEnv): string {
  try {
    readEnv(source);
  } catch (error) {
    expect(error).toBeInstanceOf(EnvError);
    return (error as Error).message;
  }
  return "accepted";
}

describe("the frontend's environment", () => {
  it("needs two variables and has defaults for the others", () => {
    expect(readEnv(complete)).toEqual({
      ENVIRONMENT: "dev",
      TITLE: "Cluster",
      BACKEND_SERVICE: "backend",
      CONSUL_DOMAIN: "consul",
      DNS_SERVERS: "",
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
        "TITLE: expected a text of 1 to 1000 characters, got nothing",
    );
  });

  it.each([
    ["TITLE", "", 'TITLE: expected a text of 1 to 1000 characters, got ""'],
    ["PORT", "eighty", 'PORT: expected a port from 0 to 65535, got "eighty"'],
    [
      "BACKEND_SERVICE",
      "back.end",
      'BACKEND_SERVICE: expected the backend\'s name in Consul: a DNS label in lower case, got "back.end"',
    ],
    ["CONSUL_DOMAIN", ".", 'CONSUL_DOMAIN: expected the domain that Consul DNS answers for, got "."'],
    [
      "DNS_SERVERS",
      "consul.local",
      "DNS_SERVERS: expected IPv4 addresses of name servers, each with a port or without, separated by commas; " +
        'empty for the host\'s, got "consul.local"',
    ],
  ])("refuses %s=%j", (name, value, message) => {
    expect(messageOf({ ...complete, [name]: value })).toBe(message);
  });

  it.each(["169.254.1.1", "127.0.0.1:8600,10.0.0.2"])("accepts DNS_SERVERS=%s", (value) => {
    expect(readEnv({ ...complete, DNS_SERVERS: value }).DNS_SERVERS).toBe(value);
  });
});
