"""Sends random bytes through an echo server and fails unless every one comes back, in order.

usage: echo.py HOST:PORT BYTES
"""

import os
import socket
import sys
import threading
import time

TIMEOUT = 20  # seconds without a byte


def main() -> None:
    host, port = sys.argv[1].split(":")
    sent = os.urandom(int(sys.argv[2]))
    began = time.monotonic()
    with socket.create_connection((host, int(port)), TIMEOUT) as client:

        def send() -> None:
            client.sendall(sent)
            client.shutdown(socket.SHUT_WR)

        # Beside the receiving: the chip holds 4 KB, so a sender that does not read comes to a stop.
        sender = threading.Thread(target=send, daemon=True)
        sender.start()
        got = bytearray()
        while piece := client.recv(65536):
            got += piece
        sender.join(TIMEOUT)
    if got != sent:
        same = next((i for i, (a, b) in enumerate(zip(got, sent)) if a != b), min(len(got), len(sent)))
        sys.exit(f"{len(sent)} bytes went out and {len(got)} came back, the same up to {same}; look at the guest's logs")
    rate = len(sent) / (time.monotonic() - began) / 1e6
    print(f"{len(sent)} bytes there and back, {rate:.1f} MB/s")


main()
