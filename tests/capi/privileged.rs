//! A privileged program's environment is its caller's: the file that VIRAUDIT_CONF names is read
//! only in a program that has no privileges by set-user-ID, set-group-ID or file capabilities, and so is
//! the target that VIRAUDIT_TARGET names.

use crate::cc::{self, Linkage, root};
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The file of VIRAUDIT_TARGET.
fn target(conf: &Path) -> PathBuf {
    conf.with_extension("target")
}

fn run(command: &mut Command, conf: &Path) -> String {
    command.env("VIRAUDIT_TARGET", format!("file:{}", target(conf).display()));
    // More than any process can have.
    cc::run(command.env("VIRAUDIT_CONF", conf).env("RUST_MIN_STACK", "1152921504606846976"))
}

#[test]
fn viraudit_conf_is_ignored_in_a_privileged_program() {
    let dir = tempfile::tempdir().unwrap();
    let conf = dir.path().join("viraudit.conf");
    fs::write(&conf, "delivery = \"neither\"\n").unwrap();
    let program = dir.path().join("privileged");
    // Static: a privileged program doesn't take LD_LIBRARY_PATH either.
    let flags = ["-std=gnu11", "-rdynamic"];
    cc::compile("gcc", &flags, &root().join("tests/c/privileged.c"), Linkage::Static, &program);
    assert_eq!(run(&mut Command::new(&program), &conf), "unprivileged read\n");
    fs::remove_file(target(&conf)).expect("the target was opened");

    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        return cc::skip("only root can make privileged programs");
    }
    if !cc::has("setpriv") {
        return;
    }
    fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
    let by_nobody = || {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&program);
        run(&mut command, &conf)
    };
    let check = |how: &str| match by_nobody().as_str() {
        "privileged ignored\n" => assert!(!target(&conf).exists(), "{how}: VIRAUDIT_TARGET"),
        "unprivileged read\n" => cc::skip(&format!("{how} gives no privileges here")),
        other => panic!("{how}: {other}"),
    };
    fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
    assert_eq!(by_nobody(), "unprivileged read\n");
    for (how, mode) in [("set-user-ID", 0o4755), ("set-group-ID", 0o2755)] {
        fs::set_permissions(&program, Permissions::from_mode(mode)).unwrap();
        check(how);
    }
    fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
    let setcap = Command::new("setcap").arg("cap_audit_write=ep").arg(&program).status();
    match setcap {
        Ok(status) if status.success() => check("a file capability"),
        _ => cc::skip("setcap can't give the program a capability"),
    }
}
