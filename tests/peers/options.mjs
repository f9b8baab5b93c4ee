// Command-line options that the Node client and server share, and the `ws` package they use.
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';

export const ws = createRequire(new URL('../../target/node/', import.meta.url))('ws');

export function parse(usage, more = {}) {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        deflate: { type: 'boolean', default: false },
        'no-takeover': { type: 'boolean', default: false },
        'window-bits': { type: 'string' },
        ...more,
      },
    });
    return { ...values, positionals };
  } catch (error) {
    console.error(`${error.message}\nusage: ${usage}`);
    process.exit(2);
  }
}

// What `ws` takes as `perMessageDeflate`: it compresses small messages as well here, so that each shows on the wire.
export function deflate(args) {
  if (!args.deflate) return false;
  const options = { threshold: 0 };
  if (args['no-takeover']) Object.assign(options, { serverNoContextTakeover: true, clientNoContextTakeover: true });
  const bits = args['window-bits'] && Number(args['window-bits']);
  if (bits) Object.assign(options, { serverMaxWindowBits: bits, clientMaxWindowBits: bits });
  return options;
}
