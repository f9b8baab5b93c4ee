// The chat page allows its own inline script and style by hash. `node csp.mjs --write` brings the
// hashes up to date after an edit; without the flag it says whether they are, and fails if not.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const page = fileURLToPath(new URL("../../std-adapter/examples/chat/page.html", import.meta.url));

/** The page with the hashes that its policy should hold. */
export function withHashes(html) {
  let out = html;
  for (const tag of ["script", "style"]) {
    const bodies = [...html.matchAll(new RegExp(`<${tag}>([^]*?)</${tag}>`, "g"))];
    if (bodies.length !== 1) throw new Error(`the page has ${bodies.length} <${tag}> elements, and the policy one hash for it`);
    const hash = createHash("sha256").update(bodies[0][1]).digest("base64");
    out = out.replace(new RegExp(`${tag}-src 'sha256-[^']*'`), `${tag}-src 'sha256-${hash}'`);
  }
  return out;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const before = readFileSync(page, "utf8");
  const after = withHashes(before);
  if (process.argv.includes("--write")) {
    writeFileSync(page, after);
  } else if (before !== after) {
    console.error("The hashes in the chat page's policy are stale: run node tests/browser/csp.mjs --write.");
    process.exit(1);
  }
}
