"""af_unix.py SOCKET: prints the records as a client of SOCKET gets them, in either format, a line each.

A record is printed once the next one has begun, and the one whose text has reason=end ends it. The first
line is `hears`, as soon as anything arrives.
"""

import re
import signal
import socket
import sys

# A binary header has a zero or a one before each text.
RECORD = re.compile(rb"(?:type=\S+ msg=)?audit\([^\0\1\n]*")


def main():
    signal.alarm(60)
    auditd = socket.socket(socket.AF_UNIX)
    auditd.connect(sys.argv[1])
    arrived = b""
    while b"reason=end " not in arrived:
        piece = auditd.recv(1 << 16)
        if not piece:
            sys.exit("the connection was closed")
        if not arrived:
            print("hears", flush=True)
        arrived += piece
    sys.stdout.buffer.write(b"\n".join(RECORD.findall(arrived)) + b"\n")


main()
