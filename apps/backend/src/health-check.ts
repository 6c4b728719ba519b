/** The image's own health check: exit code 0 when this container's process is live. */
const port = process.env["PORT"] ?? "3000";

fetch(`http://127.0.0.1:${port}/health/live`, { signal: AbortSignal.timeout(2000) }).then(
  (response) => process.exit(response.ok ? 0 : 1),
  () => process.exit(1),
);
