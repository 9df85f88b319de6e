use super::*;

const FIELDS: &str = "pid=1 uid=0 msg='virt=kvm res=success'";

fn rewritten(line: &str) -> Result<String, ForeignLine> {
    noted(line, &[]).0
}

/// The rewritten line, and the notes about it.
fn noted(line: &str, tags: &[&str]) -> (Result<String, ForeignLine>, String) {
    let tags: Vec<Vec<u8>> = tags.iter().map(|tag| tag.as_bytes().to_vec()).collect();
    let reader = ForeignReader::new(Clock::fixed("2026-11-22T00:00:00[UTC]"), &tags);
    let (mut out, mut notes) = (Vec::new(), Remarks::default());
    let read = match reader.rewrite(line.as_bytes(), &mut out, &mut |reason| notes.add(reason, 1)) {
        ForeignLine::Audit => Ok(String::from_utf8(out).unwrap()),
        other => Err(other),
    };
    (read, notes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
}

#[test]
fn kernel_messages() {
    let record = format!("type=2501 audit(1795292517.231:15): {FIELDS}");
    for prefix in ["audit: ", "[   12.345678] audit: ", "[12.3] "] {
        assert_eq!(rewritten(&format!("{prefix}{record}")), Ok(record.clone()));
    }
    for prefix in [
        "Nov 21 20:21:57 h1 kernel: audit: ",
        "Nov  1 20:21:57 h1 kernel: [   12.3] audit: ",
        "2026-11-21T20:21:57+0100 h1 kernel: audit: ",
        "<5>Nov 21 20:21:57 h1 audispd: ",
    ] {
        assert_eq!(rewritten(&format!("{prefix}{record}")), Ok(format!("node=h1 {record}")));
    }
}

#[test]
fn journald_short_forms() {
    for (time, stamp) in [
        ("Nov 21 20:21:57", "1795292517.000"),
        ("Nov 21 20:21:57.231111", "1795292517.231"),
        ("Dec 21 20:21:57", "1766348517.000"),
        ("2026-11-21T20:21:57+0000", "1795292517.000"),
        ("2026-11-21T21:21:57.231111+01:00", "1795292517.231"),
        ("Sat 2026-11-21 20:21:57 UTC", "1795292517.000"),
        ("1795292517.231111", "1795292517.231"),
    ] {
        let line = format!("{time} h1 audit[3851]: VIRT_RESOURCE {FIELDS}");
        let expected = format!("node=h1 type=VIRT_RESOURCE msg=audit({stamp}:0): {FIELDS}");
        assert_eq!(rewritten(&line), Ok(expected), "{time}");
    }
}

#[test]
fn times_out_of_range_are_rejected() {
    let line = |time: &str| format!("{time} h1 audit[1]: VIRT_CONTROL {FIELDS}");
    assert_eq!(rewritten(&line("9223372036854775.999")), Err(ForeignLine::Unknown));
    assert!(rewritten(&line("9223372036854775.807")).is_ok());
}

#[test]
fn journald_json() {
    let line = format!(
        r#"{{"_TRANSPORT":"audit","_AUDIT_TYPE":"2501","_AUDIT_ID":"15","_HOSTNAME":"h1",
        "_SOURCE_REALTIME_TIMESTAMP":"1795292517231000","MESSAGE":"VIRT_RESOURCE {FIELDS}"}}"#
    );
    let expected = format!("node=h1 type=2501 msg=audit(1795292517.231:15): {FIELDS}");
    let line = line.replace('\n', "");
    for line in [line.clone(), format!("\x1e{line}"), format!("data: {line}")] {
        assert_eq!(rewritten(&line), Ok(expected.clone()), "{line:?}");
    }
}

#[test]
fn journald_bytes() {
    let line = |message: &str| {
        format!(
            r#"{{"_TRANSPORT":"audit","_AUDIT_TYPE":"2501","_SOURCE_REALTIME_TIMESTAMP":"1000000","MESSAGE":{message}}}"#
        )
    };
    let expected = "type=2501 msg=audit(1.000:0): a=b".to_owned();
    assert_eq!(rewritten(&line("[97,61,98]")), Ok(expected));
    assert_eq!(rewritten(&line("null")), Err(ForeignLine::Other));
    for malformed in ["[97,256]", "[97,\"b\"]", "[97", "\"a\",\"MESSAGE\":\"b\""] {
        assert_eq!(rewritten(&line(malformed)), Err(ForeignLine::Unknown), "{malformed}");
    }
}

#[test]
fn other_programs_cannot_forge_kernel_messages() {
    let record = format!("type=2501 audit(1795292517.231:15): {FIELDS}");
    for line in [
        format!("Nov 21 20:21:57 h1 evil[7]: {record}"),
        format!("Nov 21 20:21:57 h1 evil: audit: {record}"),
        format!("Nov 21 20:21:57 h1 evil[7]: VIRT_RESOURCE {FIELDS}"),
        r#"{"_TRANSPORT":"syslog","MESSAGE":"audit: type=2501 audit(1.2:3): pid=1"}"#.into(),
        "----".into(),
        "time->Sat Nov 21 20:21:57 2026".into(),
        "".into(),
    ] {
        assert_eq!(rewritten(&line), Err(ForeignLine::Other), "{line}");
    }
    for line in ["rubbish", "ype=VIRT_CONTROL msg=audit(1.2:3): pid=1", "{rubbish", "\0\0"] {
        assert_eq!(rewritten(line), Err(ForeignLine::Unknown), "{line}");
    }
}

const VIRT: &str = "pid=1 uid=0 msg='virt=kvm op=start res=success'";

fn json(fields: &str, message: &str) -> String {
    let text = serde_json::to_string(message).unwrap();
    format!("{{{}}}", fields.replace("MSG", &text))
}

#[test]
fn every_form_of_a_record_with_its_own_stamp() {
    let record = format!("type=2500 audit(1795292517.231:15): {VIRT}");
    let auditd = format!("type=VIRT_CONTROL msg=audit(1795292517.231:15): {VIRT}");
    for line in [
        // dmesg, with -T, -x, -r, -d, -e and --time-format iso.
        format!("[Sat Nov 21 20:21:57 2026] audit: {record}"),
        format!("kern  :notice: [   12.345678] audit: {record}"),
        format!("kern  :notice: [Sat Nov 21 20:21:57 2026] audit: {record}"),
        format!("<5>[   12.345678] audit: {record}"),
        format!("[   12.345678 <    0.000012>] audit: {record}"),
        format!("[Nov21 20:21] audit: {record}"),
        format!("[  +0.000012] audit: {record}"),
        format!("2026-11-21T20:21:57,231000+00:00 audit: {record}"),
        format!("kern  :notice: 2026-11-21T20:21:57,231000+00:00 audit: {record}"),
    ] {
        assert_eq!(noted(&line, &[]), (Ok(record.clone()), String::new()), "{line}");
    }
    for line in [
        format!("[   12.345678] h1 kernel: audit: {auditd}"),
        format!("[   12.345678 <    0.000012 >] h1 kernel: audit: {auditd}"),
        format!("Sat 2026-11-21 20:21:57 FOO h1 kernel: audit: {auditd}"),
        format!("2026-11-21 20:21:57+00:00 h1 audispd: {auditd}"),
        format!("Nov 21 20:21:57 h1 audispd[7]: {auditd}"),
        format!("Nov 21 20:21:57 h1 audit {auditd}"),
        format!("<13>1 2026-11-21T20:21:57.231111+01:00 h1 audisp-syslog 7 - - {auditd}"),
        format!(
            "<13>1 2026-11-21T20:21:57Z h1 audispd - ID1 [a@1 b=\"c]\\\"\"][d] \u{feff}{auditd}"
        ),
        format!("210 <13>1 2026-11-21T20:21:57Z h1 audispd - - - {auditd}"),
        // filebeat, fluent-bit, fluentd, vector, logstash, rsyslog, Splunk, Elasticsearch.
        json(
            r#""@timestamp":"x","log":{"offset":7,"file":{"path":"a"}},"message":MSG,"host":{"name":"h1","ip":["::1"]}"#,
            &auditd,
        ),
        json(r#""date":1795292517.2,"log":MSG,"host":"h1""#, &format!("{auditd}\n")),
        json(
            r#""file":"/a","host":"h1","message":MSG,"source_type":"file","timestamp":"x""#,
            &auditd,
        ),
        json(r#""event":{"original":MSG},"host":{"hostname":"h1"},"message":"parsed""#, &auditd),
        json(r#""msg":MSG,"programname":"audispd","hostname":"h1""#, &auditd),
        json(r#""result":{"_raw":MSG,"host":"h1"},"preview":false"#, &auditd),
        json(r#""_index":"a","_source":{"message":MSG,"host":{"name":"h1"}}"#, &auditd),
        json(r#""message":MSG,"host":"other""#, &format!("Nov 21 20:21:57 h1 audispd: {auditd}")),
        json(r#""message":MSG,"host":"other""#, &json(r#""log":MSG,"host":"h1""#, &auditd)),
        json(
            r#""_TRANSPORT":"kernel","_HOSTNAME":"h1","MESSAGE":MSG"#,
            &format!("audit: {auditd}"),
        ),
        json(r#""TRANSPORT":"kernel","hostname":"h1","message":MSG"#, &format!("audit: {auditd}")),
    ] {
        let expected = (Ok(format!("node=h1 {auditd}")), String::new());
        assert_eq!(noted(&line, &[]), expected, "{line}");
    }
}

#[test]
fn every_form_of_journald_s_records() {
    let message = format!("VIRT_CONTROL {VIRT}");
    let other_name = format!("AUDIT2500 {VIRT}");
    for (line, kind, stamp) in [
        (format!("Nov 21 20:21:57 h1 audit[7]: {other_name}"), "2500", "1795292517.000:0"),
        (
            format!("Sat 2026-11-21 15:21:57 EST h1 audit[7]: {message}"),
            "VIRT_CONTROL",
            "1795292517.000:0",
        ),
        // filebeat, vector and fluent-bit, which reads the journal with other names of its fields.
        (
            json(
                r#""@timestamp":"2026-11-21T20:21:57.231Z","message":MSG,"systemd":{"transport":"audit"},"host":{"name":"h1"}"#,
                &message,
            ),
            "VIRT_CONTROL",
            "1795292517.231:0",
        ),
        (
            json(
                r#""_AUDIT_ID":"15","_AUDIT_TYPE":"2500","_TRANSPORT":"audit","__REALTIME_TIMESTAMP":"1795292517231000","host":"h1","message":MSG"#,
                &message,
            ),
            "2500",
            "1795292517.231:15",
        ),
        (
            json(
                r#""date":1795292517.231,"transport":"audit","hostname":"h1","message":MSG"#,
                &other_name,
            ),
            "2500",
            "1795292517.231:0",
        ),
    ] {
        let expected = format!("node=h1 type={kind} msg=audit({stamp}): {VIRT}");
        assert_eq!(noted(&line, &[]), (Ok(expected), String::new()), "{line}");
    }
}

#[test]
fn what_is_not_read_is_noted() {
    let auditd = format!("type=VIRT_CONTROL msg=audit(1795292517.231:15): {VIRT}");
    let journald = format!("VIRT_CONTROL {VIRT}");
    let tag = |name: &str| {
        format!(
            "1 line holds an audit record under the tag {name}, which isn't the audit system's: --tag {name} reads it"
        )
    };
    let sent = "1 line holds an audit record that a program sent under the tag audit, not the audit system: \
                --tag audit reads it";
    for (line, expected) in [
        (format!("Nov 21 20:21:57 h1 tag_audit_log: {auditd}"), tag("tag_audit_log")),
        (format!("Nov 21 20:21:57 h1 auditlog {auditd}"), tag("auditlog")),
        (format!("Nov 21 20:21:57 h1 x[7]: said {auditd}"), tag("x")),
        (format!("Nov 21 20:21:57 h1 x[7]: {journald}"), tag("x")),
        (format!("Nov 21 20:21:57 h1 \u{7}[7]: {journald}"), tag("\\x07")),
        (format!("<13>1 2026-11-21T20:21:57Z h1 x 7 - - {auditd}"), tag("x")),
        (json(r#""message":MSG,"appname":"x""#, &auditd), tag("x")),
        (json(r#""log":MSG,"stream":"stdout""#, &auditd), tag("stdout")),
        (json(r#""_TRANSPORT":"syslog","SYSLOG_IDENTIFIER":"x","MESSAGE":MSG"#, &auditd), tag("x")),
        (json(r#""_TRANSPORT":"syslog","MESSAGE":MSG"#, &auditd), tag("-")),
        (json(r#""_TRANSPORT":"syslog","SYSLOG_IDENTIFIER":"audit","MESSAGE":MSG"#, &journald), sent.into()),
        (
            format!("Nov 21 20:21:57 h1 kernel: x {auditd}"),
            "1 line holds an audit record in a form that isn't read".into(),
        ),
        (
            format!("[   12.345678] h1 audit[7]: {journald}"),
            "1 line holds an audit record without a time of day: use journalctl -o json".into(),
        ),
        (
            json(r#""text":MSG"#, &auditd),
            "1 line holds an audit record in a field of JSON that isn't read: message, log and MESSAGE are".into(),
        ),
        (
            json(r#""_TRANSPORT":"audit","_AUDIT_TYPE":"2500","MESSAGE":null"#, ""),
            "1 line lacks its record's text, which is too long for journalctl -o json: use journalctl --all -o json"
                .into(),
        ),
        (format!("-- {auditd}"), tag("--")),
    ] {
        assert_eq!(noted(&line, &[]), (Err(ForeignLine::Other), expected), "{line}");
    }
    // Records about no guest, and other lines.
    for line in [
        "Nov 21 20:21:57 h1 x: type=SYSCALL msg=audit(1795292517.231:15): a",
        "-- Boot 0123 --",
        "░░ Subject: x",
        "daemon:info  : [   12.345678] systemd[1]: x",
        "[Sat Nov 21 20:21:57 2026] usb 1-1: x",
        "2026-11-21T20:21:57,231000+00:00 usb x",
        r#"{"a":1}"#,
        r#"{"message":"x"}"#,
    ] {
        assert_eq!(noted(line, &[]), (Err(ForeignLine::Other), String::new()), "{line}");
    }
}

#[test]
fn a_tag_that_is_named_is_trusted() {
    let auditd = format!("type=VIRT_CONTROL msg=audit(1795292517.231:15): {VIRT}");
    let journald = format!("VIRT_CONTROL {VIRT}");
    let plain = format!("node=h1 type=VIRT_CONTROL msg=audit(1795292517.000:0): {VIRT}");
    let stamped = format!("node=h1 {auditd}");
    for (line, expected) in [
        (format!("Nov 21 20:21:57 h1 x[7]: {auditd}"), &stamped),
        (format!("Nov 21 20:21:57 h1 x {auditd}"), &stamped),
        (format!("Nov 21 20:21:57 h1 x: {journald}"), &plain),
        (format!("<13>1 2026-11-21T20:21:57Z h1 x 7 - - {auditd}"), &stamped),
        (json(r#""message":MSG,"appname":"x","host":"h1""#, &auditd), &stamped),
        (
            json(
                r#""_TRANSPORT":"syslog","SYSLOG_IDENTIFIER":"x","_HOSTNAME":"h1","MESSAGE":MSG"#,
                &auditd,
            ),
            &stamped,
        ),
    ] {
        assert_eq!(noted(&line, &["y", "x"]), (Ok(expected.clone()), String::new()), "{line}");
        assert_eq!(noted(&line, &["y"]).0, Err(ForeignLine::Other), "{line}");
    }
}

#[test]
fn a_zone_that_is_not_known_is_noted() {
    let note = "1 line has its time in the zone IST, which isn't known: read as this host's (TZ sets another)";
    let line = format!("Sat 2026-11-21 20:21:57 IST h1 audit[7]: VIRT_CONTROL {VIRT}");
    let expected = format!("node=h1 type=VIRT_CONTROL msg=audit(1795292517.000:0): {VIRT}");
    assert_eq!(noted(&line, &[]), (Ok(expected), note.to_owned()));
}

#[test]
fn numbers_have_no_sign() {
    let line = |kind: &str, serial: &str, time: &str| {
        format!(
            r#"{{"_TRANSPORT":"audit","_AUDIT_TYPE":"{kind}","_AUDIT_ID":"{serial}","__REALTIME_TIMESTAMP":"{time}","MESSAGE":"x a=b"}}"#
        )
    };
    assert_eq!(
        rewritten(&line("2500", "7", "1000000")),
        Ok("type=2500 msg=audit(1.000:7): x a=b".into())
    );
    assert_eq!(
        rewritten(&line("2500", "+7", "1000000")),
        Ok("type=2500 msg=audit(1.000:0): x a=b".into())
    );
    for malformed in [line("+2500", "7", "1000000"), line("2500", "7", "+1000000")] {
        assert_eq!(rewritten(&malformed), Err(ForeignLine::Unknown), "{malformed}");
    }
}

#[test]
fn the_output_of_ausearch_i_is_recognised() {
    for (rest, expected) in [
        ("08/05/2014 17:01:05.800:6465) : pid=1", true),
        ("05.08.2014 17:01:05.800:6465) : pid=1", true),
        ("1795292517.231:15): pid=1", false),
        ("1795292517.231:15) : pid=1", false),
        ("", false),
    ] {
        assert_eq!(is_interpreted(rest.as_bytes()), expected, "{rest}");
    }
}

#[test]
fn names_in_notes_are_limited() {
    let mut notes = Remarks::default();
    for n in 0..1000 {
        notes.add(Reason::tag(format!("{n}{}", "x".repeat(99)).as_bytes()), n);
    }
    let notes: Vec<&Remark> = notes.iter().collect();
    assert_eq!(notes.len(), 17);
    assert_eq!((notes[16].lines, notes[16].first), (984, 16));
    assert_eq!(
        notes[16].to_string(),
        "984 lines hold audit records under other tags, which aren't the audit system's"
    );
    assert!(notes[0].to_string().len() < 250);
}
