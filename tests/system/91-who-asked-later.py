"""The clients in records that libvirtd writes later, or in other threads than the client's: jobs,
migration, autostart, what a guest does by itself. docs/preload.md has a table of them.
"""

import os
import re
import subprocess

from clients import UUID, Client, fields, libvirtd, xml
from libvirt_host import HERE, WORK, Capture, check, need, run_test, say, wait_for

# A boot sector that enables the power button, waits until it is pressed, and powers off.
ON_BUTTON = bytes.fromhex("BA0206B80001EF" "BA0006EDF6C40174F7" "BA0406B80020EFF4EBFD")
# One that lets go of the devices that are to be detached, once the button is pressed.
LETS_GO = bytes.fromhex("BA0206B80001EF" "BA0006EDF6C40174F7" "BA10AE6631C066EF" "BA04AE66ED" "BA08AE66EFF4EBFD")
# One that powers off at once.
AT_ONCE = bytes.fromhex("BA0406B80020EFF4EBFD")
TARGET = os.environ.get("CARGO_TARGET_DIR") or os.path.join(HERE, "../../target")
CHANNEL = "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>"


def disk(host, name, code=b""):
    path = host.path(name + ".img")
    with open(path, "wb") as file:
        file.write(code.ljust(510, b"\0")[:510] + b"\x55\xaa" + code[512:])
        file.truncate(1 << 20)
    return path


def named(record):
    """What the record is about, and whom it names."""
    text = record[1]
    what = re.search(r"(?:op|resrc)=(\S+)", text)
    reason = re.search(r"reason=(\S+)", text)
    key = "%s %s" % (what.group(1) if what else record[0], reason.group(1) if reason else "")
    who = fields(text).get("acct", "nobody")
    return key.strip(), who.strip('"') if who[0] == '"' or who == "nobody" else bytes.fromhex(who).decode()


def with_acpi(host, name, number, code, more=""):
    """The XML of a guest with a power button and hotplug."""
    path = xml(host, name, number, disk(host, name, code), more)
    with open(path) as file:
        text = file.read().replace("</os>", "</os><features><acpi/></features>")
    with open(path, "w") as file:
        file.write(text)
    return path


class Table:
    def __init__(self, capture):
        self.capture = capture

    def take(self):
        return [record for record in self.capture.take() if UUID[:-5] in record[1]]

    def show(self, what, records, expected):
        """Each kind of record with those whom it names: {"start booted": "alice"}; None: no record."""
        found = {}
        for record in records:
            key, who = named(record)
            found.setdefault(key, set()).add(who)
        found = {key: "+".join(sorted(who)) for key, who in found.items()}
        say("     | %s: %s" % (what, ", ".join("%s: %s" % item for item in sorted(found.items()))))
        if expected is None:
            check(what + ": no record", not found, found)
        else:
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


def run(host, user, *args):
    client = Client(host, user, *args).wait()
    check("%s: virsh %s" % (user, args[0]), client.process.returncode == 0, client.output)


def jobs(table, host):
    run(host, "alice", "define", with_acpi(host, "jobs", 1, b""))
    table.take()
    run(host, "alice", "start", "jobs")
    table.show("a start", table.take(), {"start booted": "alice"})
    run(host, "bob", "managedsave", "jobs")
    table.show("a managed save: an asynchronous job", table.take(), {"stop saved": "bob"})
    run(host, "carol c", "start", "jobs")
    table.show("a start from it", table.take(), {"start restored": "carol c"})

    run(host, "alice", "blockcopy", "jobs", "vda", host.path("copy.img"), "--format", "raw",
        "--transient-job", "--wait")
    table.show("a copy of a disk", table.take(), {"disk mirror": "alice"})
    run(host, "bob", "blockjob", "jobs", "vda", "--pivot")
    wait_for(lambda: "copy.img" in host.virsh("domblklist", "jobs").stdout, 30, "the copy is in use")
    table.show("the guest uses the copy from now on", table.take(), None)
    run(host, "alice", "snapshot-create-as", "jobs", "s1", "--disk-only", "--no-metadata")
    table.show("a snapshot of the disk", table.take(), {"disk snapshot": "alice"})
    run(host, "bob", "blockcommit", "jobs", "vda", "--active", "--pivot")
    table.show("it is merged again", table.take(), None)
    run(host, "carol c", "detach-device-alias", "jobs", "net0")
    table.show("a device is to be detached, and the guest doesn't answer", table.take(), None)
    run(host, "alice", "undefine", "jobs")
    table.show("undefine of a guest that runs", table.take(), None)
    run(host, "bob", "destroy", "jobs")
    table.show("destroy", table.take(), {"stop destroyed": "bob"})


def pressed(table, host, guest):
    """The records after bob has pressed a guest's power button."""
    records = []

    def came():
        # The button has an effect once the boot sector runs.
        Client(host, "bob", "shutdown", guest).wait()
        records.extend(table.take())
        return records
    wait_for(came, 60, "the guest hears the button")
    return records


def itself(table, host):
    run(host, "alice", "create", with_acpi(host, "button", 2, ON_BUTTON))
    table.take()
    table.show("bob asks the guest to shut down, and it does", pressed(table, host, "button"),
               {"stop shutdown": "nobody"})

    run(host, "alice", "create", with_acpi(host, "late", 7, LETS_GO))
    table.take()
    run(host, "alice", "detach-device-alias", "late", "net0")
    table.show("alice wants a device detached, and the guest keeps it", table.take(), None)
    table.show("after she has left, it lets go", pressed(table, host, "late"), {"net detach": "nobody"})
    run(host, "bob", "destroy", "late")
    table.take()

    run(host, "alice", "create", with_acpi(host, "off", 3, AT_ONCE))
    table.show("a guest that powers off by itself", table.until("stop shutdown"), {"stop shutdown": "nobody"})

    if "VIRAUDIT_BUILT" not in os.environ:
        subprocess.run([os.path.join(HERE, "build")], check=True)
    with open(os.path.join(TARGET, "system/agent"), "rb") as file:
        code = file.read()
    run(host, "alice", "create", with_acpi(host, "agent", 6, code, CHANNEL))
    wait_for(lambda: "state='connected'" in host.virsh("dumpxml", "agent").stdout, 60, "the guest's agent")
    table.take()
    run(host, "bob", "shutdown", "agent", "--mode", "agent")
    table.show("bob asks the guest's agent, and the guest shuts down", table.until("stop shutdown"),
               {"stop shutdown": "nobody"})


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
    for what, options, uri, there in (
            ("direct", (), target.uri, "alice"),
            # Without +unix, a libvirtd takes itself for the other one.
            ("peer to peer", ("--p2p",), target.uri.replace("qemu:", "qemu+unix:"), "root")):
        run(source, "alice", "create", xml(source, "moved", 5))
        table.take()
        run(source, "alice", "migrate", "--live", *options, "moved", uri,
            "--migrateuri", "tcp://127.0.0.1:%d" % (49900 + len(options)))
        # The target's start, the source's stop.
        table.show("migration, " + what, table.take(), {"start migrated": there, "stop migrated": "alice"})
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
    jobs(table, host)
    itself(table, host)
    host.stop()
    autostart(table)
    migration(table)


run_test(main)
