#!/usr/bin/env python3
"""A guest's life in audit records: it starts, gets a disk, and stops.

    examples/python/guest.py                              the records are kept and shown
    examples/python/guest.py /etc/libvirt/libvirtd.conf   they are sent to the kernel
"""

import os
import sys

from viraudit import Auditor, Domain, read_config

XML = """<domain type='kvm'>
  <name>web1</name><uuid>8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab</uuid>
  <memory unit='MiB'>512</memory><vcpu>2</vcpu><os><type>hvm</type></os>
  <devices><interface type='network'>
    <mac address='52:54:00:12:34:56'/><source network='default'/>
  </interface></devices>
</domain>"""


def life(auditor: Auditor) -> None:
    domain = Domain(XML)
    auditor.start(domain, "booted", os.getpid())
    guest = auditor.guest(domain.guest)
    guest.disk(None, "/images/data.qcow2", "attach")
    guest.stop("shutdown")


if len(sys.argv) > 1:
    config = read_config(sys.argv[1])
    auditor = Auditor("kernel", level=config.audit_level, logging=config.audit_logging)
else:
    auditor = Auditor("mock")
with auditor:
    life(auditor)
    if len(sys.argv) == 1:
        for record in auditor.records:
            print(record)
    print(f"{auditor.stats.offered} records, {auditor.stats.delivered} delivered")
