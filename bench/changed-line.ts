import { edit } from "./stack";

/** What the backend greets with, before what a change adds. */
export const GREETING = "Hello from the backend on one machine";

/** What another run has built and pushed is in caches. */
const RUN = Date.now().toString(36);
let changes = 0;

/**
 * Changes one line of the backend's source, to one that it never had; gives what it greets with when that runs. What the line says is seen: one
 * that nobody uses is gone from what is built.
 */
export function changeLine(): string {
  const mark = `(change ${++changes} of ${RUN})`;
  edit("apps/backend/src/routes/values.ts", (text) =>
    text.replace("greeting: env.GREETING,", () => `greeting: \`\${env.GREETING} ${mark}\`,`),
  );
  return `${GREETING} ${mark}`;
}
