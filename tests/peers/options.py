"""Command-line options that the Python client and server share."""
import argparse

from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory, ServerPerMessageDeflateFactory


def parser(doc):
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deflate", action="store_true", help="permessage-deflate: a client offers and wants it, a server takes it")
    parser.add_argument("--no-takeover", action="store_true", help="with --deflate: neither side keeps its context")
    parser.add_argument("--window-bits", type=int, choices=range(9, 16), metavar="9..15", help="with --deflate: both sides' windows")
    return parser


def extensions(args, role):
    if not args.deflate:
        return []
    factory = {"client": ClientPerMessageDeflateFactory, "server": ServerPerMessageDeflateFactory}[role]
    # `True` is a client's way to say that it would take a limit.
    client_window = args.window_bits or (True if role == "client" else None)
    return [factory(args.no_takeover, args.no_takeover, args.window_bits, client_window)]
