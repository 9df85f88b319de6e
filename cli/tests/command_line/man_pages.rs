//! The hand-written manual pages say what the code does: every function, every setting, every
//! record. And all pages are clean man(7).

use crate::program::root;
use std::collections::BTreeSet;
use std::fs;
use std::process::Command;
use viraudit::internal::record::{Kind, Role};
use viraudit::record::{Control, ControlOp, Lifecycle, MachineId};
use viraudit::{Event, Guest, Record, RecordType, Resource, Uuid, Value};

fn source(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// A page's text with its escapes resolved and its requests left as they are.
fn page(name: &str) -> String {
    let text = source(&format!("docs/man/{name}"));
    assert!(!text.contains("\\&"), "{name}: this reader doesn't know \\&");
    [
        ("\\fB", ""),
        ("\\fI", ""),
        ("\\fR", ""),
        ("\\-", "-"),
        ("\\(aq", "'"),
        ("\\(dq", "\""),
        ("\\e", "\\"),
    ]
    .into_iter()
    .fold(text, |text, (escape, shown)| text.replace(escape, shown))
}

/// The text with one space for any blanks, so that lines may be broken anywhere.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The words of a text: of letters, digits, `_` and what else is given.
fn words<'t>(text: &'t str, more: &str) -> BTreeSet<&'t str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && !more.contains(c)).collect()
}

/// The header without its comments and its preprocessor lines.
fn declarations() -> String {
    let header = source("include/viraudit.h");
    let mut code = String::new();
    let mut rest = header.as_str();
    while let Some((before, comment)) = rest.split_once("/*") {
        code += before;
        rest = comment.split_once("*/").expect("a comment ends").1;
    }
    code += rest;
    // A directive goes on in the next line behind a backslash.
    let mut directive = false;
    let lines = code.lines().filter(|line| {
        let skip = directive || line.trim_start().starts_with('#');
        directive = skip && line.ends_with('\\');
        !skip
    });
    lines.map(|line| format!("{line}\n")).collect()
}

/// Every prototype of the header, on one line.
fn prototypes() -> Vec<String> {
    let code = declarations();
    let mut found = Vec::new();
    for statement in code.split(';') {
        let statement = flat(statement);
        // Attributes follow the parameters.
        let before = statement.split_once(" VIRAUDIT_").map_or(&*statement, |(before, _)| before);
        // The template for C++ has a body.
        if !before.ends_with(')') || before.starts_with("return ") {
            continue;
        }
        let before = before.rsplit_once("} ").map_or(before, |(_, last)| last);
        let head = before.split('(').next().unwrap_or_default();
        let name = head.rsplit([' ', '*']).next().unwrap_or_default();
        if name.starts_with("virAudit") && !before.starts_with("typedef") {
            let prototype = before.trim_start_matches("extern \"C\" { ");
            found.push(format!("{prototype};"));
        }
    }
    found
}

#[test]
fn the_page_of_the_c_interface_has_every_prototype_and_no_other_name() {
    let page = page("viraudit.3");
    let text = flat(&page);
    let prototypes = prototypes();
    assert!(prototypes.len() > 50, "the header was read: {prototypes:?}");
    for prototype in &prototypes {
        assert!(text.contains(prototype), "viraudit.3 lacks {prototype}");
    }
    let header = source("include/viraudit.h");
    let known = words(&header, "");
    let ours = |name: &&str| {
        ["vir", "VIR_AUDIT", "VIRAUDIT"].iter().any(|start| {
            name.strip_prefix(start)
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase() || c == '_'))
        })
    };
    for name in words(&text, "").into_iter().filter(ours) {
        assert!(known.contains(name), "viraudit.3 names {name}, which the header doesn't have");
    }
    for name in known.into_iter().filter(|name| name.starts_with("VIR_AUDIT_")) {
        assert!(words(&text, "").contains(name), "viraudit.3 lacks {name}");
    }
}

#[test]
fn the_page_of_the_settings_has_every_key_and_its_default() {
    let page = page("viraudit.conf.5");
    // In the sample each setting is commented out, with its default: `#key = value`.
    let sample = source("conf/viraudit.conf");
    let settings: Vec<(&str, &str)> = sample
        .lines()
        .filter_map(|line| line.strip_prefix('#')?.split_once(" = "))
        .filter(|(key, _)| !key.contains(' '))
        .collect();
    assert_eq!(settings.len(), 4, "the sample was read: {settings:?}");
    // The code asks for each key by the name of its constant: `document.string(own::DELIVERY)`.
    let code = source("src/capi/delivery.rs") + &source("src/capi/target.rs");
    let names = source("src/config/own.rs");
    let calls = code.split("own::").skip(1).filter_map(|call| call.split_once(')'));
    let calls = calls
        .map(|(name, _)| name)
        .filter(|name| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'));
    let name = |constant: &str| {
        let start = format!("const {constant}: &str = \"");
        names.split_once(&start).and_then(|(_, rest)| rest.split('"').next())
    };
    let asked: BTreeSet<&str> = calls.filter_map(name).collect();
    assert_eq!(settings.iter().map(|(key, _)| *key).collect::<BTreeSet<_>>(), asked);
    for (key, default) in settings {
        assert!(page.contains(&format!("\n{key} = ")), "viraudit.conf.5 lacks {key}");
        assert!(page.contains(&format!("The default is {default}")), "{key}: {default}");
    }
    for key in [viraudit::internal::config::AUDIT_LEVEL, viraudit::internal::config::AUDIT_LOGGING]
    {
        assert!(page.contains(&format!("\n{key} = ")), "viraudit.conf.5 lacks {key}");
    }
    for path in [
        "/etc/viraudit/viraudit.conf",
        "VIRAUDIT_CONF",
        "VIRAUDIT_TARGET",
        viraudit::config::DEFAULT_PATH,
    ] {
        assert!(page.contains(path), "viraudit.conf.5 lacks {path}");
    }
}

/// An event of every type, and of every kind of resource.
fn events() -> Vec<Event<'static>> {
    let reason = || Value::new(b"attach");
    let path = || Some(Value::new(b"/x"));
    let controls = [
        ControlOp::Start { reason: reason() },
        ControlOp::Stop { reason: reason() },
        ControlOp::Init { init_pid: 1, pid_ns: 1 },
    ];
    let lives = [
        Lifecycle::IntegrityCheck { mechanism: "none".into(), action: "start".into() },
        Lifecycle::Create { reason: reason(), image: path() },
        Lifecycle::Destroy { reason: reason(), image: path() },
        Lifecycle::MigrateIn { reason: reason(), peer: path() },
        Lifecycle::MigrateOut { reason: reason(), peer: path() },
    ];
    let resources = Resource::every_kind().into_iter();
    let resources = resources.map(|resource| Event::Resource { reason: reason(), resource });
    let controls = controls.into_iter().map(|op| Event::Control(Control { op, pid: 0 }));
    let label = Event::MachineId(MachineId::default());
    resources.chain(controls).chain([label]).chain(lives.map(Event::Lifecycle)).collect()
}

/// The page's part with this heading, up to the next one.
fn section<'p>(page: &'p str, heading: &str) -> &'p str {
    let start = page.split_once(heading).unwrap_or_else(|| panic!("{heading:?} is gone")).1;
    start.split("\n.S").next().unwrap_or_default()
}

/// Where the page tells of records of this type.
fn heading(kind: RecordType) -> &'static str {
    match kind {
        RecordType::VirtCreate | RecordType::VirtDestroy => "\n.SS VIRT_CREATE, VIRT_DESTROY\n",
        RecordType::VirtMigrateIn | RecordType::VirtMigrateOut => {
            "\n.SS VIRT_MIGRATE_IN, VIRT_MIGRATE_OUT\n"
        }
        RecordType::VirtControl => "\n.SS VIRT_CONTROL\n",
        RecordType::VirtMachineId => "\n.SS VIRT_MACHINE_ID\n",
        RecordType::VirtIntegrityCheck => "\n.SS VIRT_INTEGRITY_CHECK\n",
        _ => "\n.SS VIRT_RESOURCE\n",
    }
}

#[test]
fn the_page_of_the_records_has_every_type_every_kind_and_every_field() {
    let page = page("viraudit-records.5");
    for kind in RecordType::ALL {
        let row = format!("\n{}\t{kind}\t", kind.number());
        assert!(page.contains(&row), "viraudit-records.5 lacks {kind}, or its number");
    }
    let parts = [
        section(&page, "\n.SS Parts of a line\n"),
        section(&page, "\n.SH THE RECORD\n"),
        section(&page, "\n.SH LIMITS\n"),
    ];
    let common: BTreeSet<&str> = parts.into_iter().flat_map(|part| words(part, "-")).collect();
    for event in events() {
        let guest = Guest::new("kvm", "web1", Uuid::default());
        let record = Record { guest, event, success: true };
        let part = section(&page, heading(record.record_type()));
        let own = words(part, "-");
        if let Event::Resource { resource, .. } = &record.event {
            let shown = format!("resrc={}", resource.kind());
            assert!(words(part, "-=").contains(&*shown), "viraudit-records.5 lacks {shown}");
        }
        let body = String::from_utf8(record.body()).unwrap();
        for field in body.split(' ') {
            let (key, _) = field.split_once('=').unwrap();
            let told = own.contains(key) || common.contains(key);
            assert!(told, "viraudit-records.5 lacks {key}= of {body}");
        }
    }
    for key in ["exe", "hostname", "addr", "terminal", "res", "truncated"] {
        assert!(common.contains(key), "viraudit-records.5 lacks {key}=");
    }
}

#[test]
fn the_report_s_document_has_every_kind_without_an_old_and_a_new_value() {
    let text = source("docs/report.md");
    let rows: Vec<_> = text.lines().filter(|line| line.starts_with("| ")).collect();
    for kind in Kind::ALL {
        let identity = kind.fields().any(|field| field.role == Role::Identity);
        let told = rows.iter().any(|row| {
            let names = row.split('|').nth(1).unwrap_or_default();
            names.split([' ', ',']).any(|name| name == kind.name)
        });
        assert!(told || !identity, "docs/report.md has no row for {}", kind.name);
    }
}

#[test]
fn every_page_is_of_this_version() {
    let version = format!("\"viraudit {}\" viraudit", env!("CARGO_PKG_VERSION"));
    for name in pages() {
        let text = source(&format!("docs/man/{name}"));
        let title = text.lines().find(|line| line.starts_with(".TH ")).unwrap_or_default();
        assert!(title.ends_with(&version), "{name}: {title}");
        let (stem, section) = name.rsplit_once('.').unwrap();
        assert!(title.starts_with(&format!(".TH {stem} {section} ")), "{name}: {title}");
    }
}

/// What docs/man holds.
fn pages() -> Vec<String> {
    let entries = fs::read_dir(root().join("docs/man")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| name.starts_with("viraudit")).collect();
    names.sort();
    names
}

#[test]
fn every_page_of_ours_that_a_page_refers_to_is_there() {
    let pages = pages();
    let mut seen = 0;
    for name in &pages {
        // `.BR viraudit (1),` is viraudit(1), too.
        let text = page(name).replace(" (", "(");
        for word in text.split([' ', '\n', ',']) {
            let Some((start, rest)) = word.split_once('(') else { continue };
            let (start, section) = (start.trim_start_matches('('), rest.split(')').next());
            let section = section.filter(|section| section.parse::<u8>().is_ok());
            if let Some(section) = section.filter(|_| start.starts_with("viraudit")) {
                seen += 1;
                let other = format!("{start}.{section}");
                assert!(pages.contains(&other), "{name} refers to {start}({section})");
            }
        }
    }
    assert!(seen > pages.len(), "references were found: {seen}");
}

#[test]
fn mandoc_has_nothing_to_warn_of() {
    let directory = root().join("docs/man");
    let mut command = Command::new("mandoc");
    command.args(["-T", "lint", "-W", "warning"]).args(pages()).current_dir(directory);
    // Where it isn't installed there is nothing to ask.
    let Ok(output) = command.output() else { return };
    for said in [output.stdout, output.stderr] {
        assert!(said.is_empty(), "{}", String::from_utf8_lossy(&said));
    }
}
