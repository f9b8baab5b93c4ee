// Debian's Chromium under playwright-core, and people: a page each, in a profile of its own.
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const modules = process.env.BROWSER_MODULES ?? join(root, "target/node-browser");
const { chromium } = createRequire(join(modules, "package.json"))("playwright-core");
const shots = join(root, "target/screenshots");

// What Chromium itself logs for each attempt to reach a server that is not there.
const REFUSED = /^WebSocket connection to 'ws:\/\/127\.0\.0\.1:\d+\/chat' failed: Error in connection establishment: net::ERR_CONNECTION_REFUSED$/;

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
}

/** One person's browser window. `complaints` is everything its console holds against the page. */
export async function openPage(browser, url, { width = 1180, height = 800, dark = false, phone = false } = {}) {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: dark ? "dark" : "light",
    locale: "en-GB",
    isMobile: phone,
    hasTouch: phone,
    deviceScaleFactor: phone ? 2 : 1,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const person = { page, complaints: [], refusals: 0, serverIsDown: false };
  page.on("console", (message) => {
    if (message.type() !== "error" && message.type() !== "warning") return;
    if (person.serverIsDown && REFUSED.test(message.text())) person.refusals += 1;
    else person.complaints.push(message.text());
  });
  page.on("pageerror", (error) => person.complaints.push(String(error)));
  await page.goto(url);
  return person;
}

/** Opens the page and joins with the keyboard alone. */
export async function joinRoom(browser, url, nick, options) {
  const person = await openPage(browser, url, options);
  await person.page.locator("#nick:focus").waitFor(); // autofocus comes with the first frame, after the load event
  await person.page.keyboard.type(nick);
  await person.page.keyboard.press("Enter");
  await connected(person);
  return person;
}

export const connected = ({ page }) => page.locator("#state[data-is=open]").waitFor();

export async function say({ page }, text) {
  await page.locator("#text").fill(text);
  await page.locator("#text").press("Enter");
}

/** Resolves once `text` is a message on the page, heard back from the server. */
export const hears = ({ page }, text) => page.locator(".text:not(.pending):not(.failed)").getByText(text, { exact: true }).waitFor();

/** Resolves once exactly these people are listed, the page's own first. */
export async function seesHere({ page }, ...names) {
  const list = page.locator("#here bdi");
  for (const deadline = Date.now() + 15_000; ; await page.waitForTimeout(50)) {
    const found = await list.allTextContents();
    if (found.join("\n") === names.join("\n")) return;
    if (Date.now() > deadline) throw new Error(`expected ${names} to be here, found ${found}`);
  }
}

export async function screenshot({ page }, name) {
  mkdirSync(shots, { recursive: true });
  await page.screenshot({ path: join(shots, `${name}.png`), animations: "allow", caret: "initial" });
}
