use super::super::daemon::DaemonState;
use super::super::kernel::Auditd;
use super::super::settings::Settings;
use super::*;
use viraudit::internal::audit_sys::rules::Drops;
use viraudit::internal::audit_sys::status::KernelStatus;

fn kernel(write: WriteProbe, state: Option<&str>) -> Kernel {
    let auditd = state.map(|state| Auditd {
        pid: 812,
        alive: !state.is_empty(),
        name: Some("auditd".into()),
        state: Some(state.into()),
    });
    let status = KernelStatus { enabled: 1, ..Default::default() };
    Kernel { status: Ok(status), rules: Ok(Vec::new()), write, auditd, off_at_boot: false }
}

fn of_process(kernel: &Kernel, process: &Process, audit_level: u32) -> Verdict {
    with_auditd(kernel, process, audit_level, NeedsAuditd::No)
}

fn with_auditd(
    kernel: &Kernel,
    process: &Process,
    audit_level: u32,
    auditd: NeedsAuditd,
) -> Verdict {
    let settings = Settings {
        file: "a.conf".into(),
        found: true,
        audit_level,
        audit_logging: false,
        error: None,
        daemon: None,
    };
    let settings = AllSettings::new(settings, Vec::new());
    Verdict::of(kernel, process, &Host::default(), &settings, auditd)
}

fn verdict(kernel: &Kernel, audit_level: u32) -> (&'static str, bool, Option<String>) {
    let process = Process { initial_pid_namespace: Some(true), ..Default::default() };
    let Verdict { word, delivered, cure, .. } = of_process(kernel, &process, audit_level);
    (word, delivered, cure)
}

#[test]
fn every_state_has_its_word_and_its_fix() {
    let sleeping = Some("S (sleeping)");
    for (write, auditd, level, word, delivered, cure) in [
        (WriteProbe::On, sleeping, 1, "ok", true, None),
        (WriteProbe::On, Some("T (stopped)"), 1, "ok", true, Some("kill -CONT 812")),
        (WriteProbe::On, Some(""), 1, "no-auditd", true, Some("start auditd")),
        (WriteProbe::On, Some("Z (zombie)"), 1, "no-auditd", true, Some("start auditd")),
        (WriteProbe::On, None, 1, "no-auditd", true, Some("start auditd")),
        (
            WriteProbe::On,
            sleeping,
            0,
            "level-0",
            false,
            Some("viraudit config set audit_level=1 a.conf"),
        ),
        (WriteProbe::Off, None, 1, "off", false, Some(Failure::Disabled.remedy())),
    ] {
        let cure = cure.map(str::to_owned);
        assert_eq!(verdict(&kernel(write, auditd), level), (word, delivered, cure));
    }
    for (failure, word) in [
        (Failure::NotPermitted, "refused"),
        (Failure::ForeignNamespace, "refused"),
        (Failure::Forbidden, "refused"),
        (Failure::Unsupported(libc::EPROTONOSUPPORT), "unsupported"),
        (Failure::NoAnswer, "error"),
    ] {
        let kernel = kernel(WriteProbe::Refused(failure), None);
        assert_eq!(verdict(&kernel, 1), (word, false, Some(failure.remedy().into())));
    }
}

#[test]
fn audit_off_at_boot_has_its_own_fix() {
    let refused = WriteProbe::Refused(Failure::Unsupported(libc::EPROTONOSUPPORT));
    let kernel = Kernel { off_at_boot: true, ..kernel(refused, None) };
    let cure = verdict(&kernel, 1).2.unwrap();
    assert!(cure.contains("audit=0"), "{cure}");
}

#[test]
fn a_seccomp_filter_is_distinguished_from_a_kernel_without_auditing() {
    let refused = WriteProbe::Refused(Failure::Unsupported(libc::EINVAL));
    let kernel = kernel(refused, None);
    for (filter, may_write, grant) in
        [(true, false, true), (true, true, false), (false, false, false)]
    {
        let process = Process {
            seccomp_filter: Some(filter),
            cap_audit_write: Some(may_write),
            ..Default::default()
        };
        let Verdict { word, cure, .. } = of_process(&kernel, &process, 1);
        assert_eq!(word, "unsupported");
        assert_eq!(cure.unwrap().starts_with("grant CAP_AUDIT_WRITE"), grant, "{process:?}");
    }
}

#[test]
fn the_reason_why_auditd_is_not_visible() {
    let kernel = Kernel { status: Err(Failure::NotPermitted), ..kernel(WriteProbe::On, None) };
    for (initial, why) in [(true, "without CAP_AUDIT_CONTROL"), (false, "from this PID namespace")]
    {
        let process = Process { initial_pid_namespace: Some(initial), ..Default::default() };
        let Verdict { word, reason, .. } = of_process(&kernel, &process, 1);
        assert_eq!(word, "ok");
        assert!(reason.contains(why), "{reason}");
    }
}

fn dropping(rule: &str, types: &[&'static str], certain: bool) -> Drops {
    let removal = format!("auditctl -d {rule}");
    Drops { rule: format!("-a {rule}"), removal, types: types.to_vec(), certain }
}

#[test]
fn a_rule_that_drops_records_is_an_obstacle() {
    let control = dropping("always,exclude -F msgtype=VIRT_CONTROL", &["VIRT_CONTROL"], true);
    let both = dropping("never,user -F msgtype<=2501", &["VIRT_CONTROL", "VIRT_RESOURCE"], true);
    let rules = Ok(vec![both, control]);
    let running = Kernel { rules, ..kernel(WriteProbe::On, Some("S (sleeping)")) };
    for level in [0, 1] {
        let found = of_process(&running, &Process::default(), level);
        assert_eq!((found.word, found.delivered), ("excluded", false));
        assert_eq!(
            found.reason,
            "rules drop VIRT_CONTROL, VIRT_RESOURCE records: \
             -a never,user -F msgtype<=2501; -a always,exclude -F msgtype=VIRT_CONTROL"
        );
        assert_eq!(
            found.cure.as_deref(),
            Some(
                "auditctl -d never,user -F msgtype<=2501; \
                 auditctl -d always,exclude -F msgtype=VIRT_CONTROL; \
                 also remove each rule from /etc/audit/rules.d"
            )
        );
        assert_eq!(found.notes, [""; 0]);
    }
    let status = KernelStatus { enabled: 2, ..Default::default() };
    let locked = Kernel { status: Ok(status), ..running };
    assert!(of_process(&locked, &Process::default(), 1).cure.unwrap().contains("reboot"));
    let off = Kernel { write: WriteProbe::Off, ..locked };
    assert_eq!(of_process(&off, &Process::default(), 1).word, "off");
}

#[test]
fn a_rule_that_may_drop_records_is_a_note() {
    let names = RecordType::ALL.map(RecordType::name);
    let rules = Ok(vec![dropping("always,exclude -F auid=-1", &names, false)]);
    let kernel = Kernel { rules, ..kernel(WriteProbe::On, Some("S (sleeping)")) };
    let Verdict { word, notes, .. } = of_process(&kernel, &Process::default(), 1);
    assert_eq!(word, "ok");
    assert_eq!(
        notes,
        ["-a always,exclude -F auid=-1 may drop VIRT_* records: it depends on the sending process"]
    );
}

#[test]
fn a_kernel_that_panics_is_noted() {
    let status = KernelStatus { enabled: 1, failure: 2, ..Default::default() };
    let kernel = Kernel { status: Ok(status), ..kernel(WriteProbe::On, None) };
    let Verdict { notes, .. } = of_process(&kernel, &Process::default(), 1);
    assert_eq!(notes, ["the kernel panics if it loses a record (auditctl -f 2)"]);
}

#[test]
fn auditd_can_be_required() {
    let unseen = || Kernel { status: Err(Failure::NotPermitted), ..kernel(WriteProbe::On, None) };
    for (kernel, word, without, with) in [
        (kernel(WriteProbe::On, Some("S (sleeping)")), "ok", true, true),
        (kernel(WriteProbe::On, None), "no-auditd", true, false),
        (kernel(WriteProbe::On, Some("Z (zombie)")), "no-auditd", true, false),
        (unseen(), "auditd-unknown", true, false),
    ] {
        let delivered = |auditd| with_auditd(&kernel, &Process::default(), 1, auditd).delivered;
        assert_eq!((delivered(NeedsAuditd::No), delivered(NeedsAuditd::Yes)), (without, with));
        let found = with_auditd(&kernel, &Process::default(), 1, NeedsAuditd::Yes);
        assert_eq!(found.word, word);
        assert_eq!(found.cure.is_some(), !with, "{word}");
    }
    assert_eq!(of_process(&unseen(), &Process::default(), 1).word, "ok");
}

#[test]
fn one_daemon_of_several_with_level_0_decides() {
    let settings = |name: &'static str, audit_level, stale| Settings {
        file: format!("{name}.conf"),
        found: true,
        audit_level,
        audit_logging: false,
        error: None,
        daemon: Some(DaemonState {
            name,
            state: "running",
            pid: Some(7),
            since: None,
            preloaded: None,
            stale,
        }),
    };
    let kernel = kernel(WriteProbe::On, Some("S (sleeping)"));
    let of = |qemu, lxc| {
        let all = AllSettings::new(qemu, vec![lxc]);
        let process = Process { initial_pid_namespace: Some(true), ..Default::default() };
        Verdict::of(&kernel, &process, &Host::default(), &all, NeedsAuditd::No)
    };
    let verdict = of(settings("virtqemud", 1, Some(false)), settings("virtlxcd", 0, Some(true)));
    assert_eq!((verdict.word, verdict.delivered), ("level-0", false));
    assert_eq!(verdict.reason, "audit_level is 0 in virtlxcd.conf: virtlxcd sends no records");
    assert_eq!(verdict.cure.unwrap(), "viraudit config set audit_level=1 virtlxcd.conf");
    assert_eq!(verdict.notes, ["virtlxcd.conf changed after virtlxcd started: restart virtlxcd"]);
    let verdict = of(settings("virtqemud", 1, None), settings("virtlxcd", 2, None));
    assert_eq!((verdict.word, verdict.notes.len()), ("ok", 0));
}
