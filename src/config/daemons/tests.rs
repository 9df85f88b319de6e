use super::*;
use std::os::unix::fs::symlink;

/// A root directory with these files.
struct Root(tempfile::TempDir);

impl Root {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn file(&self, path: &str, text: &[u8]) -> &Self {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    fn process(&self, pid: u32, name: &str, uid: u32, parent: u32, arguments: &[&str]) -> &Self {
        let status = format!("Name:\t{name}\nPPid:\t{parent}\nUid:\t0\t{uid}\t0\t0\n");
        self.file(&format!("proc/{pid}/comm"), format!("{name}\n").as_bytes());
        self.file(&format!("proc/{pid}/status"), status.as_bytes());
        let line =
            arguments.iter().flat_map(|word| [word.as_bytes(), b"\0"].concat()).collect::<Vec<_>>();
        self.file(&format!("proc/{pid}/cmdline"), &line)
    }

    /// Each daemon's name, file and basis.
    fn found(&self) -> Vec<(&'static str, String, Basis)> {
        let file = |file: PathBuf| match file.strip_prefix(self.path()) {
            Ok(below) => format!("/{}", below.display()),
            Err(_) => file.display().to_string(),
        };
        find(self.path()).into_iter().map(|one| (one.name, file(one.file), one.basis)).collect()
    }
}

fn conf(name: &str) -> String {
    format!("/etc/libvirt/{name}.conf")
}

#[test]
fn without_a_daemon_the_file_is_libvirtds() {
    let root = Root::new();
    assert_eq!(root.found(), []);
    assert_eq!(settings_file(root.path()), root.path().join("etc/libvirt/libvirtd.conf"));
}

#[test]
fn running_daemons_come_first_and_name_their_files() {
    let root = Root::new();
    root.file("usr/sbin/libvirtd", b"");
    assert_eq!(root.found(), [("libvirtd", conf("libvirtd"), Basis::Installed)]);
    root.file("etc/systemd/system/sockets.target.wants/virtlxcd.socket", b"");
    assert_eq!(root.found(), [("virtlxcd", conf("virtlxcd"), Basis::Enabled)]);
    root.process(70, "virtqemud", 0, 1, &["/usr/sbin/virtqemud", "--timeout", "120"]);
    let both = [
        ("virtqemud", conf("virtqemud"), Basis::Running),
        ("virtlxcd", conf("virtlxcd"), Basis::Enabled),
    ];
    assert_eq!(root.found(), both);
    assert_eq!(find(root.path())[0].pid, Some(70));
    assert_eq!(settings_file(root.path()), root.path().join("etc/libvirt/virtqemud.conf"));
    // Its child, a session's daemon, another program, and a process without a command line.
    root.process(71, "virtqemud", 0, 70, &["/usr/sbin/virtqemud", "-f", "/child.conf"]);
    root.process(72, "virtqemud", 1000, 1, &["virtqemud", "-f", "/tmp/mine.conf"]);
    root.process(73, "virtlogd", 0, 1, &["virtlogd"]).file("proc/74/comm", b"virtqemud\n");
    assert_eq!(root.found(), both);
    root.process(75, "virtqemud", 0, 1, &["virtqemud", "-f", "/srv/second.conf"]);
    assert_eq!(root.found()[1], ("virtqemud", "/srv/second.conf".into(), Basis::Running));
}

#[test]
fn a_daemon_of_a_container_is_not_the_hosts() {
    let (root, container) = (Root::new(), Root::new());
    root.process(70, "libvirtd", 0, 1, &["libvirtd"]);
    symlink(container.path(), root.path().join("proc/70/root")).unwrap();
    assert_eq!(root.found(), []);
    root.process(71, "libvirtd", 0, 1, &["libvirtd"]);
    symlink(root.path(), root.path().join("proc/71/root")).unwrap();
    assert_eq!(root.found(), [("libvirtd", conf("libvirtd"), Basis::Running)]);
}

#[test]
fn a_masked_unit_is_not_there() {
    let root = Root::new();
    root.file("usr/sbin/virtqemud", b"").file("etc/systemd/system/x", b"");
    symlink("/dev/null", root.path().join("etc/systemd/system/virtqemud.service")).unwrap();
    assert_eq!(root.found(), []);
}

#[test]
fn the_option_f_is_read_as_the_daemon_reads_it() {
    for (arguments, expected) in [
        (&["-f", "/a"][..], Some("/a")),
        (&["-f/a"], Some("/a")),
        (&["-vdf", "/a"], Some("/a")),
        (&["--config", "/a"], Some("/a")),
        (&["--config=/a"], Some("/a")),
        (&["--conf=/a"], Some("/a")),
        (&["-f", "/a", "--config=/b"], Some("/b")),
        (&["-p", "-f", "-t", "30"], None),
        (&["-tf", "/a"], None),
        (&["--timeout", "-f", "--pid-file", "--config"], None),
        (&["--", "-f", "/a"], None),
        (&["-f"], None),
        (&["--config="], None),
        (&["-l", "-v"], None),
    ] {
        let root = Root::new();
        root.process(7, "virtqemud", 0, 1, &[&["virtqemud"], arguments].concat());
        let default = conf("virtqemud");
        assert_eq!(root.found()[0].1, expected.unwrap_or(&default), "{arguments:?}");
    }
    let root = Root::new();
    root.process(7, "virtqemud", 0, 1, &["virtqemud", "-f", "x.conf"]);
    assert_eq!(root.found()[0].1, conf("virtqemud"));
    symlink("/srv", root.path().join("proc/7/cwd")).unwrap();
    assert_eq!(root.found()[0].1, "/srv/x.conf");
}

#[test]
fn the_environment_of_a_unit_names_the_file() {
    let root = Root::new();
    root.file("usr/sbin/virtqemud", b"");
    root.file(
        "etc/sysconfig/virtqemud",
        b"#VIRTQEMUD_ARGS=\"-f /no\"\nVIRTQEMUD_ARGS=\"--timeout 120 -f /srv/q.conf\"\n",
    );
    assert_eq!(root.found(), [("virtqemud", "/srv/q.conf".into(), Basis::Installed)]);
    root.file("etc/sysconfig/virtqemud", b"VIRTQEMUD_ARGS=\"--timeout 120\"\n");
    assert_eq!(root.found(), [("virtqemud", conf("virtqemud"), Basis::Installed)]);
}

#[test]
fn a_modular_daemons_file_counts_where_libvirtd_has_none() {
    let root = Root::new();
    root.file("etc/libvirt/virtqemud.conf", b"");
    let modular = [("virtqemud", conf("virtqemud"), Basis::Installed)];
    assert_eq!(root.found(), modular);
    root.file("etc/systemd/system/multi-user.target.wants/libvirtd.service", b"");
    assert_eq!(root.found(), modular);
    // A file of libvirtd's, or its process, is stronger.
    root.process(70, "libvirtd", 0, 1, &["libvirtd"]);
    assert_eq!(root.found(), [("libvirtd", conf("libvirtd"), Basis::Running)]);
    fs::remove_dir_all(root.path().join("proc")).unwrap();
    root.file("etc/libvirt/libvirtd.conf", b"");
    assert_eq!(root.found(), [("libvirtd", conf("libvirtd"), Basis::Enabled)]);
    // A file that libvirtd left behind is none of the daemon's that is enabled.
    let root = Root::new();
    root.file("etc/libvirt/libvirtd.conf", b"");
    root.file("etc/systemd/system/sockets.target.wants/virtqemud.socket", b"");
    assert_eq!(root.found(), [("virtqemud", conf("virtqemud"), Basis::Enabled)]);
}
