// When an execution did what: waiting, attempts, turns and tools as bars over one axis of time.

import { fill, h } from "./dom.js";
import { cut, duration } from "./format.js";

/** Bars that are shown; of more, the longest. */
const SHOWN = 200;

/**
 * @typedef {object} Bar
 * @property {"queued" | "attempt" | "turn" | "tool"} kind
 * @property {string} name
 * @property {number} begin In ms since 1970.
 * @property {number | null} end `null` while it goes on.
 * @property {boolean} [failed]
 */

export class Timeline {
  #record;
  /** @type {Bar[]} */
  #bars = [];
  /** @type {Bar} */
  #queued;
  /** @type {Bar | null} */
  #attempt = null;
  /** @type {Map<string, Bar>} */
  #turns = new Map();
  /** @type {Map<string, Bar>} */
  #tools = new Map();
  #last;
  #due = false;

  /** @param {import("./types.js").Execution} record */
  constructor(record) {
    this.#record = record;
    this.#last = Date.parse(record.created_at);
    this.#queued = this.#add("queued", "Waited for a worker", this.#last);
    this.element = h("div", { class: "timeline" });
    this.#draw();
  }

  /** The record says which worker it was. @param {import("./types.js").Execution} record */
  know(record) {
    this.#record = record;
    this.#later();
  }

  /** @param {import("./types.js").Frame} frame */
  push({ type, data, timestamp }) {
    const at = Date.parse(timestamp);
    if (type === "status" && data.status === "running") this.#start(data.attempt, at);
    else if (type === "status") this.#stop(at);
    else if (type === "claude_message") this.#message(data, at);
    else if (type === "end") {
      this.#queued.end ??= at;
      this.#stop(at);
    } else return;
    if (type === "claude_message") this.#last = at;
    this.#later();
  }

  /** @param {number} attempt @param {number} at */
  #start(attempt, at) {
    this.#queued.end ??= at;
    this.#stop(at);
    this.#attempt = this.#add("attempt", `Attempt ${attempt}`, at);
    this.#last = at;
  }

  /** Nothing of an attempt outlives it. @param {number} at */
  #stop(at) {
    for (const bar of this.#bars) if (bar.kind !== "queued") bar.end ??= at;
  }

  /** @param {any} data @param {number} at */
  #message(data, at) {
    const content = Array.isArray(data.message?.content) ? data.message.content : [];
    if (data.type === "assistant") {
      const id = data.message?.id;
      // A turn begins when what came before it was there.
      if (id && !data.parent_tool_use_id && !this.#turns.has(id)) this.#turns.set(id, this.#add("turn", `Turn ${this.#turns.size + 1}`, this.#last));
      const turn = this.#turns.get(id);
      if (turn) turn.end = at;
      for (const block of content) if (block.type === "tool_use") this.#tools.set(block.id, this.#add("tool", cut(`${block.name} ${summary(block.input)}`, 60), at));
    } else if (data.type === "user") {
      for (const block of content) {
        const tool = block.type === "tool_result" && this.#tools.get(block.tool_use_id);
        if (!tool) continue;
        tool.end = at;
        tool.failed = block.is_error === true;
      }
    }
  }

  /** @param {Bar["kind"]} kind @param {string} name @param {number} begin */
  #add(kind, name, begin) {
    /** @type {Bar} */
    const bar = { kind, name, begin, end: null };
    this.#bars.push(bar);
    return bar;
  }

  #later() {
    if (this.#due) return;
    this.#due = true;
    setTimeout(() => this.#draw(), 500);
  }

  #draw() {
    this.#due = false;
    const begin = Date.parse(this.#record.created_at);
    const now = this.#record.ended_at ? Date.parse(this.#record.ended_at) : Date.now();
    const length = Math.max(1, now - begin);
    const bars = chosen(this.#bars, now);
    const left = this.#bars.length - bars.length;
    fill(this.element,
      h("p", { class: "faint" }, `${duration(length)} from acceptance ${this.#record.ended_at ? "to the end" : "until now"}${this.#record.worker_id ? `, on ${this.#record.worker_id}` : ""}`),
      h("ol", {}, bars.map((bar) => this.#row(bar, begin, now, length))),
      left > 0 && h("p", { class: "faint" }, `${left} shorter ones are not shown.`));
    if (!this.#record.ended_at && this.element.isConnected) setTimeout(() => this.#later(), 500);
  }

  /** @param {Bar} bar @param {number} begin @param {number} now @param {number} length */
  #row(bar, begin, now, length) {
    const end = bar.end ?? now;
    const mark = h("span", { class: `mark ${bar.kind}${bar.failed ? " failed" : ""}${bar.end === null ? " open" : ""}` });
    mark.style.setProperty("--from", String(Math.max(0, (bar.begin - begin) / length)));
    mark.style.setProperty("--share", String(Math.max(0, (end - bar.begin) / length)));
    return h("li", { class: bar.kind }, h("span", { class: "name" }, bar.name), h("span", { class: "track", "aria-hidden": "true" }, mark), h("span", { class: "took" }, duration(Math.max(0, end - bar.begin)), bar.failed ? " · failed" : ""));
  }
}

/** What is shown of many, in the order of their begins. @param {Bar[]} bars @param {number} now */
function chosen(bars, now) {
  const length = /** @param {Bar} bar */ (bar) => (bar.end ?? now) - bar.begin;
  const longest = bars.length <= SHOWN ? bars : [...bars].sort((a, b) => length(b) - length(a)).slice(0, SHOWN);
  return [...longest].sort((a, b) => a.begin - b.begin);
}

/** @param {any} input */
function summary(input) {
  const found = ["command", "file_path", "path", "pattern", "url", "query", "description"].find((name) => typeof input?.[name] === "string");
  return found ? input[found].split("\n")[0] : "";
}
