// What the model is just saying, as it is typed. It is replaced by the whole message when that comes.

import { h } from "./dom.js";

export class Live {
  /** @type {Map<number, { kind: string, text: string, element: HTMLElement, body: HTMLElement, shown: number }>} */
  #blocks = new Map();

  constructor() {
    this.element = h("div", { class: "live", "aria-hidden": "true" });
  }

  /** Takes a token delta. @param {any} data */
  take(data) {
    const event = data.event ?? {};
    // What a helper of the model's types is not followed letter by letter.
    if (data.parent_tool_use_id) return;
    if (event.type === "message_start") this.clear();
    else if (event.type === "content_block_start") this.#begin(event.index, event.content_block?.type, event.content_block?.name);
    else if (event.type === "content_block_delta") this.#add(event.index, event.delta ?? {});
  }

  /** The whole message is shown elsewhere now: its blocks come one by one. @param {any[]} content */
  replaced(content) {
    for (const { type } of content) {
      const kind = type === "tool_use" ? "tool" : type;
      const first = [...this.#blocks].find(([, block]) => block.kind === kind);
      if (first) this.#remove(first[0]);
    }
  }

  clear() {
    for (const index of [...this.#blocks.keys()]) this.#remove(index);
  }

  /** Shows what has come since the last time. */
  draw() {
    for (const block of this.#blocks.values()) {
      if (block.shown === block.text.length) continue;
      block.body.append(block.text.slice(block.shown));
      block.shown = block.text.length;
    }
  }

  /** @param {number} index @param {string} type @param {string} [name] */
  #begin(index, type, name) {
    this.#remove(index);
    const kind = type === "tool_use" ? "tool" : type;
    const title = kind === "text" ? "Claude" : kind === "thinking" ? "Thinking" : `Calls ${name ?? "a tool"}`;
    const body = h("div", { class: "said" });
    const element = h("div", { class: `message ${kind === "text" ? "answer" : "quiet"} typing` }, h("p", { class: "who" }, title), body);
    this.#blocks.set(index, { kind, text: "", element, body, shown: 0 });
    this.element.append(element);
  }

  /** @param {number} index @param {{ text?: string, thinking?: string, partial_json?: string }} delta */
  #add(index, delta) {
    const more = delta.text ?? delta.thinking ?? delta.partial_json;
    if (typeof more !== "string") return;
    if (!this.#blocks.has(index)) this.#begin(index, "text");
    const block = this.#blocks.get(index);
    if (block) block.text += more;
  }

  /** @param {number} index */
  #remove(index) {
    this.#blocks.get(index)?.element.remove();
    this.#blocks.delete(index);
  }
}
