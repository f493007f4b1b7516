// What a request may say besides its prompt.

import { h } from "./dom.js";

/** Names of the request's fields, with what is asked for. @type {[string, string, Record<string, unknown>][]} */
const FIELDS = [
  ["model", "Model", { placeholder: "the server's", maxlength: 128 }],
  ["max_turns", "Turns at most", { type: "number", min: 1, max: 1000, step: 1 }],
  ["timeout_seconds", "Seconds at most", { type: "number", min: 1, step: 1 }],
  ["max_budget_usd", "Dollars at most", { type: "number", min: 0.01, step: "any" }],
  ["tools", "Tools without asking", { placeholder: "Read, Edit, Bash(git *)" }],
];

/** The options, folded. */
export function options() {
  const inputs = FIELDS.map(([name, label, attributes]) =>
    h("div", {}, h("label", { for: name }, label), h("input", { id: name, name, autocomplete: "off", ...attributes })));
  const loss = h("select", { id: "on_worker_loss", name: "on_worker_loss" },
    h("option", { value: "" }, "run again if no tool was used"),
    h("option", { value: "retry" }, "always run again"),
    h("option", { value: "fail" }, "end it"));
  const system = h("textarea", { id: "append_system_prompt", name: "append_system_prompt", rows: 2 });
  return h("details", { class: "options" }, h("summary", {}, "Options"),
    h("div", { class: "grid" }, inputs, h("div", {}, h("label", { for: "on_worker_loss" }, "If its worker is lost"), loss)),
    h("label", { for: "append_system_prompt" }, "Added to the system prompt"), system);
}

/**
 * The fields of a request that were filled in.
 *
 * @param {HTMLElement} options
 * @returns {Record<string, unknown>}
 */
export function fields(options) {
  /** @type {Record<string, unknown>} */
  const found = {};
  for (const input of options.querySelectorAll("input, select, textarea")) {
    const { name, value, type } = /** @type {HTMLInputElement} */ (input);
    if (value.trim() === "") continue;
    if (name === "tools") found[name] = rules(value);
    else found[name] = type === "number" ? Number(value) : value;
  }
  return found;
}

/** Commas inside of parentheses do not separate. @param {string} text */
function rules(text) {
  const all = text.match(/(?:[^,(]|\([^)]*\))+/g) ?? [];
  return all.map((rule) => rule.trim()).filter((rule) => rule !== "");
}
