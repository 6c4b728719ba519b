/**
 * For every answer: data for programs, which no browser has to show, keep or hand to another page. No more than these, as what else there is is for
 * pages (OWASP's REST security cheat sheet), and each byte goes with every answer.
 */
export const headers = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
} as const;
