"""af_unix.py SOCKET: prints the records as a client of SOCKET gets them, in either format, a line each.

The first line is `hears`, as soon as anything arrives. The others follow when a record with reason=end has come.
"""

import signal
import socket
import struct
import sys

# In the binary format: version, length of this header, type and length of the text. Some versions of auditd
# append what was in their buffer before.
HEADER = struct.Struct("=IIII")


def texts(arrived):
    if arrived[0] > 1:
        return arrived.splitlines()
    begins = [at for at in range(len(arrived) - HEADER.size + 1) if is_header(arrived, at)]
    found = []
    for at, after in zip(begins, begins[1:] + [len(arrived)]):
        begin = at + HEADER.size
        length = HEADER.unpack_from(arrived, at)[3]
        found.append(arrived[begin:min(begin + length, after)].rstrip(b"\0\n"))
    return found


def is_header(arrived, at):
    version, own, _, length = HEADER.unpack_from(arrived, at)
    return version <= 1 and own == HEADER.size and length <= 8970


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
    sys.stdout.buffer.write(b"\n".join(texts(arrived)) + b"\n")


main()
