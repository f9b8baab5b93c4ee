// The page that the chip serves, in a real Chromium, and clients beside it.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { launch, openPage, screenshot } from "../browser/browser.mjs";
import { connect, eventually, sleep, start } from "./guest.mjs";

const modules = process.env.BROWSER_MODULES ?? fileURLToPath(new URL("../../target/node-browser", import.meta.url));
const { chromium } = createRequire(join(modules, "package.json"))("playwright-core");

let chip, browser;
before(async () => { [chip, browser] = await Promise.all([start(), launch()]); });
after(async () => { await browser?.close(); await chip?.stop(); });
// A slot is free again once the chip has seen its client's end.
afterEach(() => eventually(async () => (await chip.state()).clients === 0, "the chip has no clients left"));

const lamp = ({ page }) => page.locator("#switch");
const isLit = (person, lit) => person.page.locator(`#switch[aria-checked=${lit}]:enabled`).waitFor();
const clients = (person, count) => person.page.locator("#clients").getByText(String(count), { exact: true }).waitFor();
const leave = ({ page }) => page.context().close();

test("the lamp follows in a second browser, and the first goes on when that is killed", { timeout: 120_000 }, async () => {
  const ada = await openPage(browser, chip.page, { width: 760, height: 760 });
  await isLit(ada, false);
  const server = await chromium.launchServer({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
  const second = await chromium.connect(server.wsEndpoint());
  const ben = await openPage(second, chip.page, { dark: true });
  await isLit(ben, false);
  await clients(ada, 2);
  await clients(ben, 2);
  await lamp(ada).click();
  await isLit(ben, true);
  await isLit(ada, true);
  await ada.page.locator("#latency").getByText(/ms$/).waitFor();
  await ada.page.locator("#uptime").getByText(/^\d\d:\d\d$/).waitFor();
  await sleep(400); // the lamp comes on within a quarter of a second
  await screenshot(ada, "lamp");
  await screenshot(ben, "lamp-dark");
  await lamp(ben).click();
  await isLit(ada, false);
  server.process().kill("SIGKILL");
  await clients(ada, 1);
  await lamp(ada).click();
  await isLit(ada, true);
  await lamp(ada).click();
  await isLit(ada, false);
  assert.deepEqual(ada.complaints, []);
  await leave(ada);
});

test("the page finds its way back when the chip has dropped it", { timeout: 60_000 }, async () => {
  const ada = await openPage(browser, chip.page);
  await isLit(ada, false);
  await ada.page.evaluate(() => socket.close());
  await ada.page.getByText("no connection, trying again…").waitFor();
  await isLit(ada, false);
  await leave(ada);
});

test("one client too many is answered with 503, and the others go on", { timeout: 60_000 }, async () => {
  const both = [await connect(chip.ws), await connect(chip.ws)];
  await assert.rejects(connect(chip.ws), { status: 503 });
  await assert.rejects(connect(chip.echo), { status: 503 });
  assert.equal((await chip.state()).clients, 2, "pages are still served");
  both[0].send("on");
  for (const client of both) await client.until((line) => line.includes(`"lamp":true`));
  both[1].send("off");
  for (const client of both) await client.until((line) => line.includes(`"lamp":false`));
  await both.pop().close();
  await eventually(async () => (await chip.state()).clients === 1, "the chip has noticed");
  both.push(await connect(chip.ws));
  for (const client of both) await client.close();
});

test("a client that says something else is told what to say", { timeout: 30_000 }, async () => {
  const client = await connect(chip.ws);
  client.send("dim");
  assert.equal(JSON.parse(await client.until((line) => line.includes("error"))).error, "say on, off or ping");
  client.send("ping");
  await client.until((line) => line === "pong");
  assert.equal(await client.close(), 1000);
});

test("pages of another origin may not switch the lamp", { timeout: 30_000 }, async () => {
  await assert.rejects(connect(chip.ws, { origin: "http://elsewhere.example" }), { status: 403 });
});

for (const where of ["echo", "raw"]) {
  test(`the ${where} echo sends back messages of any size`, { timeout: 60_000 }, async () => {
    const client = await connect(chip[where]);
    for (const size of [0, 1, 125, 126, 1024, 65_536, 1_000_000]) {
      const message = Buffer.alloc(size, (_, at) => at);
      for (let at = 0; at < size; at += 1) message[at] = (at * 7 + (at >> 8)) & 255;
      client.send(message);
      assert.ok(message.equals(await client.next()), `${size} bytes`);
      client.send("ü".repeat(size / 2));
      assert.equal(await client.next(), "ü".repeat(size / 2));
    }
    assert.equal(await client.close(), 1000);
  });
}

test("a thousand clients, one after another, leave nothing behind", { timeout: 300_000 }, async () => {
  const before = await chip.state();
  for (let i = 0; i < 1000; i += 1) {
    const client = await connect(i % 2 ? chip.echo : chip.raw);
    const message = `client ${i}`;
    client.send(message);
    assert.equal(await client.next(), message);
    await (i % 10 ? client.close() : client.vanish());
  }
  await eventually(async () => (await chip.state()).clients === 0, "all are gone");
  const after = await chip.state();
  assert.ok(after.uptime >= before.uptime, "the chip has not been reset");
  const both = await Promise.all([connect(chip.ws), connect(chip.ws)]);
  for (const client of both) await client.close();
});
