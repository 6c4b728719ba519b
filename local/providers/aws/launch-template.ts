import type { RequestLaunchTemplateData, ResourceType } from "@aws-sdk/client-ec2";
import type { ResourceModel } from "../model";
import { isObject, type Props } from "../wire";
import { pascal, tagged, taggers, tagList, unlessGone, withTags, type Aws } from "./context";

/** Arguments that make up a version of the template: a change of one makes a new version. */
const versioned =
  "imageId instanceType keyName userData ebsOptimized vpcSecurityGroupIds disableApiTermination disableApiStop " +
  "instanceInitiatedShutdownBehavior iamInstanceProfile{arn name} monitoring{enabled} creditSpecification{cpuCredits} " +
  "metadataOptions{httpEndpoint httpTokens httpPutResponseHopLimit instanceMetadataTags httpProtocolIpv6} " +
  "blockDeviceMappings{deviceName noDevice virtualName " +
  "ebs{volumeSize volumeType encrypted kmsKeyId iops throughput deleteOnTermination snapshotId}} " +
  "networkInterfaces{deviceIndex associatePublicIpAddress deleteOnTermination description securityGroups subnetId} " +
  "instanceMarketOptions{marketType spotOptions{maxPrice spotInstanceType instanceInterruptionBehavior}} " +
  "placement{availabilityZone tenancy groupName} tagSpecifications{resourceType tags} description";
const versionedNames = versioned.replace(/\{[^{}]*(\{[^{}]*\}[^{}]*)*\}/g, "").split(/\s+/);

/** "true" and "false" of the arguments that are texts in the provider and booleans in the API. */
const booleans = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(booleans);
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, booleans(item)]));
  return value === "true" ? true : value === "false" ? false : value;
};

function templateData(args: Props): RequestLaunchTemplateData {
  const {
    description: _description,
    tagSpecifications,
    vpcSecurityGroupIds,
    networkInterfaces,
    ...data
  } = Object.fromEntries(
    versionedNames.filter((name) => args[name] !== undefined).map((name) => [name, args[name]]),
  ) as Props;
  return {
    ...pascal(booleans(data)),
    SecurityGroupIds: vpcSecurityGroupIds,
    NetworkInterfaces: networkInterfaces?.map(({ securityGroups, ...rest }: Props) => ({
      ...pascal(booleans(rest)),
      Groups: securityGroups,
    })),
    TagSpecifications: tagSpecifications?.map(
      ({ resourceType, tags }: { resourceType: ResourceType; tags: Props }) => ({
        ResourceType: resourceType,
        Tags: tagList(tags),
      }),
    ),
  };
}

const launchTemplate: ResourceModel<Aws> = {
  args: `name! namePrefix! updateDefaultVersion defaultVersion ${versioned}`,
  autoname: { property: "name", maxLength: 128 },
  volatile: { latestVersion: versionedNames, defaultVersion: [...versionedNames, "updateDefaultVersion"] },
  async create({ ec2 }, args) {
    const { LaunchTemplate } = await ec2.createLaunchTemplate({
      LaunchTemplateName: args.name,
      VersionDescription: args.description,
      LaunchTemplateData: templateData(args),
      TagSpecifications: tagged("launch-template", args),
    });
    return LaunchTemplate!.LaunchTemplateId!;
  },
  async read(aws, id) {
    const request = { LaunchTemplateIds: [id] };
    const found = (await unlessGone(aws.ec2.describeLaunchTemplates(request)))?.LaunchTemplates?.[0];
    if (!found) return undefined;
    const arn = `arn:aws:ec2:${aws.region}:${await aws.account()}:launch-template/${id}`;
    return {
      arn,
      latestVersion: Number(found.LatestVersionNumber),
      defaultVersion: Number(found.DefaultVersionNumber),
    };
  },
  async update({ ec2 }, { id, news, state, changed }) {
    let latest = Number(state.latestVersion);
    if (versionedNames.some((name) => changed.has(name))) {
      const { LaunchTemplateVersion } = await ec2.createLaunchTemplateVersion({
        LaunchTemplateId: id,
        VersionDescription: news.description,
        LaunchTemplateData: templateData(news),
      });
      latest = Number(LaunchTemplateVersion!.VersionNumber);
    }
    const wanted = news.updateDefaultVersion ? latest : changed.has("defaultVersion") ? news.defaultVersion : undefined;
    if (wanted !== undefined) await ec2.modifyLaunchTemplate({ LaunchTemplateId: id, DefaultVersion: String(wanted) });
  },
  delete: async ({ ec2 }, id) => void (await unlessGone(ec2.deleteLaunchTemplate({ LaunchTemplateId: id }))),
};

export const launchTemplateResources: Record<string, ResourceModel<Aws>> = {
  "aws:ec2/launchTemplate:LaunchTemplate": withTags(launchTemplate, taggers.ec2),
};
