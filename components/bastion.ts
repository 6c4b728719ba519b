import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { encodeUserData, renderBastionUserData } from "../hosts/user-data";
import { createInstanceProfile } from "./instance-role";
import { findMachineImage, type MachineImage } from "./machine-image";
import type { Network } from "./network";
import { sessionManager } from "./policies";
import { recordedInputs } from "./recorded-inputs";
import { allowAllEgress, allowIngress, createSecurityGroup, tcp } from "./security-rules";
import { type ClusterIdentity, resourceTags } from "./tags";

export interface BastionArgs {
  readonly identity: ClusterIdentity;
  readonly region: string;
  readonly network: Network;
  readonly instanceType: string;
  readonly image: MachineImage;
  /** OpenSSH public key. Without it there is no SSH: Session Manager needs no open port. */
  readonly publicKey?: string;
  /** Who may connect by SSH. */
  readonly operatorCidrs: readonly string[];
  /** Encrypts the root disk instead of the account's default key. */
  readonly encryptionKeyArn?: pulumi.Output<string>;
}

/** The way in for people: a small public host that Session Manager forwards ports through, and SSH when a key is given. */
export class Bastion extends pulumi.ComponentResource {
  readonly securityGroup: aws.ec2.SecurityGroup;
  readonly instance: aws.ec2.Instance;

  constructor(name: string, args: BastionArgs, opts?: pulumi.ComponentResourceOptions) {
    super("cluster:index:Bastion", name, recordedInputs(args), opts);
    const tags = resourceTags(args.identity, "bastion", "bastion", { Role: "bastion" });

    this.securityGroup = createSecurityGroup(name, { vpcId: args.network.vpc.id, description: "Bastion", tags }, this);
    allowAllEgress(name, this.securityGroup, tags, this);
    let keyName: pulumi.Output<string> | undefined;
    if (args.publicKey !== undefined) {
      keyName = new aws.ec2.KeyPair(`${name}-key`, { publicKey: args.publicKey, tags }, { parent: this }).keyName;
      args.operatorCidrs.forEach((cidr, index) => {
        const peer = { label: `operator-${index}`, cidr };
        allowIngress(name, this.securityGroup, peer, [tcp(22, "SSH of operators")], tags, this);
      });
    }

    const userData = renderBastionUserData({ cluster: args.identity.cluster, region: args.region });
    this.instance = new aws.ec2.Instance(
      name,
      {
        ami: findMachineImage(args.image, this).id,
        instanceType: args.instanceType,
        subnetId: args.network.zoneOf(0).publicSubnet.id,
        associatePublicIpAddress: true,
        vpcSecurityGroupIds: [this.securityGroup.id],
        iamInstanceProfile: createInstanceProfile(name, { statements: [sessionManager()], tags }, this).name,
        keyName,
        metadataOptions: {
          httpEndpoint: "enabled",
          httpTokens: "required",
          httpPutResponseHopLimit: 1,
          instanceMetadataTags: "enabled",
        },
        rootBlockDevice: {
          volumeType: "gp3",
          encrypted: true,
          kmsKeyId: args.encryptionKeyArn,
          deleteOnTermination: true,
          tags,
        },
        userDataBase64: encodeUserData(userData),
        userDataReplaceOnChange: true,
        tags,
      },
      // A newer image or another key is taken when the bastion is replaced for another reason, not by itself.
      { parent: this, ignoreChanges: ["ami", "rootBlockDevice.kmsKeyId"], dependsOn: [...args.network.ingress] },
    );

    this.registerOutputs({ instanceId: this.instance.id, publicIp: this.instance.publicIp });
  }
}
