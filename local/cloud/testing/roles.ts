import { CreateRoleCommand, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import type { Session } from "../sessions";
import type { TestCloud } from "./index";

const account = "123456789012";
const instance = "i-0123456789abcdef0";

export interface Statement {
  readonly Effect?: "Allow" | "Deny";
  readonly Action: string;
  readonly Resource?: string | readonly string[];
  readonly Condition?: object;
  readonly Principal?: object;
}

/** A policy's text; a statement that says nothing else allows. */
export const policy = (...statements: Statement[]): string =>
  JSON.stringify({ Version: "2012-10-17", Statement: statements.map((each) => ({ Effect: "Allow", ...each })) });

const ec2Trust = policy({ Action: "sts:AssumeRole", Principal: { Service: "ec2.amazonaws.com" } });

/** Gives a role an inline policy; a statement that names no resource is about all. */
export const allow = ({ clients }: TestCloud, RoleName: string, PolicyName: string, ...statements: Statement[]) =>
  clients.iam.send(
    new PutRolePolicyCommand({
      ...{ RoleName, PolicyName },
      PolicyDocument: policy(...statements.map((each) => ({ Resource: "*", ...each }))),
    }),
  );

/** A role with these statements, and the credentials that the instance i-0123456789abcdef0 of it gets. */
export async function roleOf(cloud: TestCloud, RoleName: string, ...statements: Statement[]): Promise<Session> {
  await cloud.clients.iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: ec2Trust }));
  if (statements.length > 0) await allow(cloud, RoleName, "host", ...statements);
  return cloud.sessions.open(`arn:aws:iam::${account}:role/${RoleName}`, instance, 3600);
}

/** Settings of the AWS SDK's clients that sign as a session, or as what is changed of it. */
export function as({ endpoint }: TestCloud, session: Session, changes: Partial<Session> = {}, region = "eu-west-1") {
  const { accessKeyId, secretAccessKey, token } = { ...session, ...changes };
  return { endpoint, region, credentials: { accessKeyId, secretAccessKey, sessionToken: token }, maxAttempts: 1 };
}

/** AWS's message for what a role's policies do not allow; `place` is ` on resource: ...` where it names one. */
export function message(role: string, action: string, place = "", reason?: string): string {
  const sender = `arn:aws:sts::${account}:assumed-role/${role}/${instance}`;
  const why = reason ?? ` because no identity-based policy allows the ${action} action`;
  return `User: ${sender} is not authorized to perform: ${action}${place}${why}`;
}

interface Refused extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** Status, code and message with which a call is refused; rejects when it is allowed. */
export async function refusal(call: Promise<unknown>): Promise<[number | undefined, string, string]> {
  const error = await call.then(
    () => Promise.reject(new Error("the call was allowed")),
    (reason: Refused) => reason,
  );
  return [error.$metadata?.httpStatusCode, error.name, error.message];
}
