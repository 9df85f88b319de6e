use super::file::{MAX_FILE_SIZE, read};
use super::parser::{Item, Number, Setting};
use super::*;

fn parse(text: &str) -> Result<Config, String> {
    Config::parse(Path::new("F"), text.as_bytes()).map_err(|error| error.to_string())
}

#[test]
fn settings_read_as_libvirt_reads_them() {
    let table = [
        ("", 1, false),
        ("# nothing\n", 1, false),
        ("audit_level = 2\naudit_logging = 1\n", 2, true),
        ("audit_level=0", 0, false),
        ("audit_level=+3;audit_logging=1;", 3, true),
        ("audit_level=1\raudit_logging=1\r\n", 1, true),
        ("audit_level = 4294967295 # the most\n", u32::MAX, false),
        ("audit_level = 2\naudit_level = 'x'\n", 2, false),
        ("Audit_level = 'x'\n", 1, false),
        ("a = [\n 'x',\n ['y', 1,],\n]\naudit_level = 2", 2, false),
        ("a = \"\"\"\naudit_level = 3\n\"\"\"\naudit_level = 2", 2, false),
        ("audit_level = 18446744073709551618\n", 2, false),
        ("audit_level = 00000000000000000000000000000002\n", 2, false),
    ];
    for (text, audit_level, audit_logging) in table {
        assert_eq!(parse(text), Ok(Config { audit_level, audit_logging }), "{text:?}");
    }
}

#[test]
fn errors_say_where_and_what_was_expected() {
    let table = [
        ("audit_level = -0", "F:1: audit_level must be a number from 0 to 4294967295, not -0"),
        (
            "\n\naudit_level = 4294967296",
            "F:3: audit_level must be a number from 0 to 4294967295, not 4294967296",
        ),
        (
            "audit_level = 184467440737095516150",
            "F:1: audit_level must be a number from 0 to 4294967295, not one beyond 64 bits",
        ),
        ("audit_logging = 2", "F:1: audit_logging must be 0 or 1, not 2"),
        ("audit_logging = [1]", "F:1: audit_logging must be 0 or 1, not a list"),
        ("a = 1\nb", "F:2: expected '=' after the name of a setting, not the end of the file"),
        (
            "a = \n",
            "F:1: expected a value (a number, a quoted string or a list), not the end of the line",
        ),
        ("a = yes\n", "F:1: expected a value (a number, a quoted string or a list), not 'y'"),
        ("a = 0x1\n", "F:1: expected the end of the line or ';' after a value, not 'x'"),
        ("a = -\n", "F:1: expected a digit after the sign of a number, not the end of the line"),
        ("a = 'x\n'", "F:1: expected ' at the end of a string, not the end of the line"),
        ("a = \"\"\"x\ny\n\n", "F:2: expected \"\"\" at the end of a string"),
        ("a = [1\n2]", "F:2: expected ',' or ']' after an item of a list, not '2'"),
        ("a = [1\n", "F:2: expected ']' at the end of a list, not the end of the file"),
        (
            "a = [1, # one\n]",
            "F:1: expected a value (a number, a quoted string or a list), not '#'",
        ),
        ("\u{feff}a = 1", "F:1: expected the name of a setting, or a comment, not the byte 0xef"),
        (" \n", "F:2: expected the name of a setting, or a comment, not the end of the file"),
        ("a = 1;;", "F:1: expected the name of a setting, or a comment, not ';'"),
    ];
    for (text, message) in table {
        assert_eq!(parse(text), Err(message.to_owned()), "{text:?}");
    }
}

#[test]
fn deep_lists_are_no_danger() {
    let depth = MAX_FILE_SIZE / 2 - 10;
    let mut text = b"a=".to_vec();
    text.resize(text.len() + depth, b'[');
    text.resize(text.len() + depth, b']');
    let document = Document::parse(Path::new("F"), &text).unwrap();
    assert_eq!(document.entries()[0].setting, Setting::List(vec![Item::List]));
}

#[test]
fn typed_getters() {
    let text = b"n = 18446744073709551615\ns = 'a\0b'\nl = ['x', -1, []]\nm = -1\n";
    let document = Document::parse(Path::new("F"), text).unwrap();
    assert_eq!(document.size("n"), Ok(Some(u64::MAX)));
    assert_eq!(document.string("s"), Ok(Some(&b"a"[..])));
    assert_eq!(document.string("none"), Ok(None));
    let wrong = document.string("l").unwrap_err();
    assert_eq!(wrong.to_string(), "F:3: l must be a string in quotes, not a list");
    assert_eq!(wrong.errno, libc::EINVAL);
    assert!(document.size("m").is_err() && document.bool("s").is_err());
    let one = Number { magnitude: 1, negative: true, wrapped: false };
    let list = vec![Item::Text(b"x"), Item::Number(one), Item::List];
    assert_eq!(document.get("l").map(|entry| &entry.setting), Some(&Setting::List(list)));
}

#[test]
fn files_that_cannot_be_read() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("missing");
    assert_eq!(Config::load(&missing), Ok(Config::default()));
    assert_eq!(read(&missing), Ok(None));
    let error = Config::load(directory.path()).unwrap_err();
    assert_eq!((error.errno, error.line), (libc::EISDIR, 0));

    let large = directory.path().join("large");
    std::fs::write(&large, vec![b'#'; MAX_FILE_SIZE]).unwrap();
    assert_eq!(Config::load(&large), Ok(Config::default()));
    std::fs::write(&large, vec![b'#'; MAX_FILE_SIZE + 1]).unwrap();
    assert_eq!(Config::load(&large).unwrap_err().errno, libc::EOVERFLOW);
}
