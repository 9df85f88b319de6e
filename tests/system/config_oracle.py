#!/usr/bin/env python3
"""What libvirt itself makes of configuration files.

    config_oracle.py ask < FILES.jsonl          libvirt's verdict on each file
    config_oracle.py generate SEED COUNT        fresh files, the same ones for the same seed
    config_oracle.py golden                     the files and verdicts of tests/golden/config.jsonl

Needs libvirt.so.0, no rights and no daemon. `golden` refreshes the fixture, with libvirt 9.0.0:

    tests/system/config_oracle.py golden > tests/golden/config.jsonl

A file is a JSON object with "text": one character for each byte (so that any byte can be written).
A verdict adds to it:

    "ok"       libvirt reads the file, and the types of audit_level and audit_logging suit it
    "level"    the value of audit_level, null when it isn't set
    "logging"  the value of audit_logging, null when it isn't set
    "line"     the line libvirt says in a syntax error, null when the syntax is right
    "string"   virConfGetValueString of the key `s`: text, null when it isn't set, false when refused
    "size"     virConfGetValueSizeT of the key `n`, likewise
    "signal"   only when libvirt died of the file: which signal
"""
import ctypes
import json
import os
import random
import re
import sys
import tempfile

NO_LIBRARY = 77


class Libvirt:
    """libvirt's own parser."""

    def __init__(self):
        try:
            self.lib = ctypes.CDLL("libvirt.so.0")
        except OSError as error:
            print(f"config_oracle: skipped: {error}", file=sys.stderr)
            sys.exit(NO_LIBRARY)
        self.loader = ctypes.CDLL(None)
        self.loader.dlvsym.restype = ctypes.c_void_p
        self.loader.dlvsym.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p]
        number = ctypes.c_ulong()
        self.lib.virGetVersion(ctypes.byref(number), None, None)
        release = "%d.%d.%d" % (number.value // 1000000, number.value // 1000 % 1000, number.value % 1000)
        # What libvirt exports to its own daemons alone bears its release.
        self.node = b"LIBVIRT_PRIVATE_" + release.encode()
        conf, key = ctypes.c_void_p, ctypes.c_char_p
        self.read = self.private("virConfReadFile", conf, ctypes.c_char_p, ctypes.c_uint)
        self.uint = self.private("virConfGetValueUInt", ctypes.c_int, conf, key,
                                 ctypes.POINTER(ctypes.c_uint))
        self.bool = self.private("virConfGetValueBool", ctypes.c_int, conf, key,
                                 ctypes.POINTER(ctypes.c_bool))
        self.size = self.private("virConfGetValueSizeT", ctypes.c_int, conf, key,
                                 ctypes.POINTER(ctypes.c_size_t))
        self.string = self.private("virConfGetValueString", ctypes.c_int, conf, key,
                                   ctypes.POINTER(ctypes.c_char_p))
        self.lib.virGetLastErrorMessage.restype = ctypes.c_char_p
        # Without a handler, libvirt prints each error.
        self.handler = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)(lambda *_: None)
        self.lib.virInitialize()
        self.lib.virSetErrorFunc(None, self.handler)

    def private(self, name, result, *arguments):
        address = self.loader.dlvsym(self.lib._handle, name.encode(), self.node)
        if not address:
            print(f"config_oracle: skipped: no {name} of {self.node.decode()}", file=sys.stderr)
            sys.exit(NO_LIBRARY)
        return ctypes.CFUNCTYPE(result, *arguments)(address)

    @staticmethod
    def get(getter, conf, key, value):
        """The value, None when the key isn't set, False when it is refused."""
        found = getter(conf, key, value)
        return False if found < 0 else value.value if found else None

    def verdict(self, path):
        conf = self.read(path.encode(), 0)
        if not conf:
            message = self.lib.virGetLastErrorMessage().decode(errors="replace")
            line = re.search(re.escape(path) + r":(\d+):", message)
            return {"ok": False, "level": None, "logging": None,
                    "line": int(line[1]) if line else 0, "string": None, "size": None}
        level = self.get(self.uint, conf, b"audit_level", ctypes.c_uint())
        logging = ctypes.c_bool()
        found = self.bool(conf, b"audit_logging", logging)
        string = self.get(self.string, conf, b"s", ctypes.c_char_p())
        size = self.get(self.size, conf, b"n", ctypes.c_size_t())
        ok = level is not False and found >= 0
        return {"ok": ok, "level": level if ok else None,
                "logging": logging.value if ok and found else None, "line": None,
                "string": string.decode("latin-1") if isinstance(string, bytes) else string,
                "size": size}


def ask(libvirt, files):
    """Adds libvirt's verdict to each file, reached in a process of its own."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as where:
        path = os.path.join(where, "file.conf")
        for file in files:
            with open(path, "wb") as out:
                out.write(file["text"].encode("latin-1"))
            reader, writer = os.pipe()
            child = os.fork()
            if child == 0:
                answer = json.dumps(libvirt.verdict(path)).encode()
                while answer:
                    answer = answer[os.write(writer, answer):]
                os._exit(0)
            os.close(writer)
            with open(reader, "rb") as answers:
                answer = answers.read()
            status = os.waitpid(child, 0)[1]
            verdict = {"signal": os.WTERMSIG(status)} if status else json.loads(answer)
            yield {"text": file["text"], **verdict}


# Files made by hand: each is there for something that a reader may get wrong.
BY_HAND = [
    "", "\n", "\n\n", " ", "\t", "\r", "\r\n", " \n", "#", "#\n", "# x", "# x\n\n\n", "\n# x", "\0", "#\0\n",
    "audit_level = 2", "audit_level = 2\n", "audit_level = 12", "audit_level=2\r\n", "audit_level=2\r",
    "audit_level=2;", "audit_level=2 ;\n", "audit_level=2;\n\n", "audit_level=2;  ", "audit_level=2;;",
    "audit_level=2;audit_level=3\n", "audit_level=2\naudit_level='x'\n", "audit_level='x'\naudit_level=2\n",
    "audit_level=2;;audit_level=3\n", ";audit_level=2", "audit_level=2 audit_logging=1\n",
    "audit_level=2\raudit_logging=1", "# x\raudit_level=2", "audit_level=2#x\raudit_logging=1",
    "audit_level=+2\n", "audit_level=-2\n", "audit_level=-0\n", "audit_level=+0", "audit_level=+-1",
    "audit_level=4294967295\n", "audit_level=4294967296\n", "audit_level=9223372036854775807",
    "audit_level=9223372036854775808", "audit_level=18446744073709551615", "audit_level=18446744073709551616",
    "audit_level=18446744073709551617\n", "audit_level=184467440737095516160000000000000000000002",
    "audit_level=-18446744073709551615", "audit_level=00000000000000000000000000000000000000002",
    "audit_level=0x2", "audit_level=2.0", "audit_level=2e0", "audit_level=2L", "audit_level=\"2\"\n",
    "audit_level='2'", "audit_level=[2]", "audit_level=[]", "audit_level=yes", "audit_level=", "audit_level= \n",
    "audit_level=\n2\n", "audit_level\n=2\n", "audit_level", "audit_level 2", "audit_level: 2", "audit_level==2",
    "audit_level = +", "audit_level = -", "audit_level = --1", "audit_level = + 1", "audit_level = 1 1",
    " audit_level = 2", "\taudit_level\t=\t2\t#\tx", "\x0baudit_level=2\n", "\x0caudit_level=2", "audit_level=2\x0b",
    "\u00a0audit_level=2", "\xef\xbb\xbfaudit_level=2\n", "\xff\xfea\0", "audit_level=2\0\n", "# \0 x\naudit_level=2\n",
    "Audit_level=2\n", "AUDIT_LEVEL=2", "audit_levels=2", "audit_leve=2", "_audit_level=2", "1audit_level=2",
    "audit-level=2", "audit.level=2", "x.audit_level=2", "audit_l\xe9vel=2", "'audit_level'=2", "a_b_=2\n",
    "audit_logging=0", "audit_logging=1", "audit_logging=+1", "audit_logging=2", "audit_logging=-1", "audit_logging=01",
    "audit_logging=true", "audit_logging='1'", "audit_logging=[1]", "audit_logging=18446744073709551617",
    "audit_logging=4294967297", "audit_logging=0\naudit_logging=1", "audit_logging=2\naudit_logging=1",
    "audit_level=2\naudit_logging='x'", "audit_level='x'\naudit_logging=1",
    "s='a'", "s=''", "s=\"\"", "s=\"a\"", "s='a", "s=\"a", "s='a\"", "s='a\n'", "s='a\r'", "s=\"a\n\"", "s='\"'", "s=\"'\"",
    "s='a\\'b'", "s=\"a\\\"b\"", "s='\\n'", "s='\\'", "s='a\0b'", "s='\0'", "s='a\0b", "s='\xff\xe9'", "s='a' 'b'", "s='a''b'",
    "s='#'", "s='a'#b", "s='a';s='b'", "s=\"a\nb\"", "s=a", "s='a\tb'",
    "s=\"\"\"\"\"\"", "s=\"\"\"\"\"\"\n", "s=\"\"\"\"\"\" ", "s=\"\"\"a\"\"\"", "s=\"\"\"a\"\"", "s=\"\"\"a\n", "s=\"\"\"abc\ndef\n\n\n",
    "s=\"\"\"a\nb\"\"\"\naudit_level=2\n", "s=\"\"\"a\r\nb\"\"\"\naudit_level=2\n", "s=\"\"\"a\"\"b\"\"\"\n", "s=\"\"\"\"a\"\"\"\"\n",
    "s=\"\"\"a\"\"\"\"\n", "s=\"\"\"\\\"\"\"\n", "s=\"\"\"a\0b\"\"\"", "s=\"\"\"\0\"\"\"\naudit_level=3", "s='''a'''", "s='''a\nb'''",
    "s=\"\"\"\naudit_level=3\n\"\"\"\naudit_level=2", "s=\"\"\"#\"\"\"#\"\"\"", "\"\"\"", "s=\"\"\"\n\n\n\n", "s=\"\"\"\n\n\n\n\"", "s=\"\"\"\n\n\n\n\"\"",
    "l=[]", "l=[ ]", "l=[\n]", "l=[1]", "l=[1,]", "l=[,]", "l=[1,,2]", "l=[1 2]", "l=[1", "l=[1\n", "l=[1,", "l=[1,\n", "l=[", "l=[\n\n",
    "l=['x',\n 'y'\n]\n", "l=['x'\n\n,\n'y'\n]# x\n", "l=[\n1, # x\n2]\naudit_level=2\n", "l=[\n# x\n1]\n", "l=[1];audit_level=2",
    "l=[[1,2],'x',[]]\naudit_level=2", "l=[[]", "l=[]]", "l=[[1],]", "l=[1;2]", "l=[\"\"\"a\nb\"\"\"]\naudit_level=2", "l=['a\nb']",
    "l=[\"\"\"\"\"\"]", "l=[-1,+1,-0]", "l=[-]", "l=[a]", "l=[\0]", "l=[1]\0", "l=[1\r,\r2]\r", "l=[x=1]", "l=[1]2", "l=]",
    "l=[\n\n'x\n", "l=[\n\n\"\"\"x\n\n\n", "l=" + "[" * 500 + "]" * 500, "l=" + "[" * 500 + "]" * 499,
    "n=0", "n=18446744073709551615", "n=18446744073709551616", "n=-1", "n='1'", "n=[1]", "n=9223372036854775808",
    "include \"x\"", "[section]\naudit_level=2", "export audit_level=2", "audit_level=2 // x", "audit_level=2 /* x */",
    "audit_level=2,", "audit_level,audit_logging=1", "audit_level=$(x)", "audit_level=2 \\\n", "audit_level=\\\n2",
    "a=1\n\n\n\nb", "a=1\r\r\rb", "a=1\r\n\r\nb", "a=1\n \t\n \t", "a=1 \t\r\n\t \r\n#", "a=1 # x ; audit_level=2", "a=1; # x\naudit_level=2",
]

SPACE = ["", "", "", " ", " ", "\t", "  \t"]
LINE_END = ["\n", "\n", "\n", "\n", "\r\n", "\r", ";", "; ", "\n\n", " \n", ";\n", "\n \n\t"]
KEYS = ["audit_level", "audit_level", "audit_logging", "s", "n", "l", "max_clients", "A1_", "audit_levels", "z9"]
NUMBERS = ["0", "1", "2", "3", "+1", "-1", "-0", "007", "4294967295", "4294967296", "9223372036854775807",
           "9223372036854775808", "18446744073709551615", "18446744073709551616", "18446744073709551617",
           "18446744073709551618", "36893488147419103233", "99999999999999999999999999999999"]
INNER = ["", "a", "b c", "#", ";", "=", "[", "]", ",", "\\", "\0", "\xe9", "\xff", "\t", "audit_level=3", "''", "\"", "x" * 40]
BROKEN = ["", "-", "+", "--1", "0x1", "1.5", "yes", "'", "\"", "\"\"\"", "'a", "\"a", "[", "[1", "[1,", "[,]", "]", "=", "#", "\0",
          "''''", "\"\"\"\"\"", "\"\"\"a\n", "[#]", "[1 2]", "a'b'", "\\", "\xe9"]
BYTES = "\0\t\n\r\x0b\x0c\x1f !\"\"\"\"##'''+,--.0123456789:;;<===>?@AZ[[\\]]^_`az{|}~\x7f\x80\xa0\xe9\xff"


class Generator:
    """Files of the grammar, then some of them damaged."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def pick(self, choices):
        return self.random.choice(choices)

    def chance(self, percent):
        return self.random.random() * 100 < percent

    def number(self):
        if self.chance(70):
            return self.pick(NUMBERS)
        digits = "".join(self.pick("0123456789") for _ in range(self.random.randint(1, 25)))
        return self.pick(["", "", "+", "-"]) + digits

    def string(self):
        quote = self.pick(["'", "\"", "\"\"\""])
        inner = "".join(self.pick(INNER) for _ in range(self.random.randint(0, 3)))
        if quote == "\"\"\"":
            inner = self.pick(["", "\n", "\r\n", "\n\n", "\""]) + inner + self.pick(["", "\n", "\"", "\"\""])
        elif self.chance(95):
            inner = inner.replace(quote, "")
        return quote + inner + quote

    def items(self, depth):
        space = lambda: self.pick(SPACE + ["\n", "\r\n", "\n\t"])
        items = [space() + self.value(depth + 1) + space() for _ in range(self.random.randint(0, 4))]
        return "[" + space() + ",".join(items) + ("," if items and self.chance(15) else "") + space() + "]"

    def value(self, depth=0):
        if self.chance(4):
            return self.pick(BROKEN)
        kind = self.random.random()
        if kind < 0.25 and depth < 4:
            return self.items(depth)
        return self.string() if kind < 0.6 else self.number()

    def statement(self):
        if self.chance(20):
            return self.pick(SPACE) + "#" + self.pick(["", " x", "audit_level = 2", "'", "\0", "\xe9", "; audit_level = 3"])
        key = self.pick(KEYS)
        if key.startswith("audit") and self.chance(75):
            value = self.pick(["0", "1", "1", "2", "+1"]) if self.chance(60) else self.number()
        else:
            value = self.value()
        space = [self.pick(SPACE) for _ in range(4)]
        comment = self.pick(["#", "# x", "#;", "# '"]) if self.chance(15) else ""
        return f"{space[0]}{key}{space[1]}={space[2]}{value}{space[3]}{comment}"

    def damaged(self, text):
        for _ in range(self.random.randint(1, 3)):
            at = self.random.randint(0, len(text))
            end = min(len(text), at + self.random.randint(0, 6))
            how = self.random.randrange(6)
            if how == 0:
                text = text[:at] + text[end:]
            elif how == 1:
                text = text[:at] + self.pick(BYTES) + text[at:]
            elif how == 2:
                text = text[:at] + self.pick(BYTES) + text[at + 1:]
            elif how == 3:
                text = text[:at]
            elif how == 4:
                text = text[:end] + text[at:]
            else:
                text = text[:at] + self.pick(BROKEN) + text[end:]
        return text

    def file(self):
        if self.chance(3):
            return "".join(self.pick(BYTES) for _ in range(self.random.randint(0, 20)))
        parts = [self.pick(["", "", "", "\n", " ", "\r\n"])]
        for _ in range(self.random.randint(1, 6)):
            parts += [self.statement(), self.pick(LINE_END)]
        if self.chance(40):
            parts.pop()
        text = "".join(parts)
        if self.chance(40):
            text = self.damaged(text)
        elif self.chance(8):
            text = self.pick(BY_HAND) + self.pick(LINE_END) + text
        return text

    def files(self, count):
        for _ in range(count):
            yield {"text": self.file()}


def write(objects):
    for each in objects:
        print(json.dumps(each))


def main(arguments):
    if arguments == ["ask"]:
        write(ask(Libvirt(), map(json.loads, sys.stdin)))
    elif arguments == ["golden"]:
        files = [{"text": text} for text in BY_HAND] + list(Generator("golden").files(400))
        write(ask(Libvirt(), files))
    elif len(arguments) == 3 and arguments[0] == "generate":
        write(Generator(arguments[1]).files(int(arguments[2])))
    else:
        print(__doc__, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
