import { inState } from "../in-state";
import type { ProviderModel, ResourceModel } from "../model";
import { packageVersion } from "../versions";
import { UNKNOWN, type Props } from "../wire";
import { locallySigned, request, selfSigned, uses } from "./certificates";
import { algorithms, curves, generate, keyOutputs, signerOf } from "./keys";
import { checkNames, nameArgs } from "./names";

function checkOneOf(property: string, value: unknown, allowed: readonly string[]): void {
  if (value === UNKNOWN || allowed.includes(value as string)) return;
  throw new Error(`${property}: expected one of ${allowed.join(", ")}, got ${JSON.stringify(value)}`);
}

function checkNumber(property: string, value: unknown, minimum: number): void {
  if (value === UNKNOWN || (Number.isInteger(value) && (value as number) >= minimum)) return;
  throw new Error(`${property}: expected a whole number from ${minimum} on, got ${JSON.stringify(value)}`);
}

function checkGiven(args: Props, ...properties: string[]): void {
  for (const property of properties)
    if (!args[property]) throw new Error(`${property}: expected a value in PEM, got none`);
}

function checkCertificate(args: Props): void {
  checkNumber("validityPeriodHours", args["validityPeriodHours"], 0);
  checkNumber("earlyRenewalHours", args["earlyRenewalHours"], 0);
  checkNumber("maxPathLength", args["maxPathLength"], -1);
  const allowed: unknown = args["allowedUses"];
  if (allowed === UNKNOWN) return;
  if (!Array.isArray(allowed)) throw new Error("allowedUses: expected a list, got none");
  allowed.forEach((use, index) => checkOneOf(`allowedUses[${index}]`, use, uses));
}

const privateForms = ["privateKeyPem", "privateKeyPemPkcs8", "privateKeyOpenssh"];
const publicForms = ["publicKeyPem", "publicKeyOpenssh", "publicKeyFingerprintMd5", "publicKeyFingerprintSha256"];

/** Outputs as of @pulumi/tls; those for OpenSSH are empty for ECDSA on P224, as there. */
const privateKey: ResourceModel<object> = {
  args: "algorithm! ecdsaCurve! rsaBits!",
  defaults: { ecdsaCurve: "P224", rsaBits: 2048 },
  secretOutputs: privateForms,
  normalize(_context, args) {
    checkOneOf("algorithm", args.algorithm, algorithms);
    checkOneOf("ecdsaCurve", args.ecdsaCurve, curves);
    checkNumber("rsaBits", args.rsaBits, 1024);
    return args;
  },
  create: async (_context, args) => keyOutputs(await generate(args)),
  ...inState(...privateForms, ...publicForms),
};

/** The key goes in as `privateKeyPem` only: its write-only twin is for Terraform's state. */
const certRequest: ResourceModel<object> = {
  args: `privateKeyPem! ${nameArgs}`,
  secretOutputs: ["privateKeyPem"],
  normalize(_context, args) {
    checkGiven(args, "privateKeyPem");
    checkNames(args);
    return args;
  },
  async create(_context, args) {
    const signer = await signerOf("privateKeyPem", args.privateKeyPem);
    const { id, outputs } = await request(args, signer);
    return { id, outputs: { ...outputs, keyAlgorithm: signer.algorithm } };
  },
  ...inState("certRequestPem", "keyAlgorithm"),
};

/** Whether a certificate has ended, or has come to the hours before its end in which it is to be renewed. */
function isDue({ validityEndTime, earlyRenewalHours }: Props): boolean {
  const hours = typeof earlyRenewalHours === "number" ? earlyRenewalHours : 0;
  return Date.now() >= Date.parse(validityEndTime) - hours * 3_600_000;
}

/** What both kinds of certificates have in common; every change but the one of `earlyRenewalHours` makes a new one. */
function certificate(algorithm: string) {
  const stored = inState("certPem", "validityStartTime", "validityEndTime", algorithm);
  return {
    ...stored,
    volatile: { readyForRenewal: ["earlyRenewalHours"] },
    read: async (context, id, state) => ({ ...(await stored.read(context, id, state)), readyForRenewal: isDue(state) }),
    outdated: (state, { earlyRenewalHours }) => (isDue({ ...state, earlyRenewalHours }) ? ["readyForRenewal"] : []),
    update: async () => undefined,
  } satisfies Partial<ResourceModel<object>>;
}

const certificateArgs =
  "allowedUses! validityPeriodHours! earlyRenewalHours isCaCertificate! maxPathLength! setSubjectKeyId!";
const certificateDefaults = { earlyRenewalHours: 0, isCaCertificate: false, maxPathLength: -1, setSubjectKeyId: false };

const selfSignedCert: ResourceModel<object> = {
  ...certificate("keyAlgorithm"),
  args: `privateKeyPem! ${certificateArgs} setAuthorityKeyId! ${nameArgs}`,
  defaults: { ...certificateDefaults, setAuthorityKeyId: false },
  secretOutputs: ["privateKeyPem"],
  normalize(_context, args) {
    checkGiven(args, "privateKeyPem");
    checkCertificate(args);
    checkNames(args);
    return args;
  },
  async create(_context, args) {
    const signer = await signerOf("privateKeyPem", args.privateKeyPem);
    const { id, outputs } = await selfSigned(args, signer);
    return { id, outputs: { ...outputs, keyAlgorithm: signer.algorithm } };
  },
};

const locallySignedCert: ResourceModel<object> = {
  ...certificate("caKeyAlgorithm"),
  args: `caCertPem! caPrivateKeyPem! certRequestPem! ${certificateArgs}`,
  defaults: certificateDefaults,
  secretOutputs: ["caPrivateKeyPem"],
  normalize(_context, args) {
    checkGiven(args, "caCertPem", "caPrivateKeyPem", "certRequestPem");
    checkCertificate(args);
    return args;
  },
  async create(_context, args, { status }) {
    const signer = await signerOf("caPrivateKeyPem", args.caPrivateKeyPem);
    const { id, outputs } = await locallySigned(args, signer, status);
    return { id, outputs: { ...outputs, caKeyAlgorithm: signer.algorithm } };
  },
};

/**
 * The keys and certificates of @pulumi/tls, made in this process. Not modelled are write-only keys (`...Wo`), certificates for keys
 * on P224 (which Go's TLS would not take), and the functions.
 */
export const tlsProvider = (): ProviderModel<object> => ({
  name: "tls",
  version: packageVersion("@pulumi/tls"),
  config: "",
  configure: () => ({}),
  resources: {
    "tls:index/privateKey:PrivateKey": privateKey,
    "tls:index/certRequest:CertRequest": certRequest,
    "tls:index/selfSignedCert:SelfSignedCert": selfSignedCert,
    "tls:index/locallySignedCert:LocallySignedCert": locallySignedCert,
  },
});
