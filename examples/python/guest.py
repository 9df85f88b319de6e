#!/usr/bin/env python3
"""A guest's life in audit records, from Python by ctypes: it starts, gets a disk, and stops.

    LD_LIBRARY_PATH=target/release examples/python/guest.py
    LD_LIBRARY_PATH=target/release examples/python/guest.py /etc/libvirt/libvirtd.conf

Without an argument the records are kept and shown; with one they are sent to the kernel.
"""

import ctypes
import os
import sys

lib = ctypes.CDLL("libviraudit.so", use_errno=True)
text, domain = ctypes.c_char_p, ctypes.c_void_p


def function(name, result, *args):
    """What viraudit.h declares; failures become exceptions."""
    call = getattr(lib, name)
    call.restype, call.argtypes = result, args

    def check(value, *_):
        if (result is ctypes.c_int and value < 0) or (result is domain and not value):
            raise OSError(ctypes.get_errno(), lib.virAuditLastError().decode())
        return value

    call.errcheck = check
    return call


lib.virAuditLastError.restype = text
open_config = function("virAuditOpenConfig", ctypes.c_int, text)
open_mock = function("virAuditOpenMock", ctypes.c_int)
domain_new_xml = function("virAuditDomainNewXML", domain, text)
domain_free = function("virAuditDomainFree", None, domain)
set_pid = function("virAuditDomainSetPid", None, domain, ctypes.c_longlong)
start = function("virAuditDomainStart", ctypes.c_int, domain, text, ctypes.c_bool)
disk = function("virAuditDomainDisk", ctypes.c_int, domain, text, text, text, ctypes.c_bool)
stop = function("virAuditDomainStop", ctypes.c_int, domain, text)
count = function("virAuditMockCount", ctypes.c_size_t)
record = function("virAuditMockRecord", text, ctypes.c_size_t)


class Stats(ctypes.Structure):
    """virAuditStats."""

    _fields_ = [(name, ctypes.c_ulonglong) for name in
                ("offered", "delivered", "failed", "dropped", "truncated", "queued")]
    _fields_ += [("last_errno", ctypes.c_int), ("longest_us", ctypes.c_ulonglong)]


get_stats = function("virAuditGetStats", ctypes.c_int, ctypes.POINTER(Stats), ctypes.c_size_t)

XML = b"""<domain type='kvm'>
  <name>web1</name><uuid>8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab</uuid>
  <memory unit='MiB'>512</memory><vcpu>2</vcpu><os><type>hvm</type></os>
  <devices><interface type='network'>
    <mac address='52:54:00:12:34:56'/><source network='default'/>
  </interface></devices>
</domain>"""

if len(sys.argv) > 1:
    open_config(os.fsencode(sys.argv[1]))
else:
    open_mock()
guest = domain_new_xml(XML)
set_pid(guest, os.getpid())
start(guest, b"booted", True)
disk(guest, None, b"/images/data.qcow2", b"attach", True)
set_pid(guest, 0)
stop(guest, b"shutdown")
domain_free(guest)

for number in range(count()):
    print(os.fsdecode(record(number)))
stats = Stats()
get_stats(stats, ctypes.sizeof(stats))
print("%d records, %d delivered" % (stats.offered, stats.delivered))
lib.virAuditClose()
