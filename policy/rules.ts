import type { Policies } from "@pulumi/policy";
import * as disks from "./disks";
import * as iam from "./iam";
import * as ingress from "./ingress";
import * as instances from "./instances";
import * as jobs from "./jobs";
import * as keys from "./keys";
import * as loadBalancers from "./load-balancers";
import * as plainSecrets from "./plain-secrets";
import * as securityGroups from "./security-groups";
import * as serverSecrets from "./server-secrets";
import * as stores from "./stores";
import * as tags from "./tags";

/** Every rule of the pack, each under a name of its own. */
export const rules: Policies = [
  instances.metadataTokens,
  instances.metadataHopLimit,
  instances.noPublicAddress,
  instances.launchTemplates,
  disks.encryptedDisks,
  disks.protectedData,
  disks.flowLogs,
  securityGroups.standaloneRules,
  securityGroups.emptyDefaultGroup,
  securityGroups.adoptedDefaultGroup,
  ingress.namedPorts,
  ingress.worldOpenPorts,
  ingress.clusterPorts,
  ingress.openGroups,
  iam.namedActions,
  iam.namedResources,
  iam.trustedServices,
  iam.ownStatements,
  serverSecrets.serversParameters,
  keys.rotatingKeys,
  keys.closedKeys,
  loadBalancers.dropInvalidHeaders,
  loadBalancers.guardedNetworkLoadBalancers,
  loadBalancers.modernTls,
  loadBalancers.redirectToHttps,
  stores.immutableTags,
  stores.scanOnPush,
  stores.expiringImages,
  stores.secureParameters,
  stores.expiringLogs,
  stores.wholePublicAccessBlock,
  stores.privateBuckets,
  plainSecrets.noPlainSecrets,
  jobs.dockerOnly,
  jobs.lockedContainers,
  jobs.noHostPaths,
  jobs.imagesByDigest,
  tags.tagged,
  tags.propagatedTags,
];
