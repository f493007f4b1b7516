// Everything can be done without a mouse.

import { ended, visit } from "../steps.mjs";

/** What has the focus, as it is called. */
const focus = (page) => page.evaluate(() => document.activeElement?.textContent?.trim() || document.activeElement?.getAttribute("id") || "");

export default async function ({ open, console, assert }) {
  const page = await open();
  await visit(page, console, "/executions");
  await page.getByText("Nothing here yet.").waitFor();
  await page.keyboard.press("Tab");
  assert.equal(await focus(page), "To the content");
  for (const name of ["Longshore", "Run"]) {
    await page.keyboard.press("Tab");
    assert.equal(await focus(page), name);
  }
  await page.keyboard.press("Enter");
  await page.getByText("Write what Claude shall do").waitFor();
  assert.equal(await focus(page), "prompt", "the prompt can be written at once");
  await page.keyboard.type('[[tool Bash {"command":"echo keys"}]] [[text Typed]]');
  await page.keyboard.press("Control+Enter");
  await ended(page);
  assert.equal(await page.locator('nav a[aria-current="page"]').innerText(), "Run");

  // A folded call is opened where it stands.
  await page.locator("details.tool summary").focus();
  await page.keyboard.press("Enter");
  await page.getByText("Result").waitFor();

  await page.getByRole("link", { name: "Executions" }).focus();
  await page.keyboard.press("Enter");
  await page.locator("tbody th a").first().waitFor();
  // A list that is read again every other second leaves the focus where it is.
  await page.locator("tbody th a").first().focus();
  const link = await focus(page);
  await page.waitForResponse((response) => response.url().includes("/executions?"));
  await page.waitForResponse((response) => response.url().includes("/executions?"));
  assert.equal(await focus(page), link);
  await page.keyboard.press("Enter");

  await page.getByRole("tab", { name: "Conversation" }).focus();
  for (const name of ["Timeline", "Events", "Conversation"]) {
    await page.keyboard.press("ArrowRight");
    assert.equal(await focus(page), name);
    assert.equal(await page.getByRole("tab", { name }).getAttribute("aria-selected"), "true");
  }
}
