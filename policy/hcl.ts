/** A block of HCL: `type "label" { attribute = expression  type { ... } }`. */
export interface Block {
  readonly type: string;
  readonly labels: readonly string[];
  /** The text of each expression, as it is written, without comments. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly blocks: readonly Block[];
}

/**
 * The blocks of a text in HCL2's native syntax; expressions are delimited, not evaluated. A `dynamic` block counts as the block
 * that it makes. Throws on a text that is not HCL. HashiCorp, HCL Native Syntax Specification.
 */
export function parseHcl(text: string): Block {
  return new Parser(text).file();
}

/** A block and everything in it, of any of the types. */
export function blocksOf(block: Block, ...types: readonly string[]): Block[] {
  return [
    ...(types.includes(block.type) ? [block] : []),
    ...block.blocks.flatMap((inner) => blocksOf(inner, ...types)),
  ];
}

const OPENING = "([{";
const CLOSING = ")]}";

class Parser {
  #at = 0;

  constructor(private readonly text: string) {}

  file(): Block {
    const body = this.#body();
    if (this.#at < this.text.length) throw this.#unexpected();
    return { type: "", labels: [], ...body };
  }

  /** Attributes and blocks, up to the brace that ends them or the end of the text. */
  #body(): Pick<Block, "attributes" | "blocks"> {
    const attributes: Record<string, string> = {};
    const blocks: Block[] = [];
    for (;;) {
      this.#skip(/(\s|#.*|\/\/.*|\/\*[\s\S]*?\*\/)*/y);
      if (this.#at >= this.text.length || this.text[this.#at] === "}") return { attributes, blocks };
      const name = this.#take(/[A-Za-z_][\w-]*/y);
      this.#skip(/[ \t]*/y);
      if (this.#take(/=(?!=)/y, false) === undefined) blocks.push(this.#block(name!));
      else attributes[name!] = this.#expression();
    }
  }

  #block(type: string): Block {
    const labels: string[] = [];
    for (let label; (label = this.#take(/"(?:[^"\\\n]|\\.)*"|[A-Za-z_][\w-]*/y, false)) !== undefined;) {
      labels.push(label.replace(/^"|"$/g, ""));
      this.#skip(/[ \t]*/y);
    }
    this.#take(/\{/y);
    const body = this.#body();
    this.#take(/\}/y);
    if (type !== "dynamic") return { type, labels, ...body };
    const content = body.blocks.find((inner) => inner.type === "content") ?? { attributes: {}, blocks: [] };
    return { type: labels[0] ?? "", labels: [], attributes: content.attributes, blocks: content.blocks };
  }

  /** An expression ends with its line, unless a bracket is open. */
  #expression(): string {
    let written = "";
    for (let depth = 0; this.#at < this.text.length;) {
      const char = this.text[this.#at]!;
      if (depth === 0 && (char === "\n" || char === "}")) break;
      if (this.#take(/#.*|\/\/.*|\/\*[\s\S]*?\*\//y, false) !== undefined) continue;
      if (char === '"' || this.text.startsWith("<<", this.#at)) {
        written += char === '"' ? this.#string() : this.#heredoc();
        continue;
      }
      if (OPENING.includes(char)) depth += 1;
      if (CLOSING.includes(char)) depth -= 1;
      written += char;
      this.#at += 1;
    }
    return written.trim();
  }

  /** A quoted text, with the templates in it, which may hold further quoted texts. */
  #string(): string {
    const from = this.#at;
    this.#take(/"/y);
    for (let depth = 0; ;) {
      if (this.#at >= this.text.length) throw this.#unexpected();
      if (depth === 0) {
        this.#skip(/(?:\\.|\$\$\{|%%\{|[^"\\$%\n]|[$%](?!\{))*/y);
        if (this.#take(/"/y, false) !== undefined) return this.text.slice(from, this.#at);
        this.#take(/[$%]\{/y);
        depth = 1;
      } else if (this.text[this.#at] === '"') {
        this.#string();
      } else {
        if (this.text[this.#at] === "{") depth += 1;
        if (this.text[this.#at] === "}") depth -= 1;
        this.#at += 1;
      }
    }
  }

  #heredoc(): string {
    const [whole] = /<<-?(\w+)[ \t]*\n[\s\S]*?^[ \t]*\1(?=\s|$)/my.exec(this.text.slice(this.#at)) ?? [];
    if (whole === undefined) throw this.#unexpected();
    this.#at += whole.length;
    return whole;
  }

  #skip(pattern: RegExp): void {
    this.#take(pattern, false);
  }

  /** What a sticky pattern finds here; where it has to find something and does not, the text is not HCL. */
  #take(pattern: RegExp, isRequired = true): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.text)?.[0];
    if (found === undefined && isRequired) throw this.#unexpected();
    this.#at += found?.length ?? 0;
    return found;
  }

  #unexpected(): Error {
    const line = this.text.slice(0, this.#at).split("\n").length;
    return new Error(`line ${line}: unexpected ${JSON.stringify(this.text.slice(this.#at, this.#at + 20))}`);
  }
}
