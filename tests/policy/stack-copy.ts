import type { Recorded } from "./recorded";

/** A copy of the recorded program, for a test to break one thing in. */
export class StackCopy {
  readonly resources: Recorded[];

  constructor(resources: readonly Recorded[]) {
    this.resources = structuredClone([...resources]);
  }

  /** The resource of this type and name; without a name, the first of the type. */
  find(type: string, name?: string): Recorded {
    const found = this.resources.find((one) => one.type === type && (name === undefined || one.name === name));
    if (found === undefined) throw new Error(`the program has no ${type} ${name ?? ""}`);
    return found;
  }

  props(type: string, name?: string): Record<string, any> {
    return this.find(type, name).props;
  }

  remove(type: string, name?: string): void {
    this.resources.splice(this.resources.indexOf(this.find(type, name)), 1);
  }

  /** Adds a resource that is tagged as everything else, made from what `madeFrom` names as `type::name`. */
  add(type: string, props: object, madeFrom: Record<string, readonly string[]> = {}): void {
    const tags = { Project: "cluster", Stack: "prod", Component: "network" };
    this.resources.push({
      type,
      name: "added",
      stack: "prod",
      props: { tags, ...props },
      protect: false,
      madeFrom,
    });
  }

  /** Rewrites the first statement of a policy. */
  changeStatement(type: string, name: string, property: "policy" | "assumeRolePolicy", change: object): void {
    const props = this.props(type, name);
    const document = JSON.parse(props[property] as string) as { Statement: object[] };
    Object.assign(document.Statement[0]!, change);
    props[property] = JSON.stringify(document);
  }

  /** Replaces a text in a job's file, which has to be there. */
  changeJob(name: string, from: string, to: string): void {
    const props = this.props("nomad:index/job:Job", name);
    const text = props.jobspec as string;
    if (!text.includes(from)) throw new Error(`${name} has no ${from}`);
    props.jobspec = text.replace(from, to);
  }
}
