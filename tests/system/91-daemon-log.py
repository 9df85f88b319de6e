"""The log of libvirt's daemon, with audit_logging = 1, shows what the audit log shows: report and
verify read the file, the same messages in the journal, and those that came there by syslog. Only
users, serial numbers and hosts may differ.

One guest gets a disk and loses it again before it is destroyed, one is destroyed while it is
paused, and one doesn't start.
"""

import json
import os
import subprocess

from auditd_host import Auditd
from libvirt_host import WORK, Libvirtd, check, failed, need, run_test, say, skipped, wait_for

VIRAUDIT = os.environ["VIRAUDIT"]
UUID = "8e4f0f4c-2f8b-4b7a-9d91-0000000000%02x"
JOURNALD = "/lib/systemd/systemd-journald"
# What only the audit system knows, and the time, which the daemon takes for itself.
UNKNOWN = ("user", "auid", "proof", "host", "time", "start", "end", "session")
STATES = {"hot": ("stopped", "booted", "destroyed"), "two words": ("stopped", "booted", "destroyed"),
          "broken": ("failed", "booted", None)}
TEXTS = ("short", "short-precise", "short-iso", "short-full", "short-unix")
OBJECTS = ("json", "json-pretty", "json-seq", "json-sse", "export")


def image(host, name):
    path = host.path(name)
    with open(path, "wb") as file:
        file.truncate(1 << 20)
    return path


def disk(path, target, bus, alias):
    return ("<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='%s'/>"
            "<target dev='%s' bus='%s'/><alias name='ua-%s'/></disk>" % (path, target, bus, alias))


def xml(host, name, text):
    path = host.path(name + ".xml")
    with open(path, "w") as file:
        file.write(text)
    return path


def lives(host):
    def done(what, good, *args):
        result = host.virsh(*args)
        if (result.returncode == 0) != good:
            failed(what, result.stderr + host.output()[-2000:])

    def create(number, name, source):
        return xml(host, "guest-%d" % number, (
            "<domain type='qemu'><name>%s</name><uuid>%s</uuid><memory unit='MiB'>16</memory><os>"
            "<type arch='x86_64' machine='pc'>hvm</type></os><devices>%s"
            "<controller type='usb' model='ich9-ehci1'/></devices></domain>"
            % (name, UUID % number, disk(source, "vda", "virtio", "root"))))

    done("hot starts", True, "create", create(1, "hot", image(host, "one.img")))
    hot = xml(host, "hot", disk(image(host, "hot \u00e9.img"), "sdx", "usb", "hot"))
    done("a disk is attached", True, "attach-device", "hot", hot, "--live")
    done("a disk is detached", True, "detach-device-alias", "hot", "ua-hot", "--live")
    wait_for(lambda: "ua-hot" not in host.virsh("dumpxml", "hot").stdout, 30, "the disk is gone")
    done("hot is destroyed", True, "destroy", "hot")
    done("two words starts", True, "create", create(2, "two words", image(host, "two.img")),
         "--paused")
    done("two words is destroyed", True, "destroy", "two words")
    done("broken doesn't start", False, "create", create(3, "broken", host.path("no.img")))


# --- What is read ---------------------------------------------------------------------------------


def report(log, *args):
    """The sessions and events of the guests, without what only the audit system knows."""
    result = subprocess.run([VIRAUDIT, "report", "--format", "json", "--all-events", *args, log],
                            capture_output=True, text=True, stdin=subprocess.DEVNULL)
    found = []
    for line in result.stdout.splitlines():
        row = json.loads(line)
        if row["uuid"][:-2] == UUID[:-4]:
            found.append(row)
    return found, result


def comparable(rows):
    """With the sessions first; the order of each kind is that of the log."""
    rows = [{key: value for key, value in row.items() if key not in UNKNOWN} for row in rows]
    return sorted(rows, key=lambda row: row["kind"] != "session")


def shown(rows):
    return "\n".join(json.dumps(row, sort_keys=True) for row in rows)


def same(what, log, expected):
    rows, result = report(log)
    got = comparable(rows)
    missing = [row for row in expected if row not in got]
    check("%s: report shows the same %d sessions and events" % (what, len(expected)),
          got == expected and result.returncode == 0,
          "missing:\n%s\ngot:\n%s\n%s" % (shown(missing), shown(got), result.stderr))
    known = [row for row in rows if row.get("user") or row.get("auid")]
    check("%s: no user is claimed" % what, not known, shown(known))
    times = [row for row in rows if row["kind"] == "session" and row["state"] == "stopped"]
    check("%s: each stop is after its start" % what,
          times and all(row["start"] <= row["end"] for row in times), shown(times))


def verified(what, log):
    result = subprocess.run([VIRAUDIT, "verify", log], capture_output=True, text=True)
    say("     | verify, %s: %s" % (what, " | ".join(result.stdout.splitlines()[-3:])))
    check("%s: verify finds nothing" % what, result.returncode == 0 and not result.stderr,
          "%d\n%s%s" % (result.returncode, result.stdout, result.stderr))


def of_journal(host, transport, form):
    """The daemon's messages, as journalctl prints them."""
    directory = host.path("run", "log/journal")
    log = os.path.join(WORK, "journal-%s-%s" % (transport, form))
    with open(log, "wb") as file:
        subprocess.run(["journalctl", "--quiet", "--all", "-D", directory, "-o", form,
                        "_TRANSPORT=" + transport], stdout=file, check=True)
    return log


def is_flushed(host, transport):
    """Whether the journal has the last record of the last guest."""
    def flushed():
        with open(of_journal(host, transport, "export"), "rb") as file:
            text = file.read()
        return b"op=start" in text.rpartition((UUID % 3).encode())[0][-200:]
    return flushed


def main():
    need()
    journal = JOURNALD if os.path.exists(JOURNALD) else None
    auditd = Auditd()
    host = Libvirtd(logging=True, journal=journal).wait_ready()
    lives(host)
    if journal:
        for transport in ("journal", "syslog"):
            wait_for(is_flushed(host, transport), 15, "the journal's last message")
    host.stop()
    auditd.fence()
    expected = comparable(report(auditd.log)[0])
    sessions = {row["vm"]: (row["state"], row["reason"], row["stop_reason"])
                for row in expected if row["kind"] == "session"}
    check("the audit log has the three sessions", sessions == STATES, shown(expected))
    check("and the disk that comes and goes", {"attach", "detach"} <= {
        row["reason"] for row in expected if row.get("resource") == "disk"}, shown(expected))
    check("verify finds nothing there", subprocess.run([VIRAUDIT, "verify", auditd.log],
          capture_output=True).returncode == 0)
    same("the daemon's log", host.log, expected)
    verified("the daemon's log", host.log)
    if not journal:
        skipped("needs systemd-journald, which isn't installed: the journal and syslog")
        return
    for transport in ("journal", "syslog"):
        for form in OBJECTS + TEXTS:
            log = of_journal(host, transport, form)
            same("%s, journalctl -o %s" % (transport, form), log, expected)
    verified("the journal", of_journal(host, "journal", "export"))
    auditd.stop()


run_test(main)
