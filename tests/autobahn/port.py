"""Ports the sdists of autobahntestsuite 25.10.1 and autobahn 0.10.9 from Python 2 to Python 3 (3.11 and later).

usage: port.py AUTOBAHNTESTSUITE.tar.gz AUTOBAHN.tar.gz DEST

DEST gets the packages `autobahn` and `autobahntestsuite`; run `python -m autobahntestsuite.wstest` with DEST in PYTHONPATH.

Inside the case files a Python 2 byte string becomes a `str` with one latin-1 character per byte; FuzzingProtocol converts
where they meet autobahn 0.10.9, which works in bytes on Python 3 already. Every replacement must find its text, or this
fails: a suite that was ported in part would give verdicts that mean nothing.
"""
import os
import re
import shutil
import sys
import tarfile
import tempfile
import warnings

warnings.simplefilter("ignore")
from fissix import refactor  # noqa: E402  (its import warns)

HERE = os.path.dirname(os.path.abspath(__file__))
KEPT_MODULES = {"__init__.py", "_version.py", "caseset.py", "choosereactor.py", "fuzzing.py", "report.py", "spectemplate.py", "wstest.py"}


def main(suite_sdist, library_sdist, dest):
    unpack(suite_sdist, library_sdist, dest)
    suite = f"{dest}/autobahntestsuite"
    drop_unused_modes(suite)
    port_syntax(suite)
    shutil.copy(f"{HERE}/_py2.py", f"{suite}/_py2.py")
    port_cases(f"{suite}/case")
    port_runner(suite)
    port_fuzzing(f"{suite}/fuzzing.py")
    # The one division in autobahn 0.10.9, in the code that is used, which needs Python 2's meaning.
    replace(f"{dest}/autobahn/websocket/protocol.py", [("range(payload_len / len(payload))", "range(payload_len // len(payload))")])


def unpack(suite_sdist, library_sdist, dest):
    shutil.rmtree(dest, ignore_errors=True)
    os.makedirs(dest)
    with tempfile.TemporaryDirectory() as tmp:
        for sdist in (suite_sdist, library_sdist):
            with tarfile.open(sdist) as archive:
                archive.extractall(tmp)
        shutil.copytree(f"{tmp}/autobahntestsuite-25.10.1/autobahntestsuite", f"{dest}/autobahntestsuite")
        shutil.copytree(f"{tmp}/autobahn-0.10.9/autobahn", f"{dest}/autobahn")
    for path in python_files(dest):
        write(path, read(path).replace("\r\n", "\n"))


def drop_unused_modes(suite):
    for name in os.listdir(suite):
        if os.path.isfile(f"{suite}/{name}") and name not in KEPT_MODULES:
            os.unlink(f"{suite}/{name}")
    os.unlink(f"{suite}/case/case9_9_1.py")  # upstream disabled it; it imports what Python 3 lacks
    replace(f"{suite}/case/__init__.py", [("from case9_9_1 import *\n", "")])
    write(f"{suite}/__init__.py", "from ._version import __version__\nversion = __version__\n")
    # Of the report module only the style sheets and scripts are used; the rest wants jinja2.
    report = read(f"{suite}/report.py")
    start, end = report.index("CSS_COMMON ="), report.index("REPORT_DIR_PERMISSIONS")
    write(f"{suite}/report.py", report[: report.index("import jinja2")] + report[start:end])


def port_syntax(suite):
    for path in python_files(f"{suite}/case"):
        # Read as latin-1, a literal that isn't ASCII is its UTF-8 bytes, as it was in Python 2.
        source = re.sub(r"\A#\s*coding[=:]\s*utf-8", "# coding=latin-1", read(path))
        write(path, source.replace("(object, Case, )", "(Case, )"))
    tool = refactor.RefactoringTool([f"fissix.fixes.fix_{name}" for name in ("print", "has_key", "except", "raise", "xrange", "import")])
    for path in python_files(suite):
        tool.refactor_file(path, write=True)


def port_cases(cases):
    for path in python_files(cases):
        write(path, re.sub(r"^import binascii$", "from autobahntestsuite import _py2 as binascii", read(path), flags=re.M))
    # Python 2 compared pickles; equality is what that meant.
    replace(f"{cases}/case.py", [("return pickle.dumps(obj1) == pickle.dumps(obj2)", "return obj1 == obj2")])
    replace(f"{cases}/case10_1_1.py", [("len(self.payload) / self.p.autoFragmentSize", "len(self.payload) // self.p.autoFragmentSize")])
    replace(f"{cases}/case6_x_x.py", [("res = v.validate(vss[:i])", "res = v.validate(vss[:i].encode('latin-1'))")])
    replace(f"{cases}/case12_x_x.py", [
        ("import copy, os, pkg_resources, hashlib, binascii",
         "import copy, os, hashlib\nfrom autobahntestsuite import _py2 as binascii, _py2 as pkg_resources"),
        ("      msg = ''\n", "      msg = payload[:0]\n"),
        ("def onMessage(self, msg, binary):\n", "def onMessage(self, msg, binary):\n   msg = msg.encode('latin-1')\n"),
    ])


def port_runner(suite):
    replace_patterns(f"{suite}/wstest.py", [
        (r"^from \. import choosereactor$", "from autobahntestsuite import choosereactor\nimport txaio\ntxaio.use_twisted()"),
        (r"^import (testee|echo|broadcast|massconnect|serializer)$\n", ""),
        (r"^import os, json, sys, pkg_resources$", "import os, json, sys"),
        (r"^from \. import fuzzing$", "from autobahntestsuite import fuzzing"),
        (r"^from \.spectemplate import", "from autobahntestsuite.spectemplate import"),
    ])
    # Upstream matches a pattern as a prefix, so that 12.*.1 would run 12.1.10 as well.
    replace(f"{suite}/caseset.py", [("p = re.compile(s)", "p = re.compile(s + '$')")])


def port_fuzzing(fuzzing):
    replace(fuzzing, [
        ("import os, json, binascii, time, textwrap, pkg_resources",
         "import os, json, time, textwrap\nfrom autobahntestsuite import _py2, _py2 as binascii, _py2 as pkg_resources"),
        ('def asciiLogData(data, maxlen = 64, replace = False):\n   ellipses = " ..."\n',
         'def asciiLogData(data, maxlen = 64, replace = False):\n   ellipses = b" ..."\n   data = _py2.to_bytes(data)\n'),
        ("p = ''.join(payload)", "p = b''.join(payload)"),
        ("self.sendMessage(json.dumps(len(self.factory.specCases)))", "self.sendMessage(json.dumps(len(self.factory.specCases)).encode())"),
        ("json.dumps(case, sort_keys = True, indent = 3, separators = (',', ': '))",
         "json.dumps(case, sort_keys = True, indent = 3, separators = (',', ': '), default = _py2.jsonable)"),
        ("f = open(os.path.join(outdir, report_filename), 'w')",
         "f = open(os.path.join(outdir, report_filename), 'w', encoding = 'utf-8', errors = 'surrogateescape')"),
        ("self.http_request_data if hasattr", "_py2.to_str(self.http_request_data) if hasattr"),
        ("self.http_response_data if hasattr", "_py2.to_str(self.http_response_data) if hasattr"),
        ('"description": self.Case.DESCRIPTION', '"description": _py2.text(self.Case.DESCRIPTION)'),
        ("         self.runCase.onMessage(msg, binary)\n", "         self.runCase.onMessage(msg.decode('latin-1'), binary)\n"),
        ("         self.runCase.onPong(payload)\n", "         self.runCase.onPong(payload.decode('latin-1'))\n"),
        ("   def enableWirelog(self, enable):\n", CONVERTING_SENDS + "   def enableWirelog(self, enable):\n"),
        # Nobody reads 301 HTML pages; the JSON beside them holds the same.
        ("produceHtml = True", "produceHtml = False"),
        # No TLS here, so no OpenSSL to install.
        ("from twisted.internet import reactor, ssl\n", "from twisted.internet import reactor\n"),
        ("self.contextFactory = ssl.ClientContextFactory()", "self.contextFactory = None"),
        # The fuzzing server listens on a free port of the loopback interface, and says which.
        ("   listenWS(factory, sslContext)\n", LISTEN),
    ])


CONVERTING_SENDS = """\
   def sendFrame(self, opcode, payload = b'', **kw):
      super().sendFrame(opcode, payload = _py2.to_bytes(payload), **kw)

   def sendMessage(self, payload, *a, **kw):
      super().sendMessage(_py2.to_bytes(payload), *a, **kw)

   def sendCloseFrame(self, code = None, reasonUtf8 = None, isReply = False):
      super().sendCloseFrame(code = code, reasonUtf8 = _py2.to_bytes(reasonUtf8), isReply = isReply)

   def sendMessageFrameData(self, payload, *a, **kw):
      return super().sendMessageFrameData(_py2.to_bytes(payload), *a, **kw)

"""

LISTEN = """\
   listener = reactor.listenTCP(0, factory, interface = '127.0.0.1')
   factory.externalPort = listener.getHost().port
   print("listening on 127.0.0.1:%d" % factory.externalPort)
"""


def python_files(top):
    return sorted(os.path.join(root, name) for root, _, names in os.walk(top) for name in names if name.endswith(".py"))


def read(path):
    with open(path, encoding="latin-1", newline="") as file:
        return file.read()


def write(path, text):
    with open(path, "w", encoding="latin-1", newline="") as file:
        file.write(text)


def replace(path, pairs):
    replace_patterns(path, [(re.escape(old), new.replace("\\", "\\\\")) for old, new in pairs])


def replace_patterns(path, pairs):
    text = read(path)
    for old, new in pairs:
        text, count = re.subn(old, new, text, flags=re.M)
        if count == 0:
            sys.exit(f"port.py: {path} doesn't hold {old!r}: is this another version of the suite?")
    write(path, text)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
