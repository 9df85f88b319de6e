"""A whole libvirtd whose records go to a file (VIRAUDIT_TARGET), as in a container that has no kernel
audit and as an ordinary user's session daemon: `viraudit expect` hears them there. And the recipe of
a system test.
"""

import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile

from libvirt_host import (HERE, LIBRARY, SECOND, Capture, Libvirtd, at_exit, check, daemon, need, run_test,
                          wait_for)

UUID = "8e4f0f4c-2f8b-4b7a-9d9f-00000000000%d"
USER = "nobody"


def xml(directory, name, number):
    path = os.path.join(directory, name + ".xml")
    with open(path, "w") as file:
        file.write("<domain type='qemu'><name>%s</name><uuid>%s</uuid><memory unit='MiB'>16</memory>"
                   "<os><type arch='x86_64' machine='pc'>hvm</type></os><devices>"
                   "<interface type='user'><mac address='52:54:00:98:01:%02x'/></interface>"
                   "<video><model type='none'/></video></devices></domain>" % (name, UUID % number, number))
    os.chmod(path, 0o644)
    return path


def heard(what, expect, records, name, uri, path, log):
    """The guest's records, and one that doesn't come, at the file."""
    virsh = ["virsh", "-q", "-c", uri]

    def expects(*words, command, status=0, within=20):
        ran = subprocess.run([*expect, "--from", records, "--within", str(within), *words, "--", *virsh, *command],
                             capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=180)
        check("%s: expect %s: %d" % (what, " ".join(words), status), ran.returncode == status,
              "status %d\n%s%s" % (ran.returncode, ran.stdout, ran.stderr))
        return ran

    expects("--vm", name, "resrc=net", "--and", "--vm", name, "op=start", "res=success",
            "exe=" + daemon("qemu"), command=["create", path])
    ran = expects("--vm", name, "op=stop", "reason=shutdown", status=1, within=1, command=["destroy", name])
    check(what + ": it shows the nearest record", 'its reason is "destroyed", not "shutdown"' in ran.stderr,
          ran.stderr)
    lines = [line for line in log().splitlines() if "don't go to the kernel" in line]
    expected = "records are written to %s and don't go to the kernel: VIRAUDIT_TARGET is set" % records
    check(what + ": libvirtd's log warns once", len(lines) == 1 and expected in lines[0], "\n".join(lines))


def container():
    """Root in a network namespace of its own, where the kernel has no audit."""
    host = Libvirtd((LIBRARY, SECOND), level=2, wrapper=("unshare", "-n"),
                    environment={"VIRAUDIT_TARGET": "file:{tree}/records.log"}).wait_ready()
    heard("a container", [os.environ["VIRAUDIT"], "expect"], host.path("records.log"), "boxed", host.uri,
          xml(host.tree, "boxed", 1), host.output)
    host.stop()


def session():
    """An ordinary user's libvirtd, for qemu:///session."""
    user = pwd.getpwnam(USER)
    # libvirt's sockets are below it, and their paths are short.
    home = tempfile.mkdtemp(prefix="va.", dir="/tmp")
    at_exit(lambda: shutil.rmtree(home))
    os.chmod(home, 0o755)
    for name in ("", "run", "config/libvirt", "cache", "data", "lib"):
        os.makedirs(os.path.join(home, name), exist_ok=True)
    # What was built may be where only root gets at.
    for program in (LIBRARY, SECOND, os.environ["VIRAUDIT"]):
        shutil.copy(program, os.path.join(home, "lib"))
    log, records = os.path.join(home, "libvirtd.log"), os.path.join(home, "records.log")
    with open(os.path.join(home, "config/libvirt/libvirtd.conf"), "w") as file:
        file.write('audit_level = 2\nlog_outputs = "2:file:%s"\n' % log)
    with open(os.path.join(home, "config/libvirt/qemu.conf"), "w") as file:
        # No virtlogd.
        file.write('stdio_handler = "file"\nsecurity_default_confined = 0\n')
    path = xml(home, "mine", 2)
    for where, directories, files in os.walk(home):
        for name in [where] + [os.path.join(where, name) for name in directories + files]:
            os.chown(name, user.pw_uid, user.pw_gid)
    copy = lambda program: os.path.join(home, "lib", os.path.basename(program))
    plain = {"PATH": os.environ["PATH"], "HOME": home, "XDG_RUNTIME_DIR": os.path.join(home, "run"),
             "XDG_CONFIG_HOME": os.path.join(home, "config"), "XDG_CACHE_HOME": os.path.join(home, "cache"),
             "XDG_DATA_HOME": os.path.join(home, "data"), "LC_ALL": "C", "TZ": "UTC"}
    as_user = ["env", "-i", *("%s=%s" % item for item in plain.items()),
               "setpriv", "--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--clear-groups",
               "--bounding-set=-all", "--inh-caps=-all"]
    with open(os.path.join(home, "out"), "wb") as out:
        process = subprocess.Popen(
            [*as_user, "env", "VIRAUDIT_TARGET=file:" + records, "LD_PRELOAD=%s:%s" % (copy(LIBRARY), copy(SECOND)),
             daemon("qemu")], stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, cwd="/",
            start_new_session=True)

    def end():
        subprocess.run([*as_user, "virsh", "-q", "-c", uri, "destroy", "mine"], capture_output=True)
        process.send_signal(signal.SIGTERM)
        process.wait()

    name = "virtqemud-sock" if "virtqemud" in daemon("qemu") else "libvirt-sock"
    socket = os.path.join(home, "run/libvirt", name)
    uri = "qemu:///session?socket=" + socket
    at_exit(end)

    def output():
        text = ""
        for name in (log, os.path.join(home, "out")):
            if os.path.exists(name):
                with open(name, errors="replace") as file:
                    text += file.read()
        return text

    wait_for(lambda: os.path.exists(socket) or process.poll() is not None, 60, "the session's libvirtd answers")
    if not check("an ordinary user's libvirtd starts with audit_level 2", process.poll() is None, output()):
        return
    # virsh is the user's too.
    heard("a session", [*as_user, copy(os.environ["VIRAUDIT"]), "expect"], records, "mine", uri, path, output)
    with open(records) as file:
        lines = [line for line in file if "vm=\"mine\"" in line]
    # net, mem, vcpu, start and stop.
    check("its five records have the user's uid", len(lines) == 5
          and all(" uid=%d " % user.pw_uid in line for line in lines), "".join(lines))


def recipe():
    """examples/testing/system.bats, each of its tests as bats would run it, at the kernel."""
    host = Libvirtd().wait_ready()
    image = host.path("data.img")
    with open(image, "wb") as file:
        file.truncate(1 << 20)
    usb = "<controller type='usb' model='piix3-uhci'/><video>"
    path = xml(host.tree, "recipe", 3)
    with open(path) as file:
        text = file.read().replace("<video>", usb)
    with open(path, "w") as file:
        file.write(text)
    host.virsh("create", path)
    with open(os.path.join(HERE, "../../examples/testing/system.bats")) as file:
        tests = re.findall(r'^@test "([^"]*)" \{\n(.*?)^\}', file.read(), re.M | re.S)
    environment = dict(os.environ, GUEST="recipe", DISK=image, LIBVIRT_DEFAULT_URI=host.uri,
                       PATH="%s:%s" % (os.path.dirname(os.environ["VIRAUDIT"]), os.environ["PATH"]))
    for name, commands in tests:
        ran = subprocess.run(["bash", "-e", "-c", commands], env=environment, capture_output=True, text=True,
                             stdin=subprocess.DEVNULL, timeout=120)
        check("the recipe: " + name, ran.returncode == 0, ran.stdout + ran.stderr)
    check("the recipe has two tests", len(tests) == 2, tests)
    host.stop()


def main():
    need(tools=("setpriv",))
    os.chmod(os.environ["VIRAUDIT_SYSTEM_TESTS"], 0o711)
    capture = Capture()
    container()
    session()
    seen = [record for record in capture.take() if UUID[:-2] in record[1]]
    check("the kernel gets none of the records", not seen, seen)
    recipe()


run_test(main)
