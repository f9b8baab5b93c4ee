// The chat in a real Chromium: what a person sees, types and reads.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { connected, hears, joinRoom, launch, openPage, say, screenshot, seesHere } from "./browser.mjs";
import { startChat } from "./chat-server.mjs";
import { withHashes } from "./csp.mjs";

let browser;
before(async () => { browser = await launch(); });
after(() => browser?.close());

/** Runs `body` with a chat of its own, and with people whose consoles must have stayed clean at its end. */
function chatTest(name, body) {
  test(name, { timeout: 90_000 }, async () => {
    const chat = { server: await startChat(), people: [] };
    const enter = async (nick, options) => {
      const person = await joinRoom(browser, chat.server.url, nick, options);
      chat.people.push(person);
      return person;
    };
    try {
      await body({ chat, enter });
      for (const { complaints } of chat.people) assert.deepEqual(complaints, []);
    } finally {
      for (const { page } of chat.people) await page.context().close();
      await chat.server.kill();
    }
  });
}

test("the hashes in the page's policy are those of its script and style", () => {
  const html = readFileSync(new URL("../../std-adapter/examples/chat/page.html", import.meta.url), "utf8");
  assert.equal(html, withHashes(html), "run node tests/browser/csp.mjs --write");
});

chatTest("two people join, see each other and talk", async ({ enter }) => {
  const ada = await enter("Ada");
  const ben = await enter("Ben");
  await seesHere(ada, "Ada", "Ben");
  await seesHere(ben, "Ben", "Ada");
  await ada.page.locator("#log").getByText("Ben joined").waitFor();
  await say(ada, "Good morning");
  await hears(ben, "Good morning");
  await say(ben, "Morning, Ada");
  await hears(ada, "Morning, Ada");
  assert.equal(await ada.page.locator(".pending").count(), 0, "what Ada said came back to her");
  assert.deepEqual(await ada.page.locator(".group.own .text").allTextContents(), ["Good morning"]);
  await ben.page.locator("#leave").click();
  await ada.page.locator("#log").getByText("Ben left").waitFor();
  await seesHere(ada, "Ada");
});

chatTest("markup in a message and in a nick name is shown as the text that it is", async ({ enter }) => {
  const nick = "<i>Mal</i>";
  const attack = `<img src=x onerror="window.owned = 1"><script>window.owned = 1</script> & "quotes"`;
  const ada = await enter("Ada");
  const mal = await enter(nick);
  await say(mal, attack);
  await hears(ada, attack);
  await seesHere(ada, "Ada", nick);
  assert.equal(await ada.page.locator(".group bdi", { hasText: nick }).count(), 1);
  for (const { page } of [ada, mal]) {
    assert.equal(await page.locator("#log :is(img, script, i), #here i").count(), 0);
    assert.equal(await page.evaluate(() => window.owned), undefined);
  }
});

chatTest("the policy keeps a script that got into the page from running", async ({ chat }) => {
  const { page } = await openPage(browser, chat.server.url);
  const blocked = await page.evaluate(() => new Promise((resolve) => {
    addEventListener("securitypolicyviolation", (event) => resolve(event.effectiveDirective));
    const script = document.createElement("script");
    script.textContent = "window.owned = 1";
    document.body.append(script);
  }));
  assert.equal(blocked, "script-src-elem");
  assert.equal(await page.evaluate(() => window.owned), undefined);
  await page.context().close();
});

chatTest("both pages come back after the server was killed and started again", async ({ chat, enter }) => {
  const ada = await enter("Ada");
  const ben = await enter("Ben");
  await say(ada, "Before");
  await hears(ben, "Before");
  for (const person of chat.people) person.serverIsDown = true;
  await chat.server.kill();
  for (const { page } of chat.people) await page.locator("#state[data-is=waiting]").waitFor();
  await ben.page.locator("#lost").getByText("Trying again").waitFor();
  await say(ben, "Said while the server was away");
  await ben.page.waitForTimeout(2_500); // long enough for attempts to fail
  for (const person of chat.people) assert.ok(person.refusals > 0, "the page tried while the server was away");
  await screenshot(ben, "lost");
  chat.server = await startChat(chat.server.address);
  for (const person of chat.people) await connected(person);
  for (const person of chat.people) person.serverIsDown = false;
  await hears(ada, "Said while the server was away");
  await say(ada, "And after");
  await hears(ben, "And after");
  await seesHere(ada, "Ada", "Ben");
  assert.deepEqual(await ben.page.locator(".text").allTextContents(), ["Before", "Said while the server was away", "And after"]);
  assert.equal(await ben.page.locator("#lost").isHidden(), true);
});

chatTest("somebody who joins reads what was said last, and a reload goes straight back", async ({ enter }) => {
  const ada = await enter("Ada");
  for (let n = 1; n <= 60; n += 1) await say(ada, `Line ${n}`);
  await hears(ada, "Line 60");
  const ben = await enter("Ben");
  await hears(ben, "Line 60");
  const lines = await ben.page.locator(".text").allTextContents();
  assert.deepEqual(lines, Array.from({ length: 50 }, (_, n) => `Line ${n + 11}`));
  await ben.page.reload();
  await connected(ben);
  await seesHere(ada, "Ada", "Ben");
  await seesHere(ben, "Ben", "Ada");
});

chatTest("a taken nick name gets a number, and one too long a sentence", async ({ chat, enter }) => {
  await enter("Ada");
  const second = await enter("Ada");
  await seesHere(second, "Ada 2", "Ada");
  const third = await openPage(browser, chat.server.url);
  await third.page.locator("#nick").fill("x".repeat(25));
  await third.page.locator("#nick").press("Enter");
  await third.page.locator("#problem").getByText("That is 1 too many: 24 characters at most.").waitFor();
  await third.page.context().close();
});

chatTest("Enter sends, Shift and Enter starts a line, and too long a text is held back", async ({ enter }) => {
  const ada = await enter("Ada");
  const { keyboard } = ada.page;
  await keyboard.type("first");
  await keyboard.press("Shift+Enter");
  await keyboard.type("second");
  await keyboard.press("Enter");
  await hears(ada, "first\nsecond");
  await ada.page.locator("#text").fill("x".repeat(2001));
  await ada.page.locator("#count").getByText("1 too many").waitFor();
  await keyboard.press("Enter");
  assert.equal(await ada.page.locator(".text").count(), 1);
  await ada.page.locator("#text").fill("🧦".repeat(2000)); // 2000 characters, though 4000 UTF-16 units
  await keyboard.press("Enter");
  await hears(ada, "🧦".repeat(2000));
});

chatTest("the page is worth looking at: wide and on a phone, light and dark", async ({ chat, enter }) => {
  const ada = await enter("Ada Lovelace");
  const ben = await enter("Ben", { dark: true });
  const phone = { phone: true, width: 390, height: 844 };
  const imogen = await enter("Imogen", phone);
  const zoe = await enter("Zoë", { ...phone, dark: true });
  const talk = async (person, text) => {
    await say(person, text);
    for (const listener of chat.people) await hears(listener, text);
  };
  await talk(ada, "Morning! Is the new build up?");
  await talk(ben, "Just now. It took the connection out of the HTTP server and kept it 🧦");
  await talk(ben, "Try <b>markup</b> if you like, it stays text.");
  await talk(imogen, "I'm on a train. What I write in a tunnel waits here and goes out when I'm back.");
  await talk(ada, "A thread per connection means that each of us has a plain stack that blocks in a read, wakes up for a ping and never has to be told about an event loop.\n\nhttps://example.org/a/long/address/without/a/single/space/that/has/to/break/somewhere");
  await talk(zoe, "👍");
  await screenshot(ada, "wide-light");
  await screenshot(ben, "wide-dark");
  await screenshot(imogen, "phone-light");
  await screenshot(zoe, "phone-dark");
  await zoe.page.locator("#show-people").tap();
  await seesHere(zoe, "Zoë", "Ada Lovelace", "Ben", "Imogen");
  assert.equal(await zoe.page.locator("#people").isVisible(), true);
  await screenshot(zoe, "phone-dark-people");
  for (const { page } of chat.people) {
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, "nothing sticks out sideways");
  }
  for (const [name, options] of [["lobby-wide", {}], ["lobby-phone-dark", { ...phone, dark: true }]]) {
    const visitor = await openPage(browser, chat.server.url, options);
    await screenshot(visitor, name);
    assert.deepEqual(visitor.complaints, []);
    await visitor.page.context().close();
  }
});
