// One execution: how it stands, its conversation, its time line, and its raw events.

import { BASE, ask, currentToken } from "./api.js";
import { Conversation, problem } from "./conversation.js";
import { fill, h } from "./dom.js";
import { follow } from "./follow.js";
import { duration, money, tokens } from "./format.js";
import { action, badge, cancel, copy, facts, quoted, toSession, when } from "./parts.js";
import { RawEvents } from "./raw.js";
import { Timeline } from "./timeline.js";
import { Watched } from "./watched.js";

/** @param {import("./app.js").Place} place @returns {Promise<import("./types.js").Page>} */
export async function execution({ id, query, signal }) {
  /** @type {import("./types.js").Execution} */
  let record = await ask("GET", `executions/${id}`, { signal });
  const conversation = new Conversation();
  const timeline = new Timeline(record);
  const raw = new RawEvents();
  const head = h("div");
  const read = async () => {
    record = await ask("GET", `executions/${id}`, { signal });
    timeline.know(record);
    show(head, record);
  };
  const sink = {
    push: /** @param {import("./types.js").Frame} frame */ (frame) => {
      for (const part of [conversation, timeline, raw]) part.push(frame);
      // The record knows more of it: the worker, the attempt, the cost.
      if (frame.type === "status" || frame.type === "end") void read().catch(() => {});
    },
  };
  const watched = new Watched(id, sink, signal);
  if (!record.ended_at) follow();
  show(head, record);
  const pages = tabs(query.get("show") ?? "conversation", [
    ["conversation", "Conversation", conversation.element],
    ["timeline", "Timeline", timeline.element],
    ["events", "Events", raw.element],
  ]);
  return { title: "Execution", element: h("div", {}, h("h1", {}, "Execution"), watched.bar, head, pages) };
}

/** @param {HTMLElement} head @param {import("./types.js").Execution} record */
function show(head, record) {
  const { execution_id: id, result, error } = record;
  const ended = record.ended_at !== null;
  fill(head,
    facts([
      ["Execution", h("code", {}, id)],
      ["Status", badge(record.status)],
      ["Session", toSession(record.session_id)],
      ["Workspace", record.workspace_id],
      ["Accepted", when(record.created_at)],
      ["Waited", record.started_at && duration(Date.parse(record.started_at) - Date.parse(record.created_at))],
      ["Ran", record.started_at && record.ended_at && duration(Date.parse(record.ended_at) - Date.parse(record.started_at))],
      ["Attempt", record.attempt],
      ["Worker", record.worker_id && h("code", {}, record.worker_id)],
      ["Cost", typeof result?.total_cost_usd === "number" && money(result.total_cost_usd)],
      ["Tokens", tokens(result?.usage)],
      ["Trace", h("code", {}, record.trace_id)],
    ]),
    error && problem(error),
    h("p", { class: "actions" },
      !ended && action("Cancel", () => cancel(id), "danger"),
      ended && h("a", { class: "button", href: `#/run?session=${record.session_id}&workspace=${record.workspace_id}` }, "Continue the session"),
      copy("Copy as curl", () => curl(id))));
}

/** Its events as a command. @param {string} id */
function curl(id) {
  const url = new URL(`api/v1/claude/executions/${id}/events`, BASE);
  const token = currentToken() === null ? "" : ` -H "authorization: Bearer $LONGSHORE_TOKEN"`;
  return `curl -sSN ${quoted(url.href)} -H 'accept: text/event-stream'${token}`;
}

/**
 * Several views of one thing, of which one is shown.
 *
 * @param {string} chosen
 * @param {[string, string, HTMLElement][]} all
 */
function tabs(chosen, all) {
  const first = all.some(([name]) => name === chosen) ? chosen : all[0][0];
  const buttons = all.map(([name, label]) => h("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}`, onclick: () => choose(name) }, label));
  const panels = all.map(([name, , element]) => h("div", { role: "tabpanel", id: `panel-${name}`, "aria-labelledby": `tab-${name}`, tabindex: 0 }, element));
  const choose = /** @param {string} name @param {boolean} [remember] */ (name, remember = true) => {
    all.forEach(([one], index) => {
      const is = one === name;
      buttons[index].setAttribute("aria-selected", String(is));
      buttons[index].tabIndex = is ? 0 : -1;
      panels[index].hidden = !is;
    });
    // Part of the address, but no step of the way back.
    if (remember) history.replaceState(null, "", `${location.hash.split("?")[0]}?show=${name}`);
  };
  const list = h("div", { role: "tablist", "aria-label": "Views", class: "tabs", onkeydown: (/** @type {KeyboardEvent} */ event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const now = buttons.findIndex((button) => button.tabIndex === 0);
    const next = (now + step + all.length) % all.length;
    choose(all[next][0]);
    buttons[next].focus();
  } }, buttons);
  choose(first, false);
  return h("div", {}, list, panels);
}
