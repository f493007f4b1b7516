// A list with filters: its first page is read again and again, and more pages when they are asked for.

import { ask } from "./api.js";
import { fill, h } from "./dom.js";
import { every, explain } from "./parts.js";

/** @template T @typedef {import("./table.js").Table<T>} Table */

/** Rows on a page. */
const LIMIT = 50;

/** How often the first page is read again, in ms. */
const PERIOD = 2000;

/**
 * A list in pages: the first is read again and again, more are read when asked for.
 *
 * @template T
 * @param {string} title
 * @param {HTMLElement} filter
 * @param {Table<T>} table
 * @param {string} name What is listed, in the address and in the answer.
 * @param {AbortSignal} signal
 * @param {HTMLElement} empty
 * @returns {import("./types.js").Page}
 */
export function list(title, filter, table, name, signal, empty) {
  const wrong = h("p", { class: "bad", role: "alert" });
  const below = h("div");
  const query = () => Object.fromEntries(new FormData(/** @type {HTMLFormElement} */ (filter)).entries());
  /** @type {T[]} */
  let first = [];
  /** Pages after the first, as they were when they were read. @type {T[]} */
  let more = [];
  /** @type {string | null} */
  let cursor = null;
  const put = () => {
    table.show(distinct([...first, ...more], table));
    table.element.hidden = first.length === 0;
    const next = h("button", { type: "button", class: "plain", onclick: async () => {
      const page = await ask("GET", name, { query: { .../** @type {any} */ (query()), limit: LIMIT, cursor }, signal });
      more = [...more, ...page[name]];
      cursor = page.next_cursor;
      put();
    } }, "More");
    fill(below, first.length === 0 ? empty : cursor !== null && next);
  };
  const look = async () => {
    const page = await ask("GET", name, { query: { .../** @type {any} */ (query()), limit: LIMIT }, signal });
    wrong.textContent = "";
    first = page[name];
    if (more.length === 0) cursor = page.next_cursor;
    put();
  };
  void every(PERIOD, signal, look, (error) => {
    wrong.textContent = explain(error);
  });
  return { title, element: h("div", {}, h("h1", {}, title), filter, wrong, table.element, below) };
}

/**
 * What came to the first page may be on a later one too, as it was.
 *
 * @template T
 * @param {T[]} rows
 * @param {Table<T>} table
 */
function distinct(rows, table) {
  const seen = new Set();
  return rows.filter((row) => !seen.has(table.key(row)) && seen.add(table.key(row)));
}

/**
 * A form of filters, which are part of the address.
 *
 * @param {string} page
 * @param {URLSearchParams} query
 * @param {[string, string, string[] | null][]} all
 */
export function filters(page, query, all) {
  const inputs = all.map(([name, label, choices]) => {
    const value = query.get(name) ?? "";
    const input = choices
      ? h("select", { id: name, name }, choices.map((choice) => h("option", { value: choice, selected: choice === value }, choice || "any")))
      : h("input", { id: name, name, value, spellcheck: "false", autocapitalize: "none", placeholder: "any" });
    return h("div", {}, h("label", { for: name }, label), input);
  });
  const form = h("form", { class: "filters", role: "search" }, inputs);
  const go = () => {
    const wanted = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (value !== "") wanted.set(name, String(value).trim());
    location.hash = `#/${page}${wanted.size > 0 ? `?${wanted}` : ""}`;
  };
  form.addEventListener("change", go);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    go();
  });
  return form;
}
