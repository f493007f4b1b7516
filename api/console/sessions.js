// All sessions, those with the newest activity first.

import { h } from "./dom.js";
import { count, money } from "./format.js";
import { filters, list } from "./list.js";
import { badge, toExecution, toSession, when } from "./parts.js";
import { Table } from "./table.js";

const STATUS = ["", "idle", "active", "closed"];

/** @param {import("./app.js").Place} place @returns {import("./types.js").Page} */
export function sessions({ query, signal }) {
  const filter = filters("sessions", query, [["status", "Status", STATUS], ["workspace_id", "Workspace", null]]);
  /** @type {Table<import("./types.js").Session>} */
  const table = new Table("Sessions", [
    ["Session", ({ session_id }) => toSession(session_id)],
    ["Status", ({ status }) => badge(status)],
    ["Workspace", ({ workspace_id }) => workspace_id],
    ["Active", ({ updated_at }) => when(updated_at)],
    ["Executions", ({ executions }) => count(executions), "number minor"],
    ["Turns", ({ turns }) => count(turns), "number minor"],
    ["Cost", ({ total_cost_usd }) => money(total_cost_usd), "number"],
    ["Last", ({ last_execution_id }) => last_execution_id && toExecution(last_execution_id), "minor"],
  ], ({ session_id }) => session_id);
  return list("Sessions", filter, table, "sessions", signal,
    h("div", { class: "empty" }, h("p", {}, "No sessions yet. Every prompt that continues none begins one: ", h("a", { href: "#/run" }, "run a prompt"), ".")));
}
