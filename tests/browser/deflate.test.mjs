// Chromium's own permessage-deflate, from a page, against the echo server at ECHO_URL, which asks for windows of BITS in both
// directions, and keeps contexts where TAKEOVER is not empty. The bytes are counted on their way, by a proxy.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect, createServer as createProxy } from "node:net";
import { after, before, test } from "node:test";
import { launch } from "./browser.mjs";

const { ECHO_URL, BITS, TAKEOVER } = process.env;
assert.ok(ECHO_URL && BITS, "set ECHO_URL, BITS and TAKEOVER: tests/stages/46-peers-deflate.sh does");

const counted = { sent: 0, received: 0 };
let browser, server, proxy, page, url;
before(async () => {
  const echo = new URL(ECHO_URL);
  proxy = createProxy((near) => {
    const far = connect(Number(echo.port), echo.hostname);
    near.on("data", (bytes) => (counted.sent += bytes.length)).pipe(far);
    far.on("data", (bytes) => (counted.received += bytes.length)).pipe(near);
    for (const side of [near, far]) side.on("error", () => {});
  }).listen(0, "127.0.0.1");
  server = createServer((_, response) => response.setHeader("Content-Type", "text/html").end("<title>A page</title>"));
  server.listen(0, "127.0.0.1");
  await Promise.all([once(proxy, "listening"), once(server, "listening")]);
  url = `ws://127.0.0.1:${proxy.address().port}`;
  browser = await launch();
  page = await browser.newPage();
  page.setDefaultTimeout(20_000);
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.evaluate(async (url) => {
    window.socket = new WebSocket(url);
    await new Promise((resolve, reject) => ([socket.onopen, socket.onerror] = [resolve, reject]));
    window.echo = (text) => new Promise((resolve) => {
      socket.onmessage = ({ data }) => resolve(data === text);
      socket.send(text);
    });
  }, url);
});
after(async () => {
  await browser?.close();
  server?.close();
  proxy?.close();
});

async function costOf(text) {
  Object.assign(counted, { sent: 0, received: 0 });
  assert.ok(await page.evaluate((text) => window.echo(text), text), "a text came back changed");
  return { ...counted };
}

test("Chromium agrees on what we ask for", async () => {
  const parameters = BITS === "15" ? [] : [`server_max_window_bits=${BITS}`, `client_max_window_bits=${BITS}`];
  if (!TAKEOVER) parameters.push("server_no_context_takeover", "client_no_context_takeover");
  assert.equal(await page.evaluate(() => window.socket.extensions), ["permessage-deflate", ...parameters].join("; "));
});

test("messages are compressed on the wire in both directions", async () => {
  for (const text of ["all work and no play ".repeat(50_000), "Grüße, 世界 🦀 ".repeat(300), '{"id":1,"name":"x"},'.repeat(20)]) {
    const { sent, received } = await costOf(text);
    const length = new TextEncoder().encode(text).length;
    assert.ok(sent < length / 3 && received < length / 3, `${length} bytes took ${sent} and ${received}`);
  }
});

test("contexts are kept as agreed", async () => {
  const text = Array.from({ length: 45 }, (_, at) => ((at * 2_654_435_761) >>> 0).toString(36)).join("").slice(0, 180);
  const costs = [await costOf(text), await costOf(text), await costOf(text)];
  for (const way of ["sent", "received"]) {
    const kept = costs[2][way] < costs[0][way] / 2;
    assert.equal(kept, Boolean(TAKEOVER), `${way}: ${costs.map((cost) => cost[way])}`);
  }
});

test("what does not shrink comes back too", async () => {
  let state = 1;
  const noise = String.fromCharCode(...Array.from({ length: 60_000 }, () => 32 + ((state = (state * 48_271) % 2_147_483_647) % 55_000)));
  await costOf(noise);
  await costOf("");
});
