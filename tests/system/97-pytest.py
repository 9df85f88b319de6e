"""examples/pytest against a real libvirtd: its tests hear the kernel with the fixture of the Python
package, which bindings/python/build has unpacked. The Python, pytest and libvirt-python are Debian's.
"""

import os
import re
import subprocess

from libvirt_host import (LIBRARIES, MODULAR, Libvirtd, check, driver_missing, need, run_test, skip_all)

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PYTHON = "/usr/bin/python3"
SITE = os.path.join(os.path.dirname(LIBRARIES), "python", "site")
# What VIRAUDIT_PYTEST names instead, by hand: benches/pytest, say.
TESTS = os.path.realpath(os.environ.get("VIRAUDIT_PYTEST", os.path.join(ROOT, "examples", "pytest")))

# Runs in libvirtd's own mount namespace, with libvirtd's command as its arguments.
RUN = r"""
tests=$1
export PYTHONPATH="$2" PYTHONDONTWRITEBYTECODE=1
shift 2
tree=$(dirname "$3")
export LIBVIRTD_CONF="$3" LIBVIRTD_RESTART="$tree/restart" LIBVIRTD_LOG="$tree/libvirtd.log"
export LIBVIRTD_SOCKET="$tree/sock/libvirt-sock"
cat >"$tree/restart" <<END
#!/bin/sh
pid=\$(cat "$5" 2>/dev/null) && kill "\$pid"
while [ -n "\$pid" ] && [ -e "/proc/\$pid" ]; do sleep 0.02; done
exec $* -d
END
chmod 755 "$tree/restart"
"$tree/restart" && cd "$tests" || exit 99
/usr/bin/python3 -m pytest -p no:cacheprovider -rA --durations=0 --viraudit-require
status=$?
kill "$(cat "$5")"
exit "$status"
"""


def main():
    need("lxc")
    if driver_missing("qemu"):
        skip_all("needs libvirt's qemu driver (package libvirt-daemon-driver-qemu), which isn't installed")
    if MODULAR:
        skip_all("it restarts one daemon for both drivers")
    probe = subprocess.run([PYTHON, "-c", "import libvirt, pytest"], capture_output=True, text=True)
    if probe.returncode:
        skip_all("needs python3-libvirt and python3-pytest: " + probe.stderr.strip().split("\n")[-1])
    if not os.path.exists(os.path.join(SITE, "viraudit")):
        skip_all("the Python package isn't built (bindings/python/build)")
    for setting in (("-b", "8192"), ("-e", "1")):
        subprocess.run(["auditctl", *setting], check=True, capture_output=True)

    if "VIRAUDIT_PYTEST" in os.environ:
        from auditd_host import Auditd
        os.environ["AUDIT_LOG"] = Auditd().log
    host = Libvirtd(uri="lxc:///system", wrapper=["sh", "-c", RUN, "sh", TESTS, SITE])
    status = host.process.wait()
    with open(host.path("out"), errors="replace") as file:
        output = file.read()
    found = re.findall(r"(?m)^(PASSED|FAILED|ERROR|SKIPPED) (\S+)", output)
    for word, name in found:
        check(name, word == "PASSED", output)
    for line in re.findall(r"(?m)^.* (?:passed|failed|error).* in .*s.*$", output):
        print("     | " + line.strip("= "))
    check("pytest succeeds, and has run tests", status == 0 and found, output)
    if "VIRAUDIT_PYTEST" in os.environ:
        print(output)


run_test(main)
