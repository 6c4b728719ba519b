import type { Role } from "@aws-sdk/client-iam";
// eslint-disable-next-line @typescript-eslint/no-require-imports -- bundled as an ES module it would look for its own file
import simulator = require("@cloud-copilot/iam-simulate");
import { demandsOf, type Demand } from "./access-demands";
import { denied, disbelieved, type Denial, type Disbelief } from "./access-errors";
import { keyPolicy } from "./access-kms";
import { findRole, readDocument, rolePolicies, type Policy, type RolePolicies } from "./access-policies";
import { errorResponse, type ApiCall, type ApiResponse } from "./api-call";
import type { Clients } from "./clients";
import { isSession, operator, type Sender, type Session, type Sessions } from "./sessions";
import { isSignedWith, isTimely, readSignature } from "./signature";

/** Where a request came from and goes to, as far as policies ask. */
export interface Origin {
  readonly address: string;
  readonly isTls: boolean;
  readonly region: string;
}

interface AccessSettings {
  readonly accountId: string;
  readonly sessions: Sessions;
  /** Clients of moto itself. */
  readonly clients: Clients;
}

/**
 * The resource of an action that has none. The simulator takes `*` for "any of them" and lets a statement about some resource allow
 * it; to AWS it is a resource that only a statement about all of them names.
 */
const NO_RESOURCE = "arn:none:none:none:none:none";

/** Whom the cloud believes, and what roles may do. The operator may do everything. */
export class Access {
  constructor(private readonly settings: AccessSettings) {}

  /** AWS's refusal of a call, or nothing when the call may pass. */
  async refusal(call: ApiCall, origin: Omit<Origin, "region">): Promise<ApiResponse | undefined> {
    const sender = this.senderOf(call);
    if (typeof sender === "string") return disbelieved(call, sender);
    if (!isSession(sender)) return undefined;
    const demands = await demandsOf(call, this.settings);
    if (demands === undefined) {
      const message = `calls of ${call.service} with a role's credentials are not modelled by this cloud`;
      return errorResponse(call, 501, "NotImplemented", message);
    }
    const denial = await this.denial(sender, demands, { ...origin, region: call.region });
    if (denial === "gone") return disbelieved(call, "unknownKey");
    return denial === undefined ? undefined : denied(call, denial);
  }

  /** The first demand that a session's policies do not meet; nothing when they meet all; `gone` when its role is. */
  async denial(session: Session, demands: readonly Demand[], origin: Origin): Promise<Denial | "gone" | undefined> {
    const { iam } = this.settings.clients;
    const role = await findRole(iam, session.roleArn);
    if (role === undefined || role.RoleId !== session.roleId) return "gone";
    const policies = await rolePolicies(iam, role);
    for (const demand of demands) {
      const context = { ...this.context(session, role, origin), ...demand.context };
      const reason = this.judge(session, policies, demand, context, await this.resourcePolicy(demand));
      if (reason !== undefined) return { ...demand, reason, sender: session.arn };
    }
    return undefined;
  }

  /** Who signed a call, or why nobody is believed to have. */
  private senderOf(call: ApiCall): Sender | Disbelief {
    const signature = readSignature(call);
    if (signature === undefined) return "unsigned";
    const session = this.settings.sessions.find(signature.accessKeyId);
    const sender = signature.accessKeyId === operator.accessKeyId ? operator : session;
    if (sender === undefined) return "unknownKey";
    if (session !== undefined && signature.token !== session.token) return "wrongToken";
    if (session !== undefined && session.expires.getTime() <= Date.now()) return "expired";
    const isHashed = call.service !== "s3" || signature.seconds !== undefined || "x-amz-content-sha256" in call.headers;
    if (!isHashed) return "unhashed";
    if (!isSignedWith(sender.secretAccessKey, signature, call)) return "otherSignature";
    return isTimely(signature) ? sender : "untimely";
  }

  /** Why a demand is denied, in AWS's words; nothing when it is allowed. */
  private judge(
    { arn }: Session,
    { identity, boundary }: RolePolicies,
    { action, resource }: Demand,
    contextVariables: Record<string, string>,
    resourcePolicy: unknown,
  ): string | undefined {
    const result = (identityPolicies: readonly Policy[], limit?: Policy) =>
      simulator.runUnsafeSimulation(
        {
          request: {
            ...{ principal: arn, action, contextVariables },
            resource: { resource: resource === "*" ? NO_RESOURCE : resource, accountId: this.settings.accountId },
          },
          ...{ identityPolicies: [...identityPolicies], resourcePolicy },
          ...{ serviceControlPolicies: [], resourceControlPolicies: [] },
          permissionBoundaryPolicies: limit && [limit],
        },
        {},
      );
    if (result(identity, boundary) === "Allowed") return undefined;
    // The service tells no reason for what two policies have to agree on.
    if (action === "sts:AssumeRole") return "";
    const byIdentity = result(identity);
    const [kind, because] =
      byIdentity === "Allowed" && boundary !== undefined
        ? ["a permissions boundary", result([boundary])]
        : ["an identity-based policy", byIdentity];
    if (because === "ExplicitlyDenied") return `with an explicit deny in ${kind}`;
    return `because no ${kind.replace(/^an? /, "")} allows the ${action} action`;
  }

  /** A role's trust policy, or a key's policy. */
  private async resourcePolicy({ action, resource }: Demand): Promise<unknown> {
    const known = (name: string, policyDocument: unknown) =>
      // The simulator reads the name of a resource policy, and this is the form of one that has a name.
      ({ __validated: true, policyDocument, metadata: { name }, errors: [] });
    if (action.startsWith("kms:") && resource !== "*") {
      return known("key", await keyPolicy(this.settings.clients.kms, resource));
    }
    if (action !== "sts:AssumeRole") return undefined;
    const role = await findRole(this.settings.clients.iam, resource);
    const nobody = { Version: "2012-10-17", Statement: [] };
    return known("trust", role === undefined ? nobody : readDocument(role.AssumeRolePolicyDocument));
  }

  /** Global condition keys. */
  private context(session: Session, role: Role, origin: Origin): Record<string, string> {
    const { accountId } = this.settings;
    const now = new Date();
    const tags = (role.Tags ?? []).map(({ Key, Value }) => [`aws:PrincipalTag/${Key}`, Value ?? ""]);
    const isInstance = /^i-[0-9a-f]+$/.test(session.name);
    return {
      "aws:RequestedRegion": origin.region,
      "aws:SourceIp": origin.address,
      "aws:SecureTransport": String(origin.isTls),
      "aws:CurrentTime": now.toISOString(),
      "aws:EpochTime": String(Math.floor(now.getTime() / 1000)),
      "aws:PrincipalArn": session.roleArn,
      "aws:PrincipalAccount": accountId,
      "aws:PrincipalType": "AssumedRole",
      "aws:userid": `${session.roleId}:${session.name}`,
      "aws:ResourceAccount": accountId,
      "aws:ViaAWSService": "false",
      ...Object.fromEntries(tags),
      ...(isInstance && {
        "ec2:SourceInstanceARN": `arn:aws:ec2:${origin.region}:${accountId}:instance/${session.name}`,
      }),
    };
  }
}
