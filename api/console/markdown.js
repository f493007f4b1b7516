// The Markdown that models write, as elements: paragraphs, headings, lists, code, tables as they stand, and links to the web.

import { h } from "./dom.js";

/**
 * @param {string} text
 * @returns {HTMLElement[]}
 */
export function markdown(text) {
  /** @type {HTMLElement[]} */
  const blocks = [];
  const lines = text.split("\n");
  let at = 0;
  while (at < lines.length) {
    const line = lines[at];
    const fence = /^\s*(```+|~~~+)/.exec(line);
    if (fence) {
      let end = at + 1;
      while (end < lines.length && !lines[end].trim().startsWith(fence[1])) end += 1;
      blocks.push(code(lines.slice(at + 1, end).join("\n")));
      at = end + 1;
    } else if (/^#{1,6} /.test(line)) {
      // Below the page's own headings, whatever the model thinks of its text.
      blocks.push(h("p", { class: "heading" }, ...spans(line.replace(/^#+ /, ""))));
      at += 1;
    } else if (item(line)) {
      let end = at + 1;
      while (end < lines.length && (item(lines[end]) || /^\s{2,}\S/.test(lines[end]))) end += 1;
      blocks.push(list(lines.slice(at, end)));
      at = end;
    } else if (line.trim() === "") {
      at += 1;
    } else {
      let end = at + 1;
      while (end < lines.length && lines[end].trim() !== "" && !begins(lines[end])) end += 1;
      const paragraph = lines.slice(at, end).join("\n");
      blocks.push(/^\s*\|/.test(line) ? code(paragraph) : h("p", {}, ...spans(paragraph)));
      at = end;
    }
  }
  return blocks;
}

/** Whether something other than a paragraph begins there. @param {string} line */
function begins(line) {
  return /^\s*(```|~~~)/.test(line) || /^#{1,6} /.test(line) || item(line) !== null;
}

/** @param {string} line */
function item(line) {
  return /^\s*([-*+]|\d+[.)]) +(.*)$/.exec(line);
}

/** @param {string[]} lines */
function list(lines) {
  const ordered = /^\s*\d/.test(lines[0]);
  const element = h(ordered ? "ol" : "ul");
  for (const line of lines) {
    const found = item(line);
    const depth = Math.min(3, Math.floor((/^\s*/.exec(line)?.[0].length ?? 0) / 2));
    if (found) element.append(h("li", { class: depth > 0 && `depth-${depth}` }, ...spans(found[2])));
    else element.lastElementChild?.append("\n", ...spans(line.trim()));
  }
  return element;
}

/** @param {string} text */
function code(text) {
  return h("pre", { tabindex: 0 }, h("code", {}, text));
}

/**
 * Code, strong words and links; everything else is text.
 *
 * @param {string} text
 * @returns {(string | HTMLElement)[]}
 */
function spans(text) {
  const found = /(`+)([^`]+)\1|\*\*([^*]+)\*\*|\[([^\]]+)\]\((https?:\/\/[^\s)]+)\)/g;
  /** @type {(string | HTMLElement)[]} */
  const all = [];
  let at = 0;
  for (const match of text.matchAll(found)) {
    all.push(text.slice(at, match.index));
    if (match[2] !== undefined) all.push(h("code", {}, match[2]));
    else if (match[3] !== undefined) all.push(h("strong", {}, match[3]));
    else all.push(h("a", { href: match[5], rel: "noreferrer", target: "_blank" }, match[4]));
    at = match.index + match[0].length;
  }
  all.push(text.slice(at));
  return all.filter((span) => span !== "");
}
