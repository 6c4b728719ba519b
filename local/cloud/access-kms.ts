import { DescribeKeyCommand, GetKeyPolicyCommand, type KMSClient } from "@aws-sdk/client-kms";
import { paginateDescribeParameters, type ParameterMetadata, type SSMClient } from "@aws-sdk/client-ssm";
import type { Demand } from "./access-demands";
import type { ApiCall } from "./api-call";
import type { Clients } from "./clients";

/** Keys that AWS makes and keeps for an account: their policies let every caller decrypt what its service lets them read. */
const OF_AWS = /^alias\/aws\//;

const READING = ["GetParameter", "GetParameters", "GetParametersByPath", "GetParameterHistory"];

async function allParameters(client: SSMClient): Promise<ParameterMetadata[]> {
  const found: ParameterMetadata[] = [];
  for await (const page of paginateDescribeParameters({ client }, {})) found.push(...(page.Parameters ?? []));
  return found;
}

/** Whether a parameter is among those that a call names by ARN, or under the path that it names. */
function isAsked(parameter: string, named: readonly string[], { json }: ApiCall): boolean {
  if (json.Path === undefined) return named.includes(parameter);
  const path = `${named[0]!.replace(/\/$/, "")}/`;
  return parameter.startsWith(path) && (json.Recursive === true || !parameter.slice(path.length).includes("/"));
}

/**
 * What Parameter Store asks of KMS on behalf of a caller who wants values in clear: to decrypt each with its key, of which KMS is
 * given the parameter's ARN as encryption context. `named` holds the ARNs of what the call names. For a path it is asked
 * for everything under it, where AWS asks for one page.
 */
export async function decryptDemands(call: ApiCall, named: readonly string[], clients: Clients): Promise<Demand[]> {
  if (!READING.includes(call.action) || call.json.WithDecryption !== true || named.length === 0) return [];
  const [, , , , accountId = ""] = named[0]!.split(":");
  const arnOf = ({ Name = "" }: ParameterMetadata) =>
    `arn:aws:ssm:${call.region}:${accountId}:parameter/${Name.replace(/^\//, "")}`;
  const asked = (await allParameters(clients.ssm)).filter(
    (each) => each.Type === "SecureString" && !OF_AWS.test(each.KeyId ?? "") && isAsked(arnOf(each), named, call),
  );
  return Promise.all(
    asked.map(async (each) => ({
      action: "kms:Decrypt",
      resource: (await clients.kms.send(new DescribeKeyCommand({ KeyId: each.KeyId }))).KeyMetadata!.Arn!,
      context: {
        "kms:ViaService": `ssm.${call.region}.amazonaws.com`,
        "kms:CallerAccount": accountId,
        "kms:EncryptionContext:PARAMETER_ARN": arnOf(each),
        "aws:ViaAWSService": "true",
      },
    })),
  );
}

/** The policy of a key, without which IAM lets nobody use it; one that lets nobody for a key that is not there. */
export async function keyPolicy(kms: KMSClient, KeyId: string): Promise<unknown> {
  const answer = await kms.send(new GetKeyPolicyCommand({ KeyId, PolicyName: "default" })).catch((error: Error) => {
    if (error.name !== "NotFoundException") throw error;
    return undefined;
  });
  return answer === undefined ? { Version: "2012-10-17", Statement: [] } : JSON.parse(answer.Policy!);
}
