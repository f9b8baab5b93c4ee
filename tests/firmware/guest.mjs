// The firmware in QEMU, and clients without a browser.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const modules = process.env.NODE_PEERS ?? join(root, "target/node");
const WebSocket = createRequire(join(modules, "package.json"))("ws");

/** Starts the firmware, which must have been built; gives where its pages and its raw echo are. */
export async function start() {
  const child = spawn(join(root, "embassy-adapter/firmware/run.sh"), { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const said = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error("the firmware did not come up: see above");
    return value.split(" ").at(-1);
  };
  const page = await said();
  const host = new URL(page).host;
  const raw = await said();
  return {
    page,
    ws: `ws://${host}/ws`,
    echo: `ws://${host}/echo`,
    raw: `ws://${raw}/`,
    state: async () => (await fetch(`${page}state`, { signal: AbortSignal.timeout(10_000) })).json(),
    /** Ends it, and fails if it had ended by itself. */
    async stop() {
      const itself = child.exitCode;
      child.kill("SIGTERM");
      const [code] = await ended;
      if (itself !== null || code !== 0) throw new Error(`the firmware ended with exit code ${itself ?? code}`);
    },
  };
}

/** A client; `next()` resolves with the next message. */
export async function connect(url, options) {
  const socket = new WebSocket(url, { handshakeTimeout: 10_000, ...options });
  const waiting = [], heard = [];
  socket.on("message", (data, binary) => {
    const message = binary ? data : String(data);
    const waiter = waiting.shift();
    if (waiter) waiter(message);
    else heard.push(message);
  });
  await new Promise((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
    socket.once("unexpected-response", (request, response) => {
      request.destroy(); // or the slot would wait for us to read on
      reject(Object.assign(new Error(`answered with ${response.statusCode}`), { status: response.statusCode }));
    });
  });
  socket.on("error", () => {}); // `close` tells
  const next = (patience = 10_000) => heard.length ? Promise.resolve(heard.shift()) : new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error("no message came")), patience);
    waiting.push((message) => { clearTimeout(late); resolve(message); });
  });
  const closed = new Promise((resolve) => socket.once("close", resolve));
  return {
    socket,
    next,
    send: (message) => socket.send(message),
    /** Resolves with the next message that `wanted` takes. */
    async until(wanted) {
      for (;;) {
        const message = await next();
        if (wanted(message)) return message;
      }
    },
    async close() { socket.close(1000); return closed; },
    /** Gone without a word. */
    async vanish() { socket.terminate(); return closed; },
  };
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Resolves once `condition` holds. */
export async function eventually(condition, what, patience = 20_000) {
  for (const deadline = Date.now() + patience; !(await condition()); await sleep(100)) {
    if (Date.now() > deadline) throw new Error(`within ${patience} ms it did not come true that ${what}`);
  }
}
