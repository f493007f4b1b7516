// What the CLI says about itself while it works.

import { h } from "./dom.js";
import { count, things } from "./format.js";

/** What only counts, or is said elsewhere too. The raw events have it. */
const QUIET = ["status", "thinking_tokens", "session_state_changed", "task_updated", "task_progress", "hook_started"];

/** A line for each of these. @type {Record<string, (data: any) => [string, string]>} */
const NOTES = {
  api_retry: ({ error, attempt, max_retries }) => [`The model's API did not answer (${error ?? "no reason"}): attempt ${attempt ?? "?"} of ${max_retries ?? "?"}.`, "warning"],
  permission_denied: ({ message, tool_name }) => [message ?? `${tool_name} was not permitted.`, "warning"],
  model_fallback: ({ content }) => [content ?? "Another model goes on.", "warning"],
  model_refusal_no_fallback: () => ["The model refused to answer.", "warning"],
  compact_boundary: ({ compact_metadata: { pre_tokens, post_tokens } = {} }) => [`The conversation was shortened${pre_tokens ? `, from ${count(pre_tokens)} tokens to ${count(post_tokens ?? 0)}` : ""}.`, ""],
  task_started: ({ description }) => [`In the background: ${description ?? "something"}.`, ""],
  task_notification: ({ summary, status }) => [summary ?? `In the background: ${status}.`, ""],
};

/**
 * What a `system` line is shown as: nothing, a note, or as it is.
 *
 * @param {any} data
 * @returns {HTMLElement | null}
 */
export function system(data) {
  if (data.subtype === "init") return begin(data);
  if (QUIET.includes(data.subtype)) return null;
  const note = NOTES[data.subtype];
  return note ? line(...note(data)) : raw(data);
}

/** @param {string} text @param {string} kind */
export function line(text, kind) {
  return h("p", { class: `message note ${kind}` }, text);
}

/**
 * What this page does not know is shown as it is.
 *
 * @param {any} data
 */
export function raw(data) {
  const name = [data.type, data.subtype].filter(Boolean).join(" · ");
  const body = h("pre", { tabindex: 0 });
  const details = h("details", { class: "message quiet" }, h("summary", {}, name || "A message"), body);
  details.addEventListener("toggle", () => (body.textContent ||= JSON.stringify(data, null, 2)));
  return details;
}

/** @param {any} data */
function begin({ model, tools, mcp_servers, cwd }) {
  const names = Array.isArray(tools) ? tools : [];
  const servers = Array.isArray(mcp_servers) ? mcp_servers : [];
  return h("details", { class: "message quiet" },
    h("summary", {}, `${model ?? "A model"} begins`, h("span", { class: "more" }, things(names.length, "tool"))),
    h("p", {}, names.join(", ") || "No tools."),
    servers.length > 0 && h("p", {}, `MCP servers: ${servers.map((/** @type {any} */ server) => server.name).join(", ")}`),
    cwd && h("p", {}, `Folder: ${cwd}`));
}
