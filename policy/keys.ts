import type { ResourceValidationPolicy } from "@pulumi/policy";
import { statements } from "./documents";
import { ofType, violation } from "./rule";
import { KEY, KEY_POLICY } from "./types";

/** Security Hub KMS.4. */
export const rotatingKeys: ResourceValidationPolicy = {
  name: "rotating-keys",
  description:
    "Encryption keys are rotated: what one year's key material gives away ends with the year. Security Hub KMS.4.",
  validateResource: ofType<{ enableKeyRotation?: boolean }>(KEY, ({ enableKeyRotation: got }, report) => {
    if (got !== true) report(violation("enableKeyRotation", "true", got, "set it to true"));
  }),
};

/** Security Hub KMS.5. A key without a policy gets one from KMS, which leaves all to the account's IAM. */
export const closedKeys: ResourceValidationPolicy = {
  name: "closed-keys",
  description:
    "A key's policy names whom it lets use the key, or says under which conditions: anybody means any account of AWS. " +
    "Security Hub KMS.5.",
  validateResource: ofType<{ policy?: unknown }>([KEY, KEY_POLICY], ({ policy }, report) => {
    if (policy === undefined) return;
    for (const { allows, principals, exceptions, isConditional } of statements(policy, report)) {
      if (!allows || isConditional) continue;
      const isOpen = exceptions.includes("NotPrincipal") || Object.values(principals).flat().includes("*");
      if (isOpen) report(violation("Principal", "names, or a condition", principals, "name who may use the key"));
    }
  }),
};
