// A run is cancelled from the page, one fails and says what to do, and a request that is refused says why.

import { ended, submit, visit } from "../steps.mjs";

export default async function ({ open, console, accessible, shot, assert }) {
  const page = await open();
  await visit(page, console, "/run");
  await submit(page, "[[text Working on it]] [[hang]]");
  await page.getByText("Working on it", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Cancel" }).click();
  assert.match(await ended(page), /cancelled.*CANCELLED.*Continue its session/s);
  assert.equal(await page.getByRole("button", { name: "Cancel" }).count(), 0, "there is nothing left to cancel");
  await shot(page, "run-cancelled", { fullPage: true });
  await accessible(page, "a cancelled run");

  await submit(page, "[[exit code=3 stderr=out_of_tea]]");
  assert.match(await ended(page, 1), /failed.*CLI_EXITED.*ended without a result.*out of tea/s);
  await shot(page, "run-failed", { fullPage: true });
  await accessible(page, "a failed run");

  await page.locator(".options summary").click();
  await page.getByLabel("Turns at most").fill("3");
  await page.getByLabel("Tools without asking").fill("Read, Bash(git commit, git push)");
  await page.getByLabel("Seconds at most").fill("999999999");
  await submit(page, "[[text never]]");
  await page.getByText(/timeout_seconds.*\(INVALID_REQUEST\)/).waitFor();
  assert.equal(await page.getByLabel("Prompt", { exact: true }).inputValue(), "[[text never]]", "what was written stays");
  await accessible(page, "a refused request");
  await page.getByLabel("Seconds at most").fill("60");
  await page.getByLabel("Prompt", { exact: true }).fill("[[args]]");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await ended(page, 2);
  assert.match(await page.locator(".run").nth(2).innerText(), /--max-turns.*3/s);
  assert.match(await page.locator(".run").nth(2).innerText(), /Bash\(git commit, git push\)/);
}
