import { STATUS_CODES } from "node:http";
import type { Attributes } from "./state";

/** Bytes of the request line, of one header, and of all together: Quotas for your Application Load Balancers, HTTP headers. */
const LINE_BYTES = 16 * 1024;
const HEADERS_BYTES = 64 * 1024;
/** More addresses than this in X-Forwarded-For are refused: Troubleshoot your Application Load Balancers, HTTP 463. */
const MAX_FORWARDED = 30;

/** A trace header longer than this is not looked at: Request tracing for your Application Load Balancer, Limitations. */
const TRACE_BYTES = 7 * 1024;

/** Room for what the load balancer adds to a request; HAProxy keeps it free in every buffer. */
const ADDED_BYTES = 1024;

/** For HAProxy's section `global`; AWS names no limit for the number of headers, so it is one that their size comes before. */
export const httpBuffers = [
  `  tune.bufsize ${HEADERS_BYTES + ADDED_BYTES}`,
  `  tune.maxrewrite ${ADDED_BYTES}`,
  "  tune.http.maxhdr 10000",
];

/**
 * What an application load balancer does with each request before it acts on it, for a listener's `frontend` of HAProxy.
 * From the User Guide for Application Load Balancers (HTTP headers, Edit attributes, Troubleshoot) where nothing else is said.
 */
export function httpRules(
  port: number,
  protocol: "http" | "https",
  balancer: Attributes,
  listener: Attributes,
): string[] {
  return [
    // HTTP/2 is spoken on HTTPS listeners only, and there as TLS negotiates it.
    "  option disable-h2-upgrade",
    // Targets come and go without a connection being closed; here that is a reload, at which HAProxy would close those without a request.
    "  option idle-close-on-response",
    // The pattern of a valid name is [-A-Za-z0-9]+, as the attribute has it.
    `  option http-restrict-req-hdr-names ${balancer["routing.http.drop_invalid_header_fields.enabled"] === "true" ? "delete" : "preserve"}`,
    // Nobody can answer CONNECT but a proxy, which would pass on whatever follows unread.
    refuse(400, "METH_CONNECT"),
    refuse(405, "METH_TRACE"),
    refuse(414, `{ url_len gt ${LINE_BYTES} }`),
    refuse(400, `{ req.hdrs -m reg [^\\r\\n]{${LINE_BYTES + 1}} }`),
    refuse(463, `{ req.hdr_cnt(X-Forwarded-For) gt ${MAX_FORWARDED} }`),
    ...(balancer["routing.http.desync_mitigation_mode"] === "strictest" ? STRICTEST : []),
    // WebSocket is the one protocol that a connection may change to.
    "  http-request del-header Upgrade unless { req.hdr(Upgrade) -i websocket }",
    ...forwardedFor(balancer["routing.http.xff_header_processing.mode"] ?? "append"),
    `  http-request set-header X-Forwarded-Proto ${protocol}`,
    `  http-request set-header X-Forwarded-Port ${port}`,
    ...TRACE,
    ...serverHeader(listener["routing.http.response.server.enabled"] ?? "true"),
  ];
}

/** Answers and hangs up: where the next request of that connection would begin may be in doubt. */
function refuse(status: number, condition: string): string {
  const text = `content-type text/plain string "${status} ${STATUS_CODES[status] ?? "Bad Request"}"`;
  return `  http-request return status ${status} ${text} hdr Connection close if ${condition}`;
}

/**
 * The mode `strictest` refuses whatever is not RFC 7230's, and requests with a body that means nothing. Classes are those of the
 * library that AWS publishes, github.com/aws/http-desync-guardian, docs/README.md. HAProxy itself refuses the class "severe", which
 * the other modes refuse too. What it mends before any rule sees it (folded headers, lines that end in a bare LF, a length beside
 * chunks, one length twice) passes here in its mended form, and is refused by AWS.
 */
const STRICTEST = [
  // NonCompliantVersion
  refuse(400, "!{ req.ver 1.0 1.1 } !{ fc_http_major 2 }"),
  // UndefinedContentLengthSemantics, GetHeadZeroContentLength, UndefinedTransferEncodingSemantics; METH_GET is HEAD too
  refuse(400, "METH_GET { req.hdr(Content-Length) -m found }"),
  refuse(400, "METH_GET { req.hdr(Transfer-Encoding) -m found }"),
  // NonCompliantHeader: neither ASCII nor printable
  refuse(400, "{ req.hdrs -m reg [^\\t\\r\\n\\x20-\\x7e] }"),
  // SuspiciousHeader: one that somebody could take for a length or an encoding
  refuse(400, "{ req.hdrs -m reg -i (^|\\n)[^:]*(content[^a-z:-]+length|transfer[^a-z:-]+encoding)[^:]*: }"),
];

function forwardedFor(mode: string): string[] {
  if (mode === "preserve") return [];
  if (mode === "remove") return ["  http-request del-header X-Forwarded-For"];
  // One header, not a second one: not everybody reads both.
  return [
    '  http-request set-header X-Forwarded-For "%[req.fhdr(X-Forwarded-For)], %[src]" if { req.fhdr(X-Forwarded-For) -m found }',
    "  http-request set-header X-Forwarded-For %[src] unless { req.fhdr(X-Forwarded-For) -m found }",
  ];
}

const traced = "{ req.fhdr(X-Amzn-Trace-Id) -m reg (^|;)Root= }";

/** Who began a trace is its root; the load balancer adds itself, or begins one. What AWS makes of a header without a root it doesn't say. */
const TRACE = [
  '  http-request set-var-fmt(txn.trace) "1-%[date,bytes(4,4),hex,lower]-%[uuid,sha1,bytes(0,12),hex,lower]"',
  `  http-request del-header X-Amzn-Trace-Id if { req.fhdr(X-Amzn-Trace-Id),length gt ${TRACE_BYTES} }`,
  `  http-request set-header X-Amzn-Trace-Id "Self=%[var(txn.trace)];%[req.fhdr(X-Amzn-Trace-Id),regsub(Self=[^;]*;?,)]" if ${traced}`,
  `  http-request set-header X-Amzn-Trace-Id "Root=%[var(txn.trace)]" unless ${traced}`,
];

/** The load balancer names itself in its own answers, unless the attribute takes the header from all of them. */
function serverHeader(enabled: string): string[] {
  if (enabled === "false") return ["  http-after-response del-header Server"];
  return [
    "  http-response set-var(txn.of_target) bool(true)",
    "  http-after-response set-header Server awselb/2.0 unless { var(txn.of_target) -m bool }",
  ];
}
