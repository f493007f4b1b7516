// Small parts that several pages share.

import { Refusal, ask } from "./api.js";
import { age, short, time } from "./format.js";
import { h, say } from "./dom.js";

/** @param {string} status */
export function badge(status) {
  return h("span", { class: `badge ${status}` }, status);
}

/** A link to an execution. @param {string} id */
export function toExecution(id) {
  return h("a", { href: `#/executions/${id}`, title: id, class: "id" }, short(id));
}

/** A link to a session. @param {string} id */
export function toSession(id) {
  return h("a", { href: `#/sessions/${id}`, title: id, class: "id" }, short(id));
}

/** A moment, as its age. @param {string} at */
export function when(at) {
  return h("time", { datetime: at, title: time(at) }, age(at));
}

/**
 * Names and what they stand for.
 *
 * @param {[string, import("./dom.js").Child][]} facts
 */
export function facts(facts) {
  const known = facts.filter(([, value]) => value !== null && value !== undefined && value !== "" && value !== false);
  return h("dl", { class: "facts" }, known.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

/**
 * A button that does something once at a time, and says what went wrong beside itself.
 *
 * @param {string} label
 * @param {() => Promise<unknown>} act
 * @param {string} [kind]
 */
export function action(label, act, kind = "") {
  const wrong = h("span", { class: "bad", role: "alert" });
  const button = h("button", { type: "button", class: kind, onclick: async () => {
    button.disabled = true;
    wrong.textContent = "";
    try {
      await act();
    } catch (error) {
      wrong.textContent = explain(error);
    } finally {
      button.disabled = false;
    }
  } }, label);
  return h("span", { class: "action" }, button, wrong);
}

/**
 * A button that copies a text.
 *
 * @param {string} label
 * @param {() => string} text
 */
export function copy(label, text) {
  return action(label, async () => {
    await navigator.clipboard.writeText(text());
    say("Copied.");
  }, "plain");
}

/** @param {unknown} error */
export function explain(error) {
  if (error instanceof Refusal) return `${error.message} (${error.code})`;
  return error instanceof Error ? error.message : String(error);
}

/** Cancels an execution. @param {string} id */
export function cancel(id) {
  return ask("POST", `executions/${id}/cancel`);
}

/**
 * Does something now and every so often, while the page is shown and seen. What goes wrong is told, and tried again.
 *
 * @param {number} ms
 * @param {AbortSignal} signal
 * @param {() => Promise<void>} act
 * @param {(error: unknown) => void} tell
 */
export async function every(ms, signal, act, tell) {
  while (!signal.aborted) {
    if (!document.hidden) {
      try {
        await act();
      } catch (error) {
        if (signal.aborted) return;
        tell(error);
      }
    }
    await new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        document.removeEventListener("visibilitychange", done);
        signal.removeEventListener("abort", done);
        resolve(undefined);
      };
      const timer = setTimeout(done, ms);
      document.addEventListener("visibilitychange", done);
      signal.addEventListener("abort", done);
    });
  }
}

/** A word as a shell reads it back. @param {string} word */
export function quoted(word) {
  return /^[\w./:@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
