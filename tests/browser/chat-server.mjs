// The chat program as a test starts, kills and starts it again: always by its own process.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
export const program = process.env.CHAT_BIN ?? "target/release/examples/chat";

const running = new Set();
process.once("exit", () => { for (const child of running) child.kill("SIGKILL"); }); // also when a test fails half-way

/** Starts the chat on `address` ("127.0.0.1:0": a free port) and resolves once it listens. */
export async function startChat(address = "127.0.0.1:0", ...flags) {
  const child = spawn(program, ["--listen", address, ...flags], { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  running.add(child);
  child.once("exit", () => running.delete(child));
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  const end = async (signal) => {
    if (!hasEnded()) {
      const gone = once(child, "exit");
      child.kill(signal);
      await gone;
    }
    return child.exitCode;
  };
  const lines = createInterface({ input: child.stdout });
  const listening = await new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`${program} did not say that it listens within 10 s`)), 10_000);
    child.once("error", reject);
    child.once("exit", (code, signal) => reject(new Error(`${program} ended (${code ?? signal}) before it listened`)));
    lines.on("line", (line) => {
      const found = /^listening on (\S+)$/.exec(line);
      if (found) {
        clearTimeout(late);
        resolve(found[1]);
      }
    });
  }).catch((problem) => {
    child.kill("SIGKILL");
    throw problem;
  });
  return {
    address: listening,
    url: `http://${listening}/`,
    /** Ends the program without letting it say goodbye, and resolves once it is gone. */
    async kill() {
      await end("SIGKILL");
    },
    /** Asks the program to end, and resolves with its exit code. */
    end: () => end("SIGTERM"),
    hasEnded,
  };
}
