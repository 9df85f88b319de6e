use super::super::kernel::Auditd;
use super::*;
use viraudit::internal::audit_sys::status::KernelStatus;

fn kernel(write: WriteProbe, state: Option<&str>) -> Kernel {
    let auditd = state.map(|state| Auditd {
        pid: 812,
        alive: !state.is_empty(),
        name: Some("auditd".into()),
        state: Some(state.into()),
    });
    let status = KernelStatus { enabled: 1, ..Default::default() };
    Kernel { status: Ok(status), write, auditd, off_at_boot: false }
}

fn of_process(kernel: &Kernel, process: &Process, audit_level: u32) -> Verdict {
    let settings = Settings {
        file: "a.conf".into(),
        found: true,
        audit_level,
        audit_logging: false,
        error: None,
    };
    Verdict::of(kernel, process, &settings)
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
