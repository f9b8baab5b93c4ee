// One room over two chat processes and a real Redis, which goes away and comes back.
import assert from "node:assert/strict";
import { test } from "node:test";
import { connected, hears, joinRoom, launch, say, screenshot, seesHere } from "./browser.mjs";
import { startChat } from "./chat-server.mjs";
import { Client, eventually, sleep } from "./client.mjs";
import { startRedis } from "./redis-server.mjs";

/** Runs `body` with a Redis of its own and two chats on it. */
function twoChats(name, body) {
  test(name, { timeout: 90_000 }, async () => {
    const redis = await startRedis();
    const chats = [];
    try {
      for (const _ of "12") chats.push(await startChat("127.0.0.1:0", "--redis", redis.url));
      await body({ redis, chats });
      for (const chat of chats) assert.equal(chat.hasEnded(), false, "the chat lives");
    } finally {
      for (const chat of chats) await chat.kill();
      await redis.remove();
    }
  });
}

twoChats("pages on two servers share a room, are told that Redis is away, and talk again when it is back", async ({ redis, chats }) => {
  const browser = await launch();
  try {
    const ada = await joinRoom(browser, chats[0].url, "Ada");
    const ben = await joinRoom(browser, chats[1].url, "Ben", { dark: true });
    await seesHere(ada, "Ada", "Ben");
    await seesHere(ben, "Ben", "Ada");
    await say(ada, "From the first server");
    await hears(ben, "From the first server");
    await say(ben, "From the second");
    await hears(ada, "From the second");

    await redis.kill();
    for (const { page } of [ada, ben]) await page.locator("#trouble").getByText("can't be reached").waitFor();
    await say(ada, "Said while Redis was away");
    await hears(ada, "Said while Redis was away");
    const cleo = await joinRoom(browser, chats[0].url, "Cleo");
    await hears(cleo, "Said while Redis was away");
    await cleo.page.locator("#trouble").getByText("can't be reached").waitFor();
    await seesHere(ada, "Ada", "Cleo"); // Ben's server has not been heard of for too long
    await screenshot(ada, "redis-away");

    await redis.start();
    for (const { page } of [ada, ben, cleo]) {
      await page.locator("#log").getByText("are back").waitFor();
      assert.equal(await page.locator("#trouble").isHidden(), true);
    }
    await hears(ben, "Said while Redis was away");
    await seesHere(ada, "Ada", "Ben", "Cleo");
    await seesHere(ben, "Ben", "Ada", "Cleo");
    await say(ben, "And on we go");
    await hears(cleo, "And on we go");
    await screenshot(ben, "redis-back");
    for (const person of [ada, ben, cleo]) {
      await connected(person);
      assert.deepEqual(person.complaints, []);
    }
  } finally {
    await browser.close();
  }
});

twoChats("Redis killed with messages in flight takes no message from those on the same server", async ({ redis, chats }) => {
  const talkers = [await Client.join(chats[0], "Ada"), await Client.join(chats[1], "Ben")];
  const listeners = [await Client.join(chats[0], "Cleo"), await Client.join(chats[1], "Dora")];
  const COUNT = 1500;
  const names = talkers.map((_, side) => Array.from({ length: COUNT }, (_, n) => `${side}.${n}`));
  for (let n = 0; n < COUNT; n += 1) {
    if (n === 500) void redis.kill();
    if (n === 1000) await redis.start();
    for (const [side, talker] of talkers.entries()) talker.say(names[side][n]);
    if (n % 3 === 0) await sleep(4);
  }
  for (const [side, listener] of listeners.entries()) {
    await listener.hears(names[side][COUNT - 1]);
    const own = listener.texts.filter((text) => text.startsWith(`${side}.`));
    assert.deepEqual(own, names[side], "each once, in order");
    await listener.notice("trouble");
    await listener.notice("recovered");
    await listener.hears(names[1 - side][COUNT - 1]);
    const across = listener.texts.filter((text) => text.startsWith(`${1 - side}.`));
    assert.equal(new Set(across).size, across.length, "none from across came twice");
    assert.deepEqual(across.slice(0, 300), names[1 - side].slice(0, 300), "what was said well before came across, in order");
    console.log(`  heard on server ${side}: ${own.length} of its own ${COUNT}, ${across.length} from across an outage`);
  }
});

twoChats("a Redis that hangs holds nobody up, and what was said meanwhile crosses afterwards", async ({ redis, chats }) => {
  const [ada, ben] = [await Client.join(chats[0], "Ada"), await Client.join(chats[1], "Ben")];
  const cleo = await Client.join(chats[0], "Cleo");
  redis.pause();
  let slowest = 0;
  for (let n = 0; n < 40; n += 1) {
    const since = performance.now();
    ada.say(`Line ${n}`);
    await cleo.hears(`Line ${n}`);
    slowest = Math.max(slowest, performance.now() - since);
    await sleep(200);
  }
  console.log(`  the slowest of 40 messages took ${slowest.toFixed(1)} ms while Redis hung`);
  assert.ok(slowest < 200, `a message took ${slowest} ms`);
  for (const person of [ada, ben]) await person.notice("trouble", { patience: 1_000 });
  redis.resume();
  for (const person of [ada, ben]) await person.notice("recovered");
  await ben.hears("Line 39");
  assert.deepEqual(ben.texts, Array.from({ length: 40 }, (_, n) => `Line ${n}`));
});

twoChats("a page that comes back to the other server takes its own place there", async ({ chats }) => {
  const ben = await Client.join(chats[0], "Ben");
  const before = await Client.join(chats[0], "Ada", "Ada's token");
  await eventually(() => ben.all("joined").length === 1, "Ada is there");
  await sleep(300); // until the other server knows
  const after = await Client.join(chats[1], "Ada", "Ada's token");
  assert.deepEqual({ you: after.welcome.you, here: after.welcome.here }, { you: "Ada", here: ["Ada", "Ben"] });
  assert.equal((await before.end()).code, 4001);
  after.say("I am here now");
  await ben.hears("I am here now");
  await sleep(2_500); // a round of presence
  assert.equal(after.closed, null);
  for (const type of ["left", "here"]) assert.deepEqual(ben.all(type), [], "for the others nothing has happened");
});

twoChats("the people of a server that ends leave the room, at once or after its silence", async ({ redis, chats }) => {
  const ada = await Client.join(chats[0], "Ada");
  const ben = await Client.join(chats[1], "Ben");
  await ada.until((message) => message.nick === "Ben" || message.here?.length === 2);
  assert.equal(await chats[1].end(), 0);
  assert.equal((await ben.end()).code, 1001);
  await eventually(() => ada.heard.at(-1).type === "here", "the room is told", 1_000);
  assert.deepEqual(ada.heard.at(-1).here, ["Ada"]);
  const third = await startChat("127.0.0.1:0", "--redis", redis.url);
  const cleo = await Client.join(third, "Cleo");
  await cleo.until((message) => message.here?.includes("Ada"));
  await ada.until((message) => message.nick === "Cleo" || message.here?.includes("Cleo"));
  await third.kill();
  await eventually(() => ada.heard.at(-1).type === "here", "the room is told", 8_000);
  assert.deepEqual(ada.heard.at(-1).here, ["Ada"]);
  chats.pop();
});

test("a chat whose Redis can't be reached says so and ends", async () => {
  const redis = await startRedis();
  await redis.remove();
  await assert.rejects(startChat("127.0.0.1:0", "--redis", redis.url), /ended \(1\) before it listened/);
});
