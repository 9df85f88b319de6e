"""Whose request each record is: an unmodified libvirtd with libviraudit.so and record_client = 1,
and clients with names of their own. With record_client = 0 the records are libvirt's, to the byte.
Of libvirt's modular daemons, virtproxyd serves the clients and virtqemud writes the records.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess

from clients import (CLIENT, CROWD, FILES, SETTINGS, USERS, UUID, Client, configuration, fields, libvirtd,
                     run_client, xml)
from libvirt_host import (LIBRARY, SECOND, WORK, Capture, Libvirtd, Normal, check, difference, need,
                          run_test, say, skipped, wait_for)

def placed_well(records):
    """The client's fields are behind libvirt's own and before exe=."""
    whole = r" acct=\S+ client-uid=\d+ client-gid=\d+ client-pid=\d+ sauid=\d+ client-ses=\d+ exe=\S+ " \
            r"hostname=\S+ addr=\S+ terminal=\S+ res=\w+'?$"
    wrong = [text for _, text in records if not re.search(whole, text)]
    check("the client's fields are before exe=", not wrong, "\n".join(wrong))


def life(capture, host):
    """Returns the lines of audit.log."""
    everything = []

    def run(user, *args):
        client, records = run_client(capture, host, user, *args)
        everything.extend(records)
        return client, records

    image = host.path("disk.img")
    with open(image, "wb") as file:
        file.truncate(1 << 20)
    client, records = run("alice", "create", xml(host, "one", 1))
    client.check("alice starts a guest", records)
    placed_well(records)
    # Of a USB disk qemu lets go at once; one on PCI takes a guest that answers.
    client, records = run("bob", "attach-disk", "one", image, "sda", "--targetbus", "usb")
    client.check("bob attaches a disk", [r for r in records if "resrc=disk" in r[1]])
    client, records = run("carol c", "detach-disk", "one", "sda")
    client.check("carol detaches it", [r for r in records if "resrc=disk" in r[1]])
    saved = host.path("one.save")
    client, records = run("carol c", "save", "one", saved)
    client.check("carol saves it", records)
    client, records = run("bob", "restore", saved)
    client.check("bob restores it", records)
    client, records = run("bob", "destroy", "one")
    client.check("bob stops alice's guest", records)

    client, records = run("carol c", "create",
                          xml(host, "broken", 2, host.path("no.img")))
    client.check("a start that fails", records, 1)
    check("libvirt still tells her why", "no.img" in client.output, client.output)

    run("alice", "create", xml(host, "quits", 5))
    run("alice", "qemu-monitor-command", "quits", "--hmp", "quit")
    wait_for(lambda: "quits" not in host.virsh("list", "--name").stdout.split(), 30,
             "libvirtd notices that qemu has ended")
    everything.extend(capture.take())
    stops = [r for r in everything if 'op=stop' in r[1] and 'vm="quits"' in r[1]]
    check("the stop of a guest that ends by itself names nobody",
          len(stops) == 1 and not fields(stops[0][1]), stops)

    run("alice", "create", xml(host, "killed", 3))
    with open(host.path("run", "libvirt/qemu/killed.pid")) as file:
        os.kill(int(file.read()), signal.SIGKILL)
    before = len(everything)
    wait_for(lambda: "killed" not in host.virsh("list", "--name").stdout.split(), 30,
             "libvirtd notices that qemu was killed")
    everything.extend(capture.take())
    records = [r for r in everything[before:] if "op=stop" in r[1]]
    check("the stop of a guest whose qemu was killed names nobody",
          len(records) == 1 and not fields(records[0][1]), records)
    return ["type=%s msg=%s" % record for record in everything]


def stock(capture):
    """With record_client = 0 the records are libvirt's."""
    found = []
    for preload, record_client in (((), 0), ((LIBRARY, SECOND), 0), ((LIBRARY, SECOND), 1)):
        host = libvirtd(preload, record_client)
        capture.take()
        outputs = []
        for args in (("create", xml(host, "one", 1)), ("destroy", "one"),
                     ("create", xml(host, "broken", 2, host.path("no.img")))):
            outputs.append(Client(host, "alice", *args).wait().output.replace(host.tree, ""))
        host.stop()
        normal = Normal()
        found.append([normal(record).replace(host.tree, "") for record in capture.take()
                      if UUID[:-5] in record[1]] + outputs)
    check("record_client = 0: the same %d records and answers" % len(found[0]),
          found[0] == found[1] and len(found[0]) > 10,
          difference("record_client = 0", found[0], found[1]))
    without = [CLIENT.sub("", text) for text in found[2]]
    check("record_client = 1 only adds the client", without == found[0] and found[2] != found[0],
          difference("record_client = 1", found[0], without))


def crowd(capture, host):
    """Everyone starts and stops a guest of the same name, at once."""
    capture.take()
    paths = {user: xml(host, user, USERS[user] - 31000) for user in USERS if user[:4] == "user"}
    wrong, expected = [], {user: [] for user in paths}
    for command in ("create", "destroy"):
        clients = [Client(host, user, command, paths[user] if command == "create" else user)
                   for user in paths]
        for user, client in zip(paths, clients):
            if client.wait().process.returncode:
                wrong.append(client.output)
            expected[user].append(client.expected)
    # Another program may write records of its guests meanwhile.
    records = [text for _, text in capture.take() if UUID[:-5] in text]
    for text in records:
        start, stop = expected[re.search(r' vm="(\w+)"', text).group(1)]
        if fields(text) != (stop if " op=stop " in text else start):
            wrong.append(text)
    check("%d clients at once: each of %d records names its own" % (CROWD, len(records)),
          len(records) >= 6 * CROWD and not wrong, "\n".join(wrong))


# --- Clients over TLS -----------------------------------------------------------------------------

CERTIFICATES = {
    "cacert": 'cn = "viraudit test"\nca\ncert_signing_key\n',
    "servercert": 'cn = "localhost"\ndns_name = "localhost"\ntls_www_server\nencryption_key\nsigning_key\n',
    "clientcert": 'country = GB\norganization = "Example Ltd"\ncn = "alice"\ntls_www_client\n'
                  'encryption_key\nsigning_key\n',
}
REALM_USER, PASSWORD = "fred", "a long word"


def certificates():
    """A directory with a certificate of each kind, and its key."""
    pki = os.path.join(WORK, "pki")
    os.mkdir(pki, 0o755)

    def certtool(*args):
        subprocess.run(["certtool", *args], check=True, capture_output=True, cwd=pki)

    for name, template in CERTIFICATES.items():
        key = name.replace("cert", "key") + ".pem"
        with open(os.path.join(pki, name + ".info"), "w") as file:
            file.write(template + "expiration_days = 2\n")
        certtool("--generate-privkey", "--key-type", "rsa", "--bits", "2048", "--outfile", key)
        how = ["--generate-self-signed"] if name == "cacert" else [
            "--generate-certificate", "--load-ca-certificate", "cacert.pem", "--load-ca-privkey",
            "cakey.pem"]
        certtool(*how, "--load-privkey", key, "--template", name + ".info", "--outfile", name + ".pem")
    return pki


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def remote_libvirtd(pki, auth):
    port = free_port()
    settings = ('listen_tls = 1\nlisten_addr = "127.0.0.1"\ntls_port = "%d"\nauth_tls = "%s"\n'
                'ca_file = "%s/cacert.pem"\ncert_file = "%s/servercert.pem"\nkey_file = "%s/serverkey.pem"\n'
                % (port, auth, pki, pki, pki))
    sasl = "mech_list: scram-sha-256\nsasldb_path: {tree}/sasl2/passwd.db\n"
    host = Libvirtd((LIBRARY, SECOND), viraudit_conf=configuration(1), settings=SETTINGS + settings,
                    files=dict(FILES, **{"sasl2/libvirt.conf": sasl}), arguments=("--listen",),
                    proxied=True,
                    environment={"SASL_CONF_PATH": "{tree}/sasl2"})
    subprocess.run(["saslpasswd2", "-p", "-c", "-f", host.path("sasl2/passwd.db"), "-a", "libvirt",
                    "-u", "example.org", REALM_USER], input=PASSWORD, text=True, check=True,
                   capture_output=True)
    host.wait_ready()
    host.remote = "qemu+tls://localhost:%d/system?pkipath=%s" % (port, pki)
    return host


def remote_virsh(host, options, *args):
    return subprocess.run(["virsh", "-q", "-c", host.remote + options, *args], capture_output=True,
                          text=True, stdin=subprocess.DEVNULL, cwd="/", timeout=180)


def remote(capture):
    for tool, package in (("certtool", "gnutls-bin"), ("saslpasswd2", "sasl2-bin")):
        if not shutil.which(tool):
            skipped("needs %s (package %s), which isn't installed: clients over TLS" % (tool, package))
            return
    pki = certificates()
    password = os.path.join(WORK, "auth.conf")
    with open(password, "w") as file:
        file.write("[credentials-test]\nauthname=%s@example.org\npassword=%s\n"
                   "[auth-libvirt-localhost]\ncredentials=test\n" % (REALM_USER, PASSWORD))
    # As certtool shows it; the order is the TLS library's choice.
    names = [name.encode().hex().upper()
             for name in ("C=GB,O=Example Ltd,CN=alice", "CN=alice,O=Example Ltd,C=GB")]
    for auth, options, expected in (
            ("none", "", {}),
            ("sasl", "&authfile=" + password,
             {"client-sasl": '"%s@example.org"' % REALM_USER})):
        host = remote_libvirtd(pki, auth)
        capture.take()
        result = remote_virsh(host, options, "create", xml(host, "far", 4))
        records = [record for record in capture.take() if UUID[:-5] in record[1]]
        check("TLS, auth_tls = %s: virsh starts a guest" % auth, result.returncode == 0,
              result.stderr + host.output()[-2000:])
        wrong = [text for _, text in records
                 if fields(text) not in [dict(expected, **{"client-x509": name}) for name in names]]
        check("TLS, auth_tls = %s: %d records name who asked" % (auth, len(records)),
              records and not wrong, "%s\n%s" % (expected, "\n".join(wrong)))
        host.stop()


# --- What reads such logs -------------------------------------------------------------------------


def readers(log):
    """ausearch, aureport and auvirt read the log as they read it without the client's fields. What
    docs/ shows of `viraudit report audit.log` and of
    `viraudit report --user bob --all-events audit.log` is of this log."""
    with open(log) as file:
        lines = file.read()
    bare = log + ".bare"
    with open(bare, "w") as file:
        file.write(CLIENT.sub("", lines))
    shown = subprocess.run(["ausearch", "-i", "-if", log], capture_output=True, text=True)
    first = next((line for line in shown.stdout.splitlines() if "acct=" in line), "")
    say("     | ausearch -i: " + first)
    check("ausearch -i names the account, in hex or not", " acct=alice " in shown.stdout
          and " acct=carol c " in shown.stdout and not shown.stderr, first + shown.stderr)
    for command in ("ausearch --format csv -if", "ausearch --format text -if", "aureport --virt -if",
                    "aureport -u -i -if", "aureport -p -if", "aureport -if", "auvirt --all-events --file",
                    "auvirt --summary --file"):
        words = command.split()
        if not shutil.which(words[0]):
            skipped("needs %s, which isn't installed: %s" % (words[0], command))
            continue
        results = [subprocess.run(words + [path], capture_output=True, text=True) for path in (log, bare)]
        same = [(r.returncode, r.stdout.replace(".bare", ""), r.stderr) for r in results]
        check(command + " prints what it prints without the fields", same[0] == same[1]
              and results[0].returncode == 0, difference(command, same[1][1].splitlines(),
                                                         same[0][1].splitlines()) + results[0].stderr)
    def viraudit(*args):
        return subprocess.run([os.environ["VIRAUDIT"], *args, log], capture_output=True, text=True)

    verified = viraudit("verify")
    check("viraudit verify finds no damage", verified.returncode == 0, verified.stdout)
    found = viraudit("report", "--user", "bob", "--all-events", "--format", "json")
    rows = [json.loads(line) for line in found.stdout.splitlines()]
    others = [row for row in rows if row["kind"] != "session" and row["user"] != "bob"]
    did = {(row["kind"], row.get("resource"), row["reason"]) for row in rows if row["user"] == "bob"}
    check("viraudit report --user bob shows what he did", not others and {
        ("resource", "disk", "attach"), ("start", None, "restored"), ("stop", None, "destroyed"),
        ("session", None, "restored")} <= did, found.stdout)
    shown = viraudit("report", "--user", "bob", "--all-events")
    say("     | " + shown.stdout.replace("\n", "\n     | ").rstrip(" |"))
    table = viraudit("report")
    say("     | " + table.stdout.replace("\n", "\n     | ").rstrip(" |"))
    check("and the table names who started each guest",
          [line.split()[:2] for line in table.stdout.splitlines()[1:]]
          == [["one", "alice"], ["one", "bob"], ["broken", "carol"], ["quits", "alice"],
              ["killed", "alice"]], table.stdout)


def main():
    need(tools=("setpriv",))
    # Ordinary users get at libvirtd's socket below it.
    os.chmod(os.environ["VIRAUDIT_SYSTEM_TESTS"], 0o711)
    capture = Capture()
    host = libvirtd()
    log = os.path.join(WORK, "audit.log")
    with open(log, "w") as file:
        file.write("\n".join(life(capture, host)) + "\n")
    readers(log)
    crowd(capture, host)
    host.stop()
    remote(capture)
    stock(capture)


run_test(main)
