import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { parse, queryValue, write, type QueryObject, type Xml } from "./xml";

/** A call of the AWS API, as far as it can be told without knowing the service. */
export interface ApiCall {
  /** Signing name, such as `ec2`, `autoscaling`, `elasticloadbalancing`, `ecr`. */
  readonly service: string;
  readonly region: string;
  /** Empty for services that speak by path, such as S3. */
  readonly action: string;
  /** Parameters of the query protocols. */
  readonly query: URLSearchParams;
  /** Parameters of the JSON protocols. */
  readonly json: Readonly<Record<string, unknown>>;
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface ApiResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: Buffer;
}

const scope = /Credential=[^/\s]+\/\d{8}\/([^/]+)\/([^/]+)\/aws4_request/;

/** Service and region by the signature's scope, else by AWS's host name. */
export function serviceOf(url: string, headers: IncomingHttpHeaders): { service: string; region: string } | undefined {
  const presigned = new URLSearchParams(url.split("?")[1] ?? "").get("X-Amz-Credential");
  const [, region, service] = scope.exec(headers.authorization ?? `Credential=${presigned ?? ""}`) ?? [];
  if (service !== undefined && region !== undefined) return { service: service.toLowerCase(), region };
  const labels = (headers.host ?? "")
    .split(":")[0]!
    .replace(/\.(amazonaws\.com|api\.aws)$/, "")
    .split(".");
  return labels.length < 2 ? undefined : { service: labels.at(-2)!, region: labels.at(-1)! };
}

export function readCall(method: string, url: string, headers: IncomingHttpHeaders, body: Buffer): ApiCall {
  const target = headers["x-amz-target"];
  const isForm = (headers["content-type"] ?? "").startsWith("application/x-www-form-urlencoded");
  const query = new URLSearchParams(isForm ? body.toString("utf8") : (url.split("?")[1] ?? ""));
  const { service, region } = serviceOf(url, headers) ?? { service: "", region: "" };
  const action = typeof target === "string" ? target.slice(target.lastIndexOf(".") + 1) : (query.get("Action") ?? "");
  const json = typeof target === "string" && body.length > 0 ? (JSON.parse(body.toString("utf8")) as object) : {};
  return { service, region, action, query, json: { ...json }, method, path: url, headers, body };
}

/** Whether the call can change what hosts have to agree with. */
export function changes(call: ApiCall): boolean {
  return call.action !== "" && !/^(Describe|Get|List|BatchGet|BatchCheck|Search|Head)/.test(call.action);
}

/** `prefix.member.1`, `prefix.member.2` ... of a query call. */
export function memberValues(query: URLSearchParams, prefix: string): string[] {
  const values = [];
  for (let index = 1; query.has(`${prefix}.member.${index}`); index += 1) {
    values.push(query.get(`${prefix}.member.${index}`)!);
  }
  return values;
}

const namespaces: Record<string, string> = {
  autoscaling: "http://autoscaling.amazonaws.com/doc/2011-01-01/",
  elasticloadbalancing: "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
};

/** A success of a query API (not EC2's dialect), from plain values. */
export function queryResponse(call: ApiCall, result: QueryObject): ApiResponse {
  const document = {
    [`${call.action}Response`]: {
      xmlns: namespaces[call.service] ?? "",
      [`${call.action}Result`]: queryValue(result),
      ResponseMetadata: { RequestId: randomUUID() },
    },
  };
  return xmlResponse(200, write(document));
}

export type Protocol = "json" | "ec2" | "query" | "s3";

/** How the called service words its answers; one that speaks by path, other than S3, is answered as query APIs are. */
export function protocolOf(call: ApiCall): Protocol {
  if (call.headers["x-amz-target"] !== undefined) return "json";
  return call.service === "ec2" || call.service === "s3" ? call.service : "query";
}

/** An error in the form of the call's protocol. */
export function errorResponse(call: ApiCall, status: number, code: string, message: string): ApiResponse {
  const protocol = protocolOf(call);
  if (protocol === "json") {
    const headers = { "content-type": "application/x-amz-json-1.1", "x-amzn-errortype": code };
    return { status, headers, body: Buffer.from(JSON.stringify({ __type: code, message })) };
  }
  const error = { Code: code, Message: message };
  const documents: Record<Exclude<Protocol, "json">, { [name: string]: Xml }> = {
    ec2: { Response: { Errors: { Error: error }, RequestID: randomUUID() } },
    query: { ErrorResponse: { Error: { Type: "Sender", ...error }, RequestId: randomUUID() } },
    s3: { Error: { ...error, RequestId: randomUUID() } },
  };
  return xmlResponse(status, write(documents[protocol]));
}

/** The response with its `<Action>Result` changed in place by `edit`; an error passes as it is. */
export async function editResult(
  call: ApiCall,
  response: ApiResponse,
  edit: (result: { [name: string]: Xml }) => void | Promise<void>,
): Promise<ApiResponse> {
  if (response.status !== 200) return response;
  const document = parse(response.body.toString("utf8"));
  const root = document[`${call.action}Response`] as { [name: string]: Xml } | undefined;
  const result = root?.[`${call.action}Result`];
  if (typeof result !== "object") return response;
  await edit(result as { [name: string]: Xml });
  return { ...response, body: Buffer.from(write(document)) };
}

export function xmlResponse(status: number, text: string): ApiResponse {
  return { status, headers: { "content-type": "text/xml" }, body: Buffer.from(text) };
}
