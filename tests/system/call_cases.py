#!/usr/bin/env python3
"""Makes tests/golden/calls.jsonl: calls of libvirt 9.0.0's helpers, and the records that they send.

    gcc -shared -fPIC -o call_catch.so call_catch.c
    LD_PRELOAD=./call_catch.so call_cases.py > ../golden/calls.jsonl

Each line has a helper's name, its arguments in words, and the records. libvirt.so.0 exports its helpers
to its drivers (version LIBVIRT_PRIVATE_9.0.0), and parses the device that each takes from its XML.
Needs no daemon and no privileges. tests/support/helper_calls.rs reads the lines.
"""
import ctypes
import itertools
import json

VIRT = ctypes.CDLL("libvirt.so.0")
CATCH = ctypes.CDLL(None)
UUID = "31c0de5e-70a3-4ce1-9d47-5f0a6b1c2d3e"
PID = 4711
# As in start_oracle.c: the parser's settings, and where a guest points to its definition.
DEF_AT, FLAGS, PID_FROM, PID_TO = 0x88, 0x100, 0x60, 0x84
POINTER, TEXT, FLAG = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_bool
U32, U64, INT = ctypes.c_uint, ctypes.c_ulonglong, ctypes.c_int
TYPES = ["VIRT_CONTROL", "VIRT_MACHINE_ID", "VIRT_RESOURCE"]
NAMES = ["db3", "db 3", 'a"b', "größe", "x" * 200, "it's", "4142"]
PATHS = ["/srv/vm/root.img", "/srv/with space", "/srv/ü", '/srv/"', "/srv/new\tline", "/" + "p" * 300]


class Parser(ctypes.Structure):
    _fields_ = [("callbacks", POINTER * 10), ("features", U32), ("mac_prefix", ctypes.c_ubyte * 3),
                ("default_arch", INT), ("net_prefix", TEXT), ("default_security_model", TEXT),
                ("spare", POINTER * 8)]


class Device(ctypes.Structure):
    _fields_ = [("type", INT), ("data", POINTER)]


def function(name, result, *arguments):
    found = getattr(VIRT, name)
    found.restype, found.argtypes = result, arguments
    return found


VIRT.virInitialize()
PARSER = Parser(features=0xffffffff)
OPTION = function("virDomainXMLOptionNew", POINTER, *[POINTER] * 6)(ctypes.addressof(PARSER), *[None] * 5)
parse_def = function("virDomainDefParseString", POINTER, TEXT, POINTER, POINTER, U32)
parse_device = function("virDomainDeviceDefParse", ctypes.POINTER(Device), TEXT, POINTER, POINTER, POINTER, U32)
new_guest = function("virDomainObjNew", POINTER, POINTER)
new_cgroup = function("virCgroupNew", INT, TEXT, INT, ctypes.POINTER(POINTER))
path_of_cgroup = function("virCgroupPathOfController", INT, POINTER, INT, TEXT, ctypes.POINTER(TEXT))
last_error = function("virGetLastErrorMessage", TEXT)


def caught():
    count = INT.in_dll(CATCH, "caught_count")
    of = lambda kind, name: (kind * 64).in_dll(CATCH, name)[:count.value]
    records = list(zip(of(INT, "caught_types"), of(INT, "caught_results"), of(TEXT, "caught_texts")))
    count.value = 0
    return records


def escaped(text):
    for plain, entity in (("&", "&amp;"), ("<", "&lt;"), ("'", "&apos;"), ('"', "&quot;"), ("\t", "&#9;"),
                          ("\n", "&#10;")):
        text = text.replace(plain, entity)
    return text


def guest(name="db3", virt="kvm", devices="", more=""):
    xml = ("<domain type='%s' id='3'><name>%s</name><uuid>%s</uuid><memory>1048576</memory><vcpu>2</vcpu>"
           "<os><type arch='x86_64'>hvm</type></os>%s<devices>%s</devices></domain>"
           % (virt, escaped(name), UUID, more, devices))
    definition = parse_def(xml.encode(), OPTION, None, FLAGS)
    assert definition, (last_error(), xml)
    found = new_guest(OPTION)
    ctypes.c_void_p.from_address(found + DEF_AT).value = definition
    stop = function("virDomainAuditStop", None, POINTER, TEXT)
    for at in range(PID_FROM, PID_TO + 1, 4):
        slot = ctypes.c_int32.from_address(found + at)
        before = slot.value
        if before in (0, -1):
            slot.value = PID
            stop(found, b"probe")
            if b"vm-pid=%d" % PID in caught()[0][2]:
                return found, definition
            slot.value = before
    raise AssertionError("no process id in a guest")


def device(text, definition):
    found = parse_device(text.encode(), definition, OPTION, None, FLAGS)
    assert found, (last_error(), text)
    data = found.contents.data
    # virDomainAuditDisk takes a disk's source, to which a disk points first.
    return POINTER.from_address(data).value if text.startswith("<disk") else data


def case(helper, arguments, told, name="db3", virt="kvm", devices="", more="", first=None):
    """The helper's further arguments, as (type, value), and those in words. A text is XML of a device."""
    dom, definition = guest(name, virt, devices, more)
    made = [(POINTER, definition if first == "definition" else dom)]
    for kind, value in arguments:
        if kind is Device:
            kind, value = POINTER, value and device(value, definition)
        made.append((kind, value.encode() if isinstance(value, str) else value))
    function("virDomainAudit" + helper, None, *[kind for kind, _ in made])(*[value for _, value in made])
    args = {"virt": virt, "vm": name, "uuid": UUID, "vm-pid": PID, **told}
    records = [{"type": TYPES[kind], "success": bool(success), "msg": text.decode()}
               for kind, success, text in caught()]
    print(json.dumps({"call": "virDomainAudit" + helper, "args": args, "records": records}, ensure_ascii=False))


def result(reason, success):
    return [(TEXT, reason), (FLAG, success)], {"reason": reason, "success": success}


def sides(helper, kinds, reasons=("attach", "detach", "update")):
    """A helper of an old and a new device: of no, or each kind of, device, and each path; `kinds` are
    (word, XML of a path, or None for a side without one)."""
    outcomes = itertools.cycle(itertools.product(reasons, (True, False)))
    paths = itertools.cycle(PATHS)
    nothing = (None, None)
    pairs = [(nothing, kind) for kind in kinds] + [(kind, nothing) for kind in kinds]
    pairs += list(zip(kinds, kinds[1:] + kinds[:1])) + [(nothing, nothing)]
    pairs += [(kinds[0], kinds[0])] * len(PATHS)
    for old, new in pairs:
        reason, success = next(outcomes)
        call, told = [], {}
        for side, (word, of_path) in (("old", old), ("new", new)):
            path = next(paths) if of_path else None
            call.append((Device, of_path and of_path(escaped(path))))
            told.update({side: word, side + "-path": path})
        more, words = result(reason, success)
        case(helper, call + more, {**told, **words})


def xml(text):
    return lambda path: text.replace("PATH", path)


TARGET = "<target dev='vda' bus='virtio'/></disk>"
sides("Disk", [("file", xml("<disk type='file'><source file='PATH'/>" + TARGET)),
               ("block", xml("<disk type='block'><source dev='PATH'/>" + TARGET)),
               ("dir", xml("<disk type='dir'><source dir='PATH'/>" + TARGET)),
               ("network", xml("<disk type='network'><source protocol='rbd' name='pool/x'><host name='h'/></source>"
                               + TARGET))],
      ("start", "attach", "detach", "update", "mirror", "snapshot"))
CHARDEV = "<serial type='%s'>%s<target port='0'/></serial>"
sides("Chardev", [(word, xml(CHARDEV % (word, inner))) for word, inner in (
    ("pty", "<source path='PATH'/>"), ("dev", "<source path='PATH'/>"), ("file", "<source path='PATH'/>"),
    ("pipe", "<source path='PATH'/>"), ("unix", "<source mode='bind' path='PATH'/>"), ("stdio", ""), ("null", ""),
    ("tcp", "<source mode='bind' host='h' service='1'/><protocol type='raw'/>"))])
sides("FS", [("mount", xml("<filesystem type='mount'><source dir='PATH'/><target dir='t'/></filesystem>")),
             ("block", xml("<filesystem type='block'><source dev='PATH'/><target dir='t'/></filesystem>")),
             ("file", xml("<filesystem type='file'><source file='PATH'/><target dir='t'/></filesystem>")),
             ("template", xml("<filesystem type='template'><source name='PATH'/><target dir='t'/></filesystem>"))])
RNG = "<rng model='virtio'><backend model=%s</backend></rng>"
sides("RNG", [("random", xml(RNG % "'random'>PATH")),
              ("egd over unix", xml(RNG % "'egd' type='unix'><source mode='connect' path='PATH'/>")),
              ("egd over tcp", xml(RNG % "'egd' type='tcp'><source mode='connect' host='h' service='1'/>"
                                         "<protocol type='raw'/>"))])

MACS = ["52:54:00:0a:0b:0c", "00:16:3e:ff:fe:fd"]
NET = "<interface type='user'><mac address='%s'/></interface>"
# Left out: neither address, for which libvirt sends nothing, and viraudit a record.
for (old, new), success in itertools.product(((None, MACS[0]), (MACS[0], None), MACS), (True, False)):
    more, words = result("attach" if new else "detach", success)
    case("Net", [(Device, old and NET % old), (Device, new and NET % new)] + more,
         {"old-mac": old, "new-mac": new, **words})
for path in ["/dev/null", "/dev/absent", None, "/dev"]:
    case("NetDevice", [(Device, NET % MACS[0]), (TEXT, path), (FLAG, path != "/dev")],
         {"mac": MACS[0], "device": path, "success": path != "/dev"}, first="definition")

WWPN, MDEV = "naa.5123456789abcde0", "4b20d080-1b54-4048-85b3-a6a62d165c01"
PCI = "<address domain='0x%x' bus='0x%x' slot='0x%x' function='0x%x'/>"
SCSI = "<address bus='%d' target='%d' unit='%d'/>"
HOSTDEVS = [
    ("usb bus 1 device 2", "subsystem' type='usb'", "<address bus='1' device='2'/>", {}),
    ("usb bus 255 device 127", "subsystem' type='usb'", "<address bus='255' device='127'/>", {}),
    ("pci domain 0x0 bus 0x3 slot 0x1f function 0x7", "subsystem' type='pci'", PCI % (0, 3, 31, 7), {}),
    ("pci domain 0x10 bus 0xff slot 0x0 function 0x0", "subsystem' type='pci'", PCI % (16, 255, 0, 0), {}),
    ("scsi adapter scsi_host4 bus 0 target 1 unit 2", "subsystem' type='scsi'",
     "<adapter name='scsi_host4'/>" + SCSI % (0, 1, 2), {}),
    ("scsi adapter scsi_host0 bus 9 target 8 unit 4294967295", "subsystem' type='scsi'",
     "<adapter name='scsi_host0'/>" + SCSI % (9, 8, 4294967295), {}),
    ("scsi_host", "subsystem' type='scsi_host'", None, {"value": WWPN}),
    ("mdev", "subsystem' type='mdev' model='vfio-pci'", "<address uuid='%s'/>" % MDEV, {"value": MDEV}),
    ("capabilities storage", "capabilities' type='storage'", "<block>/dev/sdf 1</block>", {"value": "/dev/sdf 1"}),
    ("capabilities misc", "capabilities' type='misc'", "<char>/dev/input/x</char>", {"value": "/dev/input/x"}),
]
for words_of, kind, inner, told in HOSTDEVS:
    source = "<source protocol='vhost' wwpn='%s'/>" % WWPN if inner is None else "<source>%s</source>" % inner
    for reason, success in (("start", True), ("attach", False), ("detach", True)):
        more, words = result(reason, success)
        case("Hostdev", [(Device, "<hostdev mode='%s>%s</hostdev>" % (kind, source))] + more,
             {"hostdev": words_of, **told, **words}, virt="lxc" if "capab" in words_of else "kvm")
for reason, success in itertools.product(("start", "attach", "detach"), (True, False)):
    more, words = result(reason, success)
    case("Redirdev", [(Device, "<redirdev bus='usb' type='spicevmc'/>")] + more, words)

for index, (kind, path) in enumerate([("evdev", p) for p in PATHS] + [("passthrough", "/dev/input/event7"),
                                                                     ("mouse", None), ("tablet", None)]):
    more, words = result(("start", "attach", "detach")[index % 3], index % 2 == 0)
    bus = " bus='virtio'" if kind == "passthrough" else " bus='usb'" if path is None else ""
    inner = "<source %s='%s'/>" % ("dev" if kind == "evdev" else "evdev", escaped(path)) if path else ""
    case("Input", [(Device, "<input type='%s'%s>%s</input>" % (kind, bus, inner))] + more,
         {"input": kind, "path": path, **words})
for index, server in enumerate([None, "/run/ivshmem", "/run/with space", None]):
    more, words = result(("attach", "detach", "start")[index % 3], index % 2 == 0)
    name, size = ("shm0", 4 << 20) if index < 3 else ("shm.9", 1 << 30)
    inner = "<server path='%s'/><msi vectors='4'/>" % server if server else "<size unit='b'>%d</size>" % size
    model = "ivshmem-doorbell" if server else "ivshmem-plain"
    case("Shmem", [(Device, "<shmem name='%s'><model type='%s'/>%s</shmem>" % (name, model, inner))] + more,
         {"server": bool(server), "server-path": server, "name": name, "size": size, **words})

for old, new in ((0, 1), (1048576, 2097152), (0, (1 << 63) - 1), ((1 << 63) + 5, 1 << 40)):
    more, words = result("update", old < new)
    case("Memory", [(U64, old), (U64, new)] + more, {"old": old, "new": new, **words})
for helper, (old, new) in itertools.product(("Vcpu", "IOThread"), ((0, 1), (2, 4), (0, 4294967295), (16, 8))):
    more, words = result("update", old < new)
    case(helper, [(U32, old), (U32, new)] + more, {"old": old, "new": new, **words})

DEVICES = 4  # Its controller's number.
CGROUP, ROOT = POINTER(), TEXT()
assert new_cgroup(b"/", -1, ctypes.byref(CGROUP)) == 0, last_error()
assert path_of_cgroup(CGROUP, DEVICES, b"", ctypes.byref(ROOT)) == 0, last_error()
OF_CGROUP = {"cgroup": "this host's at " + ROOT.value.decode().removesuffix("/")}
for reason, success in itertools.product(("allow", "deny"), (True, False)):
    more, words = result(reason, success)
    case("Cgroup", [(POINTER, CGROUP), more[0], (TEXT, "all"), more[1]], {**OF_CGROUP, **words})
    for major, category, perms in ((136, "pty", "rw"), (116, "sound", "rwm"), (4095, "x", "r")):
        case("CgroupMajor", [(POINTER, CGROUP), more[0], (INT, major), (TEXT, category), (TEXT, perms), more[1]],
             {**OF_CGROUP, **words, "maj": major, "name": category, "perms": perms})
    for path, rc in zip(["/dev/null", "/dev/zero", "/dev/absent", *PATHS], itertools.cycle((0, -1, 1))):
        case("CgroupPath", [(POINTER, CGROUP), more[0], (TEXT, path), (TEXT, "rwm"), (INT, rc)],
             {**OF_CGROUP, "reason": reason, "path": path, "perms": "rwm", "rc": rc})

for name, virt in itertools.product(NAMES, ("qemu", "kvm", "lxc", "xen")):
    case("Stop", [(TEXT, "shutdown")], {"reason": "shutdown"}, name, virt)
for reason in ("shutdown", "destroyed", "crashed", "migrated", "saved", "failed", "from-snapshot"):
    case("Stop", [(TEXT, reason)], {"reason": reason})
for name, (pid, namespace) in itertools.product(NAMES[:2], ((4242, 4026532100), (1, 0), (2147483647, (1 << 63) - 1))):
    case("Init", [(INT, pid), (U64, namespace)], {"init-pid": pid, "pid-ns": namespace}, name, "lxc")

TPM = "<tpm model='tpm-tis'><backend type=%s</backend></tpm>"
CARD = "<smartcard mode=%s</smartcard>"
STARTS = [
    ("", "", {}),
    ("tpm passthrough", TPM % "'passthrough'><device path='/dev/tpm0'/>", {"path": "/dev/tpm0"}),
    ("smartcard host", "<smartcard mode='host'/>", {}),
    ("smartcard passthrough unix", CARD % "'passthrough' type='unix'><source mode='bind' path='/run/card'/>",
     {"path": "/run/card"}),
    ("smartcard passthrough spicevmc", "<smartcard mode='passthrough' type='spicevmc'/>", {})]
for (words_of, devices, told), (reason, success) in itertools.product(
        STARTS, (("booted", True), ("migrated", False), ("from-snapshot", True))):
    more, words = result(reason, success)
    case("Start", more, {"device": words_of, **told, **words}, devices=devices)

LABEL, IMAGE = "system_u:system_r:svirt_t:s0:c5,c6", "system_u:object_r:svirt_image_t:s0:c5,c6"
for model, label, image in (("selinux", LABEL, IMAGE), ("dac", "+107:+107", "+107:+107"),
                            ("apparmor", "libvirt-" + UUID, "libvirt-" + UUID)):
    for success in (True, False):
        label_xml = ("<seclabel type='dynamic' model='%s' relabel='yes'><label>%s</label><imagelabel>%s</imagelabel>"
                     "</seclabel>" % (model, label, image))
        case("SecurityLabel", [(FLAG, success)],
             {"label": label, "imagelabel": image, "model": model, "success": success}, more=label_xml)
