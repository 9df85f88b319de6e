"""Many guests at once: each one's records are the same, and in the same order, with
libviraudit.so in front of libvirtd as without.

VIRAUDIT_GUESTS is how many guests start and stop in each run; 20 without it.
"""

import os
import re
import threading
import time

from libvirt_host import (LIBRARY, SECOND, Capture, Libvirtd, Normal, check, need, run_test, say)

GUESTS = int(os.environ.get("VIRAUDIT_GUESTS", "20"))
AT_ONCE = 4
UUID = "8e4f0f4c-2f8b-4b7a-9d9d-%012x"


def guest(host, number):
    """A guest's life; how it ends goes round."""
    name = "g%d" % number
    path = host.path(name + ".xml")
    with open(path, "w") as file:
        file.write("<domain type='qemu'><name>%s</name><uuid>%s</uuid><memory unit='MiB'>16"
                   "</memory><os><type arch='x86_64' machine='pc'>hvm</type></os><devices>"
                   "<interface type='user'><mac address='52:54:00:99:%02x:%02x'/></interface>"
                   "<controller type='usb' model='none'/><video><model type='none'/></video>"
                   "<memballoon model='none'/></devices></domain>"
                   % (name, UUID % number, number >> 8, number & 255))
    started = host.virsh("create", path)
    ended = host.virsh("destroy", name)
    return started.returncode == 0 and ended.returncode == 0


def run(capture, preload):
    host = Libvirtd(preload).wait_ready()
    capture.take()
    began = time.monotonic()
    numbers, lock, bad = iter(range(GUESTS)), threading.Lock(), []

    def worker():
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            if not guest(host, number):
                bad.append(number)

    workers = [threading.Thread(target=worker) for _ in range(AT_ONCE)]
    for thread in workers:
        thread.start()
    for thread in workers:
        thread.join()
    took = time.monotonic() - began
    lives = {}
    for kind, text in capture.take():
        found = re.search(r" uuid=(%s[0-9a-f]{12}) " % UUID[:-5], text)
        if found:
            lives.setdefault(found.group(1), []).append((kind, text))
    for uuid, records in lives.items():
        normal = Normal()
        # The number in a cgroup's name is libvirt's count of starts.
        lives[uuid] = [re.sub(r"/qemu-\d+-", "/qemu-N-", normal(record)) for record in records]
    host.stop()
    return lives, bad, took


def main():
    need()
    capture = Capture()
    stock, bad, took = run(capture, [])
    say("     | libvirt's own: %d guests in %.1f s" % (GUESTS, took))
    check("%d guests start and stop" % GUESTS, not bad and len(stock) == GUESTS, bad)
    for name, preload in (("libviraudit.so", [LIBRARY]),
                          ("with libviraudit_preload.so", [LIBRARY, SECOND])):
        lives, bad, took = run(capture, preload)
        say("     | %s: %d guests in %.1f s" % (name, GUESTS, took))
        wrong = [uuid for uuid in sorted(set(stock) | set(lives))
                 if stock.get(uuid) != lives.get(uuid)]
        count = sum(len(records) for records in stock.values())
        detail = ["%s\n%s\n%s" % (uuid, stock.get(uuid), lives.get(uuid)) for uuid in wrong[:3]]
        check("%s: %d guests, %d records compared, %d guests differ"
              % (name, GUESTS, count, len(wrong)), not wrong and not bad and count >= 5 * GUESTS,
              "\n".join(detail))


run_test(main)
