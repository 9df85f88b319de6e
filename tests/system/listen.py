"""Prints what the kernel's audit multicast group says, as audit.log lines, until a word comes."""

import os
import signal
import socket
import struct
import sys

NETLINK_AUDIT = 9
READLOG = 1
SO_RCVBUFFORCE = 33
NAMES = {
    2500: b"VIRT_CONTROL", 2501: b"VIRT_RESOURCE", 2502: b"VIRT_MACHINE_ID",
    2503: b"VIRT_INTEGRITY_CHECK", 2504: b"VIRT_CREATE", 2505: b"VIRT_DESTROY",
    2506: b"VIRT_MIGRATE_IN", 2507: b"VIRT_MIGRATE_OUT",
}


def main():
    word = os.fsencode(sys.argv[1])
    signal.alarm(30)
    kernel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_AUDIT)
    kernel.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
    kernel.bind((0, READLOG))
    out = sys.stdout.buffer
    out.write(b"ready\n")
    out.flush()
    while True:
        data = kernel.recv(1 << 16)
        # The length in an audit multicast's header can't be relied on; a datagram is one message.
        kind = struct.unpack_from("=IHHII", data)[1]
        text = data[16:].rstrip(b"\0\n")
        out.write(b"type=%s msg=%s\n" % (NAMES.get(kind, b"%d" % kind), text))
        out.flush()
        if word in text:
            return


main()
