"""A container of libvirt_lxc: the same records with libviraudit.so in front of libvirtd as without."""

from libvirt_host import (LIBRARY, SECOND, Capture, Libvirtd, Normal, check, difference, need,
                          run_test, say, skipped, wait_for)

NAME = "box"
UUID = "8e4f0f4c-2f8b-4b7a-9d9f-000000000001"
XML = """<domain type='lxc'><name>box</name><uuid>%s</uuid>
<memory unit='MiB'>64</memory><os><type>exe</type><init>/bin/sleep</init><initarg>60</initarg></os>
<devices><console type='pty'/></devices></domain>""" % UUID


def run(capture, preload):
    host = Libvirtd(preload, uri="lxc:///system").wait_ready()
    path = host.path("box.xml")
    with open(path, "w") as file:
        file.write(XML)
    capture.take()
    started = host.virsh("create", path)
    records = list(capture.take())
    if started.returncode == 0:
        host.virsh("destroy", NAME)
        wait_for(lambda: records.extend(capture.take()) or any(
            " op=stop " in text and UUID in text for _, text in records), 10, "the container's end")
    host.stop()
    normal = Normal()
    return started, [normal(record) for record in records if UUID in record[1]]


def main():
    need("lxc")
    capture = Capture()
    started, stock = run(capture, [])
    if started.returncode:
        say("     | " + started.stderr.strip().replace("\n", " | "))
        skipped("a container doesn't start here; its failing start is compared")
    for name, preload in (("libviraudit.so", [LIBRARY]),
                          ("with libviraudit_preload.so", [LIBRARY, SECOND])):
        _, records = run(capture, preload)
        check("%s: %d records of a container" % (name, len(stock)), stock == records and stock,
              difference(name, stock, records))


run_test(main)
