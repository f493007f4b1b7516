// An execution's frames as a conversation. Frames come faster than a screen is drawn, so they wait in a queue, and each
// picture takes as many of them as fit into a few milliseconds.

import { advice } from "./advice.js";
import { cut, duration, money, things, tokens } from "./format.js";
import { h, say } from "./dom.js";
import { toEnd } from "./follow.js";
import { Live } from "./live.js";
import { markdown } from "./markdown.js";
import { line, raw, system } from "./system.js";
import { ToolCall, todos } from "./tools.js";

/** What handling frames may take of the 16 ms of a picture. */
const BUDGET = 10;

/** Messages in one section: what is outside of the window is not laid out, section by section. */
const SECTION = 50;

export class Conversation {
  /** @type {import("./types.js").Frame[]} */
  #queue = [];
  #next = 0;
  #due = false;
  #count = 0;
  /** @type {Map<string, ToolCall>} */
  #tools = new Map();
  #live = new Live();
  #section = section();

  constructor() {
    this.element = h("div", { class: "conversation" }, this.#section, this.#live.element);
  }

  /** What a person asked. @param {string} prompt */
  asked(prompt) {
    this.#add(h("div", { class: "message asked" }, h("p", { class: "who" }, "You"), h("div", { class: "said" }, prompt)));
  }

  /** @param {import("./types.js").Frame} frame */
  push(frame) {
    this.#queue.push(frame);
    if (this.#due) return;
    this.#due = true;
    // A page that is not seen is not drawn; its queue must not grow meanwhile.
    if (document.hidden) setTimeout(() => this.#draw(), 100);
    else requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    const end = performance.now() + BUDGET;
    while (this.#next < this.#queue.length && performance.now() < end) {
      this.#show(this.#queue[this.#next]);
      this.#next += 1;
    }
    this.#live.draw();
    this.#due = this.#next < this.#queue.length;
    if (this.#due) requestAnimationFrame(() => this.#draw());
    else {
      this.#queue = [];
      this.#next = 0;
    }
    toEnd();
  }

  /** @param {import("./types.js").Frame} frame */
  #show({ type, data, timestamp }) {
    if (type === "claude_message") this.#message(data, timestamp);
    else if (type === "partial") this.#live.take(data);
    else if (type === "status") this.#status(data);
    else if (type === "gap") this.#note("Earlier events are no longer kept.", "warning");
    else if (type === "error") this.#note(`${data.message} (${data.code})`, "bad");
    else if (type === "end") this.#end(data);
  }

  /** @param {{ status: string, attempt: number, reason?: string }} data */
  #status({ status, attempt }) {
    this.#live.clear();
    if (status === "pending") this.#note("Its worker was lost. Another will run it.", "warning");
    else if (attempt > 1) this.#note(`Attempt ${attempt} begins.`, "");
  }

  /** @param {any} data @param {string} timestamp */
  #message(data, timestamp) {
    const content = Array.isArray(data.message?.content) ? data.message.content : [];
    if (data.type === "assistant") {
      this.#live.replaced(content);
      for (const block of content) this.#block(block, data.parent_tool_use_id, timestamp);
    } else if (data.type === "user") {
      for (const block of content) this.#answer(block, timestamp);
    } else if (data.type === "result") this.#live.clear();
    else {
      const element = data.type === "system" ? system(data) : raw(data);
      if (element) this.#add(element);
    }
  }

  /** What the model says or does. @param {any} block @param {string | null} parent @param {string} timestamp */
  #block(block, parent, timestamp) {
    if (block.type === "text" && block.text) {
      this.#add(h("div", { class: "message answer" }, h("p", { class: "who" }, "Claude"), h("div", { class: "said" }, ...markdown(block.text))), parent);
    } else if (block.type === "thinking" && block.thinking) {
      this.#add(h("details", { class: "message quiet" }, h("summary", {}, "Thinking", h("span", { class: "more" }, cut(block.thinking, 80))), h("div", { class: "said" }, block.thinking)), parent);
    } else if (block.type === "tool_use" && block.name === "TodoWrite" && Array.isArray(block.input?.todos)) {
      this.#add(todos(block.input.todos), parent);
    } else if (block.type === "tool_use") {
      const call = new ToolCall(block, timestamp);
      this.#tools.set(block.id, call);
      this.#add(call.element, parent);
    }
  }

  /** What a tool or another program says to the model. @param {any} block @param {string} timestamp */
  #answer(block, timestamp) {
    if (block.type === "tool_result") this.#tools.get(block.tool_use_id)?.answer(block, timestamp);
    else if (block.type === "text" && block.text) this.#note(cut(block.text, 2000), "");
  }

  /** @param {{ status: string, result: import("./types.js").Result | null, error: import("./types.js").ExecutionError | null, messages: number }} data */
  #end({ status, result, error, messages }) {
    this.#live.clear();
    const facts = [
      status,
      result?.num_turns && things(result.num_turns, "turn"),
      result?.duration_ms && duration(result.duration_ms),
      typeof result?.total_cost_usd === "number" && money(result.total_cost_usd),
      tokens(result?.usage),
      things(messages, "message"),
    ].filter(Boolean);
    const what = h("div", { class: `message end ${status}` }, h("p", {}, facts.join(" · ")));
    if (error) what.append(problem(error));
    this.#add(what);
    say(`The execution has ended: ${status}.`);
  }

  /** @param {string} text @param {string} kind */
  #note(text, kind) {
    this.#add(line(text, kind));
  }

  /** Adds something below everything, or within the call of a tool that it belongs to. @param {HTMLElement} element @param {string | null} [parent] */
  #add(element, parent) {
    const call = parent ? this.#tools.get(parent) : undefined;
    if (call) return call.inside(element);
    if (this.#count > 0 && this.#count % SECTION === 0) {
      const full = this.#section;
      this.#section = section();
      full.after(this.#section);
    }
    this.#count += 1;
    this.#section.append(element);
  }
}

/**
 * An error with what to do about it.
 *
 * @param {import("./types.js").ExecutionError} error
 */
export function problem({ code, message, details }) {
  const { stderr, ...others } = /** @type {Record<string, any>} */ (details ?? {});
  return h("div", { class: "problem" },
    h("p", {}, h("strong", {}, code), ` ${message}`),
    advice(code) && h("p", {}, advice(code)),
    stderr && h("pre", { tabindex: 0 }, String(stderr).trim()),
    Object.keys(others).length > 0 && h("pre", { tabindex: 0 }, JSON.stringify(others, null, 2)));
}

function section() {
  return h("div", { class: "section" });
}
