//! The table of `resrc=` kinds: every field of every kind, in the order that records have.
//!
//! Formatting, reading, `verify`, `report` and the tests' examples all follow this table. A
//! variant of [`Resource`] that isn't in it doesn't compile.

use super::examples::{Example, Fixed, Source};
use super::fields::{FieldSink, Style};
use super::host_device::HostDevice;
use super::parse::{FieldReader, ParseError};
use super::resource::{Access, Change, Resource, TpmKind};
use super::table::{Field, Kind, Role};
use super::tail::{DevShm, Hex, PciAddress, Read, ScsiAddress, UsbAddress, Word, Written};

/// Makes everything that depends on a kind from one row for each of its forms:
///
/// `VARIANT => ["KEY" = VALUE: STYLE ROLE, ...];`
///
/// The variant is a pattern when a record is written, and an expression when one is read. A value
/// is a name that the variant binds, bare or in one of the types of [`super::tail`]; `Word` is the
/// text that follows it. A value may be missing where the variant has an `Option`.
macro_rules! kinds {
    ($($name:literal { $( $variant:ident $shape:tt => [ $(
        $key:literal = $value:ident $(($($part:ident),+))? $($word:literal)?: $style:ident $role:ident
    ),+ ]; )+ })+) => {
        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[ $( Self { name: $name, forms: &[ $(
                &[ $( field!($key $style $role $($word)?) ),+ ]
            ),+ ] } ),+ ];
        }

        /// The fields of a resource's record, as the table has them.
        pub fn form_of(resource: &Resource<'_>) -> &'static [Field] {
            #[allow(unused_variables, reason = "a shape binds what the fields are made of")]
            match resource { $( $( Resource::$variant $shape => const {
                &[ $( field!($key $style $role $($word)?) ),+ ]
            }, )+ )+ }
        }

        impl Resource<'_> {
            /// The name that `resrc=` gives it.
            pub fn kind(&self) -> &'static str {
                #[allow(unused_variables, reason = "a shape binds what the fields are made of")]
                match self { $( $( Resource::$variant $shape => $name, )+ )+ }
            }

            /// Whether it is a change with neither an old nor a new side.
            pub(super) fn is_void(&self) -> bool {
                match self { $( $( Resource::$variant $shape => {
                    $( $value $(($($part),+))?.is_void(&const { field!($key $style $role $($word)?) }) )&&+
                } )+ )+ }
            }

            pub(super) fn visit_tail<S: FieldSink>(&self, sink: &mut S) {
                match self { $( $( Resource::$variant $shape => { $(
                    $value $(($($part),+))?.write(&const { field!($key $style $role $($word)?) }, sink);
                )+ } )+ )+ }
            }
        }

        impl<'a> Resource<'a> {
            pub(super) fn parse(
                kind: &[u8],
                reader: &mut FieldReader<'a>,
            ) -> Result<Self, ParseError> {
                $( if kind == $name.as_bytes() {
                    let mut forms = Forms::new(reader);
                    $( forms.attempt(|reader| {
                        $( let $value $(($($part),+))? =
                            Read::read(&const { field!($key $style $role $($word)?) }, reader)?; )+
                        Ok(Resource::$variant $shape)
                    }); )+
                    return forms.best();
                } )+
                Err(ParseError::unexpected("resrc"))
            }
        }

        /// A function for each form in the table: makes up a resource of that form.
        pub const MAKERS: &[fn(&mut dyn Source) -> Resource<'static>] = &[ $( $( |source| {
            $( let $value $(($($part),+))? =
                Example::example(&const { field!($key $style $role $($word)?) }, source); )+
            Resource::$variant $shape
        } ),+ ),+ ];
    };
}

macro_rules! field {
    ($key:literal $style:ident $role:ident) => {
        Field { key: $key, style: Style::$style, role: Role::$role, word: None }
    };
    ($key:literal $style:ident $role:ident $word:literal) => {
        Field { key: $key, style: Style::$style, role: Role::$role, word: Some($word) }
    };
}

kinds! {
    "disk" {
        Disk(Change { old, new }) => ["old-disk" = old: Encoded Old, "new-disk" = new: Encoded New];
    }
    "fs" {
        Fs(Change { old, new }) => ["old-fs" = old: Encoded Old, "new-fs" = new: Encoded New];
    }
    "net" {
        Net { old, new } => ["old-net" = old: Encoded Old, "new-net" = new: Encoded New];
        NetDevice { mac, path, rdev } => [
            "net" = mac: Plain Identity, "path" = path: Encoded Other, "rdev" = rdev: Plain Other
        ];
    }
    "chardev" {
        Chardev(Change { old, new }) => [
            "old-chardev" = old: Encoded Old, "new-chardev" = new: Encoded New
        ];
    }
    "rng" {
        Rng(Change { old, new }) => ["old-rng" = old: Encoded Old, "new-rng" = new: Encoded New];
    }
    "smartcard" {
        Smartcard(Change { old, new }) => [
            "old-smartcard" = old: Encoded Old, "new-smartcard" = new: Encoded New
        ];
    }
    "dev" {
        Dev(HostDevice::Usb { bus, device }) => [
            "bus" = Word "usb": Plain Other, "device" = UsbAddress(bus, device): Encoded Identity
        ];
        Dev(HostDevice::Pci { domain, bus, slot, function }) => [
            "bus" = Word "pci": Plain Other,
            "device" = PciAddress(domain, bus, slot, function): Encoded Identity
        ];
        Dev(HostDevice::Scsi { adapter, bus, target, unit }) => [
            "bus" = Word "scsi": Plain Other,
            "device" = ScsiAddress(adapter, bus, target, unit): Encoded Identity
        ];
        Dev(HostDevice::ScsiHost(wwpn)) => [
            "bus" = Word "scsi_host": Plain Other, "device" = wwpn: Encoded Identity
        ];
        Dev(HostDevice::Mdev(uuid)) => [
            "bus" = Word "mdev": Plain Other, "device" = uuid: Encoded Identity
        ];
        Dev(HostDevice::Redirected) => [
            "bus" = Word "usb": Plain Other, "device" = Word "USB redirdev": Encoded Identity
        ];
    }
    "hostdev" {
        HostdevStorage(path) => ["disk" = path: Encoded Identity];
        HostdevMisc(path) => ["chardev" = path: Encoded Identity];
    }
    "tpm" {
        Tpm { kind: TpmKind::Passthrough, path } => ["device" = path: Encoded Identity];
    }
    "tpm-emulator" {
        Tpm { kind: TpmKind::Emulator, path } => ["device" = path: Encoded Identity];
    }
    "tpm-external" {
        Tpm { kind: TpmKind::External, path } => ["device" = path: Encoded Identity];
    }
    "shmem" {
        Shmem { size, name } => ["size" = size: Plain Other, "path" = DevShm(name): Raw Identity];
    }
    "ivshmem-socket" {
        ShmemServer(path) => ["path" = path: Raw Identity];
    }
    "evdev" {
        Evdev(path) => ["path" = path: Raw Identity];
    }
    "mem" {
        Memory { old, new } => ["old-mem" = old: Plain Old, "new-mem" = new: Plain New];
    }
    "vcpu" {
        Vcpu { old, new } => ["old-vcpu" = old: Plain Old, "new-vcpu" = new: Plain New];
    }
    "iothread" {
        IoThread { old, new } => [
            "old-iothread" = old: Plain Old, "new-iothread" = new: Plain New
        ];
    }
    "cgroup" {
        Cgroup { path, access: Access::All } => [
            "cgroup" = path: Encoded Identity, "class" = Word "all": Plain Other
        ];
        Cgroup { path: cgroup, access: Access::Path { path, rdev, acl } } => [
            "cgroup" = cgroup: Encoded Identity, "class" = Word "path": Plain Other,
            "path" = path: Encoded Other, "rdev" = rdev: Plain Other, "acl" = acl: Raw Other
        ];
        Cgroup { path, access: Access::Major { category, major, acl } } => [
            "cgroup" = path: Encoded Identity, "class" = Word "major": Plain Other,
            "category" = category: Raw Other, "maj" = Hex(major): Plain Other, "acl" = acl: Raw Other
        ];
    }
}

impl Resource<'static> {
    /// An example of every kind in each of its forms, with and without the optional values: for the
    /// tests of programs that write or read records.
    pub fn every_kind() -> Vec<Self> {
        let mut all = Vec::new();
        for make in MAKERS {
            for mut values in Fixed::all() {
                let example = make(&mut values);
                if !all.contains(&example) {
                    all.push(example);
                }
            }
        }
        all
    }
}

impl Kind {
    /// The kind with this name.
    pub fn find(name: &[u8]) -> Option<&'static Self> {
        Self::ALL.iter().find(|kind| kind.name.as_bytes() == name)
    }

    /// The field with this key of a kind that has only one form, or else of any.
    pub(super) fn usual_field(key: &[u8]) -> Option<&'static Field> {
        let simple = Self::ALL.iter().filter(|kind| kind.forms.len() == 1);
        let all = simple.chain(Self::ALL);
        all.flat_map(Self::fields).find(|field| field.key.as_bytes() == key)
    }
}

/// How the value of the field `key` is written in records of the resource `resrc` (or without
/// one): the inverse of each record's [`Fields`](super::fields::Fields), for readers that don't know the record.
pub fn style_of(key: &[u8], resrc: Option<&[u8]>) -> Style {
    match key {
        b"vm" | b"exe" | b"image" | b"mechanism" | b"action" | b"source-host"
        | b"destination-host" | b"acct" | b"client-sasl" | b"client-x509" => Style::Encoded,
        b"virt" | b"reason" | b"vm-ctx" | b"img-ctx" | b"model" | b"hostname" | b"addr"
        | b"terminal" => Style::Raw,
        _ => {
            // A kind that isn't in the table has its keys in the style of the simplest kind that has them.
            let known = resrc.and_then(Kind::find).and_then(|kind| kind.field(key));
            known.or_else(|| Kind::usual_field(key)).map_or(Style::Plain, |field| field.style)
        }
    }
}

/// Reads a record by each form of its kind.
struct Forms<'r, 'a> {
    reader: &'r mut FieldReader<'a>,
    start: FieldReader<'a>,
    best: Result<Resource<'a>, ParseError>,
    /// How much text was left when the best attempt ended.
    left: usize,
}

impl<'r, 'a> Forms<'r, 'a> {
    fn new(reader: &'r mut FieldReader<'a>) -> Self {
        let start = reader.clone();
        Self { reader, start, best: Err(ParseError::unexpected("resrc")), left: usize::MAX }
    }

    #[inline]
    fn attempt(
        &mut self,
        read: impl FnOnce(&mut FieldReader<'a>) -> Result<Resource<'a>, ParseError>,
    ) {
        if self.best.is_ok() {
            return;
        }
        let mut reader = self.start.clone();
        let found = read(&mut reader);
        // The error of the form that fits furthest is the one that helps.
        if found.is_ok() || reader.left() <= self.left {
            self.left = reader.left();
            self.best = found;
            *self.reader = reader;
        }
    }

    fn best(self) -> Result<Resource<'a>, ParseError> {
        self.best
    }
}
