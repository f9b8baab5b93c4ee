// What protocol.md promises, to well-behaved pages and to others, without a browser.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { program, startChat } from "./chat-server.mjs";
import { Client, eventually } from "./client.mjs";

/** Runs `body` with a chat of its own, which must still be there at the end. */
function roomTest(name, body, ...flags) {
  test(name, { timeout: 60_000 }, async () => {
    const chat = await startChat("127.0.0.1:0", ...flags);
    try {
      await body(chat);
      assert.equal(chat.hasEnded(), false, "the chat lives");
    } finally {
      await chat.kill();
    }
  });
}

roomTest("what is no message of the protocol is closed with 1008 and a sentence", async (chat) => {
  const hello = { type: "hello", nick: "Ada" };
  const mistakes = ["no JSON", "[]", "{}", `{"type":"hello"}`, { ...hello, nick: " \t " }, { ...hello, nick: "x".repeat(25) }, { ...hello, nick: "A\u0007da" },
    { ...hello, token: "t".repeat(65) }, { type: "say", text: "Hello?", key: "1" }, { type: "hello", nick: 7 }];
  for (const mistake of mistakes) {
    const client = await Client.connect(chat);
    client.send(mistake);
    const { code, reason } = await client.end();
    assert.equal(code, 1008, JSON.stringify(mistake));
    assert.match(reason, /^[A-Z].*\.$/);
  }
  const inside = [hello, { type: "say", text: "x" }, { type: "say", text: "x", key: "" }, { type: "say", text: "x", key: "k".repeat(65) }];
  for (const mistake of inside) {
    const client = await Client.join(chat, "Ada");
    client.send(mistake);
    assert.equal((await client.end()).code, 1008, JSON.stringify(mistake));
  }
  const client = await Client.join(chat, "Ada");
  client.socket.send(Buffer.from("{}"));
  assert.equal((await client.end()).code, 1008);
});

roomTest("who says nothing is shown the door after 10 s", async (chat) => {
  const silent = await Client.connect(chat);
  const since = performance.now();
  assert.equal((await silent.end(12_000)).code, 1008);
  assert.ok(performance.now() - since > 9_000);
});

roomTest("a text out of bounds is refused with a reason, and the connection stays", async (chat) => {
  const ada = await Client.join(chat, "Ada");
  for (const text of ["", " \n ", "x".repeat(2001), "a\u0000b"]) ada.say(text, "bad");
  await eventually(() => ada.all("refused").length === 4, "all are refused");
  for (const { key, text } of ada.all("refused")) assert.deepEqual([key, /^A message .*\.$/.test(text)], ["bad", true]);
  ada.send({ type: "wave", at: "Ben" });
  ada.say("🧦".repeat(2000));
  await ada.hears("🧦".repeat(2000));
});

roomTest("a key that was heard before comes back to who says it, and to nobody else", async (chat) => {
  const [ada, ben] = [await Client.join(chat, "Ada"), await Client.join(chat, "Ben")];
  for (const text of ["Once", "Twice"]) ada.say(text, "the same key");
  ada.say("Then");
  for (const person of [ada, ben]) await person.hears("Then");
  assert.deepEqual(ben.texts, ["Once", "Then"]);
  assert.deepEqual(ada.texts, ["Once", "Once", "Then"]);
});

roomTest("who comes again with its token takes its place, and nobody hears of it", async (chat) => {
  const ben = await Client.join(chat, "Ben");
  const before = await Client.join(chat, "Ada", "Ada's token");
  const again = await Client.join(chat, "Ada", "Ada's token");
  assert.deepEqual([again.welcome.you, again.welcome.here], ["Ada", ["Ada", "Ben"]]);
  assert.equal((await before.end()).code, 4001);
  const other = await Client.join(chat, "ada");
  assert.equal(other.welcome.you, "ada 2");
  await eventually(() => ben.all("joined").length === 2, "Ben hears of Ada and of ada 2");
  assert.deepEqual(ben.all("left"), []);
});

roomTest("who does not read is closed with 1013, and holds nobody up", async (chat) => {
  const [ada, ben, slow] = [await Client.join(chat, "Ada"), await Client.join(chat, "Ben"), await Client.join(chat, "Slow")];
  slow.socket.pause();
  const times = [];
  for (let n = 0; ben.all("left").length === 0; n += 1) {
    assert.ok(n < 5_000, "40 MB were passed on, and the one who reads nothing is still here");
    const text = `${n} ${"🧦".repeat(1990)}`;
    const since = performance.now();
    ada.say(text, `slow ${n}`);
    await ben.hears(text, { from: ben.heard.length });
    times.push(performance.now() - since);
  }
  times.sort((a, b) => a - b);
  const [median, p99] = [0.5, 0.99].map((part) => times[Math.floor(times.length * part)]);
  console.log(`  ${times.length} messages of 8 KB until then: median ${median.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms, slowest ${times.at(-1).toFixed(1)} ms`);
  assert.ok(p99 < 50);
  slow.socket.resume();
  const { code, reason } = await slow.end();
  assert.deepEqual([code, reason], [1013, "This page did not read as fast as the room talks."]);
  assert.ok(slow.texts.length > 50, "what was in its queue still came");
  assert.equal(ben.all("left").length, 1);
});

roomTest("fifty people talk at once, and all read the same in the same order", async (chat) => {
  const people = await Promise.all(Array.from({ length: 50 }, (_, n) => Client.join(chat, `Person ${n}`)));
  for (let n = 0; n < 10; n += 1) for (const [who, person] of people.entries()) person.say(`${who}: ${n}`);
  await eventually(() => people.every((person) => person.texts.length === 500), "all have read all", 20_000);
  for (const person of people) assert.deepEqual(person.texts, people[0].texts);
  const newcomer = await Client.join(chat, "Newcomer");
  assert.deepEqual(newcomer.welcome.history.map(({ text }) => text), people[0].texts.slice(-50));
});

roomTest("a page of another origin can't join, and other paths hold nothing", async (chat) => {
  const upgrade = { Connection: "Upgrade", Upgrade: "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==" };
  const status = async (path, options) => {
    const { request } = await import("node:http");
    return new Promise((resolve, reject) => {
      const sent = request({ host: "127.0.0.1", port: chat.address.split(":")[1], path, ...options }, (response) => { response.resume(); resolve(response.statusCode); });
      sent.once("error", reject).once("upgrade", (response, socket) => { socket.destroy(); resolve(response.statusCode); }).end();
    });
  };
  assert.equal(await status("/chat", { headers: { ...upgrade, Origin: `http://${chat.address}` } }), 101);
  assert.equal(await status("/chat", { headers: { ...upgrade, Origin: "http://elsewhere.example" } }), 403);
  assert.equal(await status("/chat", {}), 426);
  assert.equal(await status("/", { method: "POST" }), 405);
  assert.equal(await status("/page.html", {}), 404);
  const page = await fetch(chat.url);
  assert.equal(page.status, 200);
  assert.equal(page.headers.get("content-type"), "text/html; charset=utf-8");
  assert.equal(page.headers.get("content-security-policy"), "frame-ancestors 'none'");
  assert.equal(page.headers.get("x-content-type-options"), "nosniff");
});

test("the chat that is asked to end says goodbye with 1001, also where somebody doesn't read", async () => {
  const chat = await startChat();
  const people = await Promise.all(["Ada", "Ben", "Cleo"].map((nick) => Client.join(chat, nick)));
  const deaf = await Client.join(chat, "Deaf");
  deaf.socket.pause();
  const since = performance.now();
  const ended = chat.end();
  for (const person of people) assert.equal((await person.end(1_000)).code, 1001);
  assert.equal(await ended, 0);
  const took = performance.now() - since;
  assert.ok(took < 7_000, `it took ${took} ms`);
  deaf.socket.terminate();
});

roomTest("a bad flag or a port in use gets one sentence and an exit code", (chat) => {
  const attempts = [[["--colour"], 2], [["--listen"], 2], [["--redis", "http://127.0.0.1/"], 2], [["--listen", "nowhere"], 1], [["--listen", chat.address], 1]];
  for (const [flags, code] of attempts) {
    const { status, stdout, stderr } = spawnSync(program, flags, { encoding: "utf8", timeout: 10_000 });
    assert.equal(status, code, flags.join(" "));
    assert.equal(stdout, "");
    assert.match(stderr, /^chat: [^\n]+\n$/);
  }
});

roomTest("with --deflate a long message comes to everybody in a fraction of its bytes", async (chat) => {
  const people = [await Client.join(chat, "Ada"), await Client.join(chat, "Ben")];
  const text = "What is said is said again. ".repeat(70).trim();
  const before = people.map((person) => person.socket._socket.bytesRead);
  people[0].say(text);
  for (const [index, person] of people.entries()) {
    assert.equal(person.socket.extensions, "permessage-deflate");
    await person.hears(text);
    const bytes = person.socket._socket.bytesRead - before[index];
    assert.ok(bytes < text.length / 4, `${bytes} bytes for a text of ${text.length}`);
  }
}, "--deflate");
