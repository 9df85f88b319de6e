use proptest::prelude::*;

use super::*;

const LEVEL_2: Assignment = Assignment::AuditLevel(2);
const LOGGING: Assignment = Assignment::AuditLogging(true);

fn edited(text: &str, assignments: &[Assignment]) -> Result<String, String> {
    set(Path::new("F"), text.as_bytes(), assignments)
        .map(|text| String::from_utf8(text).unwrap())
        .map_err(|error| error.to_string())
}

#[test]
fn assignments_are_numbers_in_range() {
    let most = u32::MAX;
    assert_eq!(format!("audit_level={most}").parse(), Ok(Assignment::AuditLevel(most)));
    assert_eq!("audit_logging=1".parse(), Ok(LOGGING));
    let table = [
        ("audit_level", "'audit_level' is not of the form KEY=VALUE"),
        ("audit_level=", "audit_level must be a number from 0 to 4294967295, not ''"),
        ("audit_level=+2", "audit_level must be a number from 0 to 4294967295, not '+2'"),
        (
            "audit_level=4294967296",
            "audit_level must be a number from 0 to 4294967295, not '4294967296'",
        ),
        ("audit_logging=true", "audit_logging must be 0 or 1, not 'true'"),
        (
            "level=2",
            "'level' is not a setting of auditing; those are audit_level and audit_logging",
        ),
    ];
    for (text, message) in table {
        assert_eq!(text.parse::<Assignment>(), Err(BadAssignment(message.to_owned())), "{text}");
    }
}

#[test]
fn table_of_edits() {
    let table = [
        // In place, whatever the value was.
        ("audit_level = 1\n", "audit_level = 2\n"),
        ("a=1;audit_level=+1# why\r\n", "a=1;audit_level=2# why\r\n"),
        ("audit_level = 'x'", "audit_level = 2"),
        ("audit_level = [1,\n 2]\nb=1\n", "audit_level = 2\nb=1\n"),
        ("audit_level = \"\"\"a\n\"\"\"#\n", "audit_level = 2#\n"),
        ("audit_level = 18446744073709551618\n", "audit_level = 2\n"),
        // What says so already stays, spelled as it is.
        ("audit_level\t=  +02\n", "audit_level\t=  +02\n"),
        // Only the first counts.
        ("audit_level = 1\naudit_level = 3\n", "audit_level = 2\naudit_level = 3\n"),
        // Behind the commented-out line.
        ("#audit_level = 3\nb=1\n", "#audit_level = 3\naudit_level = 2\nb=1\n"),
        ("\t## audit_level=1 # x\r\nb=1", "\t## audit_level=1 # x\r\naudit_level = 2\r\nb=1"),
        ("#audit_level = 3", "#audit_level = 3\naudit_level = 2\n"),
        ("b=1;#audit_level = 3\rc=1", "b=1;#audit_level = 3\raudit_level = 2\rc=1"),
        // Not behind what only looks like one.
        (
            "# audit_level == 0 -> none\n# audit_level is a number\n#audit_levels = 1\nb=1\n",
            "# audit_level == 0 -> none\n# audit_level is a number\n#audit_levels = 1\nb=1\naudit_level = 2\n",
        ),
        (
            "b=\"\"\"\n#audit_level = 3\n\"\"\"\nc=1 #audit_level = 3\n",
            "b=\"\"\"\n#audit_level = 3\n\"\"\"\nc=1 #audit_level = 3\naudit_level = 2\n",
        ),
        // At the end, with the line ends of the file.
        ("", "audit_level = 2\n"),
        (" \n", " \naudit_level = 2\n"),
        ("b=1", "b=1\naudit_level = 2\n"),
        ("b=1;", "b=1;\naudit_level = 2\n"),
        ("b=1 # x", "b=1 # x\naudit_level = 2\n"),
        ("b=1\r\nc=1", "b=1\r\nc=1\r\naudit_level = 2\r\n"),
        ("b=1\n  ", "b=1\n  \naudit_level = 2\n"),
    ];
    for (old, new) in table {
        assert_eq!(edited(old, &[LEVEL_2]), Ok(new.to_owned()), "{old:?}");
    }
}

#[test]
fn several_settings_at_once() {
    assert_eq!(
        edited("audit_logging = 0\n", &[LEVEL_2, LOGGING]),
        Ok("audit_logging = 1\naudit_level = 2\n".to_owned())
    );
    let later = [LEVEL_2, Assignment::AuditLevel(0)];
    assert_eq!(edited("", &later), Ok("audit_level = 0\n".to_owned()));
}

#[test]
fn a_file_that_libvirt_refuses_stays() {
    let refused = edited("a = yes\n", &[LEVEL_2]).unwrap_err();
    assert!(refused.starts_with("F:1: expected a value"), "{refused}");
    let refused = edited("\naudit_logging = 7\n", &[LEVEL_2]).unwrap_err();
    assert_eq!(refused, "F:2: audit_logging must be 0 or 1, not 7");
    let mut text = vec![b'#'; super::super::file::MAX_FILE_SIZE];
    let error = set(Path::new("F"), &text, &[LEVEL_2]).unwrap_err();
    assert_eq!(error.errno, libc::EOVERFLOW);
    text.truncate(text.len() - 20);
    assert!(set(Path::new("F"), &text, &[LEVEL_2]).is_ok());
}

/// Lines as they are found in such files, some of them broken.
fn a_line() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec![
        "audit_level = 1",
        "audit_level=0 # x",
        "audit_level = '2'",
        "audit_logging = 1",
        "audit_logging=[0,\n1]",
        "#audit_level = 2",
        "# audit_logging=1",
        "#audit_level == 2",
        "s = \"\"\"\n#audit_level = 2\n\"\"\"",
        "l = [ 'a',\n\t'b', ]",
        "# x",
        "",
        " ",
        "n = 1; m = 2",
        "n = ",
        "'",
        "audit_level = 99999999999999999999",
    ])
}

fn a_file() -> impl Strategy<Value = Vec<u8>> {
    let lines = proptest::collection::vec(
        (a_line(), proptest::sample::select(vec!["\n", "\n", "\n", "\r\n", "\r", ";"])),
        0..8,
    );
    let joined = (lines, any::<bool>()).prop_map(|(lines, ended)| {
        let mut text: String = lines.iter().flat_map(|(line, end)| [*line, *end]).collect();
        if !ended {
            text.pop();
        }
        text.into_bytes()
    });
    prop_oneof![4 => joined, 1 => proptest::collection::vec(any::<u8>(), 0..60)]
}

fn an_assignment() -> impl Strategy<Value = Assignment> {
    prop_oneof![
        any::<u32>().prop_map(Assignment::AuditLevel),
        any::<bool>().prop_map(Assignment::AuditLogging)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn reading_never_panics(text in a_file()) {
        let _ = Config::parse(Path::new("F"), &text);
    }

    #[test]
    fn what_is_set_reads_back_and_the_rest_is_as_it_was(
        text in a_file(),
        assignment in an_assignment(),
    ) {
        let path = Path::new("F");
        let Ok(new) = set(path, &text, &[assignment]) else {
            return Ok(());
        };
        prop_assert!(assignment.holds_in(&Config::parse(path, &new).unwrap()));

        // Every other statement is there, in its order.
        let after = Document::parse(path, &new).unwrap();
        let before = if text.iter().all(|byte| b" \t\r\n".contains(byte)) { &b""[..] } else { &text };
        let before = Document::parse(path, before).unwrap();
        let key = assignment.key();
        let rest = |document: &Document<'_>| -> Vec<String> {
            document.entries().iter().filter(|entry| entry.key != key)
                .map(|entry| format!("{} {:?}", entry.key, entry.setting)).collect()
        };
        prop_assert_eq!(rest(&before), rest(&after));

        // And every byte, but for the value or the new line.
        if let Some(entry) = before.get(key) {
            let value = after.get(key).unwrap().value.clone();
            prop_assert_eq!(&text[..entry.value.start], &new[..value.start]);
            prop_assert_eq!(&text[entry.value.end..], &new[value.end..]);
        } else {
            let same = text.iter().zip(&new).take_while(|(old, new)| old == new).count();
            let added = new.len() - text.len();
            prop_assert!(text[same..].iter().eq(&new[same + added..]));
        }
        // Setting the same once more changes nothing.
        prop_assert_eq!(set(path, &new, &[assignment]), Ok(new.clone()));
    }
}

#[test]
fn unset_removes_every_statement_of_the_key_and_nothing_else() {
    for (text, expected) in [
        ("audit_level = 2\n", ""),
        ("# a\naudit_level = 2 # why\nx = 1\n", "# a\nx = 1\n"),
        ("x = 1\n  audit_level = 2\r\n# audit_level = 3\n", "x = 1\n# audit_level = 3\n"),
        ("audit_level = 2\nx = 1\naudit_level = 3", "x = 1\n"),
        ("audit_level = 2; x = 1\n", " x = 1\n"),
        ("x = 1; audit_level = 2; y = 2\n", "x = 1;  y = 2\n"),
        ("x = 1\n", "x = 1\n"),
        ("", ""),
        ("\n\naudit_level = 2\n\n", ""),
    ] {
        let new = unset(Path::new("f"), text.as_bytes(), &["audit_level"]).unwrap();
        assert_eq!(String::from_utf8(new).unwrap(), expected, "{text:?}");
    }
    assert!(unset(Path::new("f"), b"a = b\n", &["audit_level"]).is_err());
    let both = b"audit_logging = 1\naudit_level = 2\n";
    assert_eq!(unset(Path::new("f"), both, &["audit_level", "audit_logging"]).unwrap(), b"");
}
