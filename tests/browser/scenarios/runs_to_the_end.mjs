// From the empty page to a finished run, its continuation, and every place that shows it afterwards.

import { ended, execution, submit, visit } from "../steps.mjs";

/** It types when another execution in its workspace says that its watcher is there: what is typed is on no record. */
const PROMPT = '[[tool Bash {"command":"until [ -e go ]; do sleep 0.05; done"}]] [[partials n=20 rate=20]] [[tool Bash {"command":"echo from a tool","description":"says so"}]] [[tool TodoWrite {"todos":[{"content":"One","status":"completed","activeForm":"Doing one"},{"content":"Two","status":"in_progress","activeForm":"Doing two"}]}]] [[text Here are **two** things:\n\n- `one`\n- two\n\n```\nfn main() {}\n```]]';

export default async function ({ open, console, url, accessible, shot, assert }) {
  const page = await open();
  await visit(page, console);
  await page.getByText("Write what Claude shall do").waitFor();
  await shot(page, "run-empty");
  await accessible(page, "the empty page");

  // The example can be taken as it stands, and the prompt's field has the focus for what comes instead.
  await page.getByRole("button", { name: "Say hello" }).click();
  assert.match(await page.getByLabel("Prompt", { exact: true }).inputValue(), /Say hello/);

  await page.evaluate(() => {
    const look = (records) => {
      window.typed ||= records.some(({ addedNodes }) => [...addedNodes].some((node) => node.classList?.contains("typing")));
    };
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
  });
  await submit(page, PROMPT);
  await page.getByText("live", { exact: true }).waitFor();
  await page.locator("details.tool").first().waitFor();
  const go = { workspace_id: "demo", prompt: '[[tool Bash {"command":"touch go"}]]' };
  await page.request.post(`${url}/api/v1/claude/execute`, { data: go });
  await page.waitForFunction(() => window.typed);
  await shot(page, "run-typing");
  assert.match(await ended(page), /^completed · .*turn.*\$/s);
  assert.equal(await page.locator(".typing").count(), 0, "what was typed is replaced by what was said");
  const tool = page.locator("details.tool").nth(1);
  assert.match(await tool.locator("summary").innerText(), /Bash\s*echo from a tool\s*done · /s);
  assert.equal(await tool.getAttribute("open"), null, "calls are folded");
  await tool.locator("summary").click();
  assert.match(await tool.innerText(), /Result\s*from a tool/s);
  assert.deepEqual(await page.locator(".todos li").allInnerTexts().then((all) => all.map((text) => text.replace(/\s+/g, " "))), ["✓ One (done)", "▸ Two (doing)"]);
  assert.equal(await page.locator(".answer strong").first().innerText(), "two");
  assert.equal(await page.locator(".answer li code").first().innerText(), "one");
  assert.equal(await page.locator(".answer pre").first().innerText(), "fn main() {}");
  await shot(page, "run-ended", { fullPage: true });
  await accessible(page, "a finished run");

  // The command that says the same.
  await page.getByLabel("Prompt", { exact: true }).fill("It's [[text continued]]");
  await page.getByRole("button", { name: "Copy as curl" }).click();
  await page.getByText("Copied.").waitFor({ state: "attached" });
  const command = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(command, /^curl -sS http:\/\/127.0.0.1:\d+\/api\/v1\/claude\/execute .*"workspace_id":"demo".*'\\''/s);

  // The session goes on below.
  const first = await execution(page);
  await page.getByText("Continues session").waitFor();
  await page.keyboard.press("Tab");
  await page.getByLabel("Prompt", { exact: true }).press("Control+Enter");
  await ended(page, 1);
  const second = await execution(page);
  assert.notEqual(first, second);
  assert.match(await page.locator(".run").nth(1).innerText(), /continued/);

  await page.getByRole("link", { name: "Executions" }).click();
  await page.locator("tbody tr").nth(1).waitFor();
  assert.equal(await page.locator("tbody tr").count(), 3);
  await shot(page, "executions");
  await accessible(page, "the executions");
  await page.getByLabel("Status").selectOption("failed");
  await page.getByText("Nothing here yet.").waitFor();
  await page.getByLabel("Status").selectOption("completed");
  await page.locator("tbody tr").nth(1).waitFor();

  await page.locator(`a[title="${first}"]`).click();
  await page.getByRole("heading", { name: "Execution" }).waitFor();
  await page.locator(".message.end").waitFor();
  assert.match(await page.locator(".facts").innerText(), /Worker\s*worker-/);
  await shot(page, "execution", { fullPage: true });
  await accessible(page, "an execution");
  await page.getByRole("tab", { name: "Timeline" }).click();
  await page.getByText("Bash echo from a tool").waitFor();
  const bars = await page.locator(".timeline li .name").allInnerTexts();
  assert.ok(["Waited for a worker", "Attempt 1", "Turn 1"].every((name) => bars.includes(name)), bars.join());
  await shot(page, "timeline", { fullPage: true });
  await accessible(page, "the time line");
  await page.getByRole("tab", { name: "Events" }).click();
  await page.locator(".events summary", { hasText: /^1-1 status/ }).click();
  await page.locator(".events pre", { hasText: '"running"' }).waitFor();
  await accessible(page, "the events");

  await page.locator(".facts a.id").click();
  await page.getByRole("heading", { name: "Session" }).waitFor();
  await page.locator(".message.end").nth(1).waitFor();
  assert.match(await page.locator(".thread").innerText(), /Here are two things.*continued/s);
  await shot(page, "session", { fullPage: true });
  await accessible(page, "a session");
  page.once("dialog", (dialog) => dialog.accept());
  await page.getByRole("button", { name: "Close session" }).click();
  await page.getByText("Closed: nothing more is accepted for it.").waitFor();

  await page.getByRole("link", { name: "Sessions", exact: true }).click();
  await page.locator("tbody .badge.closed").first().waitFor();
  await shot(page, "sessions");
  await accessible(page, "the sessions");
}
