"""A block behind a line that ends in the name of a file of the source tree is that file, word by word."""

import os
import re

from pages import ROOT, blocks, lines_of

FILE = re.compile(r"`([\w.-]+/[\w./-]+)`:$")


def check(page, problems):
    """How many blocks are files; those that differ are problems."""
    count = 0
    lines = lines_of(page)
    for start, language, block in blocks(lines):
        # The fence, and an empty line.
        named = FILE.search(lines[start - 3]) if language and start >= 3 else None
        if not named:
            continue
        count += 1
        with open(os.path.join(ROOT, named.group(1)), encoding="utf-8") as file:
            text = file.read().rstrip("\n").split("\n")
        if text != block:
            at = next((at for at, pair in enumerate(zip(text, block)) if len(set(pair)) > 1),
                      min(len(text), len(block)))
            problems.append("%s:%d: isn't line %d of %s" % (page, start + at + 1, at + 1, named.group(1)))
    return count
