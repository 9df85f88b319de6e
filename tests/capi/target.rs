//! A target that is chosen from outside: by the environment, or by viraudit.conf.

use crate::cc::{self, Linkage, root};
use std::fs;
use std::process::Command;

#[test]
fn the_environment_or_the_file_chooses_where_records_go() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    let (program, conf) = (dir.path().join("target"), path("viraudit.conf"));
    cc::compile(
        "gcc",
        &["-std=gnu11"],
        &root().join("tests/c/target.c"),
        Linkage::Shared,
        &program,
    );
    let (a, b) = (path("a.log"), path("b.log"));
    let written = |by: &str, file: &str| {
        format!(
            "records are written to {file} and don't go to the kernel: {by} is set, which is for tests only\n\
             opened 0\nmock 0\n"
        )
    };
    let kept = "records are kept in memory and don't go to the kernel: VIRAUDIT_TARGET is set, which is for tests \
                only\nopened 0\nmock 1\n";
    let in_a = Some(format!("file:{a}"));
    let (setting, none) = (format!("delivery_target = \"file:{b}\"\n"), String::new());
    for (variable, text, level, expected, files) in [
        (in_a.clone(), &none, "1", written("VIRAUDIT_TARGET", &a), [true, false]),
        // Level 2 needs no kernel then, and level 0 sends nothing.
        (in_a.clone(), &none, "2", written("VIRAUDIT_TARGET", &a), [true, false]),
        (in_a.clone(), &none, "0", "opened 0\nmock 0\n".into(), [false, false]),
        (Some("mock".into()), &none, "2", kept.into(), [false, false]),
        (None, &setting, "1", written("delivery_target", &b), [false, true]),
        (Some(String::new()), &setting, "1", written("delivery_target", &b), [false, true]),
        // The variable has precedence.
        (in_a, &setting, "1", written("VIRAUDIT_TARGET", &a), [true, false]),
    ] {
        fs::write(&conf, text.to_owned() + "# a comment\n").unwrap();
        let mut command = Command::new(&program);
        command.arg(level).env("VIRAUDIT_CONF", &conf).env_remove("VIRAUDIT_TARGET");
        command.envs(variable.as_ref().map(|target| ("VIRAUDIT_TARGET", target)));
        assert_eq!(cc::run(&mut command), expected, "{variable:?} {text}");
        for (file, exists) in [&a, &b].into_iter().zip(files) {
            let text = fs::read_to_string(file).unwrap_or_default();
            assert_eq!(
                text.contains("op=stop reason=shutdown vm=\"web1\""),
                exists,
                "{variable:?} {file}"
            );
            let _ = fs::remove_file(file);
        }
    }
    // A file that can't be opened is an error, not a reason to use the kernel.
    let mut command = Command::new(&program);
    command.arg("1").env("VIRAUDIT_TARGET", format!("file:{}/none/a.log", dir.path().display()));
    let said = cc::run(&mut command);
    assert!(said.ends_with("opened -1\nmock 0\n"), "{said}");
    // A malformed value is logged.
    for (variable, text, expected) in [
        (
            "memory",
            "",
            "VIRAUDIT_TARGET must be \"kernel\", \"mock\" or \"file:PATH\", not \"memory\"\n",
        ),
        (
            "",
            "delivery_target = \"x\"\n",
            ":1: delivery_target must be \"kernel\", \"mock\" or \"file:PATH\", not \"x\"\n",
        ),
        ("", "delivery_target = 1\n", ":1: delivery_target must be a string in quotes, not 1\n"),
        ("kernel", "delivery_target = \"mock\"\n", ""),
    ] {
        fs::write(&conf, text.to_owned() + "# a comment\n").unwrap();
        let mut command = Command::new(&program);
        // The kernel may accept records here or not; level 1 opens in either case where it can.
        command.arg("1").env("VIRAUDIT_CONF", &conf).env("VIRAUDIT_TARGET", variable);
        let said = cc::run(&mut command);
        assert!(said.contains(expected) && said.ends_with("mock 0\n"), "{variable} {text}: {said}");
        assert!(!said.contains("for tests only"), "{said}");
    }
}
