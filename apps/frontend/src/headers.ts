import { styleSource } from "./page";

/** For every answer: a page that may use its own style and nothing else, from anywhere, and that no other page may use. */
export const headers = {
  "cache-control": "no-store",
  "content-security-policy": [
    "default-src 'none'",
    `style-src ${styleSource}`,
    // The empty icon, without which browsers ask for one.
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
  "referrer-policy": "no-referrer",
  // Browsers heed it over HTTPS only, so it does no harm where the load balancer has no certificate. Not for subdomains:
  // they may be others'.
  "strict-transport-security": "max-age=31536000",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
} as const;
