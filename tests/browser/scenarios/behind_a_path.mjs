// Behind a proxy that puts it all below a path, as `/tools/longshore/`.

import { createServer, request } from "node:http";
import { connect } from "node:net";
import { ended, submit, visit } from "../steps.mjs";

const PREFIX = "/tools/longshore";

export default async function ({ open, url, assert }) {
  const target = new URL(url);
  const proxy = createServer((incoming, answer) => {
    if (!incoming.url.startsWith(`${PREFIX}/`)) return answer.writeHead(404).end();
    const path = incoming.url.slice(PREFIX.length);
    const onward = request({ host: target.hostname, port: target.port, path, method: incoming.method, headers: incoming.headers }, (response) => {
      answer.writeHead(response.statusCode, response.headers);
      response.pipe(answer);
    });
    incoming.pipe(onward);
  });
  proxy.on("upgrade", (incoming, socket) => {
    const onward = connect(Number(target.port), target.hostname, () => {
      const headers = Object.entries(incoming.headers).map(([name, value]) => `${name}: ${value}\r\n`).join("");
      onward.write(`GET ${incoming.url.slice(PREFIX.length)} HTTP/1.1\r\n${headers}\r\n`);
      socket.pipe(onward).pipe(socket);
    });
    const end = () => (socket.destroy(), onward.destroy());
    socket.on("error", end);
    onward.on("error", end);
  });
  await new Promise((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  try {
    const page = await open();
    // Without the last slash, as people write it.
    await page.goto(`http://127.0.0.1:${proxy.address().port}${PREFIX}/console`);
    assert.equal(new URL(page.url()).pathname, `${PREFIX}/console/`);
    await submit(page, "[[text through the proxy]]");
    assert.match(await ended(page), /^completed/);
    await visit(page, `http://127.0.0.1:${proxy.address().port}${PREFIX}/console/`, "/executions");
    await page.locator("tbody tr").first().waitFor();
  } finally {
    proxy.closeAllConnections();
    proxy.close();
  }
}
