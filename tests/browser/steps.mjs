// What people do on the page, for several scenarios.

/** Opens the console at an address after its `#`, as a new page load. */
export async function visit(page, console, address = "") {
  await page.goto("about:blank");
  await page.goto(`${console}${address && `#${address}`}`);
}

/** Submits a prompt from the page that is open. */
export async function submit(page, prompt) {
  await page.getByLabel("Prompt", { exact: true }).fill(prompt);
  await page.getByRole("button", { name: "Run", exact: true }).click();
}

/** Waits for the end of the last execution that is shown; answers what is said of it. */
export async function ended(page, which = 0, timeout = undefined) {
  const end = page.locator(".message.end").nth(which);
  await end.waitFor({ timeout });
  return end.innerText();
}

/** The id of the execution that the page's address names. */
export async function execution(page) {
  await page.waitForURL(/execution=/);
  return new URLSearchParams(new URL(page.url()).hash.split("?")[1]).get("execution");
}
