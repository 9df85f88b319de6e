"""An unmodified libvirtd says the same with libviraudit.so in front of it as without.

The same operations on the same guests, three times: libvirt's own auditing, libviraudit.so, and
libviraudit.so with libviraudit_preload.so. After every operation, the records that the kernel got
are compared byte for byte, in order, but for times, process ids and terminals' numbers (and for raw
paths with a blank or a quote, which viraudit writes in hex); and so are the lines that
audit_logging = 1 puts into libvirtd's own log.
"""

import array
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

from libvirt_host import (LIBRARY, SECOND, WORK, Capture, Libvirtd, Normal, check, daemon,
                          difference, need, run_test, safe_path, say, wait_for)

VERBOSE = os.environ.get("VIRAUDIT_VERBOSE")
# A name that has nothing of this host's, where a fixture is made of it.
GOLDEN = os.environ.get("VIRAUDIT_GOLDEN")
IMAGES = "/var/tmp/guest images" if GOLDEN else os.path.join(WORK, "images")
UUID = "8e4f0f4c-2f8b-4b7a-9d9c-0000000000%02x"
# Starts, and turns itself off by APM at once: `shutdown` as a guest's own doing.
BOOT_SECTOR_OFF = bytes.fromhex(
    "b80153 31db cd15 b80e53 31db b90201 cd15 b80853 bb0100 b90100 cd15 b80753 bb0100 b90300 cd15"
    "f4 ebfd".replace(" ", ""))


def image(name, *create):
    return os.path.join(IMAGES, name)


def make_images():
    shutil.rmtree(IMAGES, ignore_errors=True)
    os.makedirs(os.path.join(IMAGES, "shared folder"))
    for name in ("one.img", "disk two.img", "ディスク.img", 'quote"d.img', "hot.img", "usb.img"):
        with open(image(name), "wb") as file:
            file.truncate(1 << 20)
    for name in ("a.iso", "b c.iso"):
        with open(image(name), "wb") as file:
            file.truncate(1 << 16)
    with open(image("off.img"), "wb") as file:
        file.write(BOOT_SECTOR_OFF.ljust(510, b"\0") + b"\x55\xaa")
        file.truncate(1 << 20)
    for name in ("snap.qcow2", "save.qcow2", "chain.qcow2"):
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", image(name), "1M"], check=True)


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


# The same in every run.
PORTS = [free_port() for _ in range(4)]


class Server:
    """A unix socket that something of a guest connects to."""

    def __init__(self, path, greet):
        self.path = path
        if os.path.exists(path):
            os.unlink(path)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(path)
        self.socket.listen(8)
        self.greet, self.kept = greet, []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                peer = self.socket.accept()[0]
                self.greet(peer)
            except OSError:
                return
            self.kept.append(peer)

    def close(self):
        self.socket.close()


def ivshmem(peer):
    """What ivshmem-server says to a new peer: version, its number, the memory."""
    memory = os.memfd_create("ivshmem")
    os.ftruncate(memory, 1 << 22)
    peer.sendall(struct.pack("<q", 0))
    peer.sendall(struct.pack("<q", 1))
    peer.sendmsg([struct.pack("<q", -1)],
                 [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [memory]))])
    os.close(memory)


def domain(number, name, devices="", memory=32, more="", os_more=""):
    return """<domain type='qemu'>
  <name>%s</name><uuid>%s</uuid><memory unit='MiB'>%d</memory>%s
  <os><type arch='x86_64' machine='pc'>hvm</type>%s</os>
  <features><acpi/></features>
  <on_poweroff>destroy</on_poweroff><on_reboot>restart</on_reboot><on_crash>destroy</on_crash>
  <devices>%s</devices>
</domain>""" % (name, UUID % number, memory, more, os_more, devices)


def disk(path, target, bus="virtio", kind="raw", device="disk", more=""):
    source = "<source file='%s'/>" % path.replace('"', "&quot;") if path else ""
    return ("<disk type='file' device='%s'><driver name='qemu' type='%s'/>%s"
            "<target dev='%s' bus='%s'/>%s</disk>" % (device, kind, source, target, bus, more))


def net(last, kind="user", more="", model="rtl8139"):
    return ("<interface type='%s'><mac address='52:54:00:12:34:%02x'/>%s<model type='%s'/>"
            "</interface>" % (kind, last, more, model))


def every_device(has_swtpm):
    tpm = ("<tpm model='tpm-tis'><backend type='emulator' version='2.0'/></tpm>"
           if has_swtpm else "")
    return "".join([
        disk(image("one.img"), "vda"),
        disk(image("disk two.img"), "vdb"),
        disk(image("ディスク.img"), "vdc"),
        disk(image('quote"d.img'), "sdb", "scsi"),
        disk(image("a.iso"), "hdc", "ide", device="cdrom", more="<readonly/>"),
        disk(None, "hdd", "ide", device="cdrom", more="<readonly/>"),
        "<controller type='scsi' model='virtio-scsi'/><controller type='usb' model='qemu-xhci'/>",
        "<controller type='virtio-serial'/>",
        "<filesystem type='mount' accessmode='passthrough'><source dir='%s'/>"
        "<target dir='share'/></filesystem>" % image("shared folder"),
        net(1), net(2, model="virtio"),
        "<serial type='pty'/>",
        "<serial type='file'><source path='%s'/></serial>" % image("serial.log"),
        "<parallel type='file'><source path='%s'/></parallel>" % image("parallel port.log"),
        "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>",
        "<channel type='unix'><source mode='bind' path='%s'/>"
        "<target type='virtio' name='ünï'/></channel>" % image("channel ü.sock"),
        "<console type='pty'><target type='virtio'/></console>",
        "<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>",
        "<rng model='virtio'><backend model='egd' type='unix'><source mode='connect' path='%s'/>"
        "</backend></rng>" % image("egd.sock"),
        "<rng model='virtio'><backend model='builtin'/></rng>",
        "<redirdev bus='usb' type='tcp'><source mode='bind' host='127.0.0.1' service='%d'/>"
        "</redirdev>" % PORTS[0],
        "<smartcard mode='passthrough' type='tcp'><source mode='bind' host='127.0.0.1' "
        "service='%d'/><protocol type='raw'/></smartcard>" % PORTS[1],
        tpm,
        "<shmem name='viraudit-plain'><model type='ivshmem-plain'/><size unit='M'>4</size></shmem>",
        "<shmem name='bell'><model type='ivshmem-doorbell'/><server path='%s'/><msi vectors='1'/>"
        "</shmem>" % image("ivshmem.sock"),
        "<input type='tablet' bus='usb'/>",
    ])


# Devices that this host needn't have: their start fails, and its records tell of them all the same.
ABSENT = "".join([
    disk("/absent/\u00e9.img", "vda"),
    "<hostdev mode='subsystem' type='usb'><source><address bus='7' device='99'/></source></hostdev>",
    "<hostdev mode='subsystem' type='pci' managed='no'><source><address domain='0' bus='0xfe' "
    "slot='0x1e' function='7'/></source></hostdev>",
    "<hostdev mode='subsystem' type='mdev' model='vfio-pci'><source>"
    "<address uuid='c2177883-f1bb-47f0-914d-32a22e3a8804'/></source></hostdev>",
    "<hostdev mode='subsystem' type='scsi'><source><adapter name='scsi_host9'/>"
    "<address bus='0' target='0' unit='7'/></source></hostdev>",
    "<hostdev mode='subsystem' type='scsi_host'><source protocol='vhost' "
    "wwpn='naa.5123456789abcde0'/></hostdev>",
    "<tpm model='tpm-tis'><backend type='passthrough'><device path='/dev/tpm99'/></backend></tpm>",
    "<input type='passthrough' bus='virtio'><source evdev='/dev/input/event99'/></input>",
    "<input type='evdev'><source dev='/dev/input/by id/mouse'/></input>",
    "<smartcard mode='host-certificates'><certificate>one</certificate>"
    "<certificate>two words</certificate><certificate>three</certificate>"
    "<database>/etc/pki/db</database></smartcard>",
    "<serial type='dev'><source path='/dev/ttyS99'/></serial>",
    "<parallel type='dev'><source path='/dev/parport99'/></parallel>",
    "<channel type='unix'><source mode='bind' path='/absent/sock'/>"
    "<target type='virtio' name='c'/></channel>",
    "<console type='file'><source path='/absent/console'/><target type='virtio'/></console>",
    net(9, "ethernet"),
])


class Script:
    """The operations, and what was heard after each."""

    def __init__(self, capture, preload):
        make_images()
        self.servers = [Server(image("ivshmem.sock"), ivshmem),
                        Server(image("egd.sock"), lambda peer: None)]
        self.capture, self.normal = capture, Normal()
        self.steps, self.texts = [], []
        self.host = Libvirtd(preload, logging=True)
        self.host.wait_ready()
        capture.take()
        self.files = 0

    def heard(self, name, outcome, until=None):
        """Keeps what came; what libvirt tells after it has answered comes up to `until`."""
        records = []

        def listen():
            records.extend(record for record in self.capture.take() if self.is_ours(record))
            return until is None or any(until in text for _, text in records)

        wait_for(listen, 10, "%s: a record with %s" % (name, until))
        self.texts += records
        self.steps.append((name, outcome, [self.normal(record) for record in records]))

    def is_ours(self, record):
        return 'exe="%s"' % daemon("qemu") in record[1] or "libvirt_lxc" in record[1]

    def op(self, name, *args, then=None, until=None):
        """One call of virsh, and then something that must have come about."""
        began = time.monotonic()
        result = self.host.virsh(*args)
        if VERBOSE:
            print("%6.2f s %s: %s" % (time.monotonic() - began, name, result.stderr.strip()),
                  file=sys.stderr, flush=True)
        outcome = "done" if result.returncode == 0 else "refused"
        if then and result.returncode == 0:
            wait_for(then, 30, name)
        self.last = result
        self.heard(name, outcome, until)
        return result

    def xml(self, text):
        self.files += 1
        path = self.host.path("xml-%d" % self.files)
        with open(path, "w") as file:
            file.write(text)
        return path

    def is_off(self, guest):
        return lambda: self.host.state(guest) in ("shut off", "")

    def kill(self, name, guest, number):
        with open(self.host.path("run", "libvirt/qemu/%s.pid" % guest)) as file:
            os.kill(int(file.read()), number)
        wait_for(self.is_off(guest), 30, name)
        self.heard(name, "done", " op=stop ")

    def has(self, guest, alias):
        return lambda: "'%s'" % alias in self.host.virsh("dumpxml", guest).stdout

    def gone(self, guest, alias):
        return lambda: "'%s'" % alias not in self.host.virsh("dumpxml", guest).stdout

    # ----------------------------------------------------------------------------------------------

    def run(self):
        self.every_device()
        self.hotplug()
        self.storage()
        self.states()
        self.ends()
        self.failures()
        self.taps()
        self.host.stop()
        self.heard("libvirtd stops", "done")
        for server in self.servers:
            server.close()
        return self

    def every_device(self):
        self.op("define a guest with every device", "define", self.xml(domain(
            1, "every device ü", every_device(shutil.which("swtpm")), more="<vcpu current='1'>2"
            "</vcpu><iothreads>2</iothreads><currentMemory unit='MiB'>32</currentMemory>")))
        self.op("start it", "start", "every device ü")
        if self.last.returncode:
            say("     | " + self.last.stderr.strip())
        self.op("suspend it", "suspend", "every device ü")
        self.op("resume it", "resume", "every device ü")
        self.op("reset it", "reset", "every device ü")
        self.op("ask it to reboot", "reboot", "every device ü", "--mode", "acpi")
        self.op("ask it to shut down", "shutdown", "every device ü", "--mode", "acpi")
        self.op("can't be saved, for its shared memory", "managedsave", "every device ü")
        self.op("destroy it", "destroy", "every device ü")
        self.op("undefine it", "undefine", "every device ü", "--nvram")

    def hotplug(self):
        guest = "hot"
        self.op("create", "create", self.xml(domain(2, guest, "".join([
            disk(image("one.img"), "vda"),
            disk(image("a.iso"), "hdc", "ide", device="cdrom", more="<readonly/>"),
            "<controller type='usb' model='ich9-ehci1'/><controller type='virtio-serial'/>",
            "<controller type='scsi' model='virtio-scsi'/><memballoon model='virtio'/>"]),
            more="<maxMemory slots='4' unit='MiB'>512</maxMemory><vcpu current='1'>4</vcpu>"
            "<iothreads>1</iothreads>"
            "<cpu><numa><cell id='0' cpus='0-3' memory='64' unit='MiB'/></numa></cpu>", memory=64)))
        plug = [
            ("a USB disk", disk(image("usb.img"), "sdx", "usb", more="<alias name='ua-usb'/>"),
             "ua-usb", False),
            ("a SCSI disk with a space", disk(image("disk two.img"), "sdy", "scsi",
                                              more="<alias name='ua-scsi'/>"), "ua-scsi", False),
            ("a virtio disk in UTF-8", disk(image("ディスク.img"), "vdz",
                                            more="<alias name='ua-disk'/>"), "ua-disk", True),
            ("a net", net(5, more="<alias name='ua-net'/>"), "ua-net", True),
            ("a virtio net", net(6, more="<alias name='ua-vnet'/>", model="virtio"),
             "ua-vnet", True),
            ("a rng", "<rng model='virtio'><backend model='random'>/dev/urandom</backend>"
             "<alias name='ua-rng'/></rng>", "ua-rng", True),
            ("an egd rng", "<rng model='virtio'><backend model='egd' type='unix'><source "
             "mode='connect' path='%s'/></backend><alias name='ua-egd'/></rng>" % image("egd.sock"),
             "ua-egd", True),
            ("shared memory", "<shmem name='hot'><model type='ivshmem-plain'/><size unit='M'>4"
             "</size><alias name='ua-shmem'/></shmem>", "ua-shmem", True),
            ("a channel", "<channel type='unix'><source mode='bind' path='%s'/><target "
             "type='virtio' name='org.example.0'/><alias name='ua-channel'/></channel>"
             % image("hot channel.sock"), "ua-channel", False),
            ("a pty channel", "<channel type='pty'><target type='virtio' name='org.example.1'/>"
             "<alias name='ua-pty'/></channel>", "ua-pty", False),
            ("a redirected device", "<redirdev bus='usb' type='tcp'><source mode='bind' "
             "host='127.0.0.1' service='%d'/><alias name='ua-redir'/></redirdev>" % PORTS[2],
             "ua-redir", False),
            ("a memory module", "<memory model='dimm'><target><size unit='MiB'>128</size><node>0"
             "</node></target><alias name='ua-dimm'/></memory>", "ua-dimm", True),
            ("a watchdog", "<watchdog model='i6300esb' action='none'><alias name='ua-dog'/>"
             "</watchdog>", "ua-dog", True),
        ]
        for what, xml, alias, pci in plug:
            result = self.op("attach " + what, "attach-device", guest, self.xml(xml), "--live")
            if result.returncode:
                say("     | attach %s: %s" % (what, result.stderr.strip()))
                continue
            # A PCI device leaves with the guest's consent, or when the guest is reset.
            if what == "a memory module":
                self.op("detach " + what, "detach-device-alias", guest, alias, "--live")
                continue
            self.host.virsh("detach-device-alias", guest, alias, "--live")
            self.op("detach " + what, *(["reset", guest] if pci else ["list"]),
                    then=self.gone(guest, alias),
                    until=None if what == "a watchdog" else " reason=detach ")
        self.op("attach a disk that doesn't exist", "attach-device", guest,
                self.xml(disk("/absent/a b.img", "sdw", "usb")), "--live")
        self.op("attach a disk twice", "attach-device", guest,
                self.xml(disk(image("one.img"), "vda")), "--live")
        self.op("attach a host device that doesn't exist", "attach-device", guest, self.xml(
            "<hostdev mode='subsystem' type='usb'><source><address bus='7' device='99'/></source>"
            "</hostdev>"), "--live")
        self.op("attach a channel whose port is taken", "attach-device", guest, self.xml(
            "<channel type='unix'><source mode='bind' path='/absent/x'/><target type='virtio' "
            "name='x'/></channel>"), "--live")
        # Or else the firmware, looking for something to boot, closes the tray.
        self.op("suspend", "suspend", guest)
        self.op("change the medium", "change-media", guest, "hdc", image("b c.iso"), "--update",
                "--live", "--force")
        self.op("eject it", "change-media", guest, "hdc", "--eject", "--live", "--force")
        self.op("insert another", "change-media", guest, "hdc", image("a.iso"), "--insert",
                "--live", "--force")
        self.op("insert one that doesn't exist", "change-media", guest, "hdc", "/absent.iso",
                "--update", "--live", "--force")
        self.op("resume", "resume", guest)
        self.op("less memory", "setmem", guest, "48M", "--live")
        self.op("more again", "setmem", guest, "64M", "--live")
        self.op("too much", "setmem", guest, "1G", "--live")
        self.op("more CPUs", "setvcpus", guest, "3", "--live")
        self.op("too many", "setvcpus", guest, "9", "--live")
        self.op("another I/O thread", "iothreadadd", guest, "5", "--live")
        self.op("one less", "iothreaddel", guest, "5", "--live")
        self.op("one that isn't", "iothreaddel", guest, "7", "--live")
        self.op("destroy it", "destroy", guest)

    def storage(self):
        guest = "chain"
        self.op("create a guest", "create",
                self.xml(domain(3, guest, disk(image("chain.qcow2"), "vda", kind="qcow2"))))
        self.op("snapshot outside", "snapshot-create-as", guest, "one", "--disk-only",
                "--no-metadata", "--diskspec", "vda,file=%s" % image("over lay.qcow2"))
        self.op("copy its disk and pivot", "blockcopy", guest, "vda", image("copy.qcow2"),
                "--transient-job", "--wait", "--pivot")
        self.op("copy and give up", "blockcopy", guest, "vda", image("copy2.qcow2"),
                "--transient-job", "--wait", "--finish")
        self.op("commit", "snapshot-create-as", guest, "two", "--disk-only", "--no-metadata",
                "--diskspec", "vda,file=%s" % image("over2.qcow2"))
        self.op("commit and pivot", "blockcommit", guest, "vda", "--active", "--wait", "--pivot")
        self.op("destroy the guest", "destroy", guest)

    def states(self):
        guest = "saved"
        self.op("define", "define",
                self.xml(domain(4, guest, disk(image("save.qcow2"), "vda", kind="qcow2") + net(7))))
        self.op("start", "start", guest)
        self.op("managed save", "managedsave", guest)
        self.op("start from it", "start", guest)
        self.op("save", "save", guest, image("state"))
        self.op("restore", "restore", image("state"))
        self.op("start what runs", "start", guest)
        self.op("snapshot", "snapshot-create-as", guest, "snap")
        self.op("revert while it runs", "snapshot-revert", guest, "snap", "--force")
        self.op("destroy", "destroy", guest)
        self.op("revert while it is off", "snapshot-revert", guest, "snap", "--running")
        self.op("snapshot and halt", "snapshot-create-as", guest, "halted", "--halt")
        self.op("revert to what was off", "snapshot-revert", guest, "snap", "--paused")
        self.op("destroy it again", "destroy", guest)
        with open(image("broken"), "wb") as file:
            file.write(b"LibvirtQemudSave" + bytes(4096))
        self.op("restore from rubbish", "restore", image("broken"))
        self.op("delete the snapshots", "snapshot-delete", guest, "snap")
        self.op("delete the other", "snapshot-delete", guest, "halted")
        self.op("undefine", "undefine", guest)

    def ends(self):
        guest = "off"
        self.op("define a guest that turns itself off", "define",
                self.xml(domain(5, guest, disk(image("off.img"), "hda", "ide"))))
        self.op("it does", "start", guest, then=self.is_off(guest),
                until=" op=stop ")
        self.op("undefine it too", "undefine", guest)
        guest = "ends"
        self.op("define another", "define", self.xml(domain(6, guest, net(8))))
        # Not SIGTERM, nor quit: whether libvirt sees qemu's last word or its end first is a race.
        for number in (signal.SIGKILL, signal.SIGSEGV):
            self.op("start it for " + number.name, "start", guest)
            self.kill(number.name, guest, number)
        self.op("start it paused", "start", guest, "--paused")
        self.op("destroy it gracefully", "destroy", guest, "--graceful")
        self.op("start it to go with its client", "start", guest, "--force-boot")
        self.op("inject an NMI", "inject-nmi", guest)
        self.op("destroy that", "destroy", guest)
        self.op("undefine another", "undefine", guest)

    def failures(self):
        self.op("start with a disk that doesn't exist", "create",
                self.xml(domain(7, "no disk", disk("/absent/disk.img", "vda") + net(3))))
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", PORTS[3]))
            taken.listen()
            self.op("start with a port that is taken", "create", self.xml(domain(
                8, "no-port", "<serial type='tcp'><source mode='bind' host='127.0.0.1' "
                "service='%d'/><protocol type='raw'/></serial>" % PORTS[3])))
        for number, device in enumerate(split_devices(ABSENT)):
            kind = re.match(r"<(\w+)(?: \w+='[^']*')*", device).group(0)[1:]
            self.op("start with an absent %s" % kind, "create",
                    self.xml(domain(32 + number, "absent-%d" % number, device + net(4))))
        for number, path in enumerate(["/a'b", "/t\tb", "/" + "x" * 1000, "/" + "ü" * 900]):
            path = path.replace("'", "&apos;").replace("\t", "&#9;")
            self.op("start with a path of its own, %d" % number, "create",
                    self.xml(domain(64 + number, "it&apos;s \\n <%d>".replace("<", "&lt;")
                                    % number, disk(path, "vda"))))

    def taps(self):
        guest = "tap"
        self.op("create a guest with a tap", "create", self.xml(domain(9, guest, net(
            10, "ethernet", "<target dev='viraudit0'/>"))))
        if self.last.returncode == 0:
            self.op("attach another tap", "attach-device", guest, self.xml(
                net(11, "ethernet", "<target dev='viraudit1'/>")), "--live")
            self.op("destroy the guest with taps", "destroy", guest)


def split_devices(text):
    import xml.etree.ElementTree as tree
    return [tree.tostring(device, encoding="unicode") for device in
            tree.fromstring("<all>%s</all>" % text)]


def log_lines(host):
    """What audit_logging says, without time and thread."""
    lines = []
    with open(host.log, errors="replace") as file:
        for line in file:
            if " success=yes " in line or " success=no " in line:
                lines.append(re.sub(r"^[0-9-]+ [0-9:.+]+: \d+: ", "", line.rstrip("\n")))
    normal = Normal()
    return [normal(("log", line)) for line in lines]


def compare(name, stock, other):
    wrong, count, raw = [], 0, 0
    for mine, theirs in zip(stock.steps, other.steps):
        count += len(mine[2])
        safe = [safe_path(record) for record in mine[2]]
        raw += sum(1 for pair in zip(safe, mine[2]) if pair[0] != pair[1])
        mine = (mine[0], mine[1], safe)
        if mine != theirs:
            wrong.append("%s: %s, %s\n%s" % (mine[0], mine[1], theirs[1],
                                            difference(name, mine[2], theirs[2])))
    same_steps = len(stock.steps) == len(other.steps)
    check("%s: %d operations, %d records compared, %d differences"
          " (%d with a raw path that must be in hex)"
          % (name, len(stock.steps), count, len(wrong), raw), not wrong and same_steps and count > 200,
          "\n".join(wrong))
    mine = [safe_path(line) for line in log_lines(stock.host)]
    theirs = log_lines(other.host)
    check("%s: %d lines of libvirtd's log compared" % (name, len(mine)),
          mine == theirs and len(mine) >= count, difference(name, mine, theirs))


def kinds_of(script):
    found = {}
    for _, _, records in script.steps:
        for record in records:
            kind = re.search(r"(resrc|op)=(\S+)", record)
            reason = re.search(r"reason=(\S+)", record)
            key = (kind.group(0) if kind else record.split()[0]) + (
                " " + reason.group(1) if reason else "") + (
                    "" if "res=success" in record else " failed")
            found[key] = found.get(key, 0) + 1
    return found


def main():
    need()
    capture = Capture()
    stock = Script(capture, []).run()
    refused = [name for name, outcome, _ in stock.steps if outcome == "refused"]
    say("     | %d operations (%d refused, as they should), of kinds: %s" % (
        len(stock.steps), len(refused),
        ", ".join("%s %d" % item for item in sorted(kinds_of(stock).items()))))
    say("     | refused: " + "; ".join(refused))
    single = Script(capture, [LIBRARY]).run()
    compare("libviraudit.so", stock, single)
    both = Script(capture, [LIBRARY, SECOND]).run()
    compare("with libviraudit_preload.so", stock, both)
    if GOLDEN:
        write_golden(stock)
        shutil.rmtree(IMAGES)


def write_golden(script):
    """tests/golden/helpers.jsonl: libvirt's own records, one of each shape."""
    import json
    seen = set()
    with open(GOLDEN, "w") as file:
        for kind, text in script.texts:
            message = re.search(r"msg='(.*)'$", text).group(1)
            shape = re.sub(r"vm=\S+ uuid=\S+|\d+", "", message)
            if shape not in seen and len(message) < 2000 and message == safe_path(message):
                seen.add(shape)
                file.write(json.dumps({"type": kind, "text": message}) + "\n")


run_test(main)
