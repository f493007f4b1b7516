// One session: all that was said in it as one conversation, and what goes on in it now.

import { ask } from "./api.js";
import { Conversation } from "./conversation.js";
import { fill, h, say } from "./dom.js";
import { follow } from "./follow.js";
import { count, money, tokens } from "./format.js";
import { action, badge, every, facts, toExecution, when } from "./parts.js";
import { Watched } from "./watched.js";

/** How often the record is read again, in ms. */
const PERIOD = 3000;

/** Events read at once. */
const PAGE = 500;

/** @param {import("./app.js").Place} place @returns {Promise<import("./types.js").Page>} */
export async function session({ id, signal }) {
  /** @type {import("./types.js").Session} */
  let record = await ask("GET", `sessions/${id}`, { signal });
  const head = h("div");
  const log = h("div", { class: "thread" });
  const conversation = new Conversation();
  const wrong = h("p", { class: "bad", role: "alert" });
  log.append(conversation.element);
  const head_of = () => fill(head,
    facts([
      ["Session", h("code", {}, id)],
      ["Status", badge(record.status)],
      ["Workspace", record.workspace_id],
      ["Begun", when(record.created_at)],
      ["Active", when(record.updated_at)],
      ["Executions", h("a", { href: `#/executions?session_id=${id}` }, count(record.executions))],
      ["Turns", count(record.turns)],
      ["Cost", money(record.total_cost_usd)],
      ["Tokens", tokens(record.usage)],
      ["Running", record.active_execution_id && toExecution(record.active_execution_id)],
    ]),
    h("p", { class: "actions" },
      record.status !== "closed" && h("a", { class: "button", href: `#/run?session=${id}&workspace=${record.workspace_id}` }, "Continue"),
      record.status !== "closed" && action("Close session", close, "danger"),
      record.status === "closed" && h("span", { class: "faint" }, "Closed: nothing more is accepted for it.")));
  const close = async () => {
    if (!confirm("Close this session? What runs in it is cancelled, and it cannot be continued.")) return;
    await ask("DELETE", `sessions/${id}`);
    say("The session is closed.");
    await look();
  };
  const look = async () => {
    record = await ask("GET", `sessions/${id}`, { signal });
    head_of();
  };
  head_of();
  void logs(id, conversation, signal, (/** @type {unknown} */ error) => {
    if (!signal.aborted) wrong.textContent = error instanceof Error ? error.message : String(error);
  }).then((ended) => live(ended));
  /** What has not ended is watched, once the log was read. @param {Set<string>} ended */
  const live = (ended) => {
    const active = record.active_execution_id;
    if (!active || ended.has(active) || signal.aborted) return;
    const now = new Conversation();
    const watched = new Watched(active, now, signal);
    follow();
    log.append(h("section", { class: "run", "aria-label": "What runs now" }, watched.bar, now.element));
  };
  void every(PERIOD, signal, look, () => {});
  return { title: "Session", element: h("div", {}, h("h1", {}, "Session"), head, wrong, log) };
}

/**
 * Reads the whole log into a conversation, but for what has not ended. Answers which executions have.
 *
 * @param {string} id
 * @param {Conversation} conversation
 * @param {AbortSignal} signal
 * @param {(error: unknown) => void} tell
 */
async function logs(id, conversation, signal, tell) {
  /** @type {Set<string>} */
  const ended = new Set();
  /** @type {Map<string, import("./types.js").Frame[]>} */
  const open = new Map();
  /** @type {string | null} */
  let cursor = null;
  try {
    do {
      /** @type {import("./types.js").LogPage} */
      const page = await ask("GET", `sessions/${id}/logs`, { query: { limit: PAGE, cursor }, signal });
      for (const frame of page.logs) {
        const frames = open.get(frame.execution_id) ?? [];
        open.set(frame.execution_id, [...frames, frame]);
        if (frame.type !== "end") continue;
        ended.add(frame.execution_id);
        for (const one of open.get(frame.execution_id) ?? []) conversation.push(one);
        open.delete(frame.execution_id);
      }
      cursor = page.next_cursor;
    } while (cursor !== null);
  } catch (error) {
    tell(error);
  }
  return ended;
}
