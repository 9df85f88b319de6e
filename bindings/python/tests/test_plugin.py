"""The pytest plugin."""

from __future__ import annotations

import os

import pytest

TEST = """
import viraudit

def emit(path, reason):
    guest = viraudit.Guest("kvm", "web1", "8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab")
    with viraudit.Auditor(f"file:{path}") as auditor:
        auditor.guest(guest).disk(None, "/images/a.qcow2", reason)
"""


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    return Run(pytester)


class Run:
    """Runs a test of its own, in a process of its own."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.log = pytester.path / "audit.log"

    def __call__(self, body: str, *options: str) -> pytest.RunResult:
        lines = "".join(f"    {line}\n" for line in body.splitlines())
        self.pytester.makepyfile(f"{TEST}\ndef test_it(audit):\n{lines}")
        return self.pytester.runpytest_subprocess("-p", "no:cacheprovider", *options)


def test_a_record_is_heard(run: Run) -> None:
    result = run(
        'emit("audit.log", "attach")\n'
        'assert audit.expect("VIRT_RESOURCE", vm="web1", resrc="disk")["reason"] == "attach"',
        "--viraudit-source=file:audit.log",
    )
    result.assert_outcomes(passed=1)


def test_listening_begins_before_the_body_and_ends_after_it(run: Run) -> None:
    run.pytester.makeconftest(
        f"{TEST}\nimport pytest\n\n@pytest.fixture\ndef disk(audit):\n    emit('audit.log', 'start')\n"
    )
    run.pytester.makepyfile("def test_it(disk, audit):\n    audit.expect(reason='start')\n")
    run.pytester.makeini("[pytest]\nviraudit_source = file:audit.log\n")
    run.pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_a_failure_shows_the_nearest_record_and_all_that_were_heard(run: Run) -> None:
    result = run(
        'emit("audit.log", "detach")\n'
        'emit("audit.log", "start")\n'
        'audit.expect("resrc=disk", new_disk="/images/a.qcow2", reason="start")\n'
        'audit.expect("resrc=disk", new_disk="/images/a.qcow2", reason="attach", within=0.01)',
        "--viraudit-source=file:audit.log",
        "--junitxml=junit.xml",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            'E*ExpectationError: this did not come: resrc="disk" new-disk="/images/a.qcow2" reason="attach"',
            "E*the nearest is record 1:",
            'E*its reason is "detach", not "attach"',
            "test_a_failure*.py:*: ExpectationError",
            "*Captured audit records call*",
            "1: VIRT_RESOURCE virt=kvm resrc=disk reason=detach *",
            "2: VIRT_RESOURCE virt=kvm resrc=disk reason=start *",
        ]
    )


def test_any_failure_lists_the_records(run: Run) -> None:
    result = run(
        'emit("audit.log", "attach")\nassert False', "--viraudit-source=file:audit.log"
    )
    result.stdout.fnmatch_lines(["1: VIRT_RESOURCE * reason=attach *"])
    result = run("assert False", "--viraudit-source=file:audit.log")
    result.stdout.fnmatch_lines(["no record about a guest was heard"])


def test_tests_are_skipped_with_the_reason_where_nothing_can_be_heard(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.pytester.makeconftest(
        "import viraudit.pytest_plugin as plugin, viraudit\n"
        "def deaf(*args, **kwargs):\n"
        "    raise viraudit.ListenError('not permitted; run as root', 'not-permitted')\n"
        "plugin.Listener = deaf\n"
    )
    result = run("assert False", "-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED*viraudit: not permitted; run as root"])
    result = run("assert False", "--viraudit-require")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*viraudit: not permitted; run as root"])


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: a network namespace")
def test_the_reason_is_the_kernels(run: Run) -> None:
    run.pytester.makepyfile("def test_it(audit):\n    assert False\n")
    pytest_ = [*run.pytester._getpytestargs(), "-rs", "-p", "no:cacheprovider"]
    result = run.pytester.run("unshare", "-n", *pytest_)
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED*viraudit: *"])


def test_a_wrong_source_is_an_error(run: Run) -> None:
    result = run("pass", "--viraudit-source=stdin")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*the source is kernel or file:PATH, not stdin*"])
    result = run("pass", "--viraudit-source=file:/none/none/audit.log")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*can't listen to file:/none/none/audit.log: *"])


def test_a_closed_listener_is_no_second_failure(run: Run) -> None:
    result = run("audit.close()\nassert False", "--viraudit-source=file:audit.log")
    result.assert_outcomes(failed=1)


def test_fixtures_shows_the_help(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_subprocess("--fixtures", "-p", "no:cacheprovider")
    result.stdout.fnmatch_lines(["audit -- *", '*audit.expect("VIRT_RESOURCE", vm="web1"*'])
    result = pytester.runpytest_subprocess("--help")
    result.stdout.fnmatch_lines(["*--viraudit-source=SOURCE*", "*viraudit_source (string):*"])
