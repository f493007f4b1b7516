// A table that is filled anew every few seconds, and keeps its rows: who reads or tabs through it is not thrown out of it.

import { h } from "./dom.js";

/**
 * A column: its title, what a row shows in it, and whether it goes first where there is no room.
 *
 * @template T
 * @typedef {[string, (row: T) => import("./dom.js").Child, ("minor" | "number" | "number minor" | "")?]} Column
 */

/**
 * @template T
 */
export class Table {
  #columns;
  #key;
  #body = h("tbody");
  /** @type {Map<string, HTMLTableRowElement>} */
  #rows = new Map();

  /**
   * @param {string} caption
   * @param {Column<T>[]} columns
   * @param {(row: T) => string} key
   */
  constructor(caption, columns, key) {
    this.#columns = columns;
    this.#key = key;
    const head = columns.map(([title, , kind = ""]) => h("th", { scope: "col", class: kind }, title));
    this.element = h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": caption },
      h("table", {}, h("caption", { class: "unseen" }, caption), h("thead", {}, h("tr", {}, head)), this.#body));
  }

  /** @param {T} row */
  key(row) {
    return this.#key(row);
  }

  /** @param {T[]} rows */
  show(rows) {
    const keys = new Set(rows.map(this.#key));
    for (const [key, row] of this.#rows) {
      if (keys.has(key)) continue;
      row.remove();
      this.#rows.delete(key);
    }
    /** @type {Element | null} */
    let before = this.#body.firstElementChild;
    for (const one of rows) {
      const row = this.#row(one);
      if (row === before) before = row.nextElementSibling;
      else this.#body.insertBefore(row, before);
    }
  }

  /** Only what changed in a row is made anew, so that a link in it keeps the focus. @param {T} one */
  #row(one) {
    const key = this.#key(one);
    const row = this.#rows.get(key) ?? h("tr");
    this.#rows.set(key, row);
    this.#columns.forEach(([, show, kind = ""], index) => {
      const cell = h(index === 0 ? "th" : "td", { scope: index === 0 && "row", class: kind }, show(one));
      const known = row.children[index];
      if (!known) row.append(cell);
      else if (!known.isEqualNode(cell)) known.replaceWith(cell);
    });
    return row;
  }
}
