// Every page at 360 px and at 1,600 px, in light and in dark: nothing is cut off, and everything can be read.

import { ended, execution, submit, visit } from "../steps.mjs";

/** What is between them, in light, is what the other scenarios see. */
const SCREENS = [
  { width: 360, height: 740, colorScheme: "light" },
  { width: 360, height: 740, colorScheme: "dark" },
  { width: 1600, height: 1000, colorScheme: "dark" },
];

export default async function ({ open, console, accessible, shot, assert }) {
  const first = await open();
  await visit(first, console, "/run");
  await submit(first, `[[tool Bash {"command":"echo ${"a-very-long-word".repeat(12)}"}]] [[text ${"unbreakable".repeat(30)} and a table:\n\n| a | b |\n| - | - |\n| 1 | 2 |]] [[exit code=3 stderr=no_luck]]`);
  await ended(first);
  const id = await execution(first);
  await visit(first, console, "/executions/" + id);
  const session = (await first.locator(".facts a.id").getAttribute("title")) ?? "";
  for (const { width, height, colorScheme } of SCREENS) {
    const page = await open({ viewport: { width, height }, colorScheme, deviceScaleFactor: 1 });
    const places = { run: "/run", watched: `/run?execution=${id}`, executions: "/executions", execution: `/executions/${id}`, timeline: `/executions/${id}?show=timeline`, events: `/executions/${id}?show=events`, sessions: "/sessions", session: `/sessions/${session}`, fleet: "/fleet", nowhere: "/nowhere" };
    for (const [name, place] of Object.entries(places)) {
      await visit(page, console, place);
      await page.locator("main h1").first().waitFor({ state: "attached" });
      if (["watched", "execution", "session"].includes(name)) await page.locator(".message.end").first().waitFor();
      if (["executions", "sessions", "fleet"].includes(name)) await page.locator("tbody tr").first().waitFor();
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= width, `${name} is ${wide} px wide at ${width} px`);
      await shot(page, `${name}-${width}-${colorScheme}`);
      await accessible(page, `${name} at ${width} px in ${colorScheme}`);
    }
    await page.context().close();
  }
}
