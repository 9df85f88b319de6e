//! The host's kernel: its release, its clock rate, its security modules.

use flate2::read::GzDecoder;
use std::fs::{self, File};
use std::io::Read;
use viraudit::internal::audit_sys::confinement::is_since;

/// Modules that give each process a label.
const LABELLING: [&str; 3] = ["selinux", "smack", "apparmor"];

/// The most bytes of a kernel's configuration that are read.
const CONFIG_MAX: u64 = 4 << 20;

/// The host's kernel.
#[derive(Debug, Default)]
pub(crate) struct Host {
    /// The release, such as `6.18.44`.
    pub(crate) release: String,
    /// CONFIG_HZ, the jiffies in a second; `None` if unknown.
    pub(crate) hz: Option<u32>,
    /// The active security modules in the order of their hooks; `None` if unknown.
    pub(crate) security_modules: Option<Vec<String>>,
}

impl Host {
    /// This host.
    pub(crate) fn current() -> Self {
        let text = |path: &str| fs::read_to_string(path).ok();
        let release = text("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned();
        let modules = text("/sys/kernel/security/lsm").filter(|modules| !modules.is_empty());
        Self {
            hz: kernel_config(&release).as_deref().and_then(hz),
            security_modules: modules
                .map(|modules| modules.trim().split(',').map(str::to_owned).collect()),
            release,
        }
    }

    /// A known fault in the `subj=` of records on this host.
    pub(crate) fn subject_fault(&self) -> Option<String> {
        let modules = self.security_modules.as_deref()?;
        if !is_since(&self.release, (6, 18)) {
            return None;
        }
        let labelling: Vec<_> =
            modules.iter().map(String::as_str).filter(|name| LABELLING.contains(name)).collect();
        match labelling[..] {
            [] => None,
            // The kernel takes the label from the first module that may have one, and bpf may.
            [one] => modules.iter().take_while(|name| *name != one).any(|name| name == "bpf").then(
                || {
                    format!(
                        "records may have no subj=: Linux 6.18 and later is known to omit it if \
                         bpf comes before {one} in /sys/kernel/security/lsm, and then logs \
                         \"error in audit_log_subj_ctx\" (with auditctl -f 2, it panics)"
                    )
                },
            ),
            _ => Some(format!(
                "several security modules label processes ({}): records have subj=?, and a \
                 MAC_TASK_CONTEXTS record of the same event has the labels",
                labelling.join(", ")
            )),
        }
    }
}

/// The running kernel's configuration.
fn kernel_config(release: &str) -> Option<String> {
    let compressed = File::open("/proc/config.gz").ok().map(GzDecoder::new);
    compressed.and_then(text).or_else(|| {
        let files = [format!("/boot/config-{release}"), format!("/lib/modules/{release}/config")];
        files.iter().find_map(|path| text(File::open(path).ok()?))
    })
}

fn text(source: impl Read) -> Option<String> {
    let mut text = String::new();
    source.take(CONFIG_MAX).read_to_string(&mut text).ok()?;
    Some(text)
}

fn hz(config: &str) -> Option<u32> {
    let value = config.lines().find_map(|line| line.strip_prefix("CONFIG_HZ="))?;
    value.parse().ok().filter(|&hz| hz > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jiffies_in_a_second_are_in_the_configuration() {
        for (config, expected) in [
            ("# CONFIG_HZ_100 is not set\nCONFIG_HZ_250=y\nCONFIG_HZ=250\n", Some(250)),
            ("CONFIG_HZ=1000", Some(1000)),
            ("CONFIG_NO_HZ=y\nCONFIG_HZ_250=y\n", None),
            ("CONFIG_HZ=0\n", None),
            ("CONFIG_HZ=many\n", None),
            ("", None),
        ] {
            assert_eq!(hz(config), expected, "{config}");
        }
    }

    #[test]
    fn subject_faults_are_named_only_where_they_are_known() {
        let fault = |release: &str, modules: Option<&str>| {
            let security_modules =
                modules.map(|modules| modules.split(',').map(str::to_owned).collect());
            Host { release: release.into(), hz: None, security_modules }.subject_fault()
        };
        for (release, modules, expected) in [
            ("6.18.2", Some("capability,landlock,yama,bpf,apparmor"), Some("may have no subj=")),
            ("7.0.11", Some("capability,bpf,landlock,selinux"), Some("bpf comes before selinux")),
            ("6.18.2", Some("capability,selinux,bpf"), None),
            ("6.18.2", Some("capability,landlock,bpf"), None),
            ("6.17.9", Some("capability,bpf,apparmor"), None),
            ("6.18.2", Some("capability,smack,bpf,apparmor"), Some("(smack, apparmor)")),
            ("6.12.0", Some("capability,selinux,apparmor"), None),
            ("6.18.2", None, None),
        ] {
            let found = fault(release, modules);
            match expected {
                Some(words) => assert!(found.as_deref().unwrap_or_default().contains(words)),
                None => assert_eq!(found, None, "{release} {modules:?}"),
            }
        }
    }
}
