// An echo server on Node `ws`, for our client to talk to: `node server.mjs [--deflate [--no-takeover] [--window-bits 9..15]]`.
//
// Prints `listening on ADDRESS`, then `closed CODE REASON` for each connection that ends, with what the other side's Close
// said (1005: it held no code, 1006: there was no Close). Chooses the subprotocol `echo` when it is offered, and refuses the
// path `/refuse` with 403, a header field and a body. Text messages that make it do more than echo them:
//
//     ping PAYLOAD         it pings, and answers `pong PAYLOAD` once the pong is there
//     fragments A B C      it sends `ABC` in three fragments
//     close CODE REASON    it closes the connection
import { deflate, parse, ws } from './options.mjs';

const args = parse('server.mjs [--deflate [--no-takeover] [--window-bits 9..15]]');
const server = new ws.WebSocketServer({
  host: '127.0.0.1',
  port: 0,
  maxPayload: 0,
  perMessageDeflate: deflate(args),
  verifyClient: ({ req }, decide) =>
    req.url === '/refuse' ? decide(false, 403, 'No WebSocket lives here.', { 'X-Why': 'because' }) : decide(true),
  handleProtocols: (offered) => (offered.has('echo') ? 'echo' : false),
});

server.on('listening', () => console.log(`listening on 127.0.0.1:${server.address().port}`));
server.on('connection', (connection) => {
  connection.on('message', (message, binary) => answer(connection, message, binary));
  connection.on('close', (code, reason) => console.log(`closed ${code} ${reason}`));
  connection.on('error', (error) => console.error(error.message));
});

function answer(connection, message, binary) {
  const [command, ...words] = binary ? [] : message.toString().split(' ');
  if (command === 'ping') {
    connection.once('pong', (payload) => connection.send(`pong ${payload}`));
    connection.ping(words.join(' '));
  } else if (command === 'fragments') words.forEach((word, at) => connection.send(word, { fin: at === words.length - 1 }));
  else if (command === 'close') connection.close(Number(words[0]), words.slice(1).join(' '));
  else connection.send(message, { binary });
}
