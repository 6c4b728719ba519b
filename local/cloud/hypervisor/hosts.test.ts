import type Docker from "dockerode";
import { Hosts, dockerImage, endpointOf, hostName } from "./hosts";
import type { CloudState } from "./state";

jest.mock("./docker", () => ({
  ...jest.requireActual<object>("./docker"),
  loadFilter: () => Promise.resolve(""),
  removeContainer: () => Promise.resolve(),
}));

const instance = {
  InstanceId: "i-0123456789abcdef0",
  ImageId: "ami-1",
  VpcId: "vpc-1",
  SubnetId: "subnet-1",
  PrivateIpAddress: "10.42.128.4",
  State: { Name: "running" as const },
  Tags: [{ Key: "Name", Value: "cluster-local-server-1" }],
};
const state = {
  vpcs: [{ VpcId: "vpc-1", CidrBlock: "10.42.0.0/16" }],
  instances: [instance],
  interfaces: [],
  routeTables: [],
  vpcEndpoints: [],
  securityGroupRules: [],
} as unknown as CloudState;

describe("Hosts", () => {
  let listed: (containers: { Id: string }[]) => void;
  const dead: string[] = [];
  const docker = {
    createVolume: () => Promise.resolve(),
    createContainer: () => Promise.resolve({ id: "container-1", start: () => Promise.resolve() }),
    listContainers: () => new Promise((resolve) => (listed = resolve)),
  } as unknown as Docker;
  const hosts = new Hosts(
    docker,
    "local",
    () => Promise.resolve("cluster-host-20261101"),
    (vpcId) => `local-${vpcId}`,
    (instanceId) => Promise.resolve(void dead.push(instanceId)),
    () => undefined,
  );

  it("does not take a host that starts while the engine is asked for one that has stopped", async () => {
    const looking = hosts.noticeDead();
    await hosts.reconcile(state, () => true);
    listed([]);
    await looking;
    expect(hosts.state(instance.InstanceId)).toBe("running");
    expect(dead).toEqual([]);
  });

  it("does not boot a host while another has its address", async () => {
    const next = { ...instance, InstanceId: "i-0fedcba9876543210" };
    await hosts.reconcile({ ...state, instances: [instance, next] }, () => true);
    expect(hosts.state(next.InstanceId)).toBe("absent");
  });

  it("tells of a host that has stopped, once", async () => {
    for (let look = 1; look <= 2; look++) {
      const looking = hosts.noticeDead();
      listed([]);
      await looking;
    }
    expect(hosts.state(instance.InstanceId)).toBe("dead");
    expect(dead).toEqual([instance.InstanceId]);
  });
});

describe("endpointOf", () => {
  it("has the security groups of the instance and of its interfaces, and none is not the same as open", () => {
    const [own, onInterface] = [{ GroupId: "sg-1" }, { GroupId: "sg-2" }];
    const groupsOf = (given: object) => endpointOf({ ...instance, ...given }).groupIds;
    expect(groupsOf({ SecurityGroups: [own] })).toEqual(["sg-1"]);
    expect(groupsOf({ SecurityGroups: [], NetworkInterfaces: [{ Groups: [onInterface] }] })).toEqual(["sg-2"]);
    expect(groupsOf({})).toEqual([]);
  });
});

describe("hostName", () => {
  it("has the stack in front, once", () => {
    expect(hostName("local", "cluster-local-server-1", "i-0123456789abcdef0")).toBe("local-server-1-cdef0");
    expect(hostName("local", "first", "i-0123456789abcdef0")).toBe("local-first-cdef0");
  });
});

describe("dockerImage", () => {
  it("boots the stock image, those that are made of it, and those of this machine, and refuses others by name", () => {
    expect(dockerImage("debian-12-amd64-20261101-0001")).toBe("cluster-local/debian:12");
    expect(dockerImage("cluster-host-20261102-0001")).toBe("cluster-local/host");
    expect(dockerImage("cluster-local/backend-2")).toBe("cluster-local/backend-2");
    expect(() => dockerImage("ubuntu")).toThrow(
      'machine image "ubuntu": no image of that name boots here; use Debian 12 (debian-12-*), cluster-host-* or cluster-local/*',
    );
  });
});
