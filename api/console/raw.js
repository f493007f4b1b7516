// An execution's frames as they came, the newest few hundred of them.

import { fill, h } from "./dom.js";
import { cut } from "./format.js";

/** Events that are shown. */
const SHOWN = 300;

export class RawEvents {
  /** @type {import("./types.js").Frame[]} */
  #last = [];
  #count = 0;
  #due = false;
  #list = h("ol", { class: "events" });
  #about = h("p", { class: "faint" }, "No events yet.");

  constructor() {
    this.element = h("div", {}, this.#about, this.#list);
  }

  /** @param {import("./types.js").Frame} frame */
  push(frame) {
    if (!frame.id && frame.type !== "gap") return; // It is on no record.
    this.#count += 1;
    this.#last.push(frame);
    if (this.#last.length > 2 * SHOWN) this.#last = this.#last.slice(-SHOWN);
    if (this.#due) return;
    this.#due = true;
    setTimeout(() => this.#draw(), 500);
  }

  #draw() {
    this.#due = false;
    const shown = this.#last.slice(-SHOWN);
    const left = this.#count - shown.length;
    this.#about.textContent = left > 0 ? `The last ${shown.length} of ${this.#count} events.` : `${this.#count} events.`;
    // Rows that are there already stay, and stay open.
    const known = new Map([...this.#list.children].map((row) => [row.getAttribute("data-key"), row]));
    fill(this.#list, shown.map((frame, index) => known.get(this.#key(frame, left + index)) ?? this.#row(frame, left + index)));
  }

  /** @param {import("./types.js").Frame} frame @param {number} index */
  #key(frame, index) {
    return frame.id ?? `${frame.type} ${index}`;
  }

  /** @param {import("./types.js").Frame} frame @param {number} index */
  #row(frame, index) {
    const body = h("pre", { tabindex: 0 });
    const details = h("details", {}, h("summary", {}, h("code", {}, frame.id ?? "–"), ` ${frame.type} `, h("span", { class: "more" }, cut(JSON.stringify(frame.data), 120))), body);
    details.addEventListener("toggle", () => (body.textContent ||= JSON.stringify(frame, null, 2)));
    return h("li", { "data-key": this.#key(frame, index) }, details);
  }
}
