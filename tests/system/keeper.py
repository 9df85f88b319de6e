"""keeper.py COMMAND...: runs a daemon and keeps house for it.

What the daemon leaves to init comes here instead: it is reaped at once, and ended, by its process
id, once the daemon has ended. SIGTERM ends all of it, and so does the end of the parent.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
prctl = ctypes.CDLL(None).prctl


def children():
    with open("/proc/self/task/%d/children" % os.getpid()) as file:
        return [int(word) for word in file.read().split()]


def tell(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def main():
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    daemon = subprocess.Popen(sys.argv[1:])
    signal.signal(signal.SIGTERM, lambda *_: daemon_ends())
    ends = []

    def daemon_ends():
        ends.append(True)
        tell(daemon.pid, signal.SIGTERM)
        # One that doesn't: then with force.
        signal.signal(signal.SIGALRM, lambda *_: tell(daemon.pid, signal.SIGKILL))
        signal.alarm(30)

    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == daemon.pid:
            break
    signal.alarm(0)
    deadline = time.monotonic() + 10
    while True:
        for pid in children():
            tell(pid, signal.SIGTERM if time.monotonic() < deadline else signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            break
        time.sleep(0.02)
    sys.exit(os.waitstatus_to_exitcode(status) & 0xFF)


main()
