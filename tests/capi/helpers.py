"""helpers.py LIBRARY CORPUS: libvirt's helpers' calls, made by viraudit's C functions through
ctypes, against the mock; prints how many give libvirt's records."""

import ctypes
import json
import re
import sys
import uuid as uuids

lib = ctypes.CDLL(sys.argv[1])
TEXT, FLAG = ctypes.c_char_p, ctypes.c_bool
U32, U64, I64 = ctypes.c_uint, ctypes.c_ulonglong, ctypes.c_longlong
lib.virAuditDomainNew.restype = ctypes.c_void_p
lib.virAuditMockCount.restype = ctypes.c_size_t
lib.virAuditMockRecord.restype = TEXT
lib.virAuditMockRecord.argtypes = [ctypes.c_size_t]
PLACEMENTS = {
    "empty string": "", "trailing space": "/tmp/trail ", "only a space": " ",
    "double quote": '/tmp/a"b', "comma equals semicolon": "/tmp/a,b=c;d",
    "literal (null)": "(null)", "4095 bytes of 2-byte utf-8": "/" + "é" * 2047,
}
PATHS = {
    "Disk": ("file", "block", "dir", "file (empty drive)"),
    "FS": ("mount", "block", "file", "template", "ram", "bind", "volume"),
    "Chardev": ("pty", "dev", "file", "pipe", "nmdm", "unix"),
    "RNG": ("random", "egd over unix"),
}


def value(args, key):
    if key + "_hex" in args:
        return bytes.fromhex(args[key + "_hex"])
    text = args.get(key)
    return None if text is None else text.encode()


def call(name, dom, *args):
    """Each argument is what C takes, made by one of the types above."""
    getattr(lib, "virAuditDomain" + name)(ctypes.c_void_p(dom), *args)


def text(data):
    return TEXT(data)


def mac(args, key):
    found = args.get(key)
    return None if found is None else (ctypes.c_ubyte * 6)(*bytes.fromhex(found.replace(":", "")))


def cgroup(args):
    words = args["cgroup"]
    if words == "no devices controller":
        return text(None)
    root, _, placement = words.split(" at ", 1)[1].partition(" + placement ")
    return text((root + (PLACEMENTS[placement] if placement else "") + "/").encode())


def hostdev(dom, args, reason, success):
    words = args["hostdev"].replace(",", "").split(" ")

    def number(word):
        return int(words[words.index(word) + 1], 0)

    found = text(value(args, "value"))
    tail = (text(reason), FLAG(success))
    if words[0] == "usb":
        call("HostdevUSB", dom, U32(number("bus")), U32(number("device")), *tail)
    elif words[0] == "pci":
        call("HostdevPCI", dom, *(U32(number(k)) for k in ("domain", "bus", "slot", "function")),
             *tail)
    elif words[0] == "scsi":
        adapter = found if "value" in args else text(words[2].encode())
        call("HostdevSCSI", dom, adapter, U32(number("bus")), U32(number("target")),
             U64(number("unit")), *tail)
    else:
        kind = {"scsi_host": "SCSIHost", "mdev": "Mdev"}.get(words[0]) or words[1].capitalize()
        call("Hostdev" + kind, dom, found, *tail)


def start(dom, args, reason, success):
    device, path = args.get("device", ""), value(args, "path")

    def card(new):
        call("Smartcard", dom, text(new), text(b"start"), FLAG(True))

    if device.startswith("tpm"):
        kind = ["passthrough", "emulator", "external"].index(device.split()[1].strip(","))
        call("TPM", dom, ctypes.c_int(kind), text(path), text(b"start"), FLAG(True))
    elif device == "smartcard host":
        card(b"nss-smartcard-device")
    elif device == "smartcard passthrough unix":
        card(path)
    elif device.startswith("smartcard host-certificates"):
        for new in (b"cert1", value(args, "value"), b"cert3", value(args, "value")):
            card(new)
    call("Memory", dom, U64(0), U64(1 << 20), text(b"start"), FLAG(True))
    call("Vcpu", dom, U32(0), U32(2), text(b"start"), FLAG(True))
    call("Start", dom, text(reason), FLAG(success))


def make(name, dom, args):
    reason, success = value(args, "reason"), args.get("success", True)
    tail = (text(reason), FLAG(success))
    if name in PATHS:
        sides = [value(args, side + "-path") if args[side] in PATHS[name] else None
                 for side in ("old", "new")]
        call(name, dom, text(sides[0]), text(sides[1]), *tail)
    elif name == "Net":
        call(name, dom, mac(args, "old-mac"), mac(args, "new-mac"), *tail)
    elif name == "NetDevice":
        call(name, dom, mac(args, "mac"), text(value(args, "device")), FLAG(success))
    elif name == "Hostdev":
        hostdev(dom, args, reason, success)
    elif name == "Redirdev":
        call(name, dom, *tail)
    elif name == "Shmem" and args["server"]:
        call("ShmemServer", dom, text(value(args, "server-path")), *tail)
    elif name == "Shmem":
        call(name, dom, text(value(args, "name")), U64(args["size"]), *tail)
    elif name == "Input":
        # A mouse, a tablet, a keyboard is no device of the host's.
        if args["input"] in ("evdev", "passthrough"):
            call(name, dom, text(value(args, "path")), *tail)
    elif name == "Memory":
        call(name, dom, U64(args["old"]), U64(args["new"]), *tail)
    elif name in ("Vcpu", "IOThread"):
        call(name, dom, U32(args["old"]), U32(args["new"]), *tail)
    elif name == "Cgroup":
        call(name, dom, cgroup(args), *tail)
    elif name == "CgroupMajor":
        call(name, dom, cgroup(args), text(reason), ctypes.c_int(args["maj"]),
             text(value(args, "name")), text(value(args, "perms")), FLAG(success))
    elif name == "CgroupPath":
        call(name, dom, cgroup(args), text(reason), text(value(args, "path")),
             text(value(args, "perms")), ctypes.c_int(args["rc"]))
    elif name == "Start":
        start(dom, args, reason, success)
    elif name == "Stop":
        call(name, dom, text(reason))
    elif name == "Init":
        call(name, dom, I64(args["init-pid"]), U64(args["pid-ns"]))
    elif name == "SecurityLabel":
        call(name, dom, text(value(args, "label")), text(value(args, "imagelabel")),
             text(value(args, "model")), FLAG(success))
    else:
        return False
    return True


def safe(name, args, message):
    """Raw values that could forge a field are hex, and memory isn't negative."""
    raw = {"SecurityLabel": [("vm-ctx", b"", "label"), ("img-ctx", b"", "imagelabel"),
                             ("model", b"", "model")],
           "Input": [("path", b"", "path")],
           "Shmem": [("path", b"", "server-path") if args.get("server")
                     else ("path", b"/dev/shm/", "name")]}
    for key, prefix, arg in raw.get(name, []):
        data = value(args, arg)
        if data is not None and not re.fullmatch(rb"[!#-&(-~]*", prefix + data):
            old = b" %s=%s" % (key.encode(), prefix + data)
            new = b" %s=%s" % (key.encode(), (prefix + data).hex().upper().encode())
            message = message.replace(old, new, 1)
    if name == "Memory":
        for key in ("old", "new"):
            if args[key] >= 1 << 63:
                message = message.replace(b"%s-mem=%d" % (key.encode(), args[key] - (1 << 64)),
                                          b"%s-mem=%d" % (key.encode(), args[key]))
    return message


def main():
    same = other = 0
    shortened, wrong = 0, []
    for line in open(sys.argv[2], encoding="utf-8"):
        case = json.loads(line)
        name, args = case["call"].replace("virDomainAudit", ""), case["args"]
        assert lib.virAuditOpenMock() == 0
        dom = lib.virAuditDomainNew(TEXT(value(args, "virt")), TEXT(value(args, "vm")),
                                    uuids.UUID(args["uuid"]).bytes)
        lib.virAuditDomainSetPid(ctypes.c_void_p(dom), I64(args["vm-pid"]))
        if not make(name, dom, args):
            other += 1
            continue
        lib.virAuditDomainFree(ctypes.c_void_p(dom))
        ours = [lib.virAuditMockRecord(i) for i in range(lib.virAuditMockCount())]
        theirs = [(r["type"].encode() + b" " + safe(name, args, value(r, "msg")),
                   b" res=success" if r["success"] else b" res=failed") for r in case["records"]]
        good = len(ours) == len(theirs)
        for mine, (start_of, end) in zip(ours, theirs):
            if b" truncated=" in mine and len(start_of) > 8000:
                shortened += 1
            elif not (mine.startswith(start_of + b' exe="') and mine.endswith(end)):
                good = False
        if good:
            same += 1
        else:
            wrong.append("%s\n  ours    %r\n  libvirt %r" % (args, ours, theirs))
    for text_of in wrong[:10]:
        print(text_of[:2000])
    print("%d of %d calls give libvirt's records (%d records too long for the kernel were shortened); "
          "%d can't be made" % (same, same + len(wrong) + other, shortened, other))
    sys.exit(bool(wrong or other))


main()
