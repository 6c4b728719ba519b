import { randomUUID } from "node:crypto";
import type { Demand } from "./access-demands";
import { errorResponse, protocolOf, type ApiCall, type ApiResponse, type Protocol } from "./api-call";

/** Status, code and message of a refusal. */
type Refusal = readonly [status: number, code: string, message: string];

const invalidToken = "The security token included in the request is invalid.";
const expired = "The security token included in the request is expired";
const otherSignature =
  "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and " +
  "signing method. Consult the service documentation for details.";
const tooOld = "Signature expired: the request's time is more than 15 minutes from now, or what was presigned is over";
const tooSkewed = "The difference between the request time and the current time is too large.";
const noHash: Refusal = [400, "InvalidRequest", "Missing required header for this request: x-amz-content-sha256"];
const notValidated: Refusal = [401, "AuthFailure", "AWS was not able to validate the provided access credentials"];

/** AWS's answers to requests whose sender it does not believe, by the service's protocol. */
const refusals = {
  unsigned: {
    json: [400, "MissingAuthenticationTokenException", "Missing Authentication Token"],
    ec2: [400, "MissingParameter", "The request must contain the parameter AWSAccessKeyId"],
    query: [403, "MissingAuthenticationToken", "Request is missing Authentication Token"],
    s3: [403, "AccessDenied", "Access Denied"],
  },
  unknownKey: {
    json: [400, "UnrecognizedClientException", invalidToken],
    ec2: notValidated,
    query: [403, "InvalidClientTokenId", invalidToken],
    s3: [403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."],
  },
  wrongToken: {
    json: [400, "UnrecognizedClientException", invalidToken],
    ec2: notValidated,
    query: [403, "InvalidClientTokenId", invalidToken],
    s3: [400, "InvalidToken", "The provided token is malformed or otherwise invalid."],
  },
  expired: {
    json: [400, "ExpiredTokenException", expired],
    ec2: [400, "RequestExpired", "Request has expired."],
    query: [403, "ExpiredToken", expired],
    s3: [400, "ExpiredToken", "The provided token has expired."],
  },
  otherSignature: {
    json: [400, "InvalidSignatureException", otherSignature],
    ec2: notValidated,
    query: [403, "SignatureDoesNotMatch", otherSignature],
    s3: [403, "SignatureDoesNotMatch", otherSignature],
  },
  // S3's alone.
  unhashed: { json: noHash, ec2: noHash, query: noHash, s3: noHash },
  untimely: {
    json: [400, "InvalidSignatureException", tooOld],
    ec2: [400, "RequestExpired", "Request has expired."],
    query: [403, "SignatureDoesNotMatch", tooOld],
    s3: [403, "RequestTimeTooSkewed", tooSkewed],
  },
} as const satisfies Record<string, Record<Protocol, Refusal>>;

export type Disbelief = keyof typeof refusals;

export function disbelieved(call: ApiCall, reason: Disbelief): ApiResponse {
  const [status, code, message]: Refusal = refusals[reason][protocolOf(call)];
  return errorResponse(call, status, code, message);
}

/** What a session's policies do not allow, and why: the last words of AWS's message, which may be none. */
export interface Denial extends Demand {
  readonly sender: string;
  readonly reason: string;
}

/** AWS's message; where it leaves out a resource that is `*`, and quotes one, follows the protocol. */
export function denialMessage({ sender, action, resource, reason }: Denial, protocol: Protocol = "json"): string {
  const isNamed = resource !== "*" || protocol === "json";
  const place = isNamed ? ` on resource: ${protocol === "s3" ? `"${resource}"` : resource}` : "";
  return `User: ${sender} is not authorized to perform: ${action}${place} ${reason}`.trimEnd();
}

/** What a service adds when the refusal is that of KMS, which it has asked on the caller's behalf. */
function passedOn({ service }: ApiCall, { action }: Denial): string {
  if (service === "kms" || !action.startsWith("kms:")) return "";
  const about = "Service: AWSKMS; Status Code: 400; Error Code: AccessDeniedException";
  return ` (${about}; Request ID: ${randomUUID()}; Proxy: null)`;
}

/** What a service answers to a caller whose policies do not allow the call. */
export function denied(call: ApiCall, denial: Denial): ApiResponse {
  const protocol = protocolOf(call);
  const message = denialMessage(denial, protocol) + passedOn(call, denial);
  const answers: Record<Protocol, Refusal> = {
    json: [400, "AccessDeniedException", message],
    ec2: [403, "UnauthorizedOperation", `You are not authorized to perform this operation. ${message}`],
    query: [403, "AccessDenied", message],
    s3: [403, "AccessDenied", message],
  };
  return errorResponse(call, ...answers[protocol]);
}
