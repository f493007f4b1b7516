// The whole installation: engines, workers, and the last hour.

import { Refusal, ask } from "./api.js";
import { bars, lines } from "./charts.js";
import { fill, h } from "./dom.js";
import { count, duration, money } from "./format.js";
import { badge, every, explain, facts, toExecution, when } from "./parts.js";
import { Table } from "./table.js";

/** How often all of it is read again, in ms. */
const PERIOD = 3000;

/** A worker that has been silent for longer is missed: it says how it stands every 5 s. */
const SILENT = 15_000;

/** @typedef {import("./types.js").Worker} Worker */

/** @param {import("./app.js").Place} place @returns {import("./types.js").Page} */
export function fleet({ signal }) {
  const now = h("div");
  const hour = h("div", { class: "charts" });
  const wrong = h("p", { class: "bad", role: "alert" });
  const none = h("div", { class: "empty", hidden: true }, h("p", {}, "No worker is there: what is accepted waits. Start one with ", h("code", {}, "longshore-worker"), "."));
  /** @type {Table<Worker>} */
  const table = new Table("Workers", [
    ["Host", ({ host, worker_id }) => h("span", { title: worker_id }, host)],
    ["State", (worker) => badge(state(worker))],
    ["Slots", ({ slots, slots_used }) => `${slots_used} of ${slots}`, "number"],
    ["Runs", ({ running }) => running.length === 0 ? null : h("span", { class: "ids" }, running.slice(0, 8).map((id) => toExecution(id)), running.length > 8 && ` and ${running.length - 8} more`), "minor"],
    ["Heard of", ({ last_heartbeat_at }) => when(last_heartbeat_at)],
    ["Up since", ({ started_at }) => when(started_at), "minor"],
    ["Version", ({ version }) => version, "minor"],
  ], ({ worker_id }) => worker_id);
  const look = async () => {
    /** @type {[import("./types.js").Stats, { workers: Worker[] }]} */
    const [stats, { workers }] = await Promise.all([ask("GET", "stats", { signal }), ask("GET", "workers", { signal })]);
    wrong.textContent = "";
    table.show(workers);
    table.element.hidden = workers.length === 0;
    none.hidden = workers.length > 0;
    fill(now, standing(stats));
    fill(hour, charts(stats.minutes));
  };
  const tell = /** @param {unknown} error */ (error) => {
    const needs = error instanceof Refusal && error.status === 403;
    wrong.textContent = needs ? "This page is for operators: it needs a token with the scope admin." : explain(error);
  };
  void every(PERIOD, signal, look, tell);
  return { title: "Fleet", element: h("div", {}, h("h1", {}, "Fleet"), wrong, now, h("h2", {}, "Workers"), none, table.element, h("h2", {}, "The last hour"), hour) };
}

/** @param {Worker} worker */
function state({ draining, last_heartbeat_at, slots, slots_used }) {
  if (Date.now() - Date.parse(last_heartbeat_at) > SILENT) return "silent";
  if (draining) return "draining";
  return slots_used === 0 ? "idle" : slots_used >= slots ? "full" : "busy";
}

/** @param {import("./types.js").Stats} stats */
function standing({ pending, waiting, fleet, engines }) {
  return facts([
    ["Waiting", count(pending)],
    ["In the queue", waiting === null ? "not known" : count(waiting)],
    ["Running", count(fleet.slots_used)],
    ["Slots", count(fleet.slots)],
    ["Workers", fleet.draining > 0 ? `${fleet.workers}, ${fleet.draining} draining` : count(fleet.workers)],
    ["Queue", badge(engines.broker)],
    ["Record", badge(engines.store)],
    ["Live events", badge(engines.live)],
  ]);
}

/** @param {import("./types.js").Minute[]} minutes */
function charts(minutes) {
  const at = minutes.map(({ at }) => new Date(at).toLocaleTimeString("en", { hour: "2-digit", minute: "2-digit", hour12: false }));
  const ms = /** @param {(minute: import("./types.js").Minute) => number | undefined} of */ (of) => minutes.map((minute) => of(minute) ?? null);
  return [
    bars("Ended", at, [
      ["completed", minutes.map(({ completed }) => completed)],
      ["failed", minutes.map(({ failed }) => failed)],
      ["cancelled", minutes.map(({ cancelled }) => cancelled)],
    ], count),
    bars("Accepted", at, [["accepted", minutes.map(({ accepted }) => accepted)]], count),
    lines("Waiting for a worker", at, [["median", ms(({ wait_ms }) => wait_ms?.p50)], ["95 %", ms(({ wait_ms }) => wait_ms?.p95)]], duration),
    lines("Running", at, [["median", ms(({ run_ms }) => run_ms?.p50)], ["95 %", ms(({ run_ms }) => run_ms?.p95)]], duration),
    bars("Cost", at, [["cost", minutes.map(({ cost_usd }) => cost_usd)]], money),
  ];
}
