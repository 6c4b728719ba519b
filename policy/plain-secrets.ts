import { gunzipSync } from "node:zlib";
import type { ResourceValidationPolicy } from "@pulumi/policy";
import { ofType, type Report } from "./rule";
import { INSTANCE, LAUNCH_TEMPLATE, NOMAD_JOB } from "./types";

/** What a secret looks like, by what is told about it. */
const SECRETS: readonly (readonly [what: string, looks: RegExp])[] = [
  ["a private key", /-----BEGIN [A-Z ]*PRIVATE KEY-----/],
  ["an AWS access key", /\b(AKIA|ASIA)[A-Z0-9]{16}\b/],
  ["an AWS secret key", /aws_?secret_?(access_?)?key["'\\]*\s*[:=]\s*["'\\]*[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])/i],
  // 16, 24 or 32 bytes in base64, as Consul and Nomad take them.
  [
    "a gossip key",
    /\bencrypt["'\\]*\s*[:=]\s*["'\\]*([A-Za-z0-9+/]{22}==|[A-Za-z0-9+/]{32}|[A-Za-z0-9+/]{43}=)(?![A-Za-z0-9+/=])/,
  ],
  [
    "a token",
    /(token|secret)[a-z_-]*["'\\]*\s*[:=]\s*["'\\]*[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/i,
  ],
];

/** How deep base64 and gzip may lie in each other: user data, and a compressed file in it. */
const DEPTH = 3;

/** A text, and the texts that base64 in it stands for, packed or not. */
function layers(text: string, depth = DEPTH): string[] {
  if (depth === 0) return [text];
  const packed = text.match(/[A-Za-z0-9+/]{40,}={0,2}/g) ?? [];
  return [text, ...packed.flatMap((inner) => layers(unpacked(Buffer.from(inner, "base64")), depth - 1))];
}

function unpacked(bytes: Buffer): string {
  try {
    return gunzipSync(bytes).toString("utf8");
  } catch {
    return bytes.toString("utf8");
  }
}

/** What of a text looks like secrets. The secrets themselves are told to nobody. */
export function secretsIn(text: string): string[] {
  const texts = layers(text);
  return SECRETS.filter(([, looks]) => texts.some((layer) => looks.test(layer))).map(([what]) => what);
}

function judge(property: string, value: unknown, report: Report): void {
  if (value === undefined) return;
  for (const what of secretsIn(typeof value === "string" ? value : JSON.stringify(value))) {
    const remedy = "keep it in Parameter Store or Nomad's variables, and let the host or the task fetch it";
    report(`${property}: expected no secret, got what looks like ${what}; ${remedy}`);
  }
}

/** Whoever may describe an instance or a job reads these. */
export const noPlainSecrets: ResourceValidationPolicy = {
  name: "no-plain-secrets",
  description:
    "User data and job files hold no secret: whoever may describe an instance or a job reads them. " +
    "AWS EC2 User Guide, Run commands when you launch an EC2 instance.",
  validateResource: [
    ofType<{ userData?: string; userDataBase64?: string }>([INSTANCE, LAUNCH_TEMPLATE], (inputs, report) => {
      judge("userData", inputs.userData, report);
      judge("userDataBase64", inputs.userDataBase64, report);
    }),
    ofType<{ jobspec?: string; hcl2?: { vars?: object } }>(NOMAD_JOB, (inputs, report) => {
      judge("jobspec", inputs.jobspec, report);
      judge("hcl2.vars", inputs.hcl2?.vars, report);
    }),
  ],
};
