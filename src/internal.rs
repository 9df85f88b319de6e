//! Items for the other packages of this workspace. They may change in any release.

/// The C library's file name that programs are linked with. The number changes only when programs
/// that were linked with it would no longer run.
pub const SONAME: &str = "libviraudit.so.0";

/// Sockets, and facts about the process and its host.
pub mod audit_sys {
    pub use crate::audit_sys::{
        confinement, frame, host, inherited, link, multicast, rules, socket, status,
    };
}

/// Texts that are printed in more than one place.
pub mod backend {
    pub use crate::backend::kernel::AUDITING_IS_OFF;
}

/// The grammar of libvirt's configuration files.
pub mod config {
    pub use crate::config::document::Document;
    pub use crate::config::file::{AUDIT_LEVEL, AUDIT_LOGGING, MAX_FILE_SIZE, read, read_from};
    pub use crate::config::parser::{Entry, Item, Number, Setting};

    /// libvirt's daemons on a host.
    pub mod daemons {
        pub use crate::config::daemons::{Basis, Daemon, NAMES, default_file, find};
    }

    /// The keys of libvirt's daemons.
    pub mod keys {
        pub use crate::config::keys::{KEYS, Key, find, mistakes};
    }

    /// viraudit.conf.
    pub mod own {
        pub use crate::config::own::{
            DELIVERY, DELIVERY_TARGET, PATH, QUEUE_LIMIT, RECORD_CLIENT, mistakes,
        };
    }

    /// Changes to such a file.
    pub mod edit {
        pub use crate::config::edit::{Assignment, BadAssignment, set, unset};
    }
}

/// The encoding, byte by byte.
pub mod encode {
    pub use crate::encode::byte::{MISSING, decode_hex, hex_pair, is_harmless, needs_hex};
}

/// From a record to the text that is sent.
pub mod message {
    pub use crate::message::suffix::Suffix;
    pub use crate::message::{Composed, ParsedMessage, TEXT_ROOM, TextBody, compose};
}

/// The fields of records.
pub mod record {
    pub use crate::record::examples::Source;
    pub use crate::record::fields::{FieldSink, Fields, Style};
    pub use crate::record::kinds::{MAKERS, form_of, style_of};
    pub use crate::record::parse::FieldReader;
    pub use crate::record::table::{Field, Kind, Role};

    /// Requirements on a record.
    pub mod wanted {
        pub use crate::record::wanted::{
            Difference, Exactly, Fields, Likeness, Requirement, Wanted, field,
        };
    }
}
