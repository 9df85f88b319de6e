"""libvirtd_alone.py PRELOAD READY: a libvirtd in a house of its own, until SIGTERM or the end of the
parent; once it answers, there is a file READY. PRELOAD is what LD_PRELOAD is to be."""

import ctypes
import signal
import sys

from libvirt_host import Libvirtd, run_test

PR_SET_PDEATHSIG = 1


def main():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    host = Libvirtd([sys.argv[1]]).wait_ready()
    print("libvirtd is process %d" % host.pid())
    open(sys.argv[2], "w").close()
    signal.pause()


run_test(main)
