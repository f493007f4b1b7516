// Asking for a token. It stays in this page's memory: whoever comes after has none.

import { useToken } from "./api.js";
import { h } from "./dom.js";

/** @type {Promise<void> | null} */
let asking = null;

/**
 * Asks until there is a token that may be one; many who ask at once ask once.
 *
 * @param {string} why
 * @returns {Promise<void>}
 */
export function askForToken(why) {
  asking ??= ask(why).finally(() => {
    asking = null;
  });
  return asking;
}

/** @param {string} why @returns {Promise<void>} */
function ask(why) {
  return new Promise((resolve) => {
    const token = h("input", { id: "token", name: "token", type: "password", autocomplete: "off", spellcheck: "false", required: true });
    const form = h("form", { method: "dialog" },
      h("h1", { id: "sign-in" }, "Sign in"),
      why && h("p", { role: "alert", class: "bad" }, why),
      h("p", {}, "This server asks for a token. It is kept in this page's memory only, and gone when you reload."),
      h("label", { for: "token" }, "Token"), token,
      h("p", { class: "faint" }, "An operator makes one with ", h("code", {}, "longshore token --subject you"), "; with ", h("code", {}, "--scope \"execute read admin\""), " it also shows the fleet."),
      h("button", { type: "submit" }, "Sign in"));
    const dialog = h("dialog", { "aria-labelledby": "sign-in" }, form);
    // Without a token nothing can be shown: there is nothing to go back to.
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const given = token.value.trim();
      if (!/^[\w.~+/=-]+$/.test(given)) {
        token.setCustomValidity("A token is one word, without spaces.");
        token.reportValidity();
        return;
      }
      useToken(given);
      dialog.close();
      dialog.remove();
      resolve();
    });
    token.addEventListener("input", () => token.setCustomValidity(""));
    document.body.append(dialog);
    dialog.showModal();
  });
}
