use std::process::Command;

#[test]
fn attaching_a_disk_is_audited() {
    let records = format!("{}/rust-{}.log", std::env::temp_dir().display(), std::process::id());
    let output = Command::new("viraudit")
        .args(["expect", "--from", &records, "vm=web1", "resrc=disk", "reason=attach"])
        .args(["--", "./daemon", "web1", "/images/a.qcow2"])
        .env("VIRAUDIT_TARGET", format!("file:{records}"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::remove_file(records).unwrap();
}
