"""hide_auditing.py COMMAND...: runs it as podman's seccomp profile does a container without
CAP_AUDIT_WRITE: a socket for auditing fails with EINVAL, anything else works."""

import ctypes
import errno
import os
import struct
import sys

PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO = 0x7FFF0000, 0x00050000
BPF_LOAD_WORD, BPF_JUMP_EQUAL, BPF_RETURN = 0x20, 0x15, 0x06
SOCKET = {"x86_64": 41, "aarch64": 198, "riscv64": 198, "ppc64le": 326, "s390x": 359}
AF_NETLINK, NETLINK_AUDIT = 16, 9


def instruction(code, value, if_true=0, if_false=0):
    return struct.pack("=HBBI", code, if_true, if_false, value)


def main():
    # Of struct seccomp_data: the call's number, and its arguments' low halves.
    low = 4 if sys.byteorder == "big" else 0
    program = b"".join([
        instruction(BPF_LOAD_WORD, 0),
        instruction(BPF_JUMP_EQUAL, SOCKET[os.uname().machine], 0, 5),
        instruction(BPF_LOAD_WORD, 16 + low),
        instruction(BPF_JUMP_EQUAL, AF_NETLINK, 0, 3),
        instruction(BPF_LOAD_WORD, 32 + low),
        instruction(BPF_JUMP_EQUAL, NETLINK_AUDIT, 0, 1),
        instruction(BPF_RETURN, SECCOMP_RET_ERRNO | errno.EINVAL),
        instruction(BPF_RETURN, SECCOMP_RET_ALLOW),
    ])
    instructions = ctypes.create_string_buffer(program)
    # struct sock_fprog
    filter = struct.pack("@HP", len(program) // 8, ctypes.addressof(instructions))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    if prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filter):
        sys.exit("hide_auditing.py: " + os.strerror(ctypes.get_errno()))
    os.execvp(sys.argv[1], sys.argv[1:])


main()
