// Chromium's own WebSocket, from a page, against the echo server at ECHO_URL; the file ECHO_LOG holds what that prints.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { launch } from "./browser.mjs";

const { ECHO_URL: url, ECHO_LOG: log } = process.env;
assert.ok(url && log, "set ECHO_URL and ECHO_LOG: tests/stages/35-peers-client.sh does");

let browser, server, page;
before(async () => {
  browser = await launch();
  server = createServer((_, response) => response.setHeader("Content-Type", "text/html").end("<title>A page</title>"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  page = await browser.newPage();
  page.setDefaultTimeout(20_000);
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.evaluate(helpers);
});
after(async () => {
  await browser?.close();
  server?.close();
});

// Runs in the page.
function helpers() {
  window.open_socket = (url, ...more) => new Promise((resolve, reject) => {
    const socket = new WebSocket(url, ...more);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => resolve(socket);
    socket.onclose = () => reject(new Error("the connection was not opened"));
  });
  window.next = (socket, event) => new Promise((resolve, reject) => {
    socket.onclose = event === "close" ? resolve : ({ code }) => reject(new Error(`closed with ${code}`));
    socket[`on${event}`] = resolve;
  });
  window.echo = async (socket, message) => {
    const answer = window.next(socket, "message");
    socket.send(message);
    return (await answer).data;
  };
}

test("texts come back to Chromium, empty ones and ones of 1 MiB too", async () => {
  const texts = ["Grüße, 世界 🦀", "", "a", "x".repeat(125), "x".repeat(126), "x".repeat(65_536), "é".repeat(1 << 19)];
  const echoed = await page.evaluate(async ({ url, texts }) => {
    const socket = await window.open_socket(url);
    const echoed = [];
    for (const text of texts) echoed.push(await window.echo(socket, text));
    socket.close();
    return echoed;
  }, { url, texts });
  assert.deepEqual(echoed, texts);
});

test("bytes come back to Chromium, none and 16 MiB too", async () => {
  const changed = await page.evaluate(async (url) => {
    const socket = await window.open_socket(url);
    const changed = [];
    for (const length of [0, 1, 125, 126, 65_535, 65_536, 1 << 20, 16 << 20]) {
      const bytes = new Uint8Array(length).map((_, at) => (at * 31 + (at >> 8)) & 255);
      const echoed = new Uint8Array(await window.echo(socket, bytes));
      if (echoed.length !== length || bytes.some((byte, at) => byte !== echoed[at])) changed.push(length);
    }
    socket.close();
    return changed;
  }, url);
  assert.deepEqual(changed, []);
});

test("Chromium's messages come back in order", async () => {
  const echoed = await page.evaluate(async (url) => {
    const socket = await window.open_socket(url);
    const echoed = [];
    const all = new Promise((resolve) => (socket.onmessage = ({ data }) => echoed.push(data) === 500 && resolve()));
    for (let number = 0; number < 500; number++) socket.send(`message ${number}`);
    await all;
    socket.close();
    return echoed;
  }, url);
  assert.deepEqual(echoed, Array.from({ length: 500 }, (_, number) => `message ${number}`));
});

test("no extension and no subprotocol is agreed on that was not offered", async () => {
  const { protocol } = await page.evaluate(async (url) => {
    const socket = await window.open_socket(url);
    const { protocol } = socket;
    socket.close();
    return { protocol };
  }, url);
  assert.equal(protocol, "");
});

for (const [code, reason] of [[1000, ""], [1000, "done"], [3000, "r".repeat(123)], [4999, "Chromium says Grüße 🦀"]]) {
  test(`a close by Chromium with ${code} ${reason.slice(0, 20)} is seen on both sides`, async () => {
    const close = await page.evaluate(async ({ url, code, reason }) => {
      const socket = await window.open_socket(url);
      const closed = window.next(socket, "close");
      socket.close(code, reason);
      const { wasClean, code: answer, reason: said } = await closed;
      return { wasClean, answer, said };
    }, { url, code, reason });
    assert.ok(close.wasClean, "Chromium calls the close unclean");
    assert.equal(close.answer, code);
    assert.ok(["", reason].includes(close.said), close.said);
    await said(`closed ${code} ${reason}`);
  });
}

async function said(line) {
  const lines = () => readFileSync(log, "utf8").split("\n").map((one) => one.trimEnd());
  for (const deadline = Date.now() + 10_000; !lines().includes(line.trimEnd()); await sleep(50)) {
    assert.ok(Date.now() < deadline, `${log} does not say \`${line}\``);
  }
}
