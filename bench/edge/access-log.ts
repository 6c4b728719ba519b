/** A field of Traefik's access log, and what nginx and HAProxy have for it in their own words. */
interface Field {
  readonly name: string;
  readonly nginx: string;
  readonly haproxy: string;
}

const field = (name: string, nginx: string, haproxy: string): Field => ({ name, nginx, haproxy });

/** Those that the job's Traefik writes for each request. */
const FIELDS: readonly Field[] = [
  field("ClientAddr", "$remote_addr:$remote_port", "%ci:%cp"),
  field("ClientHost", "$remote_addr", "%ci"),
  field("ClientUsername", "$remote_user", "-"),
  field("DownstreamContentSize", "$body_bytes_sent", "%B"),
  field("DownstreamStatus", "$status", "%ST"),
  field("Duration", "$request_time", "%Ta"),
  field("OriginContentSize", "$upstream_response_length", "%B"),
  field("OriginDuration", "$upstream_response_time", "%Tr"),
  field("OriginStatus", "$upstream_status", "%ST"),
  field("Overhead", "$upstream_connect_time", "%Tw"),
  field("RequestAddr", "$http_host", "%[capture.req.hdr(1)]"),
  field("RequestContentSize", "$content_length", "%U"),
  field("RequestCount", "$connection_requests", "%rt"),
  field("RequestMethod", "$request_method", "%HM"),
  field("RequestPath", "$request_uri", "%[capture.req.uri,json(utf8s)]"),
  field("RequestProtocol", "$server_protocol", "%HV"),
  field("RequestScheme", "$scheme", "http"),
  field("RetryAttempts", "-", "%rc"),
  field("RouterName", "$server_name", "%f"),
  field("ServiceName", "$proxy_host", "%b"),
  field("ServiceURL", "http://$upstream_addr", "http://%si:%sp"),
  field("StartUTC", "$msec", "%Ts.%ms"),
  field("downstream_X-Request-Id", "$upstream_http_x_request_id", "%[capture.res.hdr(0),json(utf8s)]"),
  field("origin_X-Request-Id", "$upstream_http_x_request_id", "%[capture.res.hdr(0),json(utf8s)]"),
  field("request_X-Amzn-Trace-Id", "$http_x_amzn_trace_id", "%[capture.req.hdr(0),json(utf8s)]"),
  field("entryPointName", "web", "%ft"),
  field("level", "info", "info"),
  field("msg", "", ""),
  field("time", "$time_iso8601", "%tr"),
];

const json = (proxy: "nginx" | "haproxy"): string =>
  `{${FIELDS.map((each) => `"${each.name}":"${each[proxy]}"`).join(",")}}`;

/** Lines of nginx's section `http`. */
export const nginxAccessLog = `  log_format edge escape=json '${json("nginx")}';
  access_log /dev/stdout edge;`;

/** Lines of a `frontend` of HAProxy. */
export const haproxyAccessLog = `  capture request header X-Amzn-Trace-Id len 128
  capture request header Host len 128
  capture response header X-Request-Id len 64
  log-format '${json("haproxy")}'`;
