"""Clients of an unmodified libvirtd with record_client = 1: users whom only that libvirtd knows, each
with a virsh and a login of their own."""

import os
import re
import subprocess

from libvirt_host import LIBRARY, SECOND, WORK, Libvirtd, check

UUID = "8e4f0f4c-2f8b-4b7a-9d91-%012x"
GROUP = 31000
CROWD = 64
# Ordinary users, whom only the libvirtd of this test knows.
USERS = dict({"alice": 31001, "bob": 31002, "carol c": 31003},
             **{"user%02d" % n: 31100 + n for n in range(CROWD)})


def with_users(path, lines):
    """The host's file, and our users or groups."""
    with open(path) as file:
        return file.read() + "".join(lines)


FILES = {
    "passwd": with_users("/etc/passwd", ("%s:x:%d:%d::/nonexistent:/bin/sh\n" % (name, uid, uid)
                                         for name, uid in USERS.items())),
    "group": with_users("/etc/group", ["vmusers:x:%d:\n" % GROUP]
                        + ["%s:x:%d:\n" % item for item in USERS.items()]),
}
SETTINGS = 'unix_sock_group = "vmusers"\nunix_sock_rw_perms = "0770"\nmax_clients = 200\n'
CLIENT = re.compile(r" (acct|client-[a-z0-9]+|sauid)=(\S+)")


def configuration(record_client):
    path = os.path.join(WORK, "viraudit-%s.conf" % record_client)
    with open(path, "w") as file:
        file.write("record_client = %s\n" % record_client)
    return path


def libvirtd(preload=(LIBRARY, SECOND), record_client=1, settings="", files=None, **options):
    return Libvirtd(preload, viraudit_conf=configuration(record_client),
                    settings=SETTINGS + settings, files=dict(FILES, **(files or {})),
                    proxied=True, **options).wait_ready()


def xml(host, name, number, disk=None, more=""):
    path = host.path(name.replace(" ", "_") + ".xml")
    devices = "<interface type='user'><mac address='52:54:00:91:00:%02x'/></interface>" % number
    if disk:
        devices += ("<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='%s'/>"
                    "<target dev='vda' bus='virtio'/></disk>" % disk)
    with open(path, "w") as file:
        file.write("<domain type='qemu'><name>%s</name><uuid>%s</uuid><memory unit='MiB'>16</memory>"
                   "<os><type arch='x86_64' machine='pc'>hvm</type></os><devices>%s"
                   "<controller type='usb' model='piix3-uhci'/><video><model type='none'/></video>"
                   "<memballoon model='none'/></devices></domain>" % (name, UUID % number, devices + more))
    os.chmod(path, 0o644)
    return path


class Client:
    """A virsh of one of the users, who has logged in."""

    def __init__(self, host, user, *args):
        uid = USERS[user]
        self.expected = {"acct": '"%s"' % user if " " not in user else user.encode().hex().upper(),
                         "client-uid": str(uid), "client-gid": str(uid)}
        # The login is that of this process and what it executes.
        self.session, write = os.pipe()
        script = 'echo $0 >/proc/self/loginuid && cat /proc/self/sessionid >/dev/fd/%d && exec "$@"' % write
        self.process = subprocess.Popen(
            ["sh", "-c", script, str(uid), "setpriv", "--reuid", str(uid), "--regid", str(uid),
             "--groups", str(GROUP), "virsh", "-q", "-c", host.uri, *args],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            cwd="/", env=dict(os.environ, HOME="/nonexistent", XDG_CACHE_HOME="/nonexistent"),
            pass_fds=(write,))
        os.close(write)
        self.expected["client-pid"] = str(self.process.pid)
        self.expected["sauid"] = str(uid)

    def wait(self):
        self.output = self.process.communicate(timeout=300)[0]
        with os.fdopen(self.session) as file:
            self.expected["client-ses"] = file.read()
        return self

    def check(self, what, records, result=0):
        """All of the records name this client, and nobody else."""
        check("%s: virsh ends with %d" % (what, result), self.process.returncode == result,
              self.output)
        named = [fields(text) for _, text in records]
        wrong = [text for (_, text), found in zip(records, named) if found != self.expected]
        check("%s: %d records name who asked" % (what, len(records)), records and not wrong,
              "%s\n%s" % (self.expected, "\n".join(wrong)))


def fields(text):
    return dict(CLIENT.findall(text))


def run_client(capture, host, user, *args):
    capture.take()
    client = Client(host, user, *args).wait()
    return client, [record for record in capture.take() if UUID[:-5] in record[1]]
