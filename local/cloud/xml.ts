import { parseXML, XmlNode, XmlText } from "@aws-sdk/xml-builder";

/** An element's content as the AWS SDK's parser gives it: text, children by name, or the same name several times. */
export type Xml = string | { [name: string]: Xml } | Xml[];

/** Children of a list element: none, one or several, whose name is `member` in query APIs and `item` in EC2's. */
export function listOf(list: Xml | undefined, name = "member"): { [name: string]: Xml }[] {
  if (list === undefined || typeof list === "string" || Array.isArray(list)) return [];
  const entries = list[name];
  if (entries === undefined) return [];
  return (Array.isArray(entries) ? entries : [entries]) as { [name: string]: Xml }[];
}

export const parse = (text: string): { [name: string]: Xml } => parseXML(text) as { [name: string]: Xml };

/** The document of one root element; an `xmlns` child of it is its namespace. */
export function write(document: { [name: string]: Xml }): string {
  const [root] = nodes(document);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${root!.toString()}`;
}

function nodes(children: { [name: string]: Xml }): XmlNode[] {
  return Object.entries(children).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((each) => element(name, each)),
  );
}

function element(name: string, value: Xml): XmlNode {
  if (typeof value === "string") return new XmlNode(name, [new XmlText(value)]);
  const { xmlns, ...children } = value as { [name: string]: Xml };
  const node = new XmlNode(name, nodes(children));
  return typeof xmlns === "string" ? node.addAttribute("xmlns", xmlns) : node;
}

export type QueryValue = string | number | boolean | Date | readonly QueryValue[] | QueryObject;
export interface QueryObject {
  readonly [name: string]: QueryValue | undefined;
}

/** A plain value in the form of the query protocol: absent members left out, lists under `member`. */
export function queryValue(value: QueryValue): Xml {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return { member: value.map((each: QueryValue) => queryValue(each)) };
  if (typeof value !== "object") return String(value);
  const present = Object.entries(value as QueryObject).filter(([, each]) => each !== undefined);
  return Object.fromEntries(present.map(([name, each]) => [name, queryValue(each!)]));
}
