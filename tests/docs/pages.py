"""A page's commands, what the page shows behind each, and which of them commands.txt knows."""

import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LIST = os.path.join(ROOT, "tests", "docs", "commands.txt")
CLASSES = ("here", "root", "elsewhere", "not", "text")
OPTIONS = ("if", "before", "after", "as", "status", "prints")
# Fenced blocks that hold no commands.
LANGUAGES = ("bash", "bats", "c", "cmake", "go", "ini", "m4", "make", "meson", "python", "rust", "yaml")
# A ```sh block is run as a whole, so it is listed as a whole.
BLOCK = "```sh"


def names():
    found = sorted(name for name in os.listdir(os.path.join(ROOT, "docs")) if name.endswith(".md"))
    return ["README.md", "CONTRIBUTING.md"] + ["docs/" + name for name in found]


def lines_of(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return file.read().split("\n")


# --- commands.txt ---------------------------------------------------------------------------------


class Entry:
    """A command that commands.txt knows: where it is run, why not here, and with what around it."""

    def __init__(self, kind, where, reason):
        self.kind, self.where, self.reason = kind, where, reason
        self.options = {}
        self.used = False


def listed(problems):
    """{page: {command: Entry}}"""
    found, page, group, last = {}, None, None, None
    for number, line in enumerate(lines_of("tests/docs/commands.txt"), 1):
        depth, line = len(line) - len(line.lstrip()), line.strip()
        where = "commands.txt:%d: " % number
        if not line or line.startswith("#"):
            continue
        if depth == 0:
            page = found.setdefault(line, {})
        elif depth == 2:
            head, _, reason = line.partition(":")
            kind, _, file = head.partition(" ")
            group = (kind, file, reason.strip())
            if kind not in CLASSES or (kind in ("elsewhere", "not", "text")) != bool(group[2]):
                problems.append(where + "no class, or one with a reason too many or too few: " + line)
            if (kind == "elsewhere") != bool(file):
                problems.append(where + "`elsewhere` names a file, and nothing else does")
        elif depth == 4:
            if line in page:
                problems.append(where + "twice: " + line)
            last = page[line] = Entry(*group)
        else:
            option, _, value = line.partition(" ")
            if option not in OPTIONS:
                problems.append(where + "no such option: " + option)
            last.options[option] = value
    return found


# --- Pages ----------------------------------------------------------------------------------------


class Command:
    def __init__(self, page, line, prompt, text):
        self.page, self.line, self.prompt, self.text = page, line, prompt, text
        self.shown = None  # the lines that the page shows behind it
        self.at = None  # and where they stand: the first one's index, or where it would be
        self.indent = "    "
        self.entry = None

    @property
    def key(self):
        return BLOCK if self.prompt == BLOCK else self.text

    def __str__(self):
        first = self.text.split("\n")[0] + (" ..." if "\n" in self.text else "")
        return "%s:%d: %s" % (self.page, self.line, first)


def blocks(lines):
    """(index of the first line, language or None for an indented one, lines without indentation)"""
    at = 0
    while at < len(lines):
        end = at + 1
        if lines[at].startswith("```"):
            while end < len(lines) and not lines[end].startswith("```"):
                end += 1
            yield at + 1, lines[at][3:].strip(), lines[at + 1:end]
            end += 1
        elif lines[at].startswith("    "):
            while end < len(lines) and (lines[end].startswith("    ") or not lines[end]):
                end += 1
            while not lines[end - 1]:
                end -= 1
            yield at, None, [line[4:] for line in lines[at:end]]
        at = end


def joined(lines):
    """(index, line) with lines that end in a backslash put together."""
    at = 0
    while at < len(lines):
        first, line = at, lines[at]
        while line.endswith("\\") and at + 1 < len(lines):
            at += 1
            line = line[:-1] + lines[at].strip()
        yield first, line
        at += 1


def transcript(page, start, lines):
    found = []
    for at, line in joined(lines):
        if line[:2] in ("$ ", "# "):
            found.append(Command(page, start + at + 1, line[0], line[2:]))
            found[-1].shown, found[-1].at = [], start + at + 1
        else:
            found[-1].shown.append(line)
    return found


def commands(page, entries, problems):
    """The page's commands in their order; a block that is nothing known is a problem."""
    found = []
    for start, language, lines in blocks(lines_of(page)):
        here = "%s:%d: " % (page, start + 1)
        last = found[-1] if found else None
        plain = [(at, re.sub(r"\s+# .*", "", line)) for at, line in joined(lines)]
        text = [known for known, entry in entries.items() if entry.kind == "text"]
        is_text = [known for known in text if lines and lines[0].startswith(known)]
        if language == "sh":
            found.append(Command(page, start + 1, BLOCK, "\n".join(lines)))
        elif language == "text" and last and last.prompt == BLOCK and last.shown is None:
            last.shown, last.at, last.indent = lines, start, ""
        elif language is not None:
            if language not in LANGUAGES:
                problems.append(here + "a block of `%s` behind no commands" % language)
        elif lines[0][:2] in ("$ ", "# "):
            found += transcript(page, start, lines)
        elif any(line in entries and entries[line].kind != "text" for _, line in plain):
            found += [Command(page, start + at + 1, "", line) for at, line in plain]
        elif is_text:
            entries[is_text[0]].used = True
        elif last and "prints" in getattr(entries.get(last.key), "options", ()) and last.shown is None:
            last.shown, last.at = lines, start
        else:
            problems.append(here + "neither commands nor a text that commands.txt knows: " + lines[0])
    for command in found:
        check(command, entries.get(command.key), problems)
    return found


def check(command, entry, problems):
    if entry is None or entry.kind == "text":
        problems.append("%s\n    is nowhere in commands.txt" % command)
        return
    entry.used = True
    command.entry = entry
    if (command.prompt == "#" and entry.kind == "here") or (command.prompt == "$" and entry.kind == "root"):
        problems.append("%s\n    its prompt isn't that of `%s`" % (command, entry.kind))
    if entry.kind == "elsewhere":
        with open(os.path.join(ROOT, entry.where), encoding="utf-8") as file:
            # A script may have it in double quotes.
            if command.text.replace("\\", "") not in file.read().replace("\\", ""):
                problems.append("%s\n    isn't in %s" % (command, entry.where))


def read():
    """(all commands of all pages, problems)"""
    problems, found = [], []
    entries = listed(problems)
    for page in names():
        found += commands(page, entries.get(page, {}), problems)
    for page, known in entries.items():
        problems += ["commands.txt: %s has no such command or text: %s" % (page, text)
                     for text, entry in known.items() if not entry.used]
    return found, problems
