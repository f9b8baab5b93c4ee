// Talks to an echo server as a Node `ws` client; exits with 1 and a sentence if the server does anything unexpected.
// `node client.mjs URL [--deflate [--no-takeover] [--window-bits 9..15]] [--server-log FILE]`
//
// With --server-log, the file that the server's output goes to must show that it saw each Close: `closed CODE REASON`.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { deflate, parse, ws } from './options.mjs';

const MIB = 1 << 20;
const CLOSES = [[undefined, ''], [1000, ''], [1001, 'leaving node'], [3000, 'y'.repeat(123)], [4002, 'node says Grüße 🦀']];
const SCENARIOS = { handshake, messages, fragments, pings, pipeline, compression };

const args = parse('client.mjs URL [--deflate [--no-takeover] [--window-bits 9..15]] [--server-log FILE]', { 'server-log': { type: 'string' } });
const url = args.positionals[0] ?? fail('start', 'give the URL of an echo server, ws://127.0.0.1:PORT');

for (const [name, scenario] of Object.entries(SCENARIOS)) {
  try {
    const connection = await open();
    await scenario(connection);
    connection.terminate();
  } catch (error) {
    fail(name, error.message);
  }
}
for (const [code, reason] of CLOSES) await checkClose(code, reason).catch((error) => fail(`close ${code}`, error.message));
console.log(`node client: ${Object.keys(SCENARIOS).length + CLOSES.length} scenarios passed${args.deflate ? ' with --deflate' : ''}`);
process.exit(0);

async function open() {
  const connection = new ws.WebSocket(url, { perMessageDeflate: deflate(args), handshakeTimeout: 10_000, maxPayload: 0 });
  connection.received = [];
  connection.on('upgrade', (response) => (connection.response = response));
  connection.on('message', (message, binary) => connection.received.push({ message, binary }));
  connection.on('error', (error) => fail('connection', error.message));
  await once(connection, 'open');
  return connection;
}

async function handshake(connection) {
  expect(connection.protocol === '', `the server chose the subprotocol ${connection.protocol}`);
  const agreed = connection.response.headers['sec-websocket-extensions'];
  if (!args.deflate) return expect(agreed === undefined, `the server answered with extensions that nobody offered: ${agreed}`);
  const [name, ...parameters] = (agreed ?? 'nothing').split(';').map((part) => part.trim());
  const values = Object.fromEntries(parameters.map((parameter) => parameter.split('=')));
  expect(name === 'permessage-deflate', `permessage-deflate was offered and not agreed on: the server answered with ${name}`);
  expect('server_no_context_takeover' in values || !args['no-takeover'], `the server would keep its context: ${agreed}`);
  const bits = Number(values.server_max_window_bits ?? 15);
  expect(bits <= Number(args['window-bits'] ?? 15), `the server's window is larger than what was offered: ${agreed}`);
}

async function messages(connection) {
  const texts = ['Grüße, 世界 🦀', '', 'a', 'é'.repeat(MIB / 2), 'x'.repeat(125), 'x'.repeat(126), 'x'.repeat(65536)];
  const binaries = [Buffer.from([...Array(256).keys()]), Buffer.alloc(0), randomBytes(MIB)];
  for (const message of [...texts, ...binaries]) await echoes(connection, message);
}

async function fragments(connection) {
  const whole = Buffer.from('Grüße, 世界 🦀');
  for (let at = 0; at < whole.length; at++) connection.send(whole.subarray(at, at + 1), { binary: false, fin: at === whole.length - 1 });
  same(await receive(connection), whole, false);
  for (const part of ['', '1', '', '2']) connection.send(Buffer.from(part), { fin: false });
  connection.send(Buffer.alloc(0), { fin: true });
  same(await receive(connection), Buffer.from('12'), true);
  const pongs = [];
  connection.on('pong', (payload) => pongs.push(payload.toString()));
  for (const [at, part] of ['one ', 'two ', 'three'].entries()) {
    connection.send(part, { fin: at === 2 });
    connection.ping(`after ${at}`);
  }
  same(await receive(connection), Buffer.from('one two three'), false);
  await until(() => pongs.length === 3, 'the pings between fragments were not answered');
  expect(pongs.join() === 'after 0,after 1,after 2', `the pings between fragments were answered with ${pongs}`);
}

async function pings(connection) {
  for (const payload of [Buffer.alloc(0), Buffer.from('are you there?'), randomBytes(125)]) {
    connection.ping(payload);
    const [pong] = await once(connection, 'pong', { signal: AbortSignal.timeout(10_000) });
    expect(pong.equals(payload), `a ping with ${payload.length} bytes was answered with ${pong.length} others`);
  }
}

async function pipeline(connection) {
  for (let number = 0; number < 200; number++) connection.send(`message ${number}`);
  for (let number = 0; number < 200; number++) same(await receive(connection), Buffer.from(`message ${number}`), false);
}

// What the handshake agreed on is what the wire carries.
async function compression(connection) {
  const text = 'all work and no play '.repeat(50_000);
  const ratio = (await received(connection, text)) / text.length;
  expect(ratio < 0.2 === args.deflate, `a text that compresses well came back at ${ratio.toFixed(3)} of its size`);
  // A repetition further back than a small window: our inflater refuses a distance beyond what was agreed.
  await echoes(connection, randomBytes(20_000).toString('hex').repeat(3));
  const repeated = randomBytes(90).toString('hex'); // short enough for the smallest window
  const sizes = [];
  for (let time = 0; time < 3; time++) sizes.push(await received(connection, repeated));
  const kept = sizes[2] < sizes[0] / 2;
  expect(kept === (args.deflate && !args['no-takeover']), `the same text took ${sizes} bytes: is the context kept?`);
}

async function checkClose(code, reason) {
  const connection = await open();
  await echoes(connection, 'before the close');
  const started = performance.now();
  connection.close(code, reason);
  const [answer, said] = await once(connection, 'close', { signal: AbortSignal.timeout(10_000) });
  const seconds = (performance.now() - started) / 1000;
  const expected = code ?? 1005;
  expect(answer === expected, `the server answered with ${answer}`);
  expect(['', reason].includes(said.toString()), `the server answered with the reason ${said}`);
  expect(seconds < 5, `it took the server ${seconds.toFixed(1)} s to end the connection`);
  if (!args['server-log']) return;
  const line = `closed ${expected} ${reason}`.trimEnd();
  const seen = () => readFileSync(args['server-log'], 'utf8').split('\n').some((said) => said.trimEnd() === line);
  await until(seen, `${args['server-log']} does not say that the server saw it`);
}

// The bytes that it took the server to echo a text.
async function received(connection, text) {
  const before = connection._socket.bytesRead;
  await echoes(connection, text);
  return connection._socket.bytesRead - before;
}

async function echoes(connection, message) {
  connection.send(message);
  same(await receive(connection), Buffer.from(message), typeof message !== 'string');
}

async function receive(connection) {
  await until(() => connection.received.length > 0 || connection.readyState > 1, 'an echo did not come');
  return connection.received.shift() ?? expect(false, 'the server closed the connection instead of echoing');
}

async function until(condition, sentence) {
  const deadline = performance.now() + 20_000;
  for (; !condition(); await sleep(1)) expect(performance.now() < deadline, sentence);
}

function same({ message, binary }, expected, expectedBinary) {
  expect(binary === expectedBinary, `${expectedBinary ? 'binary' : 'text'} came back as ${binary ? 'binary' : 'text'}`);
  expect(message.equals(expected), `a message came back changed: '${expected.subarray(0, 40)}' as '${message.subarray(0, 40)}'`);
}

function expect(condition, sentence) {
  if (!condition) throw new Error(sentence);
}

function fail(scenario, sentence) {
  console.error(`node client, ${scenario}: ${sentence}`);
  process.exit(1);
}
