import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { aws, eventually, succeed } from "./support";

const USER_DATA = `#cloud-config
runcmd:
  - [sh, -c, "echo cluster-boot: step=hello state=done detail=$(hostname) > /dev/console"]
`;

/** The cloud by a client that nobody here wrote, on a network of its own beside the cluster's. */
describe("the cloud behind the AWS API, by awscli", () => {
  let vpcId: string;
  let subnetId: string;
  let instanceId: string | undefined;

  const container = async (id: string) =>
    (await succeed("docker", ["ps", "--quiet", "--filter", `label=cluster.local.instance=${id}`])).trim();

  beforeAll(async () => {
    ({
      Vpc: { VpcId: vpcId },
    } = await aws("ec2", "create-vpc", "--cidr-block", "10.250.0.0/16"));
    ({
      Subnet: { SubnetId: subnetId },
    } = await aws("ec2", "create-subnet", "--vpc-id", vpcId, "--cidr-block", "10.250.1.0/24"));
  });

  afterAll(async () => {
    if (instanceId !== undefined) await aws("ec2", "terminate-instances", "--instance-ids", instanceId);
    await eventually("the network gone", 60, async () => {
      await aws("ec2", "delete-subnet", "--subnet-id", subnetId).catch((error: Error) => {
        if (!error.message.includes("InvalidSubnetID.NotFound")) throw error;
      });
      await aws("ec2", "delete-vpc", "--vpc-id", vpcId);
    });
  });

  it("boots a host that runs the user data it was given", async () => {
    const file = path.join(mkdtempSync(path.join(tmpdir(), "user-data-")), "user-data");
    writeFileSync(file, USER_DATA);
    const { Images } = await aws(
      ...["ec2", "describe-images", "--owners", "136693071363", "--filters", "Name=name,Values=debian-12-amd64-*"],
    );
    const { Instances } = await aws(
      ...["ec2", "run-instances", "--image-id", Images[0].ImageId, "--instance-type", "t3.micro"],
      ...["--subnet-id", subnetId, "--user-data", `file://${file}`],
    );
    instanceId = Instances[0].InstanceId;
    await eventually("the user data's line on the console", 60, async () => {
      const { Output } = await aws("ec2", "get-console-output", "--instance-id", instanceId!, "--latest");
      expect(Output).toMatch(/cluster-boot: step=hello state=done detail=ip-10-250-1-\d+/);
    });
  });

  it("gives the host its metadata by IMDSv2, and only so where the instance demands it", async () => {
    const host = await container(instanceId!);
    await aws(
      ...["ec2", "modify-instance-metadata-options", "--instance-id", instanceId!, "--http-tokens", "required"],
    );
    const status = (command: string) => succeed("docker", ["exec", host, "bash", "-c", command]);
    const url = "http://169.254.169.254/latest";
    expect(await status(`curl -s -o /dev/null -w '%{http_code}' ${url}/meta-data/instance-id`)).toBe("401");
    const token = `$(curl -sX PUT ${url}/api/token -H 'X-aws-ec2-metadata-token-ttl-seconds: 60')`;
    expect(await status(`curl -s -H "X-aws-ec2-metadata-token: ${token}" ${url}/meta-data/instance-id`)).toBe(
      instanceId,
    );
  });

  it("attaches a volume as a disk that the host finds by the volume's id", async () => {
    const { Reservations } = await aws("ec2", "describe-instances", "--instance-ids", instanceId!);
    const zone = Reservations[0].Instances[0].Placement.AvailabilityZone;
    const { VolumeId } = await aws("ec2", "create-volume", "--availability-zone", zone, "--size", "1");
    await aws("ec2", "attach-volume", "--volume-id", VolumeId, "--instance-id", instanceId!, "--device", "/dev/sdf");
    const host = await container(instanceId!);
    const link = `/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${VolumeId.replace("-", "")}`;
    await eventually("the disk", 15, async () => {
      const size = await succeed("docker", ["exec", host, "blockdev", "--getsize64", link]);
      expect(Number(size)).toBe(2 ** 30);
    });
    await aws("ec2", "detach-volume", "--volume-id", VolumeId);
    await eventually("no disk", 15, () => succeed("docker", ["exec", host, "test", "!", "-e", link]));
    await aws("ec2", "delete-volume", "--volume-id", VolumeId);
  });

  it.each([
    [
      "InvalidAMIID.NotFound",
      ["ec2", "run-instances", "--image-id", "ami-0123456789abcdef0", "--instance-type", "t3.micro"],
    ],
    ["InvalidInstanceID.NotFound", ["ec2", "terminate-instances", "--instance-ids", "i-0123456789abcdef0"]],
    [
      "InvalidVpcID.NotFound",
      ["ec2", "create-subnet", "--vpc-id", "vpc-0123456789abcdef0", "--cidr-block", "10.0.0.0/24"],
    ],
    ["LoadBalancerNotFound", ["elbv2", "describe-load-balancers", "--names", "nobody"]],
    ["ParameterNotFound", ["ssm", "get-parameter", "--name", "/nobody"]],
  ])("answers bad input with AWS's own code: %s", async (code, args) => {
    await expect(aws(...args)).rejects.toThrow(`An error occurred (${code}) when calling`);
  });

  it("ends the host when the instance is terminated", async () => {
    const host = await container(instanceId!);
    expect(host).not.toBe("");
    await aws("ec2", "terminate-instances", "--instance-ids", instanceId!);
    await eventually("no host", 60, async () => expect(await container(instanceId!)).toBe(""));
    instanceId = undefined;
  });
});
