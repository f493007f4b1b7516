// The shell: which page an address shows, who calls, and what is shown when something goes wrong.

import { Refusal, claims, currentToken, onSignIn, useToken } from "./api.js";
import { fill, h, say } from "./dom.js";
import { execution } from "./execution.js";
import { executions } from "./executions.js";
import { fleet } from "./fleet.js";
import { duration } from "./format.js";
import { run } from "./run.js";
import { session } from "./session.js";
import { sessions } from "./sessions.js";
import { askForToken } from "./sign_in.js";

/**
 * An address after the `#`: a page, perhaps an id, and parameters.
 *
 * @typedef {object} Place
 * @property {string} id
 * @property {URLSearchParams} query
 * @property {AbortSignal} signal Ends when another page is shown.
 *
 * @typedef {(place: Place) => import("./types.js").Page | Promise<import("./types.js").Page>} Show
 */

/** @type {[RegExp, Show][]} */
const PAGES = [
  [/^\/run$/, run],
  [/^\/executions$/, executions],
  [/^\/executions\/([0-9a-f-]{36})$/i, execution],
  [/^\/sessions$/, sessions],
  [/^\/sessions\/([0-9a-f-]{36})$/i, session],
  [/^\/fleet$/, fleet],
];

const main = /** @type {HTMLElement} */ (document.getElementById("main"));
let leaving = new AbortController();
/** Nobody is moved about who has only just come. */
let first = true;

async function show() {
  const address = location.hash.slice(1) || "/run";
  const [path, query = ""] = address.split("?");
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  mark(path);
  for (const [pattern, page] of PAGES) {
    const match = pattern.exec(path);
    if (!match) continue;
    try {
      const shown = await page({ id: match[1] ?? "", query: new URLSearchParams(query), signal });
      if (!signal.aborted) put(shown);
    } catch (error) {
      if (!signal.aborted) put({ title: "Not shown", element: wrong(error) });
    }
    return;
  }
  put({ title: "No such page", element: h("div", {}, h("h1", {}, "No such page"), h("p", {}, h("a", { href: "#/run" }, "Run a prompt"), " instead.")) });
}

/** @param {import("./types.js").Page} page */
function put({ title, element, focus }) {
  document.title = `${title} · Longshore`;
  fill(main, element);
  if (!first) {
    scrollTo(0, 0);
    say(title);
  }
  if (focus) focus.focus({ preventScroll: true });
  else if (!first) main.focus({ preventScroll: true });
  first = false;
}

/** @param {unknown} error */
function wrong(error) {
  const said = error instanceof Refusal ? `${error.message} (${error.code})` : error instanceof Error ? error.message : String(error);
  const trace = error instanceof Refusal && error.trace;
  const again = h("button", { type: "button", onclick: () => void show() }, "Try again");
  return h("div", {}, h("h1", {}, "This cannot be shown"), h("p", { role: "alert" }, said), trace && h("p", { class: "faint" }, `Trace ${trace}`), h("p", {}, again));
}

/** Marks the page in the navigation. @param {string} path */
function mark(path) {
  for (const link of document.querySelectorAll("nav a")) {
    const own = (link.getAttribute("href") ?? "").slice(1);
    if (path === own || path.startsWith(`${own}/`)) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

/** Who calls, and for how long the token is good. */
function caller() {
  const element = /** @type {HTMLElement} */ (document.getElementById("caller"));
  if (currentToken() === null) return fill(element);
  const { sub = "somebody", exp } = claims() ?? {};
  const left = exp ? exp * 1000 - Date.now() : null;
  const until = left === null ? "" : left > 0 ? `for ${duration(left)}` : "token ended";
  const out = h("button", { type: "button", class: "plain", onclick: () => {
    useToken(null);
    caller();
    void show();
  } }, "Sign out");
  fill(element, h("span", { title: until }, sub), out);
}

onSignIn(async (why) => {
  await askForToken(why);
  caller();
});
setInterval(caller, 30_000);
addEventListener("hashchange", () => void show());
void show();
