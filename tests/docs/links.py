"""Links and paths in the pages lead somewhere, in the source tree and where docs/ is installed."""

import os
import re

from pages import ROOT, blocks, lines_of

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
# `conf/selinux/viraudit.te`: a path of the source tree, by its first directory.
PATH = re.compile(r"`([\w.-]+/[\w./-]+)`")


def prose(lines):
    """[(number, line)] without what stands in blocks."""
    inside = set()
    for start, _, block in blocks(lines):
        inside.update(range(start, start + len(block)))
    return [(at + 1, line) for at, line in enumerate(lines) if at not in inside]


def anchors(lines):
    """What a heading's link is on GitHub."""
    found = set()
    for _, line in prose(lines):
        if line.startswith("#"):
            words = line.lstrip("#").strip().lower()
            found.add("#" + re.sub(r"[^\w\- ]", "", words).replace(" ", "-"))
    return found


def check(page, problems):
    """How many links there are; those that lead nowhere are problems."""
    count = 0
    lines = lines_of(page)
    for number, line in prose(lines):
        here = "%s:%d: " % (page, number)
        for link in LINK.findall(line):
            if re.match(r"[a-z]+:", link):
                continue
            count += 1
            path, mark, anchor = link.partition("#")
            name = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
            if not os.path.exists(os.path.join(ROOT, name)):
                problems.append(here + "nothing is at " + link)
            elif mark and mark + anchor not in anchors(lines_of(name)):
                problems.append(here + "no such heading: " + link)
            elif page.startswith("docs/") and not name.startswith("docs/"):
                problems.append(here + "%s isn't installed with docs/: name it in words" % link)
        for path in PATH.findall(line):
            top = path.split("/")[0]
            if top != "target" and os.path.isdir(os.path.join(ROOT, top)):
                count += 1
                if not os.path.exists(os.path.join(ROOT, path)):
                    problems.append(here + "the source tree has no " + path)
    return count
