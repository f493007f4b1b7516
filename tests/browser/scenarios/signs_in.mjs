// A server that asks for tokens: none, a wrong one, a good one, one that ends while something is watched, and one that may not.

import { ended, execution, submit, visit } from "../steps.mjs";

/** Gives a token to the page that asks for it. */
async function signIn(page, token) {
  await page.getByLabel("Token").fill(token);
  await page.getByRole("dialog").getByRole("button", { name: "Sign in" }).click();
}

export default async function ({ open, console, ask, accessible, shot, assert }) {
  const page = await open();
  await visit(page, console, "/executions");
  await page.getByRole("dialog", { name: "Sign in" }).waitFor();
  await shot(page, "sign-in");
  await accessible(page, "the question for a token");
  await signIn(page, "two words");
  assert.equal(await page.getByRole("dialog").count(), 1, "that is no token");
  await signIn(page, "nonsense");
  await page.getByRole("alert").getByText(/token/).waitFor();
  await signIn(page, await ask("token"));
  await page.getByText("Nothing here yet.").waitFor();
  await page.getByText("alice").waitFor();

  // It is nowhere but in the page's memory.
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
  assert.doesNotMatch(kept, /eyJ/);
  await page.reload();
  await page.getByRole("dialog", { name: "Sign in" }).waitFor();

  // One that ends while a run is watched is asked for again, and nothing is missed.
  await visit(page, console, "/run");
  await submitAs(page, await ask("short-token"), "[[lines n=100 rate=12 bytes=60]]");
  const dialog = page.getByRole("dialog", { name: "Sign in" });
  await dialog.waitFor();
  await shot(page, "token-ended");
  await signIn(page, await ask("token"));
  await ended(page);
  const numbers = await page.locator(".answer").evaluateAll((all) => all.map((one) => Number(/n=(\d+)/.exec(one.textContent)?.[1])));
  assert.deepEqual(numbers, Array.from({ length: 100 }, (_, index) => index + 1));
  const id = await execution(page);

  // Who may not see the fleet is told what it needs, and is not asked for another token.
  await page.getByRole("link", { name: "Fleet" }).click();
  await page.getByText("it needs a token with the scope admin").waitFor();
  await accessible(page, "the fleet without the scope");
  await page.getByRole("button", { name: "Sign out" }).click();
  await dialog.waitFor();

  // What another's token may not see does not exist.
  await visit(page, console, `/executions/${id}`);
  await signIn(page, await ask("other-token"));
  await page.getByText(/EXECUTION_NOT_FOUND/).waitFor();
  await accessible(page, "what cannot be shown");
}

/** Submits a prompt from a page that has no token yet. */
async function submitAs(page, token, prompt) {
  await submit(page, prompt);
  await page.getByRole("dialog", { name: "Sign in" }).waitFor();
  await signIn(page, token);
}
