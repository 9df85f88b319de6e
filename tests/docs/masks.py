"""What differs from one run to the next, and whether an output is the one that a page shows."""

import re

MASKS = [(re.compile(pattern), word) for pattern, word in [
    (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d:\d\d|Z)", "TIME"),
    (r"\d\d/\d\d/\d\d \d\d:\d\d:\d\d\.\d{3}:\d+", "RECORD"),
    (r"\d{10}\.\d{3}:\d+", "RECORD"),
    (r"\b\d+s\b", "DURATION"),
    (r'\bexe="[^"]*/', 'exe="DIR/'),
    (r"\bexe=/\S*/", "exe=DIR/"),
    (r"\bpid=\d+ uid=\S+ auid=\S+ ses=\S+( subj=\S+)?", "SENDER"),
    # The pages' own guest is process 4711; every other one is whoever runs this.
    (r"\bvm-pid=(?!4711\b)[1-9]\d*", "vm-pid=PID"),
    (r"\bpid \d+", "pid PID"),
    (r"hostname=\S+ addr=\S+ terminal=\S+", "hostname=? addr=? terminal=?"),
    # Who ran it: in words, in JSON, in CSV and in a table.
    (r"user=\S+", "user=SOMEBODY"),
    (r'"user":"[^"]*"', '"user":"SOMEBODY"'),
    (r"(?m)^(session,[^,]*,[^,]*,[^,]*,[^,]*,)[^,]*,", r"\1SOMEBODY,"),
    (r"(?m)^(web1 +)\S+( +TIME)", r"\1SOMEBODY\2"),
    # What `status` says of this machine alone.
    (r"(?m)^note +the kernel has lost \d+ records since boot\n", ""),
    (r"(?m)^(backlog +)\d+ of \d+( records; .* waits )\d+( s| jiffies)$", r"\1N of N\2N\3"),
    (r"\bauditd, \w \([a-z ]+\)", "auditd, STATE"),
    (r"(?m)^label .*$", "label"),
    # And `verify` of a log that holds more than the page's records.
    (r"(?m)^audit\.log:\d+: (.* serial number )\d+( .*\n)\d+ lines, \d+ rec", r"audit.log:LINE: \1N\2N lines, N rec"),
    (r"[ \t]+", " "),
    (r"(?m) $", ""),
]]


def masked(text):
    for pattern, word in MASKS:
        text = pattern.sub(word, text)
    return text


def same(shown, printed, exactly):
    """`shown` may have lines of `...`, which stand for any number of lines."""
    mask = str if exactly else masked
    pattern = "".join("(?:.*\n)*" if line.strip() == "..." else re.escape(line + "\n")
                      for line in mask("".join(line + "\n" for line in shown)).splitlines())
    return re.fullmatch(pattern, mask(printed)) is not None
