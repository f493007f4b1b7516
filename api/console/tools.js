// The call of a tool, folded: what was asked and what came of it.

import { cut, duration } from "./format.js";
import { h } from "./dom.js";

/** Characters of an input or a result that are shown at most; the raw events have all of it. */
const SHOWN = 20_000;

/** The arguments that say most about a call, in this order. */
const TELLING = ["command", "file_path", "path", "pattern", "url", "query", "description", "prompt"];

export class ToolCall {
  #begun;
  #state = h("span", { class: "state" }, "…");
  #body = h("div", { class: "body" });

  /** @param {{ name: string, input: any }} block @param {string} timestamp */
  constructor({ name, input }, timestamp) {
    this.#begun = Date.parse(timestamp);
    this.element = h("details", { class: "message tool" },
      h("summary", {}, h("strong", {}, name), h("span", { class: "more" }, cut(telling(input), 160)), this.#state),
      this.#body);
    this.#body.append(h("p", { class: "who" }, "Input"), h("pre", { tabindex: 0 }, cut(JSON.stringify(input, null, 2), SHOWN)));
  }

  /** @param {{ content: any, is_error?: boolean }} block @param {string} timestamp */
  answer({ content, is_error }, timestamp) {
    const took = Math.max(0, Date.parse(timestamp) - this.#begun);
    this.#state.textContent = `${is_error ? "failed" : "done"} · ${duration(took)}`;
    this.element.classList.add(is_error ? "failed" : "done");
    this.#body.append(h("p", { class: "who" }, is_error ? "Error" : "Result"), h("pre", { tabindex: 0 }, cut(text(content), SHOWN) || "(nothing)"));
  }

  /** What a helper says that this call has begun. @param {HTMLElement} element */
  inside(element) {
    this.#body.append(element);
  }
}

/** @param {any} input */
function telling(input) {
  const found = TELLING.find((name) => typeof input?.[name] === "string");
  return (found ? input[found] : JSON.stringify(input ?? {})).split("\n")[0];
}

/** A tool's result is a text or blocks. @param {any} content */
function text(content) {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((block) => (block.type === "text" ? block.text : `[${block.type}]`)).join("\n");
}

/**
 * A list of what is to be done.
 *
 * @param {{ content: string, status: string }[]} list
 */
export function todos(list) {
  const marks = /** @type {Record<string, string>} */ ({ completed: "✓", in_progress: "▸" });
  const words = /** @type {Record<string, string>} */ ({ completed: "done", in_progress: "doing" });
  return h("div", { class: "message todos" }, h("p", { class: "who" }, "To do"),
    h("ul", {}, list.map(({ content, status }) =>
      h("li", { class: status }, h("span", { "aria-hidden": "true" }, marks[status] ?? "○"), ` ${content}`, h("span", { class: "unseen" }, ` (${words[status] ?? "to do"})`)))));
}
