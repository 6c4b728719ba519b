/** What people send who mean harm, and the statuses of all answers that come on their connection. */
export type Case = readonly [name: string, bytes: string, statuses: readonly number[]];
/** As a case, around a request that nobody may find inside of another. */
export type Hiding = readonly [name: string, bytes: (hidden: string) => string, statuses: readonly number[]];

export const get = (path: string, headers = ""): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n${headers}\r\n`;
const post = (headers: string, body = ""): string => `POST / HTTP/1.1\r\nHost: a\r\n${headers}\r\n${body}`;
const chunked = (headers: string) => (hidden: string) => post(headers, `0\r\n\r\n${hidden}`);
const measured = (headers: string) => (hidden: string) => post(headers, hidden);

const WEBSOCKET = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/**
 * Where one request ends and the next begins, in doubt. With two statuses the load balancer sees two requests, and so must
 * everybody behind it; but an answer that comes before its request's body was read ends the connection, and is then the only one.
 * AWS refuses some that are 200 or 405 here with 400: haproxy-http.ts says which.
 */
export const smuggling: readonly Hiding[] = [
  ["a length and chunks", chunked("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"), [405]],
  [
    "chunks and a length",
    (hidden) =>
      post(
        "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        `${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`,
      ),
    [405],
  ],
  ["chunks", chunked("Transfer-Encoding: chunked\r\n"), [405, 404]],
  ["chunks in odd letters", chunked("tRANSFER-eNCODING: cHUNKED\r\n"), [405, 404]],
  ["an encoding after a tab", chunked("Transfer-Encoding:\tchunked\r\n"), [405, 404]],
  ["an encoding on a line of its own", chunked("Transfer-Encoding:\r\n chunked\r\n"), [405, 404]],
  ["an encoding after a bare LF", chunked("X-Any: a\nTransfer-Encoding: chunked\r\n"), [405, 404]],
  ["an encoding after a bare CR", chunked("X-Any: a\rTransfer-Encoding: chunked\r\n"), [400]],
  ["an encoding after a vertical tab", chunked("Transfer-Encoding: \vchunked\r\n"), [400]],
  ["an encoding before a space and a colon", chunked("Transfer-Encoding : chunked\r\n"), [400]],
  ["an encoding with an underscore", chunked("Transfer_Encoding: chunked\r\n"), [400]],
  ["an encoding with a control character", chunked("Transfer-Encoding\b: chunked\r\n"), [400]],
  ["an unknown encoding", chunked("Transfer-Encoding: xchunked\r\n"), [400]],
  ["a quoted encoding", chunked('Transfer-Encoding: "chunked"\r\n'), [400]],
  ["two encodings", chunked("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"), [400]],
  ["chunks of chunks", chunked("Transfer-Encoding: chunked, chunked\r\n"), [400]],
  ["two lengths", measured("Content-Length: 0\r\nContent-Length: 44\r\n"), [400]],
  ["a list of lengths", measured("Content-Length: 0, 44\r\n"), [400]],
  ["a negative length", measured("Content-Length: -1\r\n"), [400]],
  ["a signed length", measured("Content-Length: +0\r\n"), [400]],
  ["a hexadecimal length", measured("Content-Length: 0x0\r\n"), [400]],
  ["a length in words", measured("Content-Length: none\r\n"), [400]],
  ["a length that is no number any more", measured(`Content-Length: ${"9".repeat(30)}\r\n`), [400]],
  ["a length before a space and a colon", measured("Content-Length : 0\r\n"), [400]],
  ["a length of nothing, and more", measured("Content-Length: 0\r\n"), [405, 404]],
  ["no length, and more", measured(""), [405, 404]],
  [
    "a chunk with an extension",
    (hidden) => post("Transfer-Encoding: chunked\r\n", `1;a="\r\nb\r\n0\r\n\r\n${hidden}`),
    [405, 404],
  ],
  ["a negative chunk", (hidden) => post("Transfer-Encoding: chunked\r\n", `-1\r\n${hidden}`), [400]],
  ["a chunk without a size", (hidden) => post("Transfer-Encoding: chunked\r\n", `\r\n${hidden}`), [400]],
  ["a body of GET", (hidden) => get("/", `Content-Length: ${hidden.length}\r\n`) + hidden, [400]],
  ["chunks of GET", (hidden) => `${get("/", "Transfer-Encoding: chunked\r\n")}0\r\n\r\n${hidden}`, [400]],
  ["a space before a header", (hidden) => `GET / HTTP/1.1\r\n Host: a\r\n\r\n${hidden}`, [400]],
  ["a header without a colon", (hidden) => get("/", "X-Any\r\n") + hidden, [400]],
  ["another version", (hidden) => get("/").replace("1.1", "1.9") + hidden, [400]],
  ["HTTP/0.9", (hidden) => `GET /\r\n\r\n${hidden}`, [400]],
  ["a tunnel", (hidden) => `CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n${hidden}`, [400]],
  [
    "an upgrade to HTTP/2",
    (hidden) =>
      get("/", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n") + hidden,
    [200, 404],
  ],
  ["HTTP/2 without asking", (hidden) => `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${hidden}`, [400]],
  [
    "an upgrade that nobody takes",
    (hidden) => get("/", `Connection: Upgrade\r\nUpgrade: websocket\r\n${WEBSOCKET}`) + hidden,
    [200, 404],
  ],
  ["one request after another", (hidden) => get("/") + hidden, [200, 404]],
];

export const malformed: readonly Case[] = [
  ["lines that end in a bare LF", "GET / HTTP/1.1\nHost: a\n\n", [200]],
  ["a folded header", get("/", "X-Any: a\r\n b\r\n"), [200]],
  ["an empty line first", `\r\n${get("/")}`, [200]],
  ["HTTP/1.0 without a host", "GET / HTTP/1.0\r\n\r\n", [200]],
  ["HTTP/2 in words", get("/").replace("1.1", "2.0"), [400]],
  ["HTTP in small letters", get("/").replace("HTTP", "http"), [400]],
  ["TLS", `\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03${"a".repeat(300)}`, [400]],
  ["a NUL in a header", get("/", "X-Any: a\0b\r\n"), [400]],
  ["a NUL in a header's name", get("/", "X\0: a\r\n"), [400]],
  ["a control character in a header", get("/", "X-Any: a\x01b\r\n"), [400]],
  ["Latin-1 in a header", get("/", "X-Any: \xe9\r\n"), [400]],
  ["no host", "GET / HTTP/1.1\r\n\r\n", [400]],
  ["two hosts", get("/", "Host: b\r\n"), [400]],
  ["a host that is none", get("/").replace("Host: a", "Host: a/../@b"), [400]],
  ["another host than the URL's", get("http://other.example/"), [400]],
  ["a URL of the very host", get("http://a/"), [200]],
  ["a scheme that is not HTTP's, of the very host", get("gopher://a/"), [200]],
  ["a host alone", get("a:80"), [400]],
];

const many = (count: number, line: string) => get("/", line.repeat(count));

/** The app reads 8 KB, 100 lines of headers (of which the proxies write some) and 1 KB of URL, Traefik 16 KB, the load balancer 64. */
export const excessive: readonly Case[] = [
  ["a header of 9 KB", get("/", `X-Any: ${"a".repeat(9000)}\r\n`), [431]],
  ["a header of 17 KB", get("/", `X-Any: ${"a".repeat(17_000)}\r\n`), [400]],
  ["headers of 30 KB", many(30, `X-Any: ${"a".repeat(1000)}\r\n`), [431]],
  ["headers of 66 KB", many(66, `X-Any: ${"a".repeat(991)}\r\n`), [400]],
  ["99 headers", many(98, "X: 1\r\n"), [431]],
  ["5,000 headers", many(5000, "X: 1\r\n"), [431]],
  ["99 headers of which 98 have invalid names, which are dropped", many(98, "X_A: 1\r\n"), [200]],
  ["a URL of 1 KB", get(`/?${"a".repeat(1022)}`), [200]],
  ["a URL of 1 KB and a byte", get(`/${"a".repeat(1024)}`), [414]],
  ["a URL of 9 KB", get(`/${"a".repeat(9000)}`), [431]],
  ["a URL of 17 KB", get(`/${"a".repeat(17_000)}`), [414]],
  ["30 proxies", get("/", `X-Forwarded-For: ${Array(30).fill("192.0.2.1").join(", ")}\r\n`), [200]],
  ["31 proxies", get("/", `X-Forwarded-For: ${Array(31).fill("192.0.2.1").join(", ")}\r\n`), [463]],
];

const pathStatuses: Readonly<Record<number, readonly string[]>> = {
  // Traefik cleans a path of what is no name in it.
  200: ["//", "/./", "/../", "/health/../", "/?a=%00&__proto__[x]=1", "/health/live"],
  404: [
    ...["//other.example/", "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc/passwd", "/%00", "/\\"],
    ...["/..%5c", "/..;/", "/;a=b", "/health%2flive", "/%2f", "/%0d%0aX-Any:%20b", "/.env", "/.git/config", "*"],
    // Traefik's own, the apps' own on other ports, Nomad's and Consul's.
    ...["/api", "/api/rawdata", "/dashboard/", "/ping", "/metrics", "/healthz", "/debug/pprof/", "/openapi.json"],
    ...["/v1/agent/self", "/v1/jobs", "/ui/"],
  ],
  400: ["/%", "/%zz", "/%c0%af", "?a", "/a b", "/\x01", "/\0", "/#a", "/\xe9"],
};

export const paths: readonly Case[] = Object.entries(pathStatuses).flatMap(([status, list]) =>
  list.map((path): Case => [JSON.stringify(path), get(path), [Number(status)]]),
);

const methodStatuses: Readonly<Record<number, readonly string[]>> = {
  405: ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"],
  // Not Node's.
  400: ["TRACK", "DEBUG", "FOO", "get", "G@T", "A".repeat(200)],
};

export const methods: readonly Case[] = [
  ["HEAD", "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", [200]],
  ["OPTIONS of everything, which has no page", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", [200]],
  ...Object.entries(methodStatuses).flatMap(([status, list]) =>
    list.map((method): Case => [method, `${method} / HTTP/1.1\r\nHost: a\r\n\r\n`, [Number(status)]]),
  ),
];
