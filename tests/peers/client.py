"""Talks to an echo server as a Python `websockets` client; exits with 1 and a sentence if the server does anything unexpected.

With --server-log, the file that the server's output goes to must show that it saw each Close: `closed CODE REASON`.
"""
import random
import sys
import time

from websockets.sync.client import connect

import options

MIB = 1 << 20
CLOSES = [(1000, ""), (1001, "leaving python"), (3000, "x" * 123), (4001, "python says Grüße 🦀")]


def main():
    arguments = options.parser(__doc__)
    arguments.add_argument("url")
    arguments.add_argument("--server-log", metavar="FILE")
    args = arguments.parse_args()
    scenarios = SCENARIOS | {f"close {code}": closing(code, reason) for code, reason in CLOSES}
    for name, scenario in scenarios.items():
        try:
            with open_connection(args) as connection:
                scenario(connection, args)
        except Exception as error:
            sys.exit(f"python client, {name}: {error or type(error).__name__}")
    print(f"python client: {len(scenarios)} scenarios passed{' with --deflate' if args.deflate else ''}")


def open_connection(args):
    # No proxy: the environment's would be asked for 127.0.0.1 as well.
    return connect(args.url, compression=None, extensions=options.extensions(args, "client"), subprotocols=["nobody-speaks-this"],
                   proxy=None, open_timeout=10, close_timeout=10, ping_interval=None, max_size=None)


def handshake(connection, args):
    expect(connection.subprotocol is None, f"the server chose the subprotocol {connection.subprotocol!r}")
    agreed = connection.response.headers.get_all("Sec-WebSocket-Extensions")
    if not args.deflate:
        expect(not agreed, f"the server answered with extensions that nobody offered: {agreed}")
        return
    expect(len(agreed) == 1, f"permessage-deflate was offered and not agreed on: {agreed}")
    name, *parameters = [part.strip() for part in agreed[0].split(";")]
    values = dict(parameter.partition("=")[::2] for parameter in parameters)
    expect(name == "permessage-deflate", f"the server answered with {name}")
    expect("server_no_context_takeover" in values or not args.no_takeover, f"the server would keep its context: {agreed[0]}")
    bits = int(values.get("server_max_window_bits", 15))
    expect(bits <= (args.window_bits or 15), f"the server's window is larger than what was offered: {agreed[0]}")


def messages(connection, _args):
    numbers = random.Random(1)
    for message in ["Grüße, 世界 🦀", bytes(range(256)), "", b"", "a", "é" * (MIB // 2), numbers.randbytes(MIB), "x" * 125, "x" * 126, "x" * 65536]:
        echoes(connection, message)


def fragments(connection, _args):
    whole = "Grüße, 世界 🦀".encode()
    connection.send((whole[at : at + 1] for at in range(len(whole))), text=True)
    expect(connection.recv(10) == whole.decode(), "a text in one-byte fragments did not come back")
    connection.send(part for part in (b"", b"1", b"", b"2", b""))
    expect(connection.recv(10) == b"12", "a binary message with empty fragments did not come back")
    pongs = []

    def parts_with_pings():
        for number in range(3):
            pongs.append(connection.ping(f"between {number}"))
            yield "part "

    connection.send(parts_with_pings())
    expect(connection.recv(10) == "part part part ", "a text with pings between its fragments did not come back")
    expect(all(pong.wait(10) for pong in pongs), "a ping between fragments was not answered")


def pings(connection, _args):
    for payload in (b"", b"are you there?", bytes(range(125))):
        expect(connection.ping(payload).wait(10), f"a ping with {len(payload)} bytes was not answered")


def pipeline(connection, _args):
    for number in range(200):
        connection.send(f"message {number}")
    for number in range(200):
        received = connection.recv(10)
        expect(received == f"message {number}", f"message {number} came back as {received!r}")


def compression(connection, args):
    """What the handshake agreed on is what the wire carries."""
    numbers = random.Random(2)
    count = count_received(connection)
    echoes(connection, "all work and no play " * 50_000)
    ratio = count[0] / 1_050_000
    expect((ratio < 0.2) == args.deflate, f"a text that compresses well came back at {ratio:.3f} of its size")
    # A repetition further back than a small window: our inflater refuses a distance beyond what was agreed.
    echoes(connection, numbers.randbytes(20_000).hex() * 3)
    text = numbers.randbytes(90).hex()  # short enough for the smallest window
    sizes = []
    for _ in range(3):
        count[0] = 0
        echoes(connection, text)
        sizes.append(count[0])
    kept = sizes[2] < sizes[0] / 2
    expect(kept == (args.deflate and not args.no_takeover), f"the same text took {sizes} bytes: is the context kept?")


def closing(code, reason):
    def close(connection, args):
        echoes(connection, "before the close")
        started = time.monotonic()
        connection.close(code, reason)
        seconds = time.monotonic() - started
        answer = connection.protocol.close_rcvd
        expect(answer is not None, "the server ended the connection without a Close")
        expect(answer.code == code, f"the server answered with {answer.code}")
        expect(answer.reason in (reason, ""), f"the server answered with the reason {answer.reason!r}")
        expect(seconds < 5, f"it took the server {seconds:.1f} s to end the connection")
        if args.server_log:
            expect(appears(args.server_log, f"closed {code} {reason}"), f"{args.server_log} does not say that the server saw it")

    return close


SCENARIOS = {"handshake": handshake, "messages": messages, "fragments": fragments, "pings": pings, "pipeline": pipeline, "compression": compression}


def appears(path, line):
    """Whether the file soon has the line."""
    for _ in range(100):
        with open(path, encoding="utf-8") as file:
            if line.rstrip() in [said.rstrip() for said in file]:
                return True
        time.sleep(0.05)
    return False


def echoes(connection, message):
    connection.send(message)
    received = connection.recv(20)
    expect(type(received) is type(message), f"{type(message).__name__} came back as {type(received).__name__}")
    expect(received == message, f"a message came back changed: {message[:40]!r} as {received[:40]!r}")


def count_received(connection):
    """Counts the bytes that come off the wire from now on, into the list's only item."""
    count = [0]
    receive = connection.protocol.receive_data

    def counting(octets):
        count[0] += len(octets)
        receive(octets)

    connection.protocol.receive_data = counting
    return count


def expect(condition, sentence):
    if not condition:
        raise AssertionError(sentence)


if __name__ == "__main__":
    main()
