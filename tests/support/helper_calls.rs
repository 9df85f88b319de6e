//! Calls of libvirt's audit helpers, and the records that libvirt made of them.
//!
//! Each line of such a corpus is a call with its arguments; here it becomes typed records and the
//! bytes that they must have. `tests/golden/calls.jsonl` is the project's own
//! (tests/system/call_cases.py makes it). Another one is used besides where it exists:
//! `$VIRAUDIT_SHARED/corpus/helpers.jsonl`, or `../shared/corpus/helpers.jsonl` next to the
//! repository.

use serde_json::Value as Json;
use std::path::{Path, PathBuf};
use viraudit::internal::encode::{decode_hex, hex_pair, is_harmless};
use viraudit::record::{
    Access, Control, ControlOp, Event, HostDevice, Mac, MachineId, Rdev, TpmKind,
};
use viraudit::{Change, Guest, Record, Resource, Uuid, Value};

pub(crate) fn lines(path: &Path) -> Vec<Json> {
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

/// A record as the corpus has it: its type, its result, and its BODY.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Expected {
    pub(crate) kind: String,
    pub(crate) success: bool,
    pub(crate) body: Vec<u8>,
}

/// A call of a helper.
pub(crate) struct HelperCall<'c>(pub(crate) &'c Json);

impl HelperCall<'_> {
    /// The helper's name.
    pub(crate) fn name(&self) -> &str {
        self.0["call"].as_str().unwrap()
    }

    /// The call's arguments, for messages.
    pub(crate) fn arguments(&self) -> &Json {
        &self.0["args"]
    }

    /// The records that a daemon of ours sends instead of the call; `None` if a record of ours has
    /// no such form. Those without a value on either side are among them, and have to vanish.
    pub(crate) fn records(&self) -> Option<Vec<Record<'static>>> {
        let pid = self.0["args"]["vm-pid"].as_i64().unwrap();
        Args(&self.0["args"]).records(self.name(), pid)
    }

    /// The records that libvirt sent, with viraudit's deliberate differences.
    pub(crate) fn expected(&self) -> Vec<Expected> {
        let records = self.0["records"].as_array().unwrap().iter();
        records
            .map(|record| Expected {
                kind: record["type"].as_str().unwrap().to_owned(),
                success: record["success"].as_bool().unwrap(),
                body: Args(&self.0["args"])
                    .made_safe(self.name(), Args(record).bytes("msg").unwrap()),
            })
            .collect()
    }
}

/// Every corpus that is there, the project's own first.
pub(crate) fn corpora() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let named = std::env::var_os("VIRAUDIT_SHARED").map(PathBuf::from);
    let is_named = named.is_some();
    let other = named.unwrap_or_else(|| root.join("../shared")).join("corpus/helpers.jsonl");
    let mut corpora = vec![root.join("tests/golden/calls.jsonl")];
    corpora.extend(Some(other).filter(|path| is_named || path.exists()));
    corpora
}
