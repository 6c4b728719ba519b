import { isIP } from "node:net";
import type { Extension, JsonGeneralName, Name, Pkcs10CertificateRequest } from "@peculiar/x509";
import { UNKNOWN, type Props } from "../wire";
import { x509 } from "./x509";

/** The members of `subject` in the order in which Go writes them, with their object identifiers. */
const attributes: readonly (readonly [string, string])[] = [
  ["country", "2.5.4.6"],
  ["organization", "2.5.4.10"],
  ["organizationalUnit", "2.5.4.11"],
  ["locality", "2.5.4.7"],
  ["province", "2.5.4.8"],
  ["streetAddresses", "2.5.4.9"],
  ["postalCode", "2.5.4.17"],
  ["commonName", "2.5.4.3"],
  ["serialNumber", "2.5.4.5"],
  ["emailAddress", "1.2.840.113549.1.9.1"],
];

/** `subject` and the names beside it, in the notation of the shapes. */
export const nameArgs = `subject!{${attributes.map(([name]) => name).join(" ")}} dnsNames! ipAddresses! uris!`;

const isPrintable = (value: string) => /^[A-Za-z0-9 '()+,\-./:=?]*$/.test(value);
const isAscii = (value: string) => [...value].every((letter) => letter < "\x80");

/** A distinguished name: one part for each value; a PrintableString where that can hold it, as Go does. */
export function subjectName(subject: Props = {}): Name {
  const parts = attributes.flatMap(([name, oid]) =>
    [subject[name] ?? []]
      .flat()
      .filter((value: string) => value !== "")
      .map((value: string) => {
        if (name === "emailAddress") return { [oid]: [{ ia5String: value }] };
        return { [oid]: [isPrintable(value) ? { printableString: value } : { utf8String: value }] };
      }),
  );
  return new x509.Name(parts);
}

export const isEmpty = (name: Name): boolean => name.toJSON().length === 0;

/** Refuses names that a certificate cannot hold; unknown ones pass. */
export function checkNames({ subject = {}, dnsNames = [], ipAddresses = [], uris = [] }: Props): void {
  const refuse = (property: string, expected: string, values: unknown, fits: (value: string) => boolean) => {
    if (!Array.isArray(values)) return;
    const wrong = values.find((value: unknown) => value !== UNKNOWN && !fits(String(value)));
    if (wrong !== undefined) throw new Error(`${property}: expected ${expected}, got ${JSON.stringify(wrong)}`);
  };
  refuse("dnsNames", "names in ASCII (punycode for others)", dnsNames, isAscii);
  refuse("ipAddresses", "IPv4 or IPv6 addresses", ipAddresses, (value) => isIP(value) !== 0);
  refuse("uris", "URIs in ASCII", uris, (value) => isAscii(value) && URL.canParse(value));
  refuse("subject.emailAddress", "an address in ASCII", [subject.emailAddress ?? ""], isAscii);
}

const alternativeNamesId = "2.5.29.17";
const types = ["dns", "ip", "url"] as const;

const extensionOf = (names: JsonGeneralName[], isCritical: boolean): Extension[] =>
  names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names, isCritical)] : [];

/** The extension for the names beside the subject; critical when there is no subject (RFC 5280, 4.2.1.6). */
export function alternativeNames({ subject, dnsNames = [], ipAddresses = [], uris = [] }: Props): Extension[] {
  const names = [dnsNames, ipAddresses, uris].flatMap((values: string[], index) =>
    values.map((value) => ({ type: types[index]!, value })),
  );
  return extensionOf(names, isEmpty(subjectName(subject)));
}

/** What a certificate takes over from a request: DNS names, IP addresses and URIs, and no other extension. */
export function requestedNames(request: Pkcs10CertificateRequest): Extension[] {
  const extension = request.getExtension(alternativeNamesId);
  const asked = extension ? new x509.SubjectAlternativeNameExtension(extension.rawData).names.toJSON() : [];
  const names = types.flatMap((type) => asked.filter((name) => name.type === type));
  return extensionOf(names, isEmpty(request.subjectName));
}
