"""What the tests of an unmodified libvirtd share: a libvirtd in a house of its own, the records that
the kernel got from it, and the comparison of two such runs.

Nothing of the host's libvirt is touched: each libvirtd has a mount namespace in which /run, /dev
and libvirt's directories are the test's, and a socket of its own. /dev/kvm isn't in that /dev, so
guests are of type qemu whatever the host can do. keeper.py ends whatever libvirtd leaves.
"""

import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

if not os.environ.get("VIRAUDIT_SYSTEM_TESTS"):
    _run = os.path.join(os.path.dirname(os.path.abspath(sys.argv[0])), "run")
    os.execv(_run, [_run, os.path.basename(sys.argv[0])])

TEST = os.path.splitext(os.path.basename(sys.argv[0]))[0]
HERE = os.path.dirname(os.path.abspath(__file__))
WORK = tempfile.mkdtemp(prefix=TEST + ".", dir=os.environ["VIRAUDIT_SYSTEM_TESTS"])
# Next to the program under test, where cargo puts them all.
LIBRARIES = os.path.dirname(os.environ["VIRAUDIT"])
LIBRARY = os.path.join(LIBRARIES, "libviraudit.so")
SECOND = os.path.join(LIBRARIES, "libviraudit_preload.so")
os.environ.update(LC_ALL="C", TZ="UTC")
# VIRAUDIT_DAEMONS=modular: libvirt's daemon for each driver, where they are installed.
MODULAR = os.environ.get("VIRAUDIT_DAEMONS") == "modular"

# --- What a test says -----------------------------------------------------------------------------


def say(line):
    print(line, flush=True)


def passed(what):
    say("PASS %s: %s" % (TEST, what))


def failed(what, detail=""):
    say("FAIL %s: %s" % (TEST, what))
    for line in str(detail).splitlines()[:40]:
        say("     | " + line[:600])


def skipped(what):
    say("SKIP %s: %s" % (TEST, what))


def skip_all(what):
    skipped(what)
    sys.exit(0)


def check(what, good, detail=""):
    if good:
        passed(what)
    else:
        failed(what, detail)
    return good


# --- What a test needs ----------------------------------------------------------------------------

def daemon(driver):
    """The program that has a driver."""
    return "/usr/sbin/" + ("virt%sd" % driver if MODULAR else "libvirtd")


NEEDED = {
    "virtqemud" if MODULAR else "libvirtd": "libvirt-daemon-system", "virtlogd": "libvirt-daemon",
    "virsh": "libvirt-clients", "auditctl": "auditd",
    "qemu-system-x86_64": "qemu-system-x86", "qemu-img": "qemu-utils", "unshare": "util-linux",
}
DRIVERS = "/usr/lib/*/libvirt/connection-driver/libvirt_driver_%s.so"


def audit_status(key):
    out = subprocess.run(["auditctl", "-s"], capture_output=True, text=True).stdout
    for line in out.splitlines():
        words = line.split()
        if words and words[0] == key:
            return words[1]
    return None


def driver_missing(name):
    import glob
    return not glob.glob(DRIVERS % name)


def need(driver="qemu", tools=()):
    if os.geteuid() != 0:
        skip_all("needs root: it runs libvirtd")
    for tool in list(NEEDED) + list(tools):
        if driver != "qemu" and tool.startswith("qemu"):
            continue
        if not shutil.which(tool):
            skip_all("needs %s (package %s), which isn't installed" % (tool, NEEDED.get(tool, tool)))
    if driver_missing(driver):
        skip_all("needs libvirt's %s driver (package libvirt-daemon-driver-%s), which isn't "
                 "installed" % (driver, driver))
    if audit_status("enabled") is None:
        skip_all("this kernel has no audit support")
    if audit_status("enabled") == "2":
        skip_all("the kernel's audit settings are locked until the next boot")
    pid = os.environ.get("VIRAUDIT_SYSTEM_FOREIGN") or audit_status("pid")
    if pid != "0":
        skip_all("an auditd runs here (pid %s), and its trail is left in peace" % pid)
    for library in (LIBRARY, SECOND):
        if not os.path.exists(library):
            skip_all("needs %s beside the program" % os.path.basename(library))
    probe = subprocess.run(["unshare", "-m", "sh", "-c", "mount -t tmpfs none /mnt"],
                           capture_output=True, text=True)
    if probe.returncode:
        skip_all("needs mount namespaces: " + probe.stderr.strip())


# --- Leaving ---------------------------------------------------------------------------------------

_at_exit = []


def at_exit(call):
    _at_exit.append(call)


def run_test(main):
    """Runs `main` and leaves nothing behind, however it ends."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    try:
        main()
    finally:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for call in reversed(_at_exit):
            call()


# --- Waiting --------------------------------------------------------------------------------------


def wait_for(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise TimeoutError("%s: not within %d s" % (what, seconds))
        # Only so as not to spin; the look above decides.
        time.sleep(0.02)


# --- What the kernel gets -------------------------------------------------------------------------


def audit_sockets(pid):
    """The groups (a mask, 0: none) of each audit socket that a process has open."""
    with open("/proc/net/netlink") as file:
        rows = [line.split() for line in file]
    groups = {row[-1]: int(row[3], 16) for row in rows if row[1] == "9"}
    found = []
    for name in os.listdir("/proc/%d/fd" % pid):
        try:
            link = os.readlink("/proc/%d/fd/%s" % (pid, name))
        except OSError:
            continue  # it was closed meanwhile
        inode = link[len("socket:["):-1] if link.startswith("socket:[") else None
        found += [groups[inode]] if inode in groups else []
    return found


class Capture:
    """Everything that the kernel's audit multicast group says, in order."""

    NAMES = {2500: "VIRT_CONTROL", 2501: "VIRT_RESOURCE", 2502: "VIRT_MACHINE_ID"}

    def __init__(self):
        subprocess.run(["auditctl", "-b", "8192"], check=True, capture_output=True)
        subprocess.run(["auditctl", "-e", "1"], check=True, capture_output=True)
        # NETLINK_AUDIT; SO_RCVBUFFORCE; AUDIT_NLGRP_READLOG
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 9)
        self.socket.setsockopt(socket.SOL_SOCKET, 33, 32 << 20)
        self.socket.bind((0, 1))
        self.lock = threading.Condition()
        self.records = []
        self.fences = 0
        self.fence_seen = 0
        self.lost = 0
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while True:
            try:
                data = self.socket.recv(1 << 16)
            except OSError:
                with self.lock:
                    self.lost += 1
                continue
            kind = struct.unpack_from("=IHHII", data)[1]
            text = data[16:].rstrip(b"\0\n").decode("latin-1")
            with self.lock:
                if 2500 <= kind <= 2507:
                    self.records.append((self.NAMES.get(kind, str(kind)), text))
                else:
                    mark = re.search(r"viraudit-fence-%d-(\d+)" % os.getpid(), text)
                    if mark:
                        self.fence_seen = max(self.fence_seen, int(mark.group(1)))
                        self.lock.notify_all()

    def take(self):
        """What came since the last time. Everything that was sent before the call is in it: a
        message behind it has arrived."""
        self.fences += 1
        mark = self.fences
        subprocess.run(["auditctl", "-m", "viraudit-fence-%d-%d" % (os.getpid(), mark)],
                       capture_output=True)
        with self.lock:
            if not self.lock.wait_for(lambda: self.fence_seen >= mark, 15):
                raise TimeoutError("the audit multicast group is silent; enabled is %s"
                                   % audit_status("enabled"))
            if self.lost:
                raise RuntimeError("the listener was overrun")
            records, self.records = self.records, []
        return records


class Normal:
    """Takes out of a run's records what is another one's by nature: times, serials, process ids
    (each by the order in which it first appears), pid namespaces and terminals' numbers."""

    def __init__(self):
        self.pids = {}

    def pid(self, found):
        key, number = found.group(1), int(found.group(2))
        if number > 0:
            number = "P%d" % self.pids.setdefault(number, len(self.pids) + 1)
        return "%s=%s" % (key, number)

    def __call__(self, record):
        kind, text = record
        text = re.sub(r"^audit\([0-9.:]*\): pid=\d+ ", "", text)
        text = re.sub(r"\b(vm-pid|init-pid)=(-?\d+)", self.pid, text)
        text = re.sub(r"/dev/pts/\d+", "/dev/pts/N", text)
        text = re.sub(r"\bpid-ns=\d+", "pid-ns=N", text)
        return kind + " " + text


# --- libvirtd ---------------------------------------------------------------------------------------

PRIVATE = """
set -e
tree=$1 cache=$2 preload=$3
shift 3
mount -t tmpfs -o mode=755 none "$tree/dev"
for name in null zero full random urandom tty; do
    : >"$tree/dev/$name"
    mount --bind "/dev/$name" "$tree/dev/$name"
done
if [ -e /dev/net/tun ]; then
    mkdir "$tree/dev/net"
    : >"$tree/dev/net/tun"
    mount --bind /dev/net/tun "$tree/dev/net/tun"
fi
# libvirt_lxc serves its container's /proc/meminfo with it.
if [ -e /dev/fuse ]; then
    : >"$tree/dev/fuse"
    mount --bind /dev/fuse "$tree/dev/fuse"
fi
mkdir "$tree/dev/pts" "$tree/dev/shm"
mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 none "$tree/dev/pts"
ln -s pts/ptmx "$tree/dev/ptmx"
ln -s /proc/self/fd "$tree/dev/fd"
mount -t tmpfs -o mode=1777 none "$tree/dev/shm"
mount --rbind "$tree/dev" /dev
# With both versions of cgroups mounted, libvirt_lxc fails on the second; leave it the first.
if [ -n "$LXC" ] && mountpoint -q /sys/fs/cgroup/unified; then
    umount /sys/fs/cgroup/unified
fi
mount --bind "$tree/run" /run
mount --bind "$tree/lib" /var/lib/libvirt
mount --bind "$tree/etc" /etc/libvirt
mount --bind "$tree/log" /var/log
mount --bind "$cache" /var/cache
for name in passwd group; do
    if [ -e "$tree/$name" ]; then
        mount --bind "$tree/$name" "/etc/$name"
    fi
done
if [ -d /var/lib/swtpm-localca ]; then
    chown --reference=/var/lib/swtpm-localca "$tree/ca"
    mount --bind "$tree/ca" /var/lib/swtpm-localca
fi
if [ -n "$JOURNAL" ]; then
    ln -s /run/systemd/journal/dev-log "$tree/dev/log"
    "$JOURNAL" &
    until [ -S /run/systemd/journal/socket ] && [ -S /run/systemd/journal/dev-log ]; do
        sleep 0.02
    done
fi
# virtproxyd serves libvirtd's clients, and looks for virtqemud's socket at its usual place.
if [ -n "$PROXY" ]; then
    ln -s "$tree/sock/virtqemud-sock" /run/libvirt/virtqemud-sock
    /usr/sbin/virtproxyd -d -f "$tree/virtproxyd.conf" -p /run/virtproxyd.pid
fi
# libvirtd hands the output of its guests to it. It is ready when the command ends; keeper.py ends it.
/usr/sbin/virtlogd -d -p /run/virtlogd.pid
if [ -n "$preload" ]; then
    exec env LD_PRELOAD="$preload" "$@"
fi
exec "$@"
"""


class Libvirtd:
    """An unmodified libvirtd, with `preload` in front of it.

    `journal` is the path of a systemd-journald: it gets what goes to libvirtd's log, both in the
    journal's own protocol and as syslog. Its journal is in run/log/journal."""

    cgroups = None

    def __init__(self, preload=(), level=1, logging=False, uri="qemu:///system", wrapper=(),
                 environment=None, log_level=3, viraudit_conf=None, settings="", files=None,
                 arguments=(), journal=None, proxied=False):
        """`settings` are more lines of libvirtd.conf. `files` are written into the test's directory
        first, where "{tree}" in a text is that directory; passwd and group become those in /etc.
        `proxied`: of the modular daemons, virtproxyd serves the clients; the settings are then its
        own, and the arguments, which only libvirtd knows, are left out."""
        proxied = proxied and MODULAR
        self.tree = tempfile.mkdtemp(prefix="host.", dir=WORK)
        cache = os.path.join(WORK, "cache")
        os.makedirs(cache, exist_ok=True)
        os.chmod(WORK, 0o755)
        os.chmod(self.tree, 0o755)
        for name in ("dev", "run", "lib", "etc", "log", "ca", "sock"):
            os.mkdir(self.path(name))
            os.chmod(self.path(name), 0o755)
        for name in ("libvirt/qemu/swtpm", "lock"):
            os.makedirs(self.path("run", name))
        # virtlogd's own log is there.
        os.makedirs(self.path("log", "libvirt"))
        os.makedirs(self.path("log", "swtpm/libvirt/qemu"))
        os.chmod(self.path("log", "swtpm/libvirt/qemu"), 0o777)
        for name in ("qemu", "swtpm", "lxc"):
            os.makedirs(self.path("lib", name))
            os.chmod(self.path("lib", name), 0o711)
        self.log = self.path("libvirtd.log")
        program = daemon(uri.split(":")[0])
        served_by = os.path.basename(program) if MODULAR and not proxied else "libvirt"
        self.socket = self.path("sock", served_by + "-sock")
        for name, text in (files or {}).items():
            os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
            with open(self.path(name), "w") as file:
                file.write(text.replace("{tree}", self.tree))
            os.chmod(self.path(name), 0o644)
        settings = settings.replace("{tree}", self.tree)
        if proxied:
            with open(self.path("virtproxyd.conf"), "w") as file:
                file.write(settings + 'unix_sock_dir = "%s"\nauth_unix_rw = "none"\n'
                           'log_outputs = "2:file:%s"\n' % (self.path("sock"), self.path("virtproxyd.log")))
        # The host's own, then ours for this run.
        with open(self.path("libvirtd.conf"), "w") as file:
            # Of two lines for a key, the first one counts.
            file.write("" if proxied else settings)
            file.write('unix_sock_dir = "%s"\nauth_unix_rw = "none"\nlisten_tls = 0\n'
                       'audit_level = %d\naudit_logging = %d\nlog_level = %d\n'
                       'log_filters = "2:conf.domain_audit 2:util.audit"\n'
                       'log_outputs = "2:file:%s%s"\n'
                       % (self.path("sock"), level, logging, log_level, self.log,
                          " 2:journald 2:syslog:libvirtd" if journal else ""))
        if journal:
            os.makedirs(self.path("run", "systemd/journald.conf.d"))
            # It doesn't change the kernel's settings, and keeps all messages, in /run.
            with open(self.path("run", "systemd/journald.conf.d/test.conf"), "w") as file:
                file.write("[Journal]\nAudit=\nStorage=volatile\nRateLimitIntervalSec=0\n")
        with open(self.path("etc", "qemu.conf"), "w") as file:
            file.write('user = "root"\ngroup = "root"\nnamespaces = []\n'
                       'security_default_confined = 0\n'
                       'swtpm_user = "root"\nswtpm_group = "root"\nremember_owner = 0\n')
        if Libvirtd.cgroups is None:
            Libvirtd.cgroups = cgroup_roots()
            at_exit(lambda: remove_cgroups(Libvirtd.cgroups))
        self.uri = "%s?socket=%s" % (uri, self.socket)
        environment = dict(os.environ, **{name: value.replace("{tree}", self.tree)
                                          for name, value in (environment or {}).items()})
        environment["LXC"] = "yes" if uri.startswith("lxc") else ""
        environment["JOURNAL"] = journal or ""
        environment["PROXY"] = "yes" if proxied else ""
        environment["VIRAUDIT_CONF"] = viraudit_conf or self.path("viraudit.conf")
        self.out = open(self.path("out"), "wb")
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(HERE, "keeper.py"), "unshare", "-m", "--propagation", "private", "sh", "-c", PRIVATE, "sh", self.tree,
             cache, ":".join(preload), *wrapper, program,
             "-f", self.path("libvirtd.conf"), "-p", self.path("libvirtd.pid"),
             *(() if proxied else arguments)],
            stdin=subprocess.DEVNULL, stdout=self.out, stderr=subprocess.STDOUT,
            env=environment, cwd="/")
        at_exit(self.stop)

    def path(self, *parts):
        return os.path.join(self.tree, *parts)

    def wait_ready(self):
        def ready():
            if self.process.poll() is not None:
                raise RuntimeError("libvirtd ended with %d\n%s" % (self.process.returncode,
                                                                   self.output()))
            return os.path.exists(self.socket) and self.virsh("list").returncode == 0
        wait_for(ready, 120, "libvirtd answers")
        return self

    def output(self):
        text = ""
        for name in (self.log, self.path("virtproxyd.log"), self.path("out")):
            try:
                with open(name, errors="replace") as file:
                    text += file.read()
            except OSError:
                pass
        return text

    def pid(self):
        with open(self.path("libvirtd.pid")) as file:
            return int(file.read())

    def virsh(self, *args, stdin=None):
        return subprocess.run(["virsh", "-q", "-c", self.uri, *args], capture_output=True,
                              text=True, input=stdin, errors="replace", timeout=180,
                              **({} if stdin is not None else {}))

    def state(self, guest):
        return self.virsh("domstate", guest).stdout.strip()

    def stop(self):
        if self.process.poll() is None:
            for guest in self.virsh("list", "--name").stdout.split("\n"):
                if guest.strip():
                    self.virsh("destroy", guest.strip())
            self.process.terminate()
            self.process.wait()
        self.out.close()


def cgroup_roots():
    """Directories that may get a `machine` of libvirt's, and whether each has one already."""
    roots = {}
    base = "/sys/fs/cgroup"
    for top in [base] + [os.path.join(base, name) for name in os.listdir(base)]:
        if os.path.isdir(top):
            path = os.path.join(top, "machine")
            roots[path] = os.path.isdir(path)
    return roots


def remove_cgroups(roots):
    for path, was_there in roots.items():
        if was_there or not os.path.isdir(path):
            continue
        for where, _, _ in os.walk(path, topdown=False):
            try:
                os.rmdir(where)
            except OSError:
                pass


def difference(name, expected, got):
    import difflib
    return "\n".join(difflib.unified_diff(expected, got, "libvirt's own", name, lineterm="", n=1))


def safe_path(line):
    """The one thing that viraudit writes otherwise than libvirt: a path that libvirt leaves raw,
    and that has bytes which could forge a field. viraudit writes those in hex."""
    found = re.match(r"(.*resrc=(?:evdev|shmem|ivshmem-socket) .*? path=)(.*?)( exe=.*|)$", line)
    if not found or re.fullmatch(r"[!#-&(-~]*", found.group(2)):
        return line
    path = found.group(2).encode("latin-1" if " exe=" in line else "utf-8", "surrogateescape")
    return found.group(1) + path.hex().upper() + found.group(3)
