"""A real libvirtd, a real auditd, and four who tell what became of the guests: viraudit report (as
JSON and as a table), viraudit watch, auvirt (where audit still has it) and viraudit auvirt. Once with
libvirt's own records, once with libviraudit.so in front of libvirtd.

Five guests: one is destroyed, one's qemu is killed, one doesn't start, one starts again after that,
and one still runs.
"""

import datetime
import json
import os
import pwd
import re
import shutil
import signal
import subprocess

from auditd_host import Auditd
from libvirt_host import (LIBRARY, SECOND, WORK, Libvirtd, at_exit, audit_sockets, check, failed,
                          need, run_test, say, wait_for)

VIRAUDIT = os.environ["VIRAUDIT"]
UUID = "8e4f0f4c-2f8b-4b7a-9d93-%06x%06x"
GUESTS = ("destroyed", "killed", "broken", "mended", "running")
# As report has it: how each session stands, why it began and why it ended. Of a qemu that is gone,
# killed or crashed, libvirt says `failed`. auvirt has no reasons: to it the one that was killed is
# like the one that was destroyed.
EXPECTED = {
    "destroyed": [("stopped", "booted", "destroyed")],
    "killed": [("stopped", "booted", "failed")],
    "broken": [("failed", "booted", None)],
    "mended": [("failed", "booted", None), ("stopped", "booted", "destroyed")],
    "running": [("running", "booted", None)],
}


def uuid(name):
    return UUID % (os.getpid() & 0xFFFFFF, GUESTS.index(name))


def xml(host, name, image):
    path = host.path(name + ".xml")
    with open(path, "w") as file:
        file.write("<domain type='qemu'><name>%s</name><uuid>%s</uuid><memory unit='MiB'>16"
                   "</memory><os><type arch='x86_64' machine='pc'>hvm</type></os><devices>"
                   "<disk type='file' device='disk'><driver name='qemu' type='raw'/>"
                   "<source file='%s'/><target dev='vda' bus='virtio'/></disk>"
                   "</devices></domain>" % (name, uuid(name), image))
    return path


# --- What happens ---------------------------------------------------------------------------------


def lives(host):
    """Lets all of it happen; the last guest still runs afterwards."""
    image, missing = host.path("disk.img"), host.path("no.img")
    with open(image, "wb") as file:
        file.truncate(1 << 20)

    def start(name, image, good=True):
        result = host.virsh("create", xml(host, name, image))
        if (result.returncode == 0) != good:
            failed("%s: %s" % (name, "starts" if good else "doesn't start"),
                   result.stderr + host.output()[-2000:])

    start("destroyed", image)
    host.virsh("destroy", "destroyed")
    start("killed", image)
    with open(host.path("run", "libvirt/qemu/killed.pid")) as file:
        os.kill(int(file.read()), signal.SIGKILL)
    wait_for(lambda: "killed" not in host.virsh("list", "--name").stdout.split(), 30,
             "libvirtd notices that qemu was killed")
    start("broken", missing, good=False)
    start("mended", missing, good=False)
    start("mended", image)
    host.virsh("destroy", "mended")
    start("running", image)


# --- What each of them tells ----------------------------------------------------------------------


def output(*command):
    result = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if result.returncode or result.stderr:
        failed(" ".join(command[:3]), "%d %s" % (result.returncode, result.stderr))
    return result.stdout


def moment(text):
    """Milliseconds of an ISO 8601 time in UTC, or None."""
    if text is None:
        return None
    parsed = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ")
    return round(parsed.replace(tzinfo=datetime.timezone.utc).timestamp() * 1000)


def of_json(log):
    sessions = []
    for line in output(VIRAUDIT, "report", "--format", "json", "--start", "today",
                       log).splitlines():
        session = json.loads(line)
        if session["vm"] in GUESTS:
            session["start"], session["end"] = moment(session["start"]), moment(session["end"])
            sessions.append(session)
    return sessions


def of_table(log):
    """(name, user, start, end, state, reason, proof) of each row."""
    header, *lines = output(VIRAUDIT, "report", "--proof", "--start", "today", log).splitlines()
    columns = [found.start() for found in re.finditer(r"\S+", header)] + [None]
    rows = []
    for line in lines:
        cells = [line[begin:end].strip() for begin, end in zip(columns, columns[1:])]
        row = dict(zip(header.split(), cells))
        rows.append((row["VM"], row["USER"], row["START"], row["END"], row["STATE"],
                     row["REASON"], row["PROOF"]))
    return [row for row in rows if row[0] in GUESTS]


def table_row(session):
    """What a table has to say of a session."""
    def local(ms):
        time = datetime.datetime.fromtimestamp(ms // 1000, datetime.timezone.utc)
        return time.strftime("%Y-%m-%d %H:%M:%S+00:00")
    end = {"running": "still running", "failed": "-"}.get(session["state"])
    reasons = [reason for reason in (session["reason"], session["stop_reason"]) if reason]
    return (session["vm"], session["user"], local(session["start"]), end or local(session["end"]),
            session["state"], ", ".join(reasons), " ".join(session["proof"]))


def of_watch(path):
    """Sessions from the events that came live, with the keys that report gives them."""
    sessions, running = [], {}
    with open(path) as file:
        for line in file:
            event = json.loads(line)
            if event["vm"] not in GUESTS or event["kind"] not in ("start", "stop"):
                continue
            if event["kind"] == "start":
                session = {"vm": event["vm"], "uuid": event["uuid"], "user": event["user"],
                           "auid": event["auid"], "start": moment(event["time"]), "end": None,
                           "state": "running" if event["success"] else "failed",
                           "reason": event["reason"], "stop_reason": None,
                           # Where no process is known, the record says -1.
                           "pid": event["pid"] if event["pid"] > 0 else None,
                           "proof": event["proof"]}
                sessions.append(session)
                running[event["uuid"]] = session
            else:
                session = running[event["uuid"]]
                session.update(end=moment(event["time"]), state="stopped",
                               stop_reason=event["reason"],
                               proof=session["proof"] + event["proof"])
    return sessions


def of_auvirt(log, *command):
    """(name, uuid, user, period, serials) of each session."""
    text = output(*command, "--start", "today", "--show-uuid", "--proof", "--file", log)
    rows = []
    for part in text.strip().split("\n\n"):
        row, proof = part.split("\n")
        name, identity, user, period = [cell.strip() for cell in row.split("\t")]
        if name in GUESTS:
            rows.append((name, identity, user, period, proof.split(":")[1].strip()))
    return text, rows


def auvirt_row(session):
    """What auvirt has to say of a session: minutes, and as much of the duration as fits."""
    def minute(ms, form):
        return datetime.datetime.fromtimestamp(ms // 1000, datetime.timezone.utc).strftime(form)
    period = minute(session["start"], "%a %b %e %H:%M")
    if session["state"] == "stopped":
        # It takes whole seconds of both ends.
        took = session["end"] // 1000 - session["start"] // 1000
        period += minute(session["end"], " - %H:%M") + "  (%02d:%02d" % (took // 3600,
                                                                       took // 60 % 60)
    elif session["state"] == "failed":
        period += " - failed"
    user = session["user"] if session["auid"] is None else "root"
    return (session["vm"], session["uuid"], user, period,
            ",".join(proof.split(":")[1] for proof in session["proof"]))


# --- The comparison -------------------------------------------------------------------------------


def shown(rows):
    return "\n".join(" | ".join(map(str, row)) for row in rows)


def compare(what, log, watched):
    sessions = of_json(log)
    for name in GUESTS:
        own = [session for session in sessions if session["vm"] == name]
        found = [(s["state"], s["reason"], s["stop_reason"]) for s in own]
        check("%s: report, %s: %s" % (what, name, ", ".join(state for state, _, _ in found)),
              found == EXPECTED[name] and all(s["uuid"] == uuid(name) for s in own), found)
    for session in sessions:
        user = "root" if session["auid"] is None else pwd.getpwuid(session["auid"]).pw_name
        if session["user"] != user or session["virt"] != "qemu":
            failed("%s: the user and the driver" % what, session)
    table, expected = of_table(log), [table_row(session) for session in sessions]
    check("%s: the table has the same %d rows" % (what, len(sessions)), table == expected,
          shown(expected) + "\n" + shown(table))
    keys = ("vm", "uuid", "user", "auid", "start", "end", "state", "reason", "stop_reason", "pid",
            "proof")
    live, expected = of_watch(watched), [{key: s[key] for key in keys} for s in sessions]
    check("%s: watch told the same, live" % what, live == expected,
          "\n".join("%s\n%s" % pair for pair in zip(expected, live) if pair[0] != pair[1]))
    expected = [auvirt_row(session) for session in sessions]
    whole, rows = of_auvirt(log, VIRAUDIT, "auvirt")
    check("%s: viraudit auvirt has the same sessions" % what, rows == expected,
          shown(expected) + "\n" + shown(rows))
    if shutil.which("auvirt"):
        real, _ = of_auvirt(log, "auvirt")
        check("%s: and auvirt prints the same" % what, real == whole, real + "\n" + whole)
    for line in output(VIRAUDIT, "report", "--start", "today", log).splitlines():
        say("     | " + line)
    for line in whole.split("\n\n"):
        say("     | " + line.split("\n")[0])


def watch(path):
    with open(path, "wb") as file:
        process = subprocess.Popen([VIRAUDIT, "watch", "--json"], stdin=subprocess.DEVNULL,
                                   stdout=file, stderr=subprocess.PIPE)

    def end():
        process.terminate()
        return process.communicate()[1].decode()
    at_exit(process.kill)

    def listens():
        return any(audit_sockets(process.pid))
    wait_for(listens, 10, "watch listens")
    return end


def run(what, preload):
    auditd = Auditd()
    watched = os.path.join(WORK, "watched-%d" % len(preload))
    end_watch = watch(watched)
    host = Libvirtd(preload).wait_ready()
    lives(host)
    auditd.fence()

    def told():
        with open(watched) as file:
            return uuid("running") in file.read()
    wait_for(told, 10, "watch tells the last start")
    said = end_watch()
    check("%s: watch has nothing to complain of" % what, not said, said)
    compare(what, auditd.log, watched)
    # libvirtd's own end leaves guests alone; the test's ends them.
    host.stop()
    auditd.fence()
    last = [session for session in of_json(auditd.log) if session["vm"] == "running"]
    check("%s: in the end it runs no more" % what,
          [(s["state"], s["stop_reason"]) for s in last] == [("stopped", "destroyed")], last)
    result = subprocess.run([VIRAUDIT, "verify", auditd.log], capture_output=True, text=True)
    check("%s: verify finds nothing" % what, result.returncode == 0, result.stdout)
    auditd.stop()


def main():
    need(tools=("auditd",))
    run("libvirt's own", [])
    run("libviraudit.so", [LIBRARY, SECOND])


run_test(main)
