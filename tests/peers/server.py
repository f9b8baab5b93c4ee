"""An echo server on Python `websockets`, for our client to talk to.

Prints `listening on ADDRESS`, then `closed CODE REASON` for each connection that ends, with what the other side's Close said
(1005: it held no code, 1006: there was no Close). Chooses the subprotocol `echo` when it is offered, and refuses the path
`/refuse` with 403, a header field and a body. Text messages that make it do more than echo them:

    ping PAYLOAD         it pings, and answers `pong PAYLOAD` once the pong is there
    fragments A B C      it sends `ABC` in three fragments
    close CODE REASON    it closes the connection
"""
import asyncio

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

import options


async def echo(connection):
    try:
        async for message in connection:
            await answer(connection, message)
    except ConnectionClosed:
        pass
    received = connection.protocol.close_rcvd
    print("closed", received.code if received else 1006, received.reason if received else "", flush=True)


async def answer(connection, message):
    command, _, rest = message.partition(" ") if isinstance(message, str) else ("", "", "")
    if command == "ping":
        await (await connection.ping(rest))
        await connection.send(f"pong {rest}")
    elif command == "fragments":
        await connection.send(rest.split())
    elif command == "close":
        code, _, reason = rest.partition(" ")
        await connection.close(int(code), reason)
    else:
        await connection.send(message)


def choose_subprotocol(_connection, offered):
    return "echo" if "echo" in offered else None


def refuse(connection, request):
    if request.path != "/refuse":
        return None
    response = connection.respond(403, "No WebSocket lives here.")
    response.headers["X-Why"] = "because"
    return response


async def main():
    args = options.parser(__doc__).parse_args()
    settings = {"compression": None, "extensions": options.extensions(args, "server"), "select_subprotocol": choose_subprotocol,
                "process_request": refuse}
    async with serve(echo, "127.0.0.1", 0, max_size=None, ping_interval=None, **settings) as server:
        print("listening on {}:{}".format(*server.sockets[0].getsockname()), flush=True)
        await server.serve_forever()


asyncio.run(main())
