//! The questions of an auditor, each with the command that answers it. The help, the manual page,
//! docs/questions.md and the tests have the same ones.

/// A question, and the command behind `viraudit report`.
pub(crate) const QUESTIONS: [(&str, &str); 20] = [
    ("Who ran which guest when, on which host?", ""),
    ("What does each guest look like: how often, how long, who last, idle since when?", "--guests"),
    ("What was done, by whom, in plain words?", "--operations"),
    ("What did one person do?", "--operations --user alice"),
    ("What changed while db1 ran?", "--vm db1 --changes"),
    (
        "What was db1 given and what was taken from it that day?",
        "--operations --vm db1 --kind disk,net,dev --start 2026-03-02 --end 2026-03-02",
    ),
    (
        "Which devices did db1 hold at that moment?",
        "--vm db1 --at 2026-03-02T12:00:00Z --kind disk,net,dev",
    ),
    ("Which guests ran at that moment?", "--at 2026-03-02T12:00:00Z"),
    ("Did web1 run at that moment?", "--vm web1 --at 2026-03-02T12:00:00Z"),
    ("Who ran together with db1, and for how long?", "--with db1"),
    ("Which guests have records about anything below /srv/secret?", "--path '/srv/secret/**'"),
    ("Who touched /srv/secret/keys.img, and how?", "--operations --path /srv/secret/keys.img"),
    ("Which guests have records about this MAC address?", "--mac 52:54:00:00:00:03"),
    ("Which guests have records about this PCI device?", "--device 0000:03:00.0"),
    ("Which starts failed, and why?", "--failed starts"),
    ("Which other operations failed?", "--operations --failed operations"),
    ("What was denied to guests?", "--all-events --kind avc,landlock,seccomp"),
    ("Which guests ended without a stop, or may still run?", "--state lost,down,running,seen"),
    ("Which guests moved to or from host kvm2?", "--host kvm2 --reason migrated"),
    ("How much is in the log, by count?", "--summary"),
];

/// The questions for the help.
pub(super) fn help() -> String {
    let mut text =
        String::from("Questions and their commands (docs/questions.md has the answers):");
    for (question, options) in QUESTIONS {
        text.push_str("\n  ");
        text.push_str(question);
        text.push_str("\n    viraudit report ");
        text.push_str(options);
        text.truncate(text.trim_end().len());
    }
    text
}
