#!/usr/bin/env python3
"""whole.py LOG [--file]: what is wrong with the records of stress.c in a log, as `key value` lines.

records   different paths /WRITER/NUMBER
broken    lines that aren't one whole record; the log's own kinds (DAEMON_START, ...) needn't be records
twice     records that are there more than once
disorder  records behind a later one of the same writer
missing   numbers below a writer's last that aren't there
unended   1 when the last line has no end

With --file, whose lines are all viraudit's:

cut       lines that are one record's beginning; they aren't counted as broken
jumps     serial numbers that don't follow the one before
"""

import re
import sys

# A second record inside a line, as one that was cut and the next would give, is not a part of it.
WHOLE = re.compile(
    rb"type=VIRT_(?:CONTROL|MACHINE_ID|RESOURCE) msg=audit\(\d+\.\d{3}:(\d+)\): pid=\d+ uid=\d+ auid=\d+ ses=\d+ "
    rb"(?:subj=\S+ )?msg='virt=(?:(?!type=|msg=).)+ exe=\S+ hostname=\S+ addr=\S+ terminal=\S+ "
    rb"res=(?:success|failed)'(?:\x1d.*)?")
PATH = re.compile(rb" new-disk=\"/([a-z]+\d*)/(\d+)\" ")
# auditd's and the kernel's own.
OTHER = re.compile(rb"type=(?!VIRT_)[A-Z_]+ msg=audit\(\d+\.\d{3}:\d+\): (?:(?!type=VIRT_).)*")

CUT = re.compile(rb"type=VIRT_(?:(?!type=).)*")
STAMP = re.compile(rb"type=\S+ msg=audit\(\d+\.\d{3}:(\d+)\)")

text = open(sys.argv[1], "rb").read()
file_of_ours = "--file" in sys.argv[2:]
lines = text.split(b"\n")
unended = lines.pop() != b""
broken = cut = twice = disorder = jumps = serial = 0
numbers = {}
for line in lines:
    whole = WHOLE.fullmatch(line)
    stamp = whole or STAMP.match(line)
    if stamp:
        jumps += int(stamp[1]) != serial + 1
        serial = int(stamp[1])
    if not whole:
        is_cut = file_of_ours and (CUT.fullmatch(line) or b"type=VIRT_".startswith(line))
        cut += bool(is_cut)
        broken += not is_cut and (file_of_ours or not OTHER.fullmatch(line))
        continue
    path = PATH.search(line)
    if path:
        of_writer = numbers.setdefault(path[1], {})
        number = int(path[2])
        twice += number in of_writer
        disorder += bool(of_writer) and number < next(reversed(of_writer))
        of_writer.setdefault(number)
print("records", sum(map(len, numbers.values())))
print("broken", broken)
print("twice", twice)
print("disorder", disorder)
print("missing", sum(max(seen) + 1 - len(seen) for seen in numbers.values()))
print("unended", int(unended))
if file_of_ours:
    print("cut", cut)
    print("jumps", jumps)
