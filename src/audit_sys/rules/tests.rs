use super::*;
use proptest::collection::vec;
use proptest::prelude::*;

const USER: u32 = AUDIT_FILTER_USER;
const EXCLUDE: u32 = AUDIT_FILTER_EXCLUDE;
const OPERATORS: [u32; 6] = [
    AUDIT_EQUAL,
    AUDIT_NOT_EQUAL,
    AUDIT_LESS_THAN,
    AUDIT_LESS_THAN_OR_EQUAL,
    AUDIT_GREATER_THAN,
    AUDIT_GREATER_THAN_OR_EQUAL,
];

/// A field, its operator, its value, and its text where it has one.
type FieldSpec<'t> = (u32, u32, u32, &'t [u8]);

/// The payload of a reply, as the kernel lays it out.
fn payload(list: u32, action: u32, fields: &[FieldSpec<'_>]) -> Vec<u8> {
    let mut bytes = vec![0; rule_layout_RULE_TEXT as usize];
    let mut put = |at: u32, i: usize, word: u32| {
        bytes[at as usize + 4 * i..][..4].copy_from_slice(&word.to_ne_bytes());
    };
    put(rule_layout_RULE_LIST, 0, list);
    put(rule_layout_RULE_ACTION, 0, action);
    put(rule_layout_RULE_FIELD_COUNT, 0, fields.len() as u32);
    let mut texts: Vec<u8> = Vec::new();
    for (i, &(kind, operator, value, text)) in fields.iter().enumerate() {
        put(rule_layout_RULE_FIELDS, i, kind);
        put(rule_layout_RULE_OPERATORS, i, operator);
        put(rule_layout_RULE_VALUES, i, if has_text(kind) { text.len() as u32 } else { value });
        texts.extend(text);
    }
    put(rule_layout_RULE_TEXT_LEN, 0, texts.len() as u32);
    bytes.extend(texts);
    bytes
}

fn rule(list: u32, action: u32, fields: &[FieldSpec<'_>]) -> Rule {
    Rule::read(&payload(list, action, fields)).unwrap().expect("a rule of the two lists")
}

fn msgtype(operator: u32, value: u32) -> FieldSpec<'static> {
    (AUDIT_MSGTYPE, operator, value, b"")
}

/// The rule, the last digits of the types that it drops, and whether it is certain.
fn found(rules: &[Rule]) -> Vec<(String, String, bool)> {
    let digit = |name: &&str| {
        let i = VIRT_TYPES.iter().position(|(_, known)| known == name).unwrap();
        (b'0' + i as u8) as char
    };
    drops(rules)
        .into_iter()
        .map(|drop| (drop.rule, drop.types.iter().map(digit).collect(), drop.certain))
        .collect()
}

#[test]
fn each_rule_drops_what_the_kernel_drops() {
    let control = msgtype(AUDIT_EQUAL, 2500);
    let pid = (AUDIT_PID, AUDIT_EQUAL, 812, &b""[..]);
    let unset = (AUDIT_LOGINUID, AUDIT_EQUAL, u32::MAX, &b""[..]);
    let exe = (AUDIT_EXE, AUDIT_NOT_EQUAL, 0, &b"/usr/sbin/libvirtd"[..]);
    let label = (AUDIT_SUBJ_TYPE, AUDIT_EQUAL, 0, &b"virtd_t"[..]);
    let key = (AUDIT_FILTERKEY, AUDIT_EQUAL, 0, &b"k"[..]);
    let all = "01234567";
    type Expected = Option<(&'static str, &'static str, bool)>;
    let table: Vec<(u32, u32, Vec<FieldSpec<'_>>, Expected)> = vec![
        (
            EXCLUDE,
            AUDIT_ALWAYS,
            vec![control],
            Some(("-a always,exclude -F msgtype=VIRT_CONTROL", "0", true)),
        ),
        (
            EXCLUDE,
            AUDIT_NEVER,
            vec![control],
            Some(("-a never,exclude -F msgtype=VIRT_CONTROL", "0", true)),
        ),
        (
            USER,
            AUDIT_NEVER,
            vec![control],
            Some(("-a never,user -F msgtype=VIRT_CONTROL", "0", true)),
        ),
        (USER, AUDIT_ALWAYS, vec![control], None),
        (USER, AUDIT_NEVER, vec![], None),
        (EXCLUDE, AUDIT_ALWAYS, vec![], None),
        (
            EXCLUDE,
            AUDIT_ALWAYS,
            vec![msgtype(AUDIT_GREATER_THAN_OR_EQUAL, 2400), msgtype(AUDIT_LESS_THAN, 2503)],
            Some((
                "-a always,exclude -F msgtype>=2400 -F msgtype<VIRT_INTEGRITY_CHECK",
                "012",
                true,
            )),
        ),
        (
            EXCLUDE,
            AUDIT_ALWAYS,
            vec![msgtype(AUDIT_GREATER_THAN, 2506), msgtype(AUDIT_LESS_THAN_OR_EQUAL, 2999)],
            Some(("-a always,exclude -F msgtype>VIRT_MIGRATE_IN -F msgtype<=2999", "7", true)),
        ),
        (
            EXCLUDE,
            AUDIT_ALWAYS,
            vec![msgtype(AUDIT_NOT_EQUAL, 1300), msgtype(AUDIT_NOT_EQUAL, 2501)],
            Some(("-a always,exclude -F msgtype!=1300 -F msgtype!=VIRT_RESOURCE", "0234567", true)),
        ),
        (EXCLUDE, AUDIT_ALWAYS, vec![msgtype(AUDIT_EQUAL, 1300)], None),
        (EXCLUDE, AUDIT_ALWAYS, vec![control, msgtype(AUDIT_EQUAL, 2501)], None),
        (EXCLUDE, AUDIT_ALWAYS, vec![unset], Some(("-a always,exclude -F auid=-1", all, false))),
        (USER, AUDIT_NEVER, vec![pid], Some(("-a never,user -F pid=812", all, false))),
        (
            USER,
            AUDIT_NEVER,
            vec![pid, control],
            Some(("-a never,user -F pid=812 -F msgtype=VIRT_CONTROL", "0", false)),
        ),
        (USER, AUDIT_NEVER, vec![pid, msgtype(AUDIT_EQUAL, 1100)], None),
        (
            EXCLUDE,
            AUDIT_ALWAYS,
            vec![exe, label, control],
            Some((
                "-a always,exclude -F exe!=/usr/sbin/libvirtd -F subj_type=virtd_t \
                 -F msgtype=VIRT_CONTROL",
                "0",
                false,
            )),
        ),
        // Not from auditctl: today's kernels keep the record.
        (
            USER,
            AUDIT_NEVER,
            vec![key, control],
            Some(("-a never,user -F f210=k -F msgtype=VIRT_CONTROL", "0", false)),
        ),
        // A test of bits, which the kernel doesn't take for a type.
        (
            EXCLUDE,
            AUDIT_ALWAYS,
            vec![msgtype(0x0800_0000, 2500)],
            Some(("-a always,exclude -F msgtype?VIRT_CONTROL", all, false)),
        ),
    ];
    for (list, action, fields, expected) in table {
        let expected: Vec<_> = expected
            .map(|(rule, types, certain)| (rule.to_owned(), types.to_owned(), certain))
            .into_iter()
            .collect();
        assert_eq!(found(&[rule(list, action, &fields)]), expected);
    }
}

#[test]
fn an_earlier_rule_of_the_user_list_keeps_records() {
    let control = msgtype(AUDIT_EQUAL, 2500);
    let by_root = (AUDIT_UID, AUDIT_EQUAL, 0, &b""[..]);
    let keeps = rule(USER, AUDIT_ALWAYS, &[control]);
    let may_keep = rule(USER, AUDIT_ALWAYS, &[by_root]);
    let drops = rule(USER, AUDIT_NEVER, &[msgtype(AUDIT_LESS_THAN_OR_EQUAL, 2501)]);
    let excludes = rule(EXCLUDE, AUDIT_ALWAYS, &[control]);
    let text = || "-a never,user -F msgtype<=VIRT_RESOURCE".to_owned();
    let excluded = || ("-a always,exclude -F msgtype=VIRT_CONTROL".into(), "0".into(), true);

    assert_eq!(found(&[keeps.clone(), drops.clone()]), [(text(), "1".into(), true)]);
    assert_eq!(found(&[may_keep.clone(), drops.clone()]), [(text(), "01".into(), false)]);
    assert_eq!(found(&[drops.clone(), keeps.clone()]), [(text(), "01".into(), true)]);
    // The exclude list is another one, in which any rule drops.
    assert_eq!(found(&[keeps, may_keep, excludes.clone()]), [excluded()]);
    // Both are named: to remove one of them isn't enough.
    assert_eq!(
        found(&[excludes.clone(), excludes, drops]),
        [excluded(), excluded(), (text(), "01".into(), true)]
    );
}

#[test]
fn removal_is_a_shell_command() {
    let path = (AUDIT_EXE, AUDIT_EQUAL, 0, &b"/opt/it's"[..]);
    let rule = rule(EXCLUDE, AUDIT_ALWAYS, &[msgtype(AUDIT_GREATER_THAN_OR_EQUAL, 2500), path]);
    assert_eq!(
        drops(&[rule])[0].removal,
        r"auditctl -d always,exclude -F 'msgtype>=VIRT_CONTROL' -F 'exe=/opt/it'\''s'"
    );
}

#[test]
fn other_lists_are_left_out_and_malformed_rules_are_rejected() {
    for list in [1, 2, 3, 4, 6, 7, 99] {
        assert_eq!(Rule::read(&payload(list, 77, &[])), Ok(None), "list {list}");
    }
    let text = (AUDIT_EXE, AUDIT_EQUAL, 0, &b"/bin/sh"[..]);
    let whole = payload(EXCLUDE, AUDIT_ALWAYS, &[text, msgtype(AUDIT_EQUAL, 2500)]);
    assert!(Rule::read(&whole).is_ok());
    for len in 0..whole.len() {
        assert_eq!(Rule::read(&whole[..len]), Err(MalformedRule), "{len} bytes");
    }
    let with = |at: u32, word: u32| {
        let mut bytes = whole.clone();
        bytes[at as usize..][..4].copy_from_slice(&word.to_ne_bytes());
        Rule::read(&bytes)
    };
    for (at, words) in [
        (rule_layout_RULE_ACTION, &[1, 3, u32::MAX][..]),
        (rule_layout_RULE_FIELD_COUNT, &[65, 1 << 30, u32::MAX]),
        (rule_layout_RULE_TEXT_LEN, &[0, 6, 8, u32::MAX]),
        (rule_layout_RULE_VALUES, &[8, 1 << 31, u32::MAX]),
    ] {
        for &word in words {
            assert_eq!(with(at, word), Err(MalformedRule), "{word} at {at}");
        }
    }
}

/// A rule's list, its action, and the operator and value of each field.
type RuleSpec = (u32, u32, Vec<(u32, u32)>);

/// The kernel's walk through one list, for rules about the type alone: whether it keeps a record.
fn kept(rules: &[RuleSpec], list: u32, record_type: u32) -> bool {
    for (_, action, fields) in rules.iter().filter(|rule| rule.0 == list) {
        let all = fields.iter().all(|&(operator, value)| match operator {
            AUDIT_EQUAL => record_type == value,
            AUDIT_NOT_EQUAL => record_type != value,
            AUDIT_LESS_THAN => record_type < value,
            AUDIT_LESS_THAN_OR_EQUAL => record_type <= value,
            AUDIT_GREATER_THAN => record_type > value,
            _ => record_type >= value,
        });
        if all && !fields.is_empty() {
            return *action == AUDIT_ALWAYS && list != EXCLUDE;
        }
    }
    true
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_rejected(
        head in vec(prop_oneof![0u32..8, any::<u32>()], 3),
        rest in vec(prop_oneof![Just(0u32), 0u32..256, any::<u32>()], 0..300),
        cut in 0usize..4,
    ) {
        let bytes: Vec<u8> = head.iter().chain(&rest).flat_map(|word| word.to_ne_bytes()).collect();
        let rule = Rule::read(&bytes[..bytes.len() - cut]);
        if let Ok(Some(rule)) = rule {
            drops(&[rule]);
        }
    }

    #[test]
    fn one_changed_word_is_read_or_rejected(
        at in 0usize..260,
        word in prop_oneof![0u32..300, any::<u32>()],
    ) {
        let fields = [
            (AUDIT_SUBJ_USER, AUDIT_EQUAL, 0, &b"system_u"[..]),
            (AUDIT_EXE, AUDIT_NOT_EQUAL, 0, &b"/bin/sh"[..]),
            msgtype(AUDIT_EQUAL, 2500),
        ];
        let mut bytes = payload(USER, AUDIT_NEVER, &fields);
        bytes[4 * at..][..4].copy_from_slice(&word.to_ne_bytes());
        if let Ok(Some(rule)) = Rule::read(&bytes) {
            drops(&[rule]);
        }
    }

    #[test]
    fn rules_about_types_are_followed_as_the_kernel_does(
        specs in vec(
            (
                prop_oneof![Just(USER), Just(EXCLUDE)],
                prop_oneof![Just(AUDIT_NEVER), Just(AUDIT_ALWAYS)],
                vec((proptest::sample::select(&OPERATORS[..]), 2498u32..2510), 0..3),
            ),
            0..5,
        )
    ) {
        let rules: Vec<Rule> = specs
            .iter()
            .map(|(list, action, fields)| {
                let fields: Vec<_> =
                    fields.iter().map(|&(operator, value)| msgtype(operator, value)).collect();
                rule(*list, *action, &fields)
            })
            .collect();
        let found = drops(&rules);
        for (number, name) in VIRT_TYPES {
            let number = u32::from(number);
            let kept = kept(&specs, USER, number) && kept(&specs, EXCLUDE, number);
            let named = found.iter().any(|drop| drop.certain && drop.types.contains(&name));
            prop_assert_eq!(named, !kept, "{}: {:?}", name, found);
        }
        prop_assert!(found.iter().all(|drop| drop.certain));
    }
}
