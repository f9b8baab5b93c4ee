"""Python 2's byte strings for the ported case files, held as `str` with one latin-1 character per byte.

port.py copies this file into the ported package, where it stands in for `binascii` and `pkg_resources` as well.
"""
import binascii
import os


def to_bytes(held):
    return held.encode("latin-1") if isinstance(held, str) else held


def to_str(octets):
    return octets.decode("latin-1") if isinstance(octets, (bytes, bytearray)) else octets


def b2a_hex(held):
    return binascii.b2a_hex(to_bytes(held)).decode("ascii")


hexlify = b2a_hex


def resource_filename(_package, name):
    return os.path.join(os.path.dirname(os.path.abspath(__file__)), name)


def text(held):
    """The text that UTF-8 bytes held as latin-1 stand for: descriptions, for reports."""
    try:
        return held.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return held


def jsonable(value):
    if isinstance(value, (bytes, bytearray)):
        return value.decode("latin-1")
    raise TypeError(type(value))
