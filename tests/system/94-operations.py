"""A real libvirtd, a real auditd, and report --operations: each thing that was asked of libvirtd is
one line, however many records libvirt writes of it.
"""

import json
import os
import re
import subprocess

from auditd_host import Auditd
from libvirt_host import LIBRARY, SECOND, Libvirtd, check, need, run_test, say

VIRAUDIT = os.environ["VIRAUDIT"]
NAME = "changes"
UUID = "8e4f0f4c-2f8b-4b7a-9d94-%012x" % (os.getpid() & 0xFFFFFF)
GUEST = ("<domain type='qemu'><name>%s</name><uuid>%s</uuid><memory unit='MiB'>32</memory>"
         "<vcpu current='1'>2</vcpu>"
         "<os><type arch='x86_64' machine='pc'>hvm</type></os><devices>"
         "<controller type='usb' model='qemu-xhci'/><controller type='virtio-serial'/>"
         "<memballoon model='virtio'/>"
         "<disk type='file' device='cdrom'><target dev='hdc' bus='ide'/><readonly/></disk>"
         "</devices></domain>")
DISK = ("<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='%s'/>"
        "<target dev='sda' bus='usb'/></disk>")
CDROM = ("<disk type='file' device='cdrom'><driver name='qemu' type='raw'/>%s"
         "<target dev='hdc' bus='ide'/><readonly/></disk>")
CHANNEL = ("<channel type='unix'><source mode='bind' path='%s'/>"
           "<target type='virtio' name='test.0'/></channel>")
RNG = "<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>"


def file(host, name, text):
    path = host.path(name)
    with open(path, "w") as out:
        out.write(text)
    return path


def changes(host):
    """What virsh is asked for, in order, and what has to be said of it: nothing where libvirt refuses
    before it writes a record."""
    disk, cd, channel = host.path("disk.img"), host.path("cd.iso"), host.path("channel.sock")
    for path in (disk, cd):
        with open(path, "wb") as out:
            out.truncate(1 << 20)

    def device(command, name, text):
        return command, NAME, file(host, name, text)

    return (
        # Paused: its firmware would have to let go of the CD.
        (("create", "--paused", file(host, "guest.xml", GUEST % (NAME, UUID))),
         "changes started (booted)"),
        (device("attach-device", "disk.xml", DISK % disk), "disk %s attached to changes" % disk),
        (device("attach-device", "missing.xml", DISK % host.path("no.img")), None),
        (device("update-device", "in.xml", CDROM % ("<source file='%s'/>" % cd)),
         "disk %s given to changes (update)" % cd),
        (device("update-device", "out.xml", CDROM % ""),
         "disk %s removed from changes (update)" % cd),
        (device("attach-device", "channel.xml", CHANNEL % channel),
         "character device %s attached to changes" % channel),
        # Three records: access is allowed, the device fails, access is denied.
        (device("attach-device", "rng.xml", RNG),
         "random number source /dev/urandom could not be attached to changes"),
        (("setvcpus", NAME, "2", "--live"), "number of vCPUs of changes changed from 1 to 2"),
        (("destroy", NAME), "changes stopped (destroyed)"),
    )


def run(what, preload):
    auditd = Auditd()
    host = Libvirtd(preload).wait_ready()
    expected = []
    for command, text in changes(host):
        result = host.virsh(*command)
        say("     | virsh %s: %d %s" % (command[0], result.returncode, result.stderr.strip()))
        if text:
            expected.append(text)
    auditd.fence()
    result = subprocess.run((VIRAUDIT, "report", "--operations", "--format", "json", "--vm", NAME,
                             auditd.log), capture_output=True, text=True, stdin=subprocess.DEVNULL)
    operations = [json.loads(line) for line in result.stdout.splitlines()]
    said = [operation["text"] for operation in operations]
    check("%s: a line for each of %d operations" % (what, len(expected)), said == expected,
          "\n".join(["expected:"] + expected + ["said:"] + said + [result.stderr]))
    with open(auditd.log) as log:
        records = [re.search(r"audit\((\S+)\)", line).group(1) for line in log
                   if UUID in line and line.startswith("type=VIRT_")]
    proof = [serial for operation in operations for serial in operation["proof"]]
    check("%s: each of %d records proves one of them" % (what, len(records)),
          sorted(proof) == sorted(records), "%s\n%s" % (sorted(records), sorted(proof)))
    host.stop()
    auditd.stop()


def main():
    need()
    run("libvirtd", ())
    run("preloaded", (LIBRARY, SECOND))


run_test(main)
