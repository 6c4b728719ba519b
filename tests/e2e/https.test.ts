import { readFileSync, rmSync } from "node:fs";
import * as https from "node:https";
import * as tls from "node:tls";
import { selfSigned } from "../certificates";
import { aws, eventually } from "./support";

const POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06";
const NAME = "www.example.com";

/** A load balancer by a client that nobody here wrote, beside the cluster's own. */
describe("HTTPS at a load balancer, by awscli", () => {
  const files = selfSigned([NAME]);
  const ca = readFileSync(files.cert_file);
  const made: string[][] = [];
  let host: string;

  /** Makes something, and notes how it is taken away. */
  async function make(create: string[], remove: (result: any) => string[]): Promise<any> {
    const result = await aws(...create);
    made.push(remove(result));
    return result;
  }

  beforeAll(async () => {
    const { CertificateArn } = await make(
      [
        ...["acm", "import-certificate", "--certificate", `fileb://${files.cert_file}`],
        ...["--private-key", `fileb://${files.key_file}`],
      ],
      (result) => ["acm", "delete-certificate", "--certificate-arn", result.CertificateArn],
    );
    const found = await aws("elbv2", "describe-load-balancers");
    const edge = found.LoadBalancers.find(({ Type }: { Type: string }) => Type === "application");
    const { GroupId } = await make(
      ["ec2", "create-security-group", "--vpc-id", edge.VpcId, "--group-name", "https", "--description", "HTTPS"],
      (result) => ["ec2", "delete-security-group", "--group-id", result.GroupId],
    );
    const from = "IpRanges=[{CidrIp=0.0.0.0/0}]";
    await aws(
      ...["ec2", "authorize-security-group-ingress", "--group-id", GroupId, "--ip-permissions"],
      ...[80, 443].map((port) => `IpProtocol=tcp,FromPort=${port},ToPort=${port},${from}`),
    );
    const subnets = edge.AvailabilityZones.map(({ SubnetId }: { SubnetId: string }) => SubnetId);
    const { LoadBalancers } = await make(
      ["elbv2", "create-load-balancer", "--name", "https", "--subnets", ...subnets, "--security-groups", GroupId],
      (result) => ["elbv2", "delete-load-balancer", "--load-balancer-arn", result.LoadBalancers[0].LoadBalancerArn],
    );
    host = LoadBalancers[0].DNSName;
    const listener = ["elbv2", "create-listener", "--load-balancer-arn", LoadBalancers[0].LoadBalancerArn];
    await aws(
      ...[...listener, "--protocol", "HTTPS", "--port", "443", "--ssl-policy", POLICY],
      ...["--certificates", `CertificateArn=${CertificateArn}`],
      ...["--default-actions", "Type=fixed-response,FixedResponseConfig={StatusCode=203,ContentType=text/plain}"],
    );
    await aws(
      ...[...listener, "--protocol", "HTTP", "--port", "80", "--default-actions"],
      "Type=redirect,RedirectConfig={Protocol=HTTPS,Port=443,StatusCode=HTTP_301}",
    );
    // Both: here, and not in AWS, a load balancer that gets another port begins anew.
    await eventually("both listeners", 60, async () => {
      await fetch(`http://${host}/`, { redirect: "manual" });
      await handshake({});
    });
  });

  afterAll(async () => {
    rmSync(files.folder, { recursive: true });
    for (const command of made.reverse()) await eventually(command.join(" "), 60, () => aws(...command));
  });

  /** The version of TLS that came of an offer, from a client that trusts the certificate and knows old versions too. */
  function handshake(offer: tls.ConnectionOptions): Promise<string | null> {
    return new Promise((resolve, reject) => {
      const ciphers = "DEFAULT@SECLEVEL=0";
      const socket = tls.connect({ host, port: 443, servername: NAME, ca, ciphers, timeout: 5000, ...offer });
      socket.on("secureConnect", () => (resolve(socket.getProtocol()), socket.destroy()));
      socket.on("timeout", () => socket.destroy(new Error("no answer")));
      socket.on("error", reject);
    });
  }

  it.each(["TLSv1.2", "TLSv1.3"] as const)("serves with the imported certificate over %s", async (version) => {
    expect(await handshake({ minVersion: version, maxVersion: version })).toBe(version);
    const options = { host, servername: NAME, ca, minVersion: version, maxVersion: version, agent: false };
    const status = await new Promise((resolve, reject) => {
      https.get(options, (answer) => resolve(answer.resume().statusCode)).on("error", reject);
    });
    expect(status).toBe(203);
  });

  it.each(["TLSv1", "TLSv1.1"] as const)("refuses %s, as its policy says", async (version) => {
    await expect(handshake({ minVersion: version, maxVersion: version })).rejects.toMatchObject({
      code: "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION",
    });
  });

  it("redirects HTTP there, with path and query", async () => {
    const { status, headers } = await eventually("the listener of HTTP", 30, () =>
      fetch(`http://${host}/a?b=c`, { redirect: "manual" }),
    );
    expect([status, headers.get("location")]).toEqual([301, `https://${host}/a?b=c`]);
  });
});
