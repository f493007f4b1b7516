// All executions, the newest first, as they go on.

import { h } from "./dom.js";
import { count, duration, money } from "./format.js";
import { filters, list } from "./list.js";
import { badge, toExecution, toSession, when } from "./parts.js";
import { Table } from "./table.js";

const STATUS = ["", "pending", "running", "completed", "failed", "cancelled"];

/** @typedef {import("./types.js").Execution} Execution */

/** @param {import("./app.js").Place} place @returns {import("./types.js").Page} */
export function executions({ query, signal }) {
  const filter = filters("executions", query, [["status", "Status", STATUS], ["workspace_id", "Workspace", null], ["session_id", "Session", null]]);
  /** @type {Table<Execution>} */
  const table = new Table("Executions", [
    ["Execution", ({ execution_id }) => toExecution(execution_id)],
    ["Status", ({ status }) => badge(status)],
    ["Workspace", ({ workspace_id }) => workspace_id],
    ["Session", ({ session_id }) => toSession(session_id), "minor"],
    ["Age", ({ created_at }) => when(created_at)],
    ["Took", took, "number"],
    ["Turns", ({ turns }) => count(turns), "number minor"],
    ["Cost", ({ result }) => typeof result?.total_cost_usd === "number" && money(result.total_cost_usd), "number"],
    ["Attempt", ({ attempt }) => attempt, "number minor"],
  ], ({ execution_id }) => execution_id);
  return list("Executions", filter, table, "executions", signal,
    h("div", { class: "empty" }, h("p", {}, "Nothing here yet. ", h("a", { href: "#/run" }, "Run a prompt"), ", and it shows up."), h("p", {}, "If there should be something: look at the filters.")));
}

/** @param {Execution} execution */
function took({ started_at, ended_at }) {
  if (!started_at) return null;
  return duration(Date.parse(ended_at ?? new Date().toISOString()) - Date.parse(started_at));
}
