"""Prints audit_level and audit_logging as libvirt's own code reads them from a file."""

import ctypes
import os
import sys

VERSION = b"LIBVIRT_PRIVATE_9.0.0"


def main():
    libvirt = ctypes.CDLL("libvirt.so.0")
    find = ctypes.CDLL(None).dlvsym
    find.restype = ctypes.c_void_p
    find.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p]

    def private(name, result, *arguments):
        address = find(libvirt._handle, name, VERSION)
        if not address:
            raise SystemExit("no %s of version %s" % (name.decode(), VERSION.decode()))
        return ctypes.CFUNCTYPE(result, *arguments)(address)

    read = private(b"virConfReadFile", ctypes.c_void_p, ctypes.c_char_p, ctypes.c_uint)
    get_uint = private(
        b"virConfGetValueUInt", ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p,
        ctypes.POINTER(ctypes.c_uint))
    get_bool = private(
        b"virConfGetValueBool", ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p,
        ctypes.POINTER(ctypes.c_bool))
    libvirt.virInitialize()
    conf = read(os.fsencode(sys.argv[1]), 0)
    if not conf:
        raise SystemExit("libvirt refuses the file")
    level, logging = ctypes.c_uint(1), ctypes.c_bool(False)
    if get_uint(conf, b"audit_level", level) < 0 or get_bool(conf, b"audit_logging", logging) < 0:
        raise SystemExit("libvirt refuses the values")
    print(level.value, int(logging.value))


main()
