// Somebody in the room without a browser: the page's side of protocol.md, over Node's `ws`.
import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const modules = process.env.NODE_PEERS ?? join(root, "target/node");
const WebSocket = createRequire(join(modules, "package.json"))("ws");

export const PATIENCE = 10_000;
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class Client {
  heard = []; // all messages, oldest first
  closed = null; // {code, reason}
  #wake = new Set();

  /** Connects without a hello. */
  static async connect(chat) {
    const client = new Client();
    const socket = client.socket = new WebSocket(`ws://${chat.address}/chat`, "tubesock-chat");
    socket.on("message", (json) => client.#note(() => client.heard.push(JSON.parse(json))));
    socket.on("close", (code, reason) => client.#note(() => { client.closed = { code, reason: String(reason) }; }));
    await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
    socket.on("error", () => {}); // `close` tells
    return client;
  }

  static async join(chat, nick, token) {
    const client = await Client.connect(chat);
    client.send({ type: "hello", nick, token });
    await client.until((message) => message.type === "welcome");
    return client;
  }

  get welcome() { return this.heard.find((message) => message.type === "welcome"); }
  /** The texts that were said since the welcome. */
  get texts() { return this.heard.filter((message) => message.type === "said").map((message) => message.text); }
  all(type) { return this.heard.filter((message) => message.type === type); }

  send(message) { this.socket.send(typeof message === "string" ? message : JSON.stringify(message)); }
  say(text, key = randomUUID()) { this.send({ type: "say", text, key }); }

  /** Resolves with the first message, `from` the first or later, that `wanted` takes. */
  until(wanted, { from = 0, patience = PATIENCE } = {}) {
    return this.#wait(() => this.heard.slice(from).find(wanted), patience, () =>
      `${wanted} did not come; what came last: ${JSON.stringify(this.heard.slice(-3)).slice(0, 600)}, closed: ${JSON.stringify(this.closed)}`);
  }
  hears(text, options) { return this.until((message) => message.type === "said" && message.text === text, options).catch((problem) => { throw new Error(`"${text.slice(0, 40)}" was not heard: ${problem.message}`); }); }
  notice(level, options) { return this.until((message) => message.type === "notice" && message.level === level, options); }
  /** Resolves with {code, reason} once the connection is closed. */
  end(patience = PATIENCE) { return this.#wait(() => this.closed, patience, () => "the connection was not closed"); }

  #note(change) {
    change();
    for (const wake of this.#wake) wake();
  }
  #wait(look, patience, complaint) {
    return new Promise((resolve, reject) => {
      const check = () => {
        const found = look();
        if (found) done(resolve, found);
      };
      const done = (end, value) => { clearTimeout(late); this.#wake.delete(check); end(value); };
      const late = setTimeout(() => done(reject, new Error(complaint())), patience);
      this.#wake.add(check);
      check();
    });
  }
}

/** Resolves once `condition` holds. */
export async function eventually(condition, what, patience = PATIENCE) {
  for (const deadline = Date.now() + patience; !condition(); await sleep(20)) {
    if (Date.now() > deadline) throw new Error(`within ${patience} ms it did not come true that ${what}`);
  }
}
