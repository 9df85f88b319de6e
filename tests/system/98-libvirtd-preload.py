"""What an unmodified libvirtd does otherwise with libviraudit.so in front of it, and what its
children get."""

import os
import re
import shutil
import subprocess

from libvirt_host import (LIBRARY, SECOND, Capture, Libvirtd, Normal, audit_sockets, check, daemon,
                          failed, need, run_test, say, skipped)

NAME = "one"
UUID = "8e4f0f4c-2f8b-4b7a-9d9e-000000000001"


def xml(host):
    path = host.path("guest.xml")
    devices = "".join("<interface type='user'><mac address='52:54:00:98:00:%02x'/></interface>" % n
                      for n in range(8))
    with open(path, "w") as file:
        file.write("<domain type='qemu'><name>%s</name><uuid>%s</uuid><memory unit='MiB'>16"
                   "</memory><os><type arch='x86_64' machine='pc'>hvm</type></os><devices>%s"
                   "<serial type='pty'/></devices></domain>" % (NAME, UUID, devices))
    return path


def start(host):
    result = host.virsh("create", xml(host))
    if result.returncode:
        failed("the guest starts", result.stderr + host.output()[-2000:])
    return result.returncode == 0


def traced_start(capture, name, preload):
    trace = os.path.join(os.environ["VIRAUDIT_SYSTEM_TESTS"], "trace-%d" % len(preload))
    host = Libvirtd(preload, wrapper=(
        "strace", "-f", "--seccomp-bpf", "-yy", "-s", "65536", "-o", trace, "-e",
        "trace=socket,sendto,sendmsg,recvfrom,recvmsg,poll,ppoll")).wait_ready()
    capture.take()
    good = start(host)
    records = [r for r in capture.take() if UUID in r[1]]
    host.stop()
    capture.take()
    if not good:
        return None
    with open(trace, errors="replace") as file:
        # A call that another thread's interrupts goes on in a line of its own.
        lines = [line for line in file if "resumed>" not in line]
    audit = [line for line in lines if "NETLINK:[AUDIT:" in line and "exited" not in line]
    opened = [line for line in lines if " socket(AF_NETLINK" in line and "AUDIT" in line]
    calls = {}
    for line in audit:
        call = re.match(r"\d+ +(\w+)\(", line)
        if call and call.group(1) != "socket":
            calls[call.group(1)] = calls.get(call.group(1), 0) + 1
    sends = [line for line in audit if " sendto(" in line]
    bursts = [count for count in (line.count("nlmsg_len=") for line in sends) if count > 1]
    say("     | %s: %d records, %d audit sockets opened, calls on them: %s" % (
        name, len(records), len(opened), ", ".join("%s %d" % item for item in sorted(calls.items()))))
    return {"records": len(records), "opened": len(opened), "calls": calls, "audit": audit,
            "bursts": bursts}


def one_burst(capture):
    if not shutil.which("strace"):
        skipped("needs strace, which isn't installed: calls of a start")
        return
    stock = traced_start(capture, "libvirt's own", [])
    ours = traced_start(capture, "libviraudit.so and libviraudit_preload.so", [LIBRARY, SECOND])
    if not stock or not ours:
        return
    check("as many records of the start", stock["records"] == ours["records"] > 15,
          "%s, %s" % (stock["records"], ours["records"]))
    check("what a start tells is one sendto: 8 nets, serial, mem, vcpu, start",
          ours["bursts"] == [12], ours["bursts"])
    check("nothing polls an audit socket", not ours["calls"].get("poll")
          and not ours["calls"].get("ppoll"), ours["calls"])
    check("nothing peeks, as libaudit does", not any("MSG_PEEK" in line for line in ours["audit"]))
    check("one audit socket, and libaudit opens none", ours["opened"] == 1, ours["opened"])
    total = sum(ours["calls"].values()), sum(stock["calls"].values())
    check("%d calls on it instead of %d" % total, total[0] * 2 < total[1], total)


def children(capture):
    host = Libvirtd([LIBRARY, SECOND]).wait_ready()
    try:
        if not start(host):
            return
        with open(host.path("run", "libvirt/qemu/%s.pid" % NAME)) as file:
            qemu = int(file.read())
        with open("/proc/%d/environ" % qemu, "rb") as file:
            environment = file.read().split(b"\0")
        preload = b"LD_PRELOAD=" + LIBRARY.encode() + b":" + SECOND.encode()
        check("libvirt hands LD_PRELOAD to qemu", preload in environment, environment)
        with open("/proc/%d/maps" % qemu) as file:
            maps = file.read()
        check("so both libraries are in qemu", LIBRARY in maps and SECOND in maps)
        check("they do nothing there: no audit socket", audit_sockets(qemu) == [])
        with open("/proc/%d/status" % qemu) as file:
            threads = re.search(r"Threads:\s*(\d+)", file.read()).group(1)
        check("the guest runs", host.state(NAME) == "running", threads)
        check("libvirtd has one audit socket", audit_sockets(host.pid()) == [0],
              audit_sockets(host.pid()))
    finally:
        host.stop()
    others = [record for record in capture.take()
              if UUID in record[1] and 'exe="%s"' % daemon("qemu") not in record[1]]
    check("no other program sends records of the guest", not others, others[:3])


def same_records(capture, what, **options):
    """Records with viraudit.conf's settings are those without."""
    found = []
    for preload, settings in (([], {}), ([LIBRARY, SECOND], options)):
        host = Libvirtd(preload, **settings).wait_ready()
        capture.take()
        start(host)
        host.virsh("destroy", NAME)
        host.stop()
        normal = Normal()
        found.append([normal(r) for r in capture.take() if UUID in r[1]])
    check(what + ": the same %d records" % len(found[0]), found[0] == found[1] and found[0],
          "\n".join("%s\n%s" % pair for pair in zip(*found) if pair[0] != pair[1]))


def queued(capture):
    path = os.path.join(os.environ["VIRAUDIT_SYSTEM_TESTS"], "viraudit.conf")
    with open(path, "w") as file:
        file.write('delivery = "queued"\n')
    same_records(capture, "queued delivery", viraudit_conf=path)


def level_2():
    subprocess.run(["auditctl", "-e", "0"], capture_output=True)
    try:
        stock = Libvirtd(level=2).wait_ready()
        check("audit_level 2, auditing off: libvirtd starts", stock.process.poll() is None)
        stock.stop()
        ours = Libvirtd([LIBRARY], level=2)
        try:
            status = ours.process.wait(60)
        except subprocess.TimeoutExpired:
            status = None
        output = ours.output()
        check("with libviraudit.so it refuses", status not in (0, None), "status %s" % status)
        lines = [line for line in output.splitlines() if "audit" in line.lower()]
        say("     | it says: " + " | ".join(lines[:4]))
        check("and says why", any(re.search(r"auditing is (turned )?off|off", line)
                                  for line in lines), output[-2000:])
        ours.stop()
    finally:
        subprocess.run(["auditctl", "-e", "1"], capture_output=True)
    ours = Libvirtd([LIBRARY], level=2).wait_ready()
    check("with auditing on it starts", ours.process.poll() is None)
    ours.stop()


def no_rights(capture):
    if not shutil.which("setpriv"):
        skipped("needs setpriv, which isn't installed: no rights")
        return
    wrapper = ("setpriv", "--bounding-set=-audit_write", "--inh-caps=-audit_write")
    for name, preload in (("libvirt's own", []), ("libviraudit.so", [LIBRARY, SECOND])):
        host = Libvirtd(preload, wrapper=wrapper).wait_ready()
        good = start(host)
        lines = [line for line in host.output().splitlines()
                 if re.search(r"audit", line, re.I) and "success=" not in line]
        host.stop()
        say("     | %s, without CAP_AUDIT_WRITE: %s" % (name, " | ".join(lines[:3]) or "silence"))
        if preload:
            check("a guest starts all the same", good)
            check("without CAP_AUDIT_WRITE, one line says so", len(lines) == 1
                  and "CAP_AUDIT_WRITE" in lines[0], "\n".join(lines))
    capture.take()


def main():
    need()
    capture = Capture()
    one_burst(capture)
    children(capture)
    queued(capture)
    no_rights(capture)
    level_2()


run_test(main)
