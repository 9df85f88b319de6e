"""An auditd of a test's own, with its own configuration and log: what lib.sh's start_auditd is to
the tests in shell."""

import os
import subprocess
import tempfile

from libvirt_host import WORK, at_exit, audit_status, wait_for

CONF = os.path.join(os.path.dirname(os.path.abspath(__file__)), "auditd.conf")
SETTINGS = {"@FORMAT@": "ENRICHED", "@FLUSH@": "NONE"}


class Auditd:
    """Auditing is on, and all of it is in `log`."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="auditd.", dir=WORK)
        self.log = os.path.join(self.dir, "log", "audit.log")
        self.fences = 0
        os.mkdir(os.path.dirname(self.log), 0o700)
        os.mkdir(os.path.join(self.dir, "plugins.d"), 0o700)
        with open(CONF) as file:
            text = file.read()
        for key, value in {**SETTINGS, "@DIR@": self.dir}.items():
            text = text.replace(key, value)
        # It refuses a configuration that others may write, and any that isn't root's.
        conf = os.open(os.path.join(self.dir, "auditd.conf"), os.O_WRONLY | os.O_CREAT, 0o600)
        with open(conf, "w") as file:
            file.write(text)
        self.out = open(os.path.join(self.dir, "out"), "wb")
        self.process = subprocess.Popen(["auditd", "-n", "-c", self.dir, "-s", "enable"],
                                        stdin=subprocess.DEVNULL, stdout=self.out,
                                        stderr=subprocess.STDOUT)
        at_exit(self.stop)
        wait_for(self.listens, 15, "auditd listens")

    def listens(self):
        return (audit_status("pid") == str(self.process.pid) and os.path.exists(self.log)
                and os.path.getsize(self.log))

    def fence(self):
        """Returns once everything that was sent before is in the log."""
        self.fences += 1
        mark = b"fence-%d-%d" % (os.getpid(), self.fences)
        subprocess.run([b"auditctl", b"-m", mark], capture_output=True)

        def arrived():
            with open(self.log, "rb") as file:
                return mark in file.read()
        wait_for(arrived, 15, "the log goes on")

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait()
            wait_for(lambda: audit_status("pid") == "0", 10, "auditd leaves")
        self.out.close()
