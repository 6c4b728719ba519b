import type { ProviderModel } from "../model";
import { packageVersion } from "../versions";
import { bucketResources } from "./buckets";
import { computeResources } from "./compute";
import { configureAws, type Aws } from "./context";
import { encryptionResources } from "./encryption";
import { firewallResources } from "./firewall";
import { awsFunctions } from "./functions";
import { identityResources } from "./identity";
import { launchTemplateResources } from "./launch-template";
import { loadBalancingResources } from "./load-balancing";
import { monitoringResources } from "./monitoring";
import { networkResources } from "./network";
import { routingResources } from "./routing";
import { scalingResources } from "./scaling";
import { scalingPolicyResources } from "./scaling-policies";
import { storeResources } from "./stores";
import { targetGroupResources } from "./target-groups";
import { volumeResources } from "./volumes";
import { vpcServiceResources } from "./vpc-services";

/** The resource types and functions of @pulumi/aws that are modelled, on the cloud that AWS_ENDPOINT_URL names. */
export const awsProvider = (): ProviderModel<Aws> => ({
  name: "aws",
  version: packageVersion("@pulumi/aws"),
  config:
    "region! defaultTags skipCredentialsValidation skipMetadataApiCheck skipRegionValidation skipRequestingAccountId",
  configure: configureAws,
  resources: {
    ...networkResources,
    ...vpcServiceResources,
    ...routingResources,
    ...firewallResources,
    ...computeResources,
    ...volumeResources,
    ...launchTemplateResources,
    ...scalingResources,
    ...scalingPolicyResources,
    ...loadBalancingResources,
    ...targetGroupResources,
    ...identityResources,
    ...encryptionResources,
    ...storeResources,
    ...bucketResources,
    ...monitoringResources,
  },
  functions: awsFunctions,
});
