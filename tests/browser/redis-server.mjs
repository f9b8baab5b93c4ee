// Debian's redis-server as a test starts, stops and starts it again: always by its own process.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** A Redis that keeps nothing; `start` it again on the same port after `kill`. */
export async function startRedis() {
  const port = await freePort();
  const dir = mkdtempSync(join(tmpdir(), "chat-redis-"));
  let child = null;
  const redis = {
    url: `redis://127.0.0.1:${port}/`,
    async start() {
      child = spawn("redis-server", ["--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", dir], { stdio: "ignore" });
      const failed = once(child, "error").then(([problem]) => { throw problem; });
      for (const deadline = Date.now() + 10_000; ;) {
        if (await Promise.race([answers(port), failed])) return;
        if (Date.now() > deadline || child.exitCode !== null) throw new Error("redis-server did not answer within 10 s");
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    /** It is still there, but answers nobody until it is resumed. */
    pause: () => child.kill("SIGSTOP"),
    resume: () => child.kill("SIGCONT"),
    async kill() {
      if (!child || child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    },
    async remove() {
      await redis.kill();
      rmSync(dir, { recursive: true, force: true });
    },
  };
  process.once("exit", () => child?.kill("SIGKILL")); // also when a test fails half-way
  await redis.start();
  return redis;
}

function answers(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const done = (is) => { socket.destroy(); resolve(is); };
    socket.once("connect", () => socket.write("PING\r\n"));
    socket.once("data", (data) => done(String(data).startsWith("+PONG")));
    socket.once("error", () => done(false));
    socket.setTimeout(1_000, () => done(false));
  });
}
