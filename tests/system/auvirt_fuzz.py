#!/usr/bin/env python3
"""auvirt_fuzz.py [-n PAIRS] [--seed N] [--keep DIR] [COMMAND...]

Compares `viraudit auvirt` with the installed auvirt (audit 3.0.9): random logs, random arguments;
standard output, standard error and exit status have to be the same.  COMMAND is
`target/release/viraudit auvirt` or else the debug build.  The same seed gives the same pairs.
Prints each difference and, last, `N pairs, N differences`; exit status 1 if there are any, 0 and a
line `SKIP` where auvirt isn't installed.

    auvirt_fuzz.py golden DIR     writes the pairs that auvirt/tests/golden.rs replays
    auvirt_fuzz.py replay FILE COMMAND...    compares a command with those pairs; needs no auvirt

Not compared, because auvirt itself leaves what C defines there:
- a session that ended in a year without a number (seconds from 67768036191676800 on): it crashes,
  and its summary prints what was left on the stack. Such times are made for starts without an end.
"""
import argparse, base64, difflib, glob, json, os, random, re, signal, subprocess, sys, tempfile
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
AUVIRT = "/usr/bin/auvirt"
FAKE = (glob.glob("/usr/lib/*/faketime/libfaketime.so.1") + [None])[0]
BASE = 1710930000
ZONES = ["UTC", "UTC", "UTC", "Europe/Berlin", "America/New_York", "Europe/Dublin", "Australia/Lord_Howe",
         "Africa/Casablanca", "Asia/Kathmandu", "Pacific/Chatham", "EST5EDT,M3.2.0,M11.1.0", "<+03>-3", "Nonsense/Zone"]
RULES = ["UTC", "UTC", "<+03>-3", "EST5EDT,M3.2.0,M11.1.0", "CET-1CEST,M3.5.0,M10.5.0/3", "IST-1GMT0,M10.5.0,M3.5.0/1"]   # known without tzdata
LOCALES = ["en_US.UTF-8", "de_DE.UTF-8", "en_GB.UTF-8", "fr_FR.UTF-8", "ja_JP.UTF-8", "sv_SE.UTF-8", "C.UTF-8", "POSIX"]
KINDS = ["disk", "net", "mem", "vcpu", "rng", "disk", "net", "mem", "chardev", "fs", "hostdev", "cgroup", "cgroup", "tpm"]


class Log:
    """One random log."""

    def __init__(self, rnd, wild, portable=False):
        self.r, self.wild, self.portable = rnd, wild, portable
        self.t = BASE * 1000 + rnd.randrange(10**6)
        self.serial = rnd.choice([1, 1000, 1000, 4294967290, 2147483640])
        self.lines, self.node = [], rnd.choice([None, None, None, "web1"])
        self.nosubj = rnd.random() < .3
        self.enriched = rnd.choice([0, 0, .3, 1])
        self.guests = []
        for i in range(rnd.randint(1, 5)):
            name = rnd.choice(["web", "db", "mail server", "ünï", "a-very-long-virtual-machine-name", "x", "dead", "café",
                               "tab\there", "q\"uote", "日本語のゲストの名前です", "Arch"])
            if rnd.random() < .7: name += str(i)
            uuid = "%08x-%04x-%04x-%04x-%012x" % tuple(rnd.getrandbits(b) for b in (32, 16, 16, 16, 48))
            if self.guests and rnd.random() < .1: uuid = self.guests[0]["uuid"]
            level = "s0:c%d,c%d" % (rnd.randrange(4), rnd.randrange(4, 7))
            self.guests.append(dict(name=name, uuid=uuid, level=level, pid=2000 + rnd.randrange(4), mac=["52:54:00:00:00:%02x" % rnd.randrange(4) for _ in range(2)],
                                    disks=["/img/%s-%d.qcow2" % (rnd.choice(["a", "b", name]), k) for k in range(3)]))

    def now(self):
        r = self.r
        self.t += r.choice([0, 1, 11, 11, 11, 700, 2000, 3600000, 90000000, r.randrange(10**9)] if r.random() < .5 else [11, 300])
        self.serial += r.choice([1, 1, 1, 1, 0, 2]) if r.random() < .97 else -3
        t = self.t
        if r.random() < .02: t -= r.randrange(10**7)
        if r.random() < .01: t += r.randrange(10**12)
        return "%d.%03d:%d" % (t // 1000, t % 1000, self.serial)

    def enc(self, s):
        r = self.r
        if all(c > " " and c < "\x7f" and c != '"' for c in s) or r.random() < .15:
            if r.random() < .97: return '"%s"' % s
        x = s.encode().hex()
        return r.choice([x, x.upper(), x.upper(), "00" + x if r.random() < .1 else x])

    def line(self, typ, stamp, body, names=""):
        node = "node=%s " % self.node if self.node else ""
        s = "%stype=%s msg=audit(%s): %s" % (node, typ, stamp, body)
        if names and self.r.random() < self.enriched: s += "\x1d" + names
        return s

    def put(self, *lines):
        if self.r.random() < .12 and self.lines:      # interleave
            for l in lines: self.lines.insert(max(0, len(self.lines) - self.r.randrange(4)), l)
        else: self.lines += lines

    def uid(self):
        if self.portable: return self.r.choice(["0"] * 8 + ["4294967295", "-1", "424242", "4294967294", "99999999999999999999999", "abc", ""])
        return self.r.choice(["0"] * 8 + ["1", "39", "65534", "1000", "4294967295", "-1", "64055", "4294967294", "99999999999999999999999", "abc", "2147483648", ""])

    def virt(self, typ, fields, ok=None):
        r = self.r
        ok = r.random() < .9 if ok is None else ok
        head = ["pid=%d" % r.choice([1437, 3851]), "uid=" + self.uid(), "auid=4294967295", "ses=4294967295"]
        if not self.nosubj: head.append("subj=system_u:system_r:virtd_t:s0-s0:c0.c1023")
        fields = [f for f in fields if f]
        if r.random() < self.wild:
            what = r.randrange(8)
            k = r.randrange(len(fields))
            if what == 0: del fields[k]
            elif what == 1: r.shuffle(fields)
            elif what == 2: fields.insert(k, r.choice(fields))
            elif what == 3: fields[k] = fields[k].split("=")[0] + "=" + r.choice(["", "?", "0", '""', "(null)", "x)", "a,", '"', '"a', "00414243", "0041424", "4a1", "g1", "(a)b", "\x01", "41014200", "success", "start", "(none)", "'", "x':"])
            elif what == 4: head = head[:r.randrange(len(head) + 1)]
            elif what == 5: fields.insert(r.randrange(len(fields) + 1), r.choice(["word", "=", "=x", "(vm=x", "vm=other", "op=stop", "msg=audit", "msg='uuid=1", "res=failed", "type=AVC", "uid=1", "  "]))
            elif what == 6: fields[k] = fields[k].upper() if r.random() < .5 else "(" + fields[k] + ")"
        tail = ['exe="/usr/sbin/libvirtd"', "hostname=?", "addr=?", "terminal=?", "res=%s" % ("success" if ok else "failed")]
        if r.random() < self.wild / 3: tail = r.choice([tail[:-1], tail[-1:] + tail[:-1], tail + ["extra=1"], ["res=1"], ["res=success,"], ["res=Success"]])
        body = " ".join(head) + " msg='" + " ".join(fields + tail) + "'"
        self.put(self.line(typ, self.now(), body, r.choice(['UID="root" AUID="unset"', 'UID="libvirt-qemu" AUID="unset"', 'UID="unknown(424)"', 'UID="a b"', 'UID="dom\\user name"',
                           'UID=unknown-3 x', 'UID=6162', 'VM="other" UID="root"', 'uid="q" RES="failed"', 'AUID="unset" SUID="x"', 'UID="root', 'OLD-DISK="/x" NEW-MEM="7"', "=", 'UID= VM=x'])))

    def ident(self, g): return ['virt=kvm', 'vm=' + self.enc(g["name"]), 'uuid=' + g["uuid"]]

    def machine_id(self, g):
        r = self.r
        for model, ctx in r.choice([[("selinux", "system_u:system_r:svirt_t:" + g["level"])], [("apparmor", "libvirt-" + g["uuid"])], [("dac", "+64055:+64055")],
                                    [("selinux", "system_u:system_r:svirt_t:" + g["level"]), ("dac", "+64055:+64055")], [], [(None, "system_u:system_r:svirt_t:" + g["level"])],
                                    [("selinux", r.choice(["a:b:c:", "a:b:c", ":::", "a:b:c:d:e:f", '"a:b:c:s0"']))]]):
            self.virt("VIRT_MACHINE_ID", self.ident(g) + ["vm-ctx=" + ctx, "img-ctx=" + ctx, model and "model=" + model])

    def resource(self, g, reason=None, kind=None):
        r = self.r
        kind = kind or r.choice(KINDS)
        reason = reason or r.choice(["start", "attach", "detach", "update", "boot", "open"])
        if kind == "cgroup":
            cls = r.choice([["class=all"], ["class=path", "path=" + self.enc(r.choice(["/dev/null", "/dev/kvm", "/dev/my disk"])), "rdev=01:03", "acl=rw"], ["class=major", "category=pty", "maj=88", "acl=rw"],
                            ["class=path", "acl=r", 'path="/dev/x"'], ["class=weird", "acl=x"], []])
            return self.virt("VIRT_RESOURCE", ["virt=kvm", "resrc=cgroup", "reason=" + r.choice(["deny", "allow", ""])] + self.ident(g)[1:] + ["cgroup=" + r.choice(['"/sys/fs/cgroup/%s/"' % g["uuid"], '"?"', '"/img/a-0.qcow2"'])] + cls)
        val = lambda: r.choice({"disk": [self.enc(d) for d in g["disks"]] + ['"?"'], "net": ['"%s"' % m for m in g["mac"]] + ['"?"', g["mac"][0]],
                                "mem": ["1048576", "0", "2", "00"], "vcpu": ["1", "2", "0"], "rng": ['"/dev/random"', '"?"', '"/dev/urandom"'], "chardev": ['"/dev/pts/1"']}.get(kind, ['"x"', '"?"']))
        old, new = ('"?"' if kind not in ("mem", "vcpu") else "0", val()) if reason == "start" else (val(), val())
        self.virt("VIRT_RESOURCE", ["virt=kvm", "resrc=" + kind, "reason=" + reason] + self.ident(g)[1:] + ["old-%s=%s" % (kind, old), "new-%s=%s" % (kind, new)])

    def start(self, g):
        self.machine_id(g)
        for _ in range(self.r.randrange(5)): self.resource(g, "start")
        self.control(g, "start")

    def control(self, g, op):
        r = self.r
        pid = str(g["pid"] if r.random() < .9 else r.choice(["-1", "0", "abc", "12ab", "99999999999", "18446744073709551616"]))
        self.virt("VIRT_CONTROL", ["virt=kvm", "op=" + op, "reason=" + r.choice(["booted", "shutdown", "destroyed"])] + self.ident(g)[1:] + ["vm-pid=" + (pid if op == "start" else r.choice([pid, "-1"]))])

    def syscall(self, st, pid, subj, extra=""):
        u = self.uid()
        return self.line("SYSCALL", st, "arch=c000003e syscall=257 success=no exit=-13 a0=ffffff9c items=1 ppid=1 pid=%s auid=4294967295 uid=%s gid=0 tty=(none) ses=4294967295 comm=\"qemu\" exe=\"/usr/bin/qemu\" subj=%s key=(null)%s" % (pid, u, subj, extra), 'ARCH=x86_64 UID="root"')

    def multi(self, lines, st):
        """The other records of an event, in all sorts of orders."""
        r = self.r
        more = []
        if r.random() < .3: more.append(self.line("CWD", st, 'cwd="/"'))
        if r.random() < .3: more.append(self.line("PATH", st, 'item=0 name=%s inode=1 nametype=NORMAL' % r.choice(['"/img/a-0.qcow2"', '2F746D70', "(null)"])))
        end = r.choice([[self.line("PROCTITLE", st, "proctitle=7165")]] * 3 + [[self.line("EOE", st, "")], [], [self.line("PROCTITLE", st, "proctitle=7165"), self.line("EOE", st, "")]])
        all_ = lines + more + end
        if r.random() < .1: r.shuffle(all_)
        if r.random() < .05 and len(all_) > 1: del all_[r.randrange(len(all_))]
        self.put(*all_)

    def avc(self, g):
        r = self.r
        st = self.now()
        ctx = "system_u:system_r:svirt_t:" + r.choice([g["level"]] * 4 + ["s0", "s0:c9,c9"])
        perms = r.choice(["read", "write open", "relabelfrom", "relabelto", "getattr", "", "relabelfrom relabelto", "x" * 255 if r.random() < .1 else "read", "ab " * 100 if r.random() < .1 else "read"])
        name = r.choice(["name=" + self.enc(r.choice(g["disks"])), "", 'name="disk.img"', "name=2F612062"])
        comm = r.choice(['comm="qemu-system-x86"', "comm=61206220", ""])
        tc = "tcontext=system_u:object_r:virt_image_t:s0"
        body = r.choice(["avc:  denied  { %s } for  pid=%d %s %s dev=\"dm-1\" ino=1 scontext=%s %s tclass=file permissive=0" % (perms, g["pid"], comm, name, ctx, tc)] * 5 + [
            "avc: denied {%s} for pid=1 %s scontext=%s" % (perms, name, ctx), "avc:  denied  { read", "op=x scontext=%s uid=%s %s" % (ctx, self.uid(), tc), "scontext=" + ctx, "scontext=a:b:c", "scontext=a:b " + tc,
            "granted { %s } for uid=0 scontext=%s %s %s" % (perms, ctx, name, tc), "avc:  denied  { %s } for  scontext=%s %s %s" % (perms, ctx, tc, name), "a b c { d } scontext=%s uid=0" % ctx])
        lines = [self.line(r.choice(["AVC"] * 6 + ["avc", "USER_AVC", "1400", "UNKNOWN[1400]", "SELINUX_ERR"]), st, body)]
        if r.random() < .2: lines.append(self.line("AVC", st, body.replace("denied", "granted")))
        if r.random() < .9: lines.append(self.syscall(st, g["pid"], ctx))
        if r.random() < .06: lines.reverse()
        self.multi(lines, st)

    def apparmor(self, g):
        r = self.r
        st = self.now()
        prof = r.choice(['profile="libvirt-%s"' % g["uuid"]] * 5 + ['profile="/x/libvirt-%s"' % g["uuid"], 'profile="/usr/bin/cat"', "", 'profile="libvirt-%s//child"' % g["uuid"], 'profile="libvirt-"', "profile=" + ("libvirt-" + g["uuid"]).encode().hex(), 'profile="a/"'])
        name = r.choice(["name=" + self.enc(r.choice(g["disks"])), 'name="/etc/x"', "", 'name="%s"' % g["mac"][0], 'name="1"', 'name="1048576"', "name=31"])
        op = r.choice(['operation="open"', "", 'operation="file_mmap"'])
        body = " ".join(x for x in ['apparmor="%s"' % r.choice(["DENIED", "STATUS", "ALLOWED", "Ünï"]), op, prof, name, "pid=%d" % g["pid"], 'comm="qemu"', 'requested_mask="r"', "fsuid=0 ouid=0"] if x)
        if r.random() < .1: p = body.split(); r.shuffle(p); body = " ".join(p)
        lines = [self.line("AVC", st, body)]
        if r.random() < .9: lines.append(self.syscall(st, g["pid"], "libvirt-" + g["uuid"]))
        self.multi(lines, st)

    def anomaly(self, g):
        r = self.r
        st = self.now()
        pid = r.choice([g["pid"]] * 3 + ["4", "abc", "0x7d0", "99999999999", "-1"])
        subj = r.choice(["subj=system_u:system_r:svirt_t:" + g["level"]] * 3 + ["subj=libvirt-" + g["uuid"], "", "subj=a:b:c:s0:c9,c9", "subj=a:b:c"])
        if r.random() < .6:
            body = " ".join(x for x in ["auid=4294967295", r.choice(["uid=" + self.uid(), "uid=424242" if self.portable else "uid=64055", ""]), "gid=64055", subj if r.random() < .5 else "", "pid=%s" % pid if r.random() < .9 else "", 'comm="qemu"', subj, "sig=6", "res=1"] if x)
            lines = [self.line(r.choice(["ANOM_ABEND"] * 4 + ["ANOM_LINK", "ANOM_LOGIN_FAILURES", "ANOM_EXEC", "UNKNOWN[1799]", "UNKNOWN[1704]", "UNKNOWN[2199]", "1750"]), st, body, 'AUID="unset" UID="libvirt-qemu"')]
            if r.random() < .6: return self.put(*lines)
        else: lines = [self.line("ANOM_PROMISCUOUS", st, "dev=vnet0 prom=256 old_prom=0 auid=4294967295 uid=%s gid=0 ses=4294967295" % self.uid(), 'AUID="unset" UID="root"')]
        if r.random() < .8: lines.append(self.syscall(st, pid, subj[5:] or "x"))
        self.multi(lines, st)

    def other(self):
        r = self.r
        st = self.now()
        k = r.randrange(6)
        if k == 0: self.put(self.line(r.choice(["SYSTEM_BOOT", "SYSTEM_SHUTDOWN", "DAEMON_START", "USER_LOGIN", "SERVICE_START", "VIRT_CREATE", "VIRT_INTEGRITY_CHECK", "VIRT_MIGRATE_IN", "MAC_UNLBL_ALLOW", "KERNEL", "LOGIN", "CONFIG_CHANGE", "BPF", "NETFILTER_CFG"]), st, "pid=1 uid=0 msg='unit=x res=success'"))
        elif k == 1: self.multi([self.syscall(st, "77", "unconfined")], st)
        elif k == 2: self.put(self.syscall(st, "77", "unconfined"))
        elif k == 3: self.put(self.line("EOE", st, ""))
        elif k == 4: self.put(r.choice(["", "garbage", "type=VIRT_CONTROL", "#", " ", "----", "time->Wed Mar 20 10:20:00 2024", "node=", "Mar 20 host audispd: type=VIRT_CONTROL msg=audit(%s): op=start" % st, "type=VIRT_CONTROL msg=audit(%s):" % st, "x msg=audit(%s): y" % st]))
        else: self.put(self.line(r.choice(["UNKNOWN[2500]", "2500", "virt_control", "VIRT_CONTROL,", '"VIRT_CONTROL"', "VIRT_CONTROLX", "UNKNOWN[3000]", "UNKNOWN[", "", "1305", "-1", "USER_AVC", "APPARMOR_DENIED", "1500"]), st,
                       "pid=1 uid=0 auid=1 ses=1 msg='virt=kvm op=start reason=x vm=\"web\" uuid=%s vm-pid=1 res=success'" % r.choice(self.guests)["uuid"]))

    def header(self):
        """A line with an odd stamp."""
        r = self.r
        t, s = self.t // 1000, self.serial
        num = lambda v: r.choice([str(v)] * 6 + ["", "+%d" % v, "-%d" % v, "0%d" % v, "%dx" % v, "x", "0", "99999999999999999999", "4294967296", "9223372036854775804", "9223372036854775805", "67768036191676799", "18446744073709551000"])
        st = num(t) + r.choice([".", ".", ".", "", ":", ".."]) + num(r.choice([0, 5, 999, 1000])) + r.choice([":", ":", ":", "", ".", "::"]) + num(s)
        st = r.choice(["msg=audit(%s):"] * 4 + ["msg=audit(%s", "msg=audit(%s)", "(%s)................", "longertoken(%s):", "msg=audit((%s)", "msg=audit()%s):", "a(b(%s)......."]) % st
        tok = r.choice(["type=VIRT_CONTROL"] * 5 + ["node=h1 type=VIRT_CONTROL", "node= type=VIRT_CONTROL", "nodes=hh type=VIRT_CONTROL", "x=y", "n", "n type=VIRT_CONTROL", " type=VIRT_CONTROL", "type=VIRT_CONTROL" + " " * r.randrange(50), "node=" + "h" * r.choice([100, 280, 300]) + " type=VIRT_CONTROL", "type=VIRT_CONTROL type=VIRT_CONTROL"])
        g = r.choice(self.guests)
        self.put("%s %s %spid=1 uid=0 auid=1 ses=1 msg='virt=kvm op=start reason=x vm=\"h\" uuid=%s vm-pid=1 res=success'" % (tok, st, r.choice(["", "", "type=VIRT_CONTROL "]), r.choice(["0%s" % g["uuid"][1:], g["uuid"][::-1]])))

    def make(self, size):
        r = self.r
        what = [(5, self.start), (4, lambda g: self.control(g, "stop")), (4, self.resource), (2, self.avc), (2, self.apparmor), (2, self.anomaly), (1, lambda g: self.control(g, r.choice(["start", "init", "pause", ""]))),
                (1.5, lambda g: self.other()), (.5 if self.wild > .1 else 0, lambda g: self.header())]
        for _ in range(size):
            r.choices([w[1] for w in what], [w[0] for w in what])[0](r.choice(self.guests))
        if r.random() < .05: self.lines.append(self.lines[0] if self.lines else "")
        data = "\n".join(self.lines).encode() + (b"\n" if r.random() < .9 else b"")
        if r.random() < .05: data = data.replace(b"\n", b"\r\n")
        if r.random() < .15:
            b = bytearray(data)
            for _ in range(r.randrange(1, 60)):
                if not b: break
                k = r.randrange(len(b)); m = r.randrange(4)
                if m == 0: b[k] = r.choice(b" =\"'(){}:,\n\0\x1d\x01\xff?0n<>-.") if r.random() < .7 else r.randrange(256)
                elif m == 1: del b[k:k + r.randrange(1, 30)]
                elif m == 2: b[k:k] = b[k - 20:k]
                else: b.insert(k, r.choice(b" =\"'(){}:,\n\0\x1d?0\x09"))
            data = bytes(b)
        if r.random() < .05: data = data[:r.randrange(len(data) + 1)]
        return data


def arguments(rnd, log, portable):
    """An environment and arguments; portable ones depend on nothing but the zone."""
    r, env, a = rnd, {"TZ": rnd.choice((RULES if portable else ZONES) if rnd.random() < .4 else ["UTC"]), "LC_ALL": "C"}, []
    g = r.choice(log.guests)
    src = r.random()
    stdin = src < .08
    if not stdin: a += [r.choice(["-f", "--file"]), "LOG"]
    else: a += ["--stdin"]
    if r.random() < .65: a += [r.choice(["-a", "--all-events"])]
    if r.random() < .15: a += [r.choice(["-s", "--summary"])]
    if r.random() < .35: a += ["--proof"]
    if r.random() < .25: a += ["--show-uuid"]
    if r.random() < .4: a += ["--debug"]
    if r.random() < .2: a += [r.choice(["-v", "--vm"]), r.choice([g["name"], g["name"], "web", "", " ", "tab\\011here0", "h"])]
    if r.random() < .12: a += [r.choice(["-u", "--uuid"]), r.choice([g["uuid"], g["uuid"], g["uuid"].upper(), "x", "", g["uuid"] + "0"])]
    if r.random() < .35:
        loc = None
        if not portable and r.random() < .4:
            env.pop("LC_ALL"); loc = r.choice(LOCALES)
            env.update(LANG="C", LC_TIME=loc)
        if not portable and FAKE and r.random() < .5:
            env.update(LD_PRELOAD=FAKE, FAKETIME_DONT_FAKE_MONOTONIC="1", FAKETIME=r.choice(["2024-03-31 12:00:00", "2024-10-27 03:30:00", "2024-03-20 10:20:30", "2024-01-01 00:30:00", "2025-11-02 01:30:00", "2003-05-05 05:05:05", "2024-04-01 00:10:00", "2024-02-29 23:59:59"]))
        for o in r.sample(["-ts", "--start", "-te", "--end"], r.choice([1, 1, 2])):
            key = ["now", "recent", "today", "yesterday", "this-week", "week-ago", "this-month", "this-year"]
            y, m, d = r.choice([2024] * 6 + [2023, 2025, 2003, 2004, 1999, 2068, 1969, 2038]), r.randint(1, 12), r.randint(1, 31)
            if r.random() < .6: m, d = 3, r.choice([20, 20, 21, 22, 30, 31])
            D = r.choice(["%02d/%02d/%02d" % (m, d, y % 100)] * 6 + ["%02d/%02d/%04d" % (m, d, y), "%d/%d/%02d" % (d, m, y % 100), "%02d.%02d.%04d" % (d, m, y), "%04d-%02d-%02d" % (y, m, d), "%04d/%02d/%02d" % (y, m, d), "%d/%d/%d" % (d, m, y),
                          "%04d年%02d月%02d日" % (y, m, d), "Today", "", " 03/20/24", "03/20/24 ", "03/20", "1/2/", "x", "02/30/24", "13/01/24", "10:20:00", "03-20-24"])
            if not portable and "FAKETIME" in env and r.random() < .7: D = r.choice(key)
            elif r.random() < .02: D = r.choice(["Now", "TODAY", "today "])
            a += [o, D]
            if r.random() < .6: a += [r.choice(["10:20", "10:20:30", "00:00", "00:00:00", "2:30", "02:30:00", "23:59:61", "24:00", "10", "1:2:3", " 9:05", "9: 5", "x", "", "10:20:00 PM", "10:20:00x", "12:60", "03:00:00", "10.20", "10h20", "23:59:62", "1:2:3:4"])]
    if r.random() < .04: a.insert(r.randrange(len(a) + 1), r.choice(["-x", "--vm=x", "--version", "word", "-as", "--", "-", "-h", "--help", "--stdin", "-v", "-ts", "-u", "-f", "--file", ""]))
    if r.random() < .01: a = a[2:] if "LOG" in a else a
    if r.random() < .01: a = [x if x != "LOG" else r.choice(["/nonexistent", "/", "/dev/null", "/etc/audit/"]) for x in a]
    # On a host with an auditd of its own its log must not be read.
    if not any(x in a for x in ("-f", "--file", "--stdin", "-h", "--help")): a = ["-f", "LOG"] + a
    return env, a, stdin


def pair(seed, portable=False):
    rnd = random.Random(seed)
    log = Log(rnd, rnd.choice([0, .05, .3, .6]), portable)
    data = log.make(rnd.choice([0, 1, 3, 8, 15, 30, 60] if not portable else [1, 3, 8, 12]))
    env, args, stdin = arguments(rnd, log, portable)
    return data, env, args, stdin


def run(cmd, directory, env, args, stdin):
    e = {"PATH": "/usr/bin:/bin", "HOME": "/"}
    e.update(env)
    if "LC_TIME" in e and os.environ.get("AUVIRT_LOCPATH"): e["LOCPATH"] = os.environ["AUVIRT_LOCPATH"]
    with open(os.path.join(directory, "LOG") if stdin else os.devnull, "rb") as f:
        p = subprocess.Popen(cmd + args, cwd=directory, env=e, stdin=f, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try: out, err = p.communicate(timeout=20)
        except subprocess.TimeoutExpired: p.kill(); out, err = p.communicate(); err += b"[no end]"
    return p.returncode, out, err


def undefined(data, args):
    """Whether auvirt prints what it found on its stack."""
    far = any(int(t) >= 67768036191676799 for t in re.findall(rb"\(\s*(\d{17,19})\b", data))
    return far and ("-s" in args or "--summary" in args)


def compare(cmd, seed):
    data, env, args, stdin = pair(seed)
    with tempfile.TemporaryDirectory() as d:
        with open(os.path.join(d, "LOG"), "wb") as f: f.write(data)
        a, b = run([AUVIRT], d, env, args, stdin), run(cmd, d, env, args, stdin)
    return seed, data, env, args, a, b


def golden(directory):
    """One file of pairs with what auvirt said."""
    os.makedirs(directory, exist_ok=True)
    cases, seed = [], 0
    while len(cases) < 160:
        seed += 1
        data, env, args, stdin = pair("golden %d" % seed, portable=True)
        if len(data) > 8000 or undefined(data, args) or any(x in args for x in ("/", "/etc/audit/", "now")): continue
        with tempfile.TemporaryDirectory() as d:
            with open(os.path.join(d, "LOG"), "wb") as f: f.write(data)
            rc, out, err = run([AUVIRT], d, env, args, stdin)
        if rc < 0: continue
        b = lambda x: base64.b64encode(x).decode()
        def text(x):
            try: return {"text": x.decode()}
            except UnicodeDecodeError: return {"base64": b(x)}
        cases.append({"tz": env["TZ"], "args": args, "stdin": stdin, "log": text(data), "status": rc, "stdout": text(out), "stderr": text(err)})
    with open(os.path.join(directory, "auvirt.jsonl"), "w") as f:
        for c in cases: f.write(json.dumps(c, ensure_ascii=True, sort_keys=True) + "\n")
    print("%d pairs" % len(cases))


def replay(path, cmd):
    """How many recorded pairs the command answers in another way than auvirt did."""
    bad = 0
    raw = lambda x: x["text"].encode() if "text" in x else base64.b64decode(x["base64"])
    cases = [json.loads(line) for line in open(path)]
    for number, c in enumerate(cases):
        with tempfile.TemporaryDirectory() as d:
            with open(os.path.join(d, "LOG"), "wb") as f: f.write(raw(c["log"]))
            got = run(cmd, d, {"TZ": c["tz"], "LC_ALL": "C"}, c["args"], c["stdin"])
        expected = c["status"], raw(c["stdout"]), raw(c["stderr"])
        if got != expected:
            bad += 1
            print("DIFFERS pair %d: %s\n    auvirt: %r\n    ours:   %r" % (number, c["args"], expected, got))
    print("%d recorded pairs, %d differences" % (len(cases), bad))
    return 1 if bad or not cases else 0


def main():
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    if sys.argv[1:2] == ["replay"]: return replay(sys.argv[2], sys.argv[3:])
    if not os.access(AUVIRT, os.X_OK): print("SKIP auvirt isn't installed (package auditd)"); return 0
    if sys.argv[1:2] == ["golden"]: golden(sys.argv[2]); return 0
    p = argparse.ArgumentParser(); p.add_argument("-n", type=int, default=300); p.add_argument("--seed", type=int, default=1); p.add_argument("--keep")
    p.add_argument("-v", action="store_true"); p.add_argument("command", nargs="*")
    o = p.parse_args()
    cmd = o.command
    if not cmd:
        exe = next((e for e in (os.environ.get("VIRAUDIT"), ROOT + "/target/release/viraudit", ROOT + "/target/debug/viraudit") if e and os.path.exists(e)), "viraudit")
        cmd = [exe, "auvirt"]
    elif os.sep in cmd[0]: cmd[0] = os.path.abspath(cmd[0])
    bad = crashed = left_out = 0
    with ThreadPoolExecutor(os.cpu_count()) as ex:
        for seed, data, env, args, a, b in ex.map(lambda s: compare(cmd, s), range(o.seed, o.seed + o.n)):
            if a == b: continue
            if undefined(data, args): left_out += 1; continue
            if a[0] < 0: crashed += 1; print("CRASH seed %d: auvirt ends by signal %d" % (seed, -a[0])); continue
            bad += 1
            print("DIFFERS seed %d: %s %s%s" % (seed, " ".join("%s=%s" % kv for kv in env.items()), " ".join(map(repr, args)), "".join(" [%s]" % n for n, x, y in zip(("status", "stdout", "stderr"), a, b) if x != y)))
            if o.v:
                for n, x, y in zip(("stdout", "stderr"), a[1:], b[1:]):
                    if x != y:
                        d = difflib.unified_diff(*([repr(l)[2:-1] for l in t.split(b"\n")] for t in (x, y)), "auvirt", "ours", n=0, lineterm="")
                        print("\n".join("    " + l[:400] for l in list(d)[2:10]))
            if o.keep:
                os.makedirs(o.keep, exist_ok=True)
                with open(os.path.join(o.keep, "%d.log" % seed), "wb") as f: f.write(data)
    print("%d pairs, %d differences%s" % (o.n, bad, "".join(", %d %s" % x for x in ((crashed, "crashes of auvirt"), (left_out, "left out")) if x[0])))
    return 1 if bad else 0


if __name__ == "__main__": sys.exit(main())
