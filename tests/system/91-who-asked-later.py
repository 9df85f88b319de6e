"""Whom the records name that libvirtd writes later, or in other threads than the client's: jobs,
migration, autostart, what a guest does by itself. docs/preload.md has the table of what is seen here.
"""

import os
import re

from clients import UUID, Client, fields, libvirtd, xml
from libvirt_host import WORK, Capture, check, need, run_test, say, wait_for

# A boot sector that enables the power button, waits until it is pressed, and powers off.
ON_BUTTON = bytes.fromhex("BA0206B80001EF" "BA0006EDF6C40174F7" "BA0406B80020EFF4EBFD")
# One that powers off at once.
AT_ONCE = bytes.fromhex("BA0406B80020EFF4EBFD")


def disk(host, name, code=b""):
    path = host.path(name + ".img")
    with open(path, "wb") as file:
        file.write(code.ljust(510, b"\0") + b"\x55\xaa")
        file.truncate(1 << 20)
    return path


def named(record):
    """What the record is about, and whom it names."""
    text = record[1]
    what = re.search(r"(?:op|resrc)=(\S+)", text)
    reason = re.search(r"reason=(\S+)", text)
    key = "%s %s" % (what.group(1) if what else record[0], reason.group(1) if reason else "")
    return key.strip(), fields(text).get("acct", "nobody").strip('"')


class Table:
    def __init__(self, capture):
        self.capture = capture

    def take(self):
        return [record for record in self.capture.take() if UUID[:-5] in record[1]]

    def show(self, what, records, expected):
        """Each kind of record with those whom it names: {"start booted": "alice"}."""
        found = {}
        for record in records:
            key, who = named(record)
            found.setdefault(key, set()).add(who)
        found = {key: "+".join(sorted(who)) for key, who in found.items()}
        say("     | %s: %s" % (what, ", ".join("%s: %s" % item for item in sorted(found.items()))))
        wrong = {key: who for key, who in expected.items() if found.get(key) != who}
        check(what, not wrong, "expected %s\nfound %s" % (expected, found))

    def until(self, key, seconds=60):
        """The records until one of this kind has come."""
        records = []

        def came():
            records.extend(self.take())
            return any(named(record)[0] == key for record in records)
        wait_for(came, seconds, key)
        return records


def run(host, user, *args, good=True):
    client = Client(host, user, *args).wait()
    if good:
        check("%s: virsh %s" % (user, args[0]), client.process.returncode == 0, client.output)
    return client


def jobs(table, host):
    image = disk(host, "jobs")
    run(host, "alice", "define", xml(host, "jobs", 1, image))
    table.take()
    run(host, "alice", "start", "jobs")
    table.show("a start", table.take(), {"start booted": "alice"})
    run(host, "bob", "managedsave", "jobs")
    table.show("a managed save: an asynchronous job", table.take(), {"stop saved": "bob"})
    run(host, "carol c", "start", "jobs")
    table.show("a start from it", table.take(), {"start restored": "6361726F6C2063"})

    copy = host.path("copy.img")
    client = run(host, "alice", "blockcopy", "jobs", "vda", copy, "--format", "raw", "--transient-job",
                 "--wait", good=False)
    say("     | blockcopy: %d %s" % (client.process.returncode, client.output.strip()[:200]))
    table.show("a copy of a disk begins and is ready", table.take(), {})
    run(host, "bob", "blockjob", "jobs", "vda", "--pivot", good=False)
    wait_for(lambda: "copy.img" in host.virsh("domblklist", "jobs").stdout, 30, "the copy is in use")
    table.show("bob lets the guest use it", table.take(), {})

    run(host, "alice", "snapshot-create-as", "jobs", "s1", "--disk-only", "--no-metadata", good=False)
    table.show("a snapshot of the disk", table.take(), {})
    run(host, "bob", "blockcommit", "jobs", "vda", "--active", "--pivot", good=False)
    table.show("bob merges it again", table.take(), {})

    run(host, "carol c", "detach-device-alias", "jobs", "net0", good=False)
    table.show("a device is to be detached; the guest doesn't answer", table.take(), {})
    run(host, "bob", "reset", "jobs")
    wait_for(lambda: not host.virsh("domiflist", "jobs").stdout.strip(), 30, "the device has gone")
    table.show("bob resets the guest, and so ends it", table.take(), {})
    run(host, "alice", "undefine", "jobs")
    table.show("undefine of a guest that runs", table.take(), {})
    run(host, "bob", "destroy", "jobs")
    table.show("destroy", table.take(), {"stop destroyed": "bob"})


def itself(table, host):
    run(host, "alice", "create", xml(host, "button", 2, disk(host, "button", ON_BUTTON)))
    table.take()

    def pressed():
        # The button is seen once the boot sector runs.
        run(host, "bob", "shutdown", "button", good=False)
        return any("shutdown" in named(record)[0] for record in stops)
    stops = []
    wait_for(lambda: (pressed(), stops.extend(table.take()), stops)[2], 90, "the guest powers off")
    table.show("bob asks the guest to shut down, and it does", stops, {"stop shutdown": "nobody"})

    run(host, "alice", "create", xml(host, "off", 3, disk(host, "off", AT_ONCE)))
    table.show("a guest that powers off by itself", table.until("stop shutdown"), {"stop shutdown": "nobody"})


class Work:
    """A place for a guest's XML before there is a libvirtd."""

    @staticmethod
    def path(*parts):
        return os.path.join(WORK, *parts)


def autostart(table):
    with open(xml(Work, "auto", 4)) as file:
        text = file.read()
    link = 'ln -s ../auto.xml /etc/libvirt/qemu/autostart/auto.xml && exec "$@"'
    host = libvirtd(files={"etc/qemu/auto.xml": text, "etc/qemu/autostart/made": ""},
                    wrapper=("sh", "-c", link, "sh"))
    table.show("autostart", table.until("start booted"), {"start booted": "nobody"})
    host.stop()
    table.take()


def migration(table):
    source = libvirtd(settings='host_uuid = "11111111-2222-4333-8444-000000000001"\n')
    target = libvirtd(settings='host_uuid = "11111111-2222-4333-8444-000000000002"\n',
                      wrapper=("unshare", "-u", "sh", "-c", 'hostname other && exec "$@"', "sh"))
    # Another number for the guest, whose cgroup has it in its name.
    target.virsh("create", xml(target, "first", 8))
    target.virsh("destroy", "first")
    for what, options, other in (("direct", (), "alice"), ("peer to peer", ("--p2p",), "root")):
        run(source, "alice", "create", xml(source, "moved", 5))
        table.take()
        client = run(source, "alice", "migrate", "--live", *options, "moved", target.uri,
                     "--migrateuri", "tcp://127.0.0.1:%d" % (49900 + len(options)), good=False)
        say("     | migrate: %d %s" % (client.process.returncode, client.output.strip()[:300]))
        records = table.take()
        table.show("migration, " + what, records, {})
        for record in records:
            if record[0] == "VIRT_CONTROL":
                say("     | " + record[1][:600])
        target.virsh("destroy", "moved")
        source.virsh("destroy", "moved")
        table.take()
    source.stop()
    target.stop()


def main():
    need(tools=("setpriv",))
    os.chmod(os.environ["VIRAUDIT_SYSTEM_TESTS"], 0o711)
    table = Table(Capture())
    host = libvirtd()
    for part in (jobs, itself):
        try:
            part(table, host)
        except Exception as error:
            check(part.__name__, False, repr(error))
    host.stop()
    autostart(table)
    migration(table)


run_test(main)
