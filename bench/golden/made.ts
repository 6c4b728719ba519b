import { eventually } from "../../tests/e2e/support";

interface Undo {
  readonly what: string;
  readonly work: () => Promise<unknown>;
}

/** What was made in the cloud beside the stack, to be taken away in the opposite order. What is not ends with the stack. */
export class Made {
  readonly #undo: Undo[] = [];

  note(what: string, work: () => Promise<unknown>): void {
    this.#undo.push({ what, work });
  }

  /** One after the other, each tried until nothing needs it any more. */
  async remove(): Promise<void> {
    for (let last = this.#undo.pop(); last !== undefined; last = this.#undo.pop()) {
      await eventually(`${last.what} removed`, 120, last.work);
    }
  }
}
