import type { Props } from "./wire";

/** One call of the engine on one resource, as a table entry sees it. */
export interface Operation {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  /** Aborted when the engine cancels. */
  readonly signal: AbortSignal;
  /** The program's `customTimeouts` for this operation, or the given default. */
  timeout(defaultSeconds: number): number;
  /**
   * Records the id as soon as the resource exists, or an update is applied: what fails later leaves it so in the state, to be
   * finished by the next update.
   */
  created(id: string): void;
  /** A passing line of progress for the person who waits. */
  status(message: string): void;
}

export interface Update {
  readonly id: string;
  readonly olds: Props;
  readonly news: Props;
  /** Outputs of the last operation. */
  readonly state: Props;
  /** Top-level arguments that differ; empty when a half-made resource is finished. */
  readonly changed: ReadonlySet<string>;
}

/** An id, with outputs that only the creation can tell; `read` gets them as part of the state. */
export interface Created {
  readonly id: string;
  readonly outputs: Props;
}

/** How one resource type is done. Values are plain: neither unknown nor marked as secret. */
export interface ResourceModel<C> {
  /** Arguments in the notation of `parseShape`. */
  readonly args: string;
  readonly defaults?: Props;
  /** The argument that gets a generated name when the program gives none. */
  readonly autoname?: { readonly property: string; readonly maxLength: number; readonly lowercase?: boolean };
  /** Outputs that become new when one of these arguments changes ("*": any): unknown in the preview of an update. */
  readonly volatile?: Readonly<Record<string, readonly string[]>>;
  readonly secretOutputs?: readonly string[];
  readonly deleteBeforeReplace?: boolean;
  /** Brings arguments into one form; may throw to refuse them. Unknown values may be among them. */
  normalize?(context: C, args: Props): Props;
  /** More replacements than `!` says: those that depend on other arguments. */
  replaces?(path: string, news: Props, olds: Props): boolean;
  /** Outputs that only a replacement brings up to date, though no argument changed, such as a certificate near its end. */
  outdated?(state: Props, news: Props): readonly string[];
  /** Whether a changed argument is no change by itself, such as a password that is new in every run. */
  ignores?(path: string, news: Props): boolean;
  create(context: C, args: Props, operation: Operation): Promise<string | Created>;
  /** Outputs that are not arguments, and arguments as they really are (so that refresh sees drift); undefined when it is gone. */
  read(context: C, id: string, state: Props, operation: Operation): Promise<Props | undefined>;
  /** Without it every change replaces. May give outputs that only it can tell. */
  update?(context: C, update: Update, operation: Operation): Promise<Props | void>;
  /** Succeeds when there is nothing left to delete. */
  delete(context: C, id: string, state: Props, operation: Operation): Promise<void>;
}

export interface FunctionModel<C> {
  readonly args: string;
  invoke(context: C, args: Props): Promise<Props>;
}

/** A package of the engine: `C` is what `configure` makes of one provider instance's configuration. */
export interface ProviderModel<C> {
  readonly name: string;
  readonly version: string;
  readonly config: string;
  configure(config: Props): C | Promise<C>;
  readonly resources: Readonly<Record<string, ResourceModel<C>>>;
  readonly functions?: Readonly<Record<string, FunctionModel<C>>>;
}
