// An execution that is watched: its bar, with how it stands and what can be done with it, and its frames for a conversation.

import { ask } from "./api.js";
import { fill, h } from "./dom.js";
import { duration, money, things } from "./format.js";
import { action, badge, cancel, toExecution } from "./parts.js";
import { watch } from "./stream.js";

/** What the connection's states mean. */
const WORDS = { connecting: "connecting", live: "live", lost: "connection lost, coming back", ended: "", refused: "" };

export class Watched {
  #status = "pending";
  #begun = Date.now();
  /** @type {number | null} */
  #took = null;
  #facts = h("span", { class: "faint" });
  #badge = h("span", {}, badge("pending"));
  #link = h("span", { class: "link" });
  #clock = h("span", { class: "faint clock" });
  #progress = h("progress", { max: 1, value: 0, "aria-label": "Turns used", hidden: true });
  #actions = h("span", { class: "actions" });

  /**
   * @param {string} id
   * @param {{ push: (frame: import("./types.js").Frame) => void }} sink
   * @param {AbortSignal} signal
   * @param {(execution: import("./types.js").Execution) => void} [known] Called when its record was read.
   */
  constructor(id, sink, signal, known = () => {}) {

    this.bar = h("div", { class: "bar" }, this.#badge, toExecution(id), this.#clock, this.#progress, this.#facts, this.#link, this.#actions);
    fill(this.#actions, action("Cancel", () => cancel(id), "danger"));
    const clock = setInterval(() => this.#tick(), 500);
    signal.addEventListener("abort", () => clearInterval(clock));
    const frame = /** @param {import("./types.js").Frame} frame */ (frame) => {
      this.#take(frame);
      sink.push(frame);
    };
    const state = /** @param {import("./stream.js").State} state @param {string} why */ (state, why) => {
      this.#link.textContent = why || WORDS[state];
      this.#link.className = `link ${state}`;
      if (state === "refused") fill(this.#actions);
    };
    void watch(id, { frame, state }, signal);
    ask("GET", `executions/${id}`, { signal }).then((execution) => {
      this.#record(execution);
      known(execution);
    }, () => {}); // The stream says why.
  }

  /** @param {import("./types.js").Execution} execution */
  #record({ created_at, started_at, ended_at, status, turns, messages, result }) {
    this.#begun = Date.parse(started_at ?? created_at);
    if (ended_at) this.#end(status, Date.parse(ended_at), result);
    else this.#set(status);
    if (!result) this.#count(turns, messages);
    this.#tick();
  }

  /** @param {import("./types.js").Frame} frame */
  #take({ type, data, timestamp }) {
    if (type === "status") {
      this.#set(data.status);
      if (data.status === "running") this.#begun = Date.parse(timestamp);
    } else if (type === "progress") {
      this.#count(data.turns, data.messages);
      this.#progress.hidden = !(data.progress > 0);
      this.#progress.value = data.progress;
    } else if (type === "end") this.#end(data.status, Date.parse(timestamp), data.result);
  }

  /** @param {string} status */
  #set(status) {
    if (this.#took !== null || status === this.#status) return;
    this.#status = status;
    fill(this.#badge, badge(status));
  }

  /** @param {string} status @param {number} at @param {import("./types.js").Result | null} result */
  #end(status, at, result) {
    this.#set(status);
    this.#took = Math.max(0, at - this.#begun);
    this.#progress.hidden = true;
    fill(this.#actions);
    if (result) {
      const cost = result.total_cost_usd;
      this.#facts.textContent = [result.num_turns && things(result.num_turns, "turn"), typeof cost === "number" && money(cost)].filter(Boolean).join(" · ");
    }
    this.#tick();
  }

  /** @param {number} turns @param {number} messages */
  #count(turns, messages) {
    this.#facts.textContent = `${things(turns, "turn")} · ${things(messages, "message")}`;
  }

  #tick() {
    this.#clock.textContent = duration(this.#took ?? Math.max(0, Date.now() - this.#begun));
  }
}
