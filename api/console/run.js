// Asking Claude something, and watching what comes of it. Each answer's session can be continued right below it.

import { BASE, ask, currentToken } from "./api.js";
import { Conversation } from "./conversation.js";
import { fill, h } from "./dom.js";
import { follow } from "./follow.js";
import { short } from "./format.js";
import { fields, options } from "./options.js";
import { copy, explain, quoted, toSession } from "./parts.js";
import { Watched } from "./watched.js";

/** Prompts that show what there is to see. */
const EXAMPLES = ["Say hello, and tell me what you can do here.", "List the files in this workspace.", "Write a haiku about harbours into haiku.txt."];

/** What this page has asked: the record has no prompts. @type {Map<string, string>} */
const asked = new Map();

/** @param {import("./app.js").Place} place @returns {import("./types.js").Page} */
export function run({ query, signal }) {
  const thread = h("div", { class: "thread" });
  const empty = h("div", { class: "empty" },
    h("p", {}, "Write what Claude shall do, and press Run. Every prompt runs in a workspace: a folder of its own, which is made when there is none."),
    h("p", {}, "For a start:"),
    h("ul", {}, EXAMPLES.map((example) => h("li", {}, h("button", { type: "button", class: "plain", onclick: () => {
      form.prompt.value = example;
      form.prompt.focus();
    } }, example)))));
  const form = composer(async (body) => {
    const accepted = await ask("POST", "execute", { body, headers: { "idempotency-key": crypto.randomUUID() } });
    asked.set(accepted.execution_id, String(body.prompt));
    history.replaceState(null, "", `#/run?execution=${accepted.execution_id}`);
    add(accepted.execution_id, accepted.session_id);
  });
  const add = /** @param {string} id @param {string} [session] */ (id, session) => {
    empty.remove();
    const prompt = asked.get(id);
    const conversation = new Conversation();
    if (prompt) conversation.asked(prompt);
    const watched = new Watched(id, conversation, signal, (execution) => form.follows(execution.session_id, execution.workspace_id));
    thread.append(h("section", { class: "run", "aria-label": `Execution ${short(id)}` }, watched.bar, conversation.element));
    if (session) form.follows(session);
    follow();
  };
  form.workspace.value = query.get("workspace") ?? remembered();
  const session = query.get("session");
  if (session) form.follows(session, query.get("workspace") ?? undefined);
  const execution = query.get("execution");
  if (execution) add(execution);
  const element = h("div", { class: "run-page" }, h("h1", { class: "unseen" }, "Run a prompt"), thread, execution || session ? null : empty, form.element);
  return { title: "Run", element, focus: form.prompt };
}

/** The workspace that was used last, for as long as the tab lives: it is no secret. */
function remembered() {
  return sessionStorage.getItem("workspace") ?? "demo";
}

/**
 * The form below the thread.
 *
 * @param {(body: Record<string, unknown>) => Promise<void>} submit
 */
function composer(submit) {
  const prompt = h("textarea", { id: "prompt", name: "prompt", rows: 3, required: true, placeholder: "What shall Claude do?" });
  const workspace = h("input", { id: "workspace", name: "workspace", required: true, pattern: "[A-Za-z0-9][A-Za-z0-9._\\-]{0,63}", maxlength: 64, spellcheck: "false", autocapitalize: "none",
    title: "Letters, digits, dots, dashes and underscores; it begins with a letter or a digit" });
  const continues = h("p", { class: "continues", hidden: true });
  const wrong = h("p", { class: "bad", role: "alert" });
  const send = h("button", { type: "submit" }, "Run");
  const more = options();
  /** @type {string | null} */
  let session = null;

  const body = () => ({ workspace_id: workspace.value, prompt: prompt.value, session_id: session, stream: true, ...fields(more) });
  const form = h("form", { class: "composer" },
    continues,
    h("label", { for: "prompt" }, "Prompt"), prompt,
    h("div", { class: "row" },
      h("label", { for: "workspace" }, "Workspace"), workspace, send,
      copy("Copy as curl", () => curl(body()))),
    wrong, more);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    send.disabled = true;
    wrong.textContent = "";
    try {
      await submit(body());
      sessionStorage.setItem("workspace", workspace.value);
      prompt.value = "";
    } catch (error) {
      wrong.textContent = explain(error);
    } finally {
      send.disabled = false;
    }
  });
  prompt.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });

  /** From now on the form continues a session, in the workspace that has it. @param {string} id @param {string} [of] */
  const follows = (id, of) => {
    session = id;
    if (of) workspace.value = of;
    workspace.readOnly = true;
    continues.hidden = false;
    const leave = h("button", { type: "button", class: "plain", onclick: () => {
      session = null;
      workspace.readOnly = false;
      continues.hidden = true;
      prompt.focus();
    } }, "Begin a new one");
    fill(continues, "Continues session ", toSession(id), ". ", leave);
  };
  return { element: form, prompt, workspace, follows };
}

/** The same request as a command. @param {Record<string, unknown>} body */
function curl(body) {
  const known = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null && value !== undefined));
  const url = new URL("api/v1/claude/execute", BASE);
  const token = currentToken() === null ? "" : ` -H "authorization: Bearer $LONGSHORE_TOKEN"`;
  return `curl -sS ${quoted(url.href)} -H 'content-type: application/json'${token} -d ${quoted(JSON.stringify(known))}`;
}

