// The fleet page: engines, a worker with what it runs, and the charts once something was done.

import { ended, submit, visit } from "../steps.mjs";

export default async function ({ open, console, accessible, shot, assert }) {
  const page = await open();
  await visit(page, console, "/run");
  await submit(page, "[[text quick]]");
  await ended(page);
  await submit(page, "[[hang]]");
  await page.locator(".run").nth(1).getByText("running").waitFor();

  const fleet = await open();
  await visit(fleet, console, "/fleet");
  await fleet.locator("tbody .badge.busy").first().waitFor();
  await fleet.locator("tbody a.id").first().waitFor();
  const facts = await fleet.locator(".facts").innerText();
  assert.match(facts, /Queue\s*ok\s*Record\s*ok\s*Live events\s*ok/);
  await fleet.locator("figure rect.completed").first().waitFor();
  await fleet.locator("figure circle, figure polyline").first().waitFor();
  await shot(fleet, "fleet", { fullPage: true });
  await accessible(fleet, "the fleet");

  await page.getByRole("button", { name: "Cancel" }).click();
  await ended(page, 1);
  await fleet.locator("figure rect.cancelled").first().waitFor();
  await fleet.locator("tbody .badge.busy").first().waitFor({ state: "detached" });
}
