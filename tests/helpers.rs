//! Each record against what libvirt 9.0.0's own helpers wrote.
//!
//! `tests/golden/helpers.jsonl` holds records of a real libvirtd (made by
//! tests/system/96-libvirtd.py): each is read, and written again to the same bytes.
//! `tests/golden/calls.jsonl` holds single calls of the helpers (made by
//! tests/system/call_cases.py): a typed record made from a call's arguments has to have libvirt's
//! bytes. Another file of this kind is used besides where there is one:
//! `$VIRAUDIT_SHARED/corpus/helpers.jsonl`, or `../shared/corpus/helpers.jsonl` next to the
//! repository.
#![allow(clippy::print_stdout, reason = "the figures are a part of the result")]

use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use viraudit::internal::encode::{decode_hex, hex_pair, is_harmless};
use viraudit::internal::message::ParsedMessage;
use viraudit::record::{
    Access, Control, ControlOp, Event, HostDevice, Mac, MachineId, Rdev, RecordType, TpmKind,
};
use viraudit::{Change, Guest, Record, Resource, Uuid, Value};

fn lines(path: &Path) -> Vec<Json> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The arguments of a call.
struct Args<'a>(&'a Json);

impl Args<'_> {
    fn bytes(&self, key: &str) -> Option<Vec<u8>> {
        let hex = self.0[format!("{key}_hex")].as_str();
        hex.map(|hex| decode_hex(hex.to_uppercase().as_bytes()).unwrap())
            .or_else(|| self.0[key].as_str().map(|text| text.as_bytes().to_vec()))
    }

    fn value(&self, key: &str) -> Option<Value<'static>> {
        self.bytes(key).map(Value::from)
    }

    fn text(&self, key: &str) -> &str {
        self.0[key].as_str().unwrap_or_default()
    }

    fn number(&self, key: &str) -> u64 {
        self.0[key].as_u64().unwrap_or_else(|| panic!("{key} of {}", self.0))
    }

    fn count(&self, key: &str) -> u32 {
        u32::try_from(self.number(key)).unwrap()
    }

    fn mac(&self, key: &str) -> Option<Mac> {
        let text = self.0[key].as_str()?;
        let mut mac = [0; 6];
        for (byte, hex) in mac.iter_mut().zip(text.split(':')) {
            *byte = u8::from_str_radix(hex, 16).unwrap();
        }
        Some(Mac(mac))
    }

    /// A path, if a source of that kind has one.
    fn change(&self, kinds: &[&str]) -> Change<'static> {
        let side = |kind: &str, path: &str| {
            let has_path = self.0[kind].as_str().is_some_and(|kind| kinds.contains(&kind));
            if has_path { self.value(path) } else { None }
        };
        Change { old: side("old", "old-path"), new: side("new", "new-path") }
    }

    fn cgroup(&self) -> Option<Value<'static>> {
        let text = self.text("cgroup");
        if text == "no devices controller" {
            return None;
        }
        // libvirt's path of a cgroup is put together from where its controller is mounted: take
        // that from the words, and end it as libvirt does.
        let path = text.split_once(" at ")?.1;
        let path = match path.split_once(" + placement ") {
            None => path.to_owned(),
            Some((root, placement)) => {
                let placement = match placement {
                    "empty string" => "",
                    "trailing space" => "/tmp/trail ",
                    "only a space" => " ",
                    "double quote" => "/tmp/a\"b",
                    "comma equals semicolon" => "/tmp/a,b=c;d",
                    "literal (null)" => "(null)",
                    "4095 bytes of 2-byte utf-8" => &format!("/{}", "é".repeat(2047)),
                    _ => panic!("{text}"),
                };
                format!("{root}{placement}")
            }
        };
        Some(Value::from(format!("{path}/")))
    }

    fn acl(&self) -> Value<'static> {
        self.value("perms").unwrap()
    }

    fn host_device(&self) -> Option<Resource<'static>> {
        let text = self.text("hostdev");
        let words: Vec<&str> = text.split(' ').collect();
        let after = |word: &str| {
            let at = words.iter().position(|w| *w == word).unwrap_or_else(|| panic!("{text}"));
            let number = words[at + 1];
            match number.strip_prefix("0x") {
                Some(hex) => u64::from_str_radix(hex, 16).unwrap(),
                None => number.parse().unwrap(),
            }
        };
        let small = |word| u32::try_from(after(word)).unwrap();
        let value = self.value("value");
        Some(Resource::Dev(match words[0].trim_end_matches(',') {
            "usb" => HostDevice::Usb { bus: small("bus"), device: small("device") },
            "pci" => HostDevice::Pci {
                domain: small("domain"),
                bus: small("bus"),
                slot: small("slot"),
                function: small("function"),
            },
            "scsi" => HostDevice::Scsi {
                adapter: value.unwrap_or_else(|| Value::from(words[2].to_owned())),
                bus: small("bus"),
                target: small("target"),
                unit: after("unit"),
            },
            "scsi_host" => HostDevice::ScsiHost(value),
            "mdev" => HostDevice::Mdev(value),
            "capabilities" if words[1] == "storage" => {
                return Some(Resource::HostdevStorage(value));
            }
            "capabilities" if words[1] == "misc" => return Some(Resource::HostdevMisc(value)),
            _ => return None,
        }))
    }

    /// What a guest's start is to exercise: its first records.
    fn start_devices(&self) -> Option<Vec<Resource<'static>>> {
        let path = self.value("path");
        let tpm = |kind| Some(vec![Resource::Tpm { kind, path: path.clone() }]);
        let card = |new: Value<'static>| Resource::Smartcard(Change { old: None, new: Some(new) });
        let fixed = |text: &'static str| card(Value::from(text));
        match self.text("device") {
            "" => Some(vec![]),
            "tpm passthrough" => tpm(TpmKind::Passthrough),
            "tpm emulator" => tpm(TpmKind::Emulator),
            device if device.starts_with("tpm external") => tpm(TpmKind::External),
            "smartcard host" => Some(vec![fixed("nss-smartcard-device")]),
            "smartcard passthrough unix" => Some(vec![card(path?)]),
            device if device.starts_with("smartcard passthrough") => {
                Some(vec![Resource::Smartcard(Change::default())])
            }
            device if device.starts_with("smartcard host-certificates") => {
                let value = self.value("value")?;
                Some(vec![fixed("cert1"), card(value.clone()), fixed("cert3"), card(value)])
            }
            _ => None,
        }
    }

    fn records(&self, call: &str, vm_pid: i64) -> Option<Vec<Record<'static>>> {
        let guest = Guest::new(
            self.value("virt")?,
            self.value("vm")?,
            Uuid::parse(self.text("uuid").as_bytes())?,
        );
        let success = self.0["success"].as_bool().unwrap_or(true);
        let reason = self.value("reason").unwrap_or(Value::new(b"open"));
        let one = |resource| {
            Some(vec![Record::resource(guest.clone(), reason.clone(), resource, success)])
        };
        let event = |event, success| Some(vec![Record { guest: guest.clone(), event, success }]);
        let path = self.value("path");
        const FILES: &[&str] = &["file", "block", "dir", "file (empty drive)"];
        const CHARDEVS: &[&str] = &["pty", "dev", "file", "pipe", "nmdm", "unix"];
        const FILESYSTEMS: &[&str] =
            &["mount", "block", "file", "template", "ram", "bind", "volume"];
        match call {
            "virDomainAuditDisk" => one(Resource::Disk(self.change(FILES))),
            "virDomainAuditFS" => one(Resource::Fs(self.change(FILESYSTEMS))),
            "virDomainAuditChardev" => one(Resource::Chardev(self.change(CHARDEVS))),
            "virDomainAuditRNG" => one(Resource::Rng(self.change(&["random", "egd over unix"]))),
            "virDomainAuditNet" => {
                one(Resource::Net { old: self.mac("old-mac"), new: self.mac("new-mac") })
            }
            "virDomainAuditNetDevice" => {
                let path = self.value("device");
                let rdev = path.as_ref().and_then(|path| Rdev::of_path(path.as_path()));
                one(Resource::NetDevice { mac: self.mac("mac")?, path, rdev })
            }
            "virDomainAuditHostdev" => one(self.host_device()?),
            "virDomainAuditRedirdev" => one(Resource::Dev(HostDevice::Redirected)),
            "virDomainAuditShmem" if self.0["server"] == true => {
                one(Resource::ShmemServer(self.value("server-path")))
            }
            "virDomainAuditShmem" => {
                one(Resource::Shmem { name: self.value("name")?, size: self.number("size") })
            }
            // A mouse, a tablet or a keyboard is not a device of the host, and has no record.
            "virDomainAuditInput" if !matches!(self.text("input"), "evdev" | "passthrough") => {
                Some(vec![])
            }
            "virDomainAuditInput" => one(Resource::Evdev(path)),
            "virDomainAuditMemory" => {
                one(Resource::Memory { old: self.number("old"), new: self.number("new") })
            }
            "virDomainAuditVcpu" => {
                one(Resource::Vcpu { old: self.count("old"), new: self.count("new") })
            }
            "virDomainAuditIOThread" => {
                one(Resource::IoThread { old: self.count("old"), new: self.count("new") })
            }
            "virDomainAuditCgroup" => {
                one(Resource::Cgroup { path: self.cgroup(), access: Access::All })
            }
            "virDomainAuditCgroupMajor" => one(Resource::Cgroup {
                path: self.cgroup(),
                access: Access::Major {
                    category: self.value("name")?,
                    major: u32::try_from(self.number("maj")).unwrap(),
                    acl: self.acl(),
                },
            }),
            "virDomainAuditCgroupPath" => {
                let rc = self.0["rc"].as_i64()?;
                let rdev = path.as_ref().and_then(|path| Rdev::of_path(path.as_path()));
                let access = Access::Path { path, rdev, acl: self.acl() };
                let resource = Resource::Cgroup { path: self.cgroup(), access };
                let record = Record::resource(guest.clone(), reason.clone(), resource, rc == 0);
                Some(if rc > 0 { vec![] } else { vec![record] })
            }
            "virDomainAuditStart" => {
                let mut records: Vec<_> = self
                    .start_devices()?
                    .into_iter()
                    .chain([
                        // What the corpus's guest has.
                        Resource::Memory { old: 0, new: 1 << 20 },
                        Resource::Vcpu { old: 0, new: 2 },
                    ])
                    .map(|device| Record::resource(guest.clone(), "start", device, true))
                    .collect();
                records.push(Record::start(guest.clone(), reason.clone(), vm_pid, success));
                Some(records)
            }
            "virDomainAuditStop" => Some(vec![Record::stop(guest.clone(), reason, vm_pid)]),
            "virDomainAuditInit" => {
                let op = ControlOp::Init {
                    init_pid: self.0["init-pid"].as_i64()?,
                    pid_ns: self.number("pid-ns"),
                };
                event(Event::Control(Control { op, pid: vm_pid }), true)
            }
            "virDomainAuditSecurityLabel" => event(
                Event::MachineId(MachineId {
                    vm_ctx: self.value("label"),
                    img_ctx: self.value("imagelabel"),
                    model: self.value("model"),
                }),
                success,
            ),
            _ => None,
        }
    }

    /// libvirt's bytes with viraudit's two deliberate differences: raw values that could forge a
    /// field are hex, and memory is never negative.
    fn made_safe(&self, call: &str, message: Vec<u8>) -> Vec<u8> {
        let raw: &[(&str, &str, &str)] = match call {
            "virDomainAuditSecurityLabel" => {
                &[("vm-ctx", "", "label"), ("img-ctx", "", "imagelabel"), ("model", "", "model")]
            }
            "virDomainAuditInput" => &[("path", "", "path")],
            "virDomainAuditShmem" if self.0["server"] == true => &[("path", "", "server-path")],
            "virDomainAuditShmem" => &[("path", "/dev/shm/", "name")],
            "virDomainAuditMemory" => {
                let mut text = String::from_utf8(message).unwrap();
                for key in ["old", "new"] {
                    let number = self.number(key);
                    let wrong = format!("{key}-mem={}", number as i64);
                    text = text.replace(&wrong, &format!("{key}-mem={number}"));
                }
                return text.into_bytes();
            }
            _ => return message,
        };
        let mut safe = message;
        for (key, prefix, arg) in raw {
            let Some(value) = self.bytes(arg) else { continue };
            let value = [prefix.as_bytes(), &value].concat();
            if !value.iter().copied().all(is_harmless) {
                let hex: Vec<u8> = value.iter().copied().flat_map(hex_pair).collect();
                let old = [b" ", key.as_bytes(), b"=", &value].concat();
                let at = safe.windows(old.len()).position(|window| *window == *old).unwrap();
                safe.splice(at..at + old.len(), [b" ", key.as_bytes(), b"=", &hex].concat());
            }
        }
        safe
    }
}

/// What one call's records should be, and what ours are.
type Said = Vec<(String, bool, String)>;

fn shown(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

fn compare(case: &Json) -> Result<(), Option<(Said, Said)>> {
    let call = case["call"].as_str().unwrap();
    let args = Args(&case["args"]);
    let pid = case["args"]["vm-pid"].as_i64().unwrap();
    let ours: Said = args
        .records(call, pid)
        .ok_or(None)?
        .iter()
        .filter(|record| record.is_worth_sending())
        .map(|r| (r.record_type().name().to_owned(), r.success, shown(&r.body())))
        .collect();
    let theirs: Said = case["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| {
            let message = Args(record).bytes("msg").unwrap();
            let message = args.made_safe(call, message);
            let kind = record["type"].as_str().unwrap().to_owned();
            (kind, record["success"].as_bool().unwrap(), shown(&message))
        })
        .collect();
    if ours == theirs { Ok(()) } else { Err(Some((ours, theirs))) }
}

fn corpus() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let named = std::env::var_os("VIRAUDIT_SHARED").map(PathBuf::from);
    let path = named.clone().unwrap_or_else(beside).join("corpus/helpers.jsonl");
    (named.is_some() || path.exists()).then_some(path)
}

#[test]
fn typed_records_have_the_bytes_of_libvirts_helpers() {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/calls.jsonl");
    assert!(compare_all(&own) > 200);
    if let Some(path) = corpus() {
        compare_all(&path);
    }
}

/// How many calls agree; all of them have to.
fn compare_all(path: &Path) -> usize {
    let cases = lines(path);
    let (mut agree, mut wrong) = (0, Vec::new());
    let mut not_expressed: BTreeMap<String, usize> = BTreeMap::new();
    for case in &cases {
        match compare(case) {
            Ok(()) => agree += 1,
            Err(None) => {
                let call = case["call"].as_str().unwrap();
                let what = format!(
                    "{call} {}{}",
                    Args(&case["args"]).text("hostdev"),
                    Args(&case["args"]).text("device")
                );
                *not_expressed.entry(what).or_default() += 1;
            }
            Err(Some((ours, theirs))) => {
                wrong.push(format!("{}\n  ours    {ours:?}\n  libvirt {theirs:?}", case["args"]));
            }
        }
    }
    println!("{agree} of {} calls agree; not expressed: {not_expressed:?}", cases.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(not_expressed.is_empty(), "{not_expressed:?}");
    agree
}

#[test]
fn records_of_a_real_libvirtd_are_read_and_written_again() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/helpers.jsonl");
    let cases = lines(&path);
    for case in &cases {
        let kind: RecordType = case["type"].as_str().unwrap().parse().unwrap();
        let text = case["text"].as_str().unwrap();
        let parsed =
            ParsedMessage::parse(kind, text.as_bytes()).unwrap_or_else(|e| panic!("{e}: {text}"));
        let body = String::from_utf8(parsed.record.body()).unwrap();
        let rest = text.strip_prefix(&body).unwrap_or_else(|| panic!("{body}\n{text}"));
        assert!(rest.starts_with(" exe=\"/usr/sbin/libvirtd\" hostname=? "), "{text}");
        assert_eq!(rest.ends_with(" res=success"), parsed.record.success, "{text}");
    }
    println!("{} records of a real libvirtd", cases.len());
    assert!(cases.len() > 100);
}
