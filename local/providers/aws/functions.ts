import type { Filter, Image } from "@aws-sdk/client-ec2";
import type { FunctionModel } from "../model";
import { secret, type Props } from "../wire";
import { tagMap, type Aws } from "./context";

const filters = (list: Props[] | undefined): Filter[] | undefined =>
  list?.map(({ name, values }) => ({ Name: name, Values: values }));

/** The one image that the arguments name; several are an error unless the newest is asked for. */
function choose(images: Image[], { nameRegex, mostRecent }: Props): Image {
  const expression = nameRegex ? new RegExp(nameRegex) : undefined;
  const fitting = images.filter(({ Name }) => !expression || expression.test(Name ?? ""));
  const newestFirst = fitting.sort((a, b) => (b.CreationDate ?? "").localeCompare(a.CreationDate ?? ""));
  if (!newestFirst[0])
    throw new Error("your query returned no images; please change your search criteria and try again");
  if (newestFirst.length > 1 && !mostRecent)
    throw new Error("your query returned more than one image; use a more specific search, or set mostRecent");
  return newestFirst[0];
}

async function getAmi(aws: Aws, args: Props): Promise<Props> {
  const { owners, executableUsers, includeDeprecated } = args;
  const { Images = [] } = await aws.ec2.describeImages({
    Owners: owners,
    ExecutableUsers: executableUsers,
    Filters: filters(args.filters),
    IncludeDeprecated: includeDeprecated,
  });
  const image = choose(Images, args);
  return {
    ...args,
    id: image.ImageId,
    imageId: image.ImageId,
    arn: `arn:aws:ec2:${aws.region}::image/${image.ImageId}`,
    name: image.Name,
    ownerId: image.OwnerId,
    architecture: image.Architecture,
    creationDate: image.CreationDate,
    description: image.Description ?? "",
    imageLocation: image.ImageLocation ?? "",
    rootDeviceName: image.RootDeviceName ?? "",
    rootDeviceType: image.RootDeviceType ?? "",
    virtualizationType: image.VirtualizationType ?? "",
    state: image.State,
    public: image.Public ?? false,
    tags: tagMap(image.Tags),
    region: aws.region,
  };
}

async function getAvailabilityZones(aws: Aws, args: Props): Promise<Props> {
  const wanted = [...(filters(args.filters) ?? []), ...(args.state ? [{ Name: "state", Values: [args.state] }] : [])];
  const { AvailabilityZones = [] } = await aws.ec2.describeAvailabilityZones({
    AllAvailabilityZones: args.allAvailabilityZones,
    Filters: wanted.length > 0 ? wanted : undefined,
  });
  const zones = AvailabilityZones.filter(
    ({ ZoneName, ZoneId }) => !args.excludeNames?.includes(ZoneName) && !args.excludeZoneIds?.includes(ZoneId),
  ).sort((a, b) => a.ZoneName!.localeCompare(b.ZoneName!));
  return {
    ...args,
    id: aws.region,
    region: aws.region,
    names: zones.map(({ ZoneName }) => ZoneName),
    zoneIds: zones.map(({ ZoneId }) => ZoneId),
    groupNames: [...new Set(zones.map(({ GroupName }) => GroupName ?? aws.region))],
  };
}

async function getAuthorizationToken({ ecr, region }: Aws, args: Props): Promise<Props> {
  const registryIds = args.registryId ? [args.registryId] : undefined;
  const data = (await ecr.getAuthorizationToken({ registryIds })).authorizationData?.[0];
  if (!data?.authorizationToken) throw new Error("the registry gave no authorization token");
  const [userName, ...password] = Buffer.from(data.authorizationToken, "base64").toString().split(":");
  return {
    ...args,
    id: region,
    region,
    userName,
    password: secret(password.join(":")),
    authorizationToken: secret(data.authorizationToken),
    proxyEndpoint: data.proxyEndpoint,
    expiresAt: data.expiresAt?.toISOString(),
  };
}

export const awsFunctions: Record<string, FunctionModel<Aws>> = {
  "aws:ec2/getAmi:getAmi": {
    args: "filters{name values} owners mostRecent nameRegex executableUsers includeDeprecated",
    invoke: getAmi,
  },
  "aws:index/getAvailabilityZones:getAvailabilityZones": {
    args: "state filters{name values} excludeNames excludeZoneIds allAvailabilityZones",
    invoke: getAvailabilityZones,
  },
  "aws:ecr/getAuthorizationToken:getAuthorizationToken": { args: "registryId", invoke: getAuthorizationToken },
  "aws:index/getRegion:getRegion": {
    args: "",
    invoke: async ({ region }) => ({
      id: region,
      name: region,
      region,
      endpoint: `ec2.${region}.amazonaws.com`,
      description: region,
    }),
  },
  "aws:index/getCallerIdentity:getCallerIdentity": {
    args: "",
    async invoke({ sts }) {
      const { Account, Arn, UserId } = await sts.getCallerIdentity({});
      return { id: Account, accountId: Account, arn: Arn, userId: UserId };
    },
  },
};
