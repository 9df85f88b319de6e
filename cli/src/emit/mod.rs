//! `viraudit emit`: records about a guest, from a script or from a shell.

mod deliver;
mod device;
mod guest;
mod lifecycle;
mod resource;
mod value;

use crate::failure::Failure;
use clap::{Args, Subcommand};
use deliver::{Sending, deliver};
use guest::GuestArgs;
use viraudit::record::TpmKind;
use viraudit::{Event, Record, Resource};

const HELP: &str = "\
Without --to, records go to the kernel's audit subsystem, which takes CAP_AUDIT_WRITE; a command \
that isn't permitted to says so and fails (exit status 3), and never writes them elsewhere instead. \
--to stdout and --to file:PATH write lines as audit.log has them, which ausearch reads; they take \
no rights.

Values are bytes: a name or a path that holds blanks, quotes or line ends can't forge a field. One that \
starts with a dash is given as --name=-x.

Examples:
  viraudit emit start --xml guest.xml --pid 4711
  virsh dumpxml web1 | viraudit emit start --xml - --to stdout
  viraudit emit disk --xml guest.xml --new /images/data.qcow2
  viraudit emit disk --virt kvm --name web1 \\
      --uuid 8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab \\
      --reason update --old /iso/a.iso --new /iso/b.iso
  viraudit emit dev --xml guest.xml --bus pci --device 0000:03:00.0 --failed
  viraudit emit stop --xml guest.xml --reason destroyed

Exit status: 0 the records were taken; 2 usage or bad input; 3 not permitted, or not written.";

/// Emit audit records about a guest.
#[derive(Args, Debug)]
#[command(after_help = HELP, arg_required_else_help = false, disable_help_subcommand = true)]
pub(crate) struct EmitArgs {
    /// What happened to the guest.
    #[command(subcommand)]
    what: What,
}

/// What a record says of its guest, about whom, and how it is sent.
#[derive(Args, Debug)]
struct Of<T: Args> {
    #[command(flatten)]
    tail: T,
    #[command(flatten)]
    guest: GuestArgs,
    #[command(flatten)]
    sending: Sending,
}

#[derive(Debug, Subcommand)]
enum What {
    /// A guest starts: with --xml its labels, all its resources and the start itself.
    ///
    /// With --xml, one burst: VIRT_MACHINE_ID for each security label, VIRT_RESOURCE for
    /// everything that is assigned, in libvirt's order, then VIRT_CONTROL op=start. With --virt,
    /// --name and --uuid, VIRT_CONTROL alone. --failed says that the start failed; the resources
    /// were assigned all the same.
    Start(Of<lifecycle::Start>),
    /// A guest stops (VIRT_CONTROL op=stop).
    Stop(Of<lifecycle::Stop>),
    /// A container's init starts (VIRT_CONTROL op=init).
    Init(Of<lifecycle::Init>),
    /// A security label is bound to a guest (VIRT_MACHINE_ID).
    MachineId(Of<lifecycle::Label>),
    /// A disk: the path of its image or device.
    Disk(Of<resource::PathChange>),
    /// A directory that is shared with a guest.
    Fs(Of<resource::PathChange>),
    /// A network interface, or a device that is opened for one (--mac, --device).
    Net(Of<resource::Net>),
    /// A port, a channel or a console: its pty, device, file, pipe or socket.
    Chardev(Of<resource::PathChange>),
    /// A source of random numbers.
    Rng(Of<resource::PathChange>),
    /// A smartcard: a certificate, a database or a character device.
    Smartcard(Of<resource::PathChange>),
    /// A host device, by its address on its bus.
    Dev(Of<resource::Dev>),
    /// A USB device that is redirected from a client (resrc=dev).
    Redirdev(Of<resource::Redirdev>),
    /// A device that a container gets: --disk or --chardev.
    Hostdev(Of<resource::Hostdev>),
    /// The host's TPM.
    Tpm(Of<resource::Tpm>),
    /// An emulated TPM that belongs to the guest.
    TpmEmulator(Of<resource::Tpm>),
    /// An emulated TPM that somebody else runs.
    TpmExternal(Of<resource::Tpm>),
    /// Shared memory without a server.
    Shmem(Of<resource::Shmem>),
    /// Shared memory with a server: the server's socket.
    IvshmemSocket(Of<resource::PathOnly>),
    /// An input device of the host.
    Evdev(Of<resource::PathOnly>),
    /// Memory, in KiB.
    Mem(Of<resource::Memory>),
    /// The number of virtual CPUs.
    Vcpu(Of<resource::Number>),
    /// The number of I/O threads.
    Iothread(Of<resource::Number>),
    /// A rule of the guest's devices cgroup.
    Cgroup(Of<resource::Cgroup>),
    /// A guest's integrity was checked (VIRT_INTEGRITY_CHECK).
    IntegrityCheck(Of<lifecycle::IntegrityCheck>),
    /// A guest's image is created (VIRT_CREATE).
    Create(Of<lifecycle::Create>),
    /// A guest's image is destroyed (VIRT_DESTROY).
    Destroy(Of<lifecycle::Destroy>),
    /// A guest arrives from another host (VIRT_MIGRATE_IN).
    MigrateIn(Of<lifecycle::MigrateIn>),
    /// A guest leaves for another host (VIRT_MIGRATE_OUT).
    MigrateOut(Of<lifecycle::MigrateOut>),
}

/// Emits what the arguments say.
pub(crate) fn run(args: EmitArgs) -> Result<u8, Failure> {
    match args.what {
        What::Start(of) => start(of),
        What::Stop(of) => of.emit(lifecycle::Stop::event),
        What::Init(of) => of.emit(lifecycle::Init::event),
        What::MachineId(of) => of.emit(lifecycle::Label::event),
        What::Disk(of) => of.emit(|tail| tail.event("disk", Resource::Disk)),
        What::Fs(of) => of.emit(|tail| tail.event("fs", Resource::Fs)),
        What::Net(of) => of.emit(resource::Net::event),
        What::Chardev(of) => of.emit(|tail| tail.event("chardev", Resource::Chardev)),
        What::Rng(of) => of.emit(|tail| tail.event("rng", Resource::Rng)),
        What::Smartcard(of) => of.emit(|tail| tail.event("smartcard", Resource::Smartcard)),
        What::Dev(of) => of.emit(resource::Dev::event),
        What::Redirdev(of) => of.emit(resource::Redirdev::event),
        What::Hostdev(of) => of.emit(resource::Hostdev::event),
        What::Tpm(of) => of.emit(|tail| tail.event(TpmKind::Passthrough)),
        What::TpmEmulator(of) => of.emit(|tail| tail.event(TpmKind::Emulator)),
        What::TpmExternal(of) => of.emit(|tail| tail.event(TpmKind::External)),
        What::Shmem(of) => of.emit(resource::Shmem::event),
        What::IvshmemSocket(of) => of.emit(|tail| tail.event(Resource::ShmemServer)),
        What::Evdev(of) => of.emit(|tail| tail.event(Resource::Evdev)),
        What::Mem(of) => of.emit(resource::Memory::event),
        What::Vcpu(of) => of.emit(|tail| tail.event(Resource::Vcpu)),
        What::Iothread(of) => of.emit(|tail| tail.event(Resource::IoThread)),
        What::Cgroup(of) => of.emit(resource::Cgroup::event),
        What::IntegrityCheck(of) => of.emit(lifecycle::IntegrityCheck::event),
        What::Create(of) => of.emit(lifecycle::Create::event),
        What::Destroy(of) => of.emit(lifecycle::Destroy::event),
        What::MigrateIn(of) => of.emit(lifecycle::MigrateIn::event),
        What::MigrateOut(of) => of.emit(lifecycle::MigrateOut::event),
    }
}

impl<T: Args> Of<T> {
    /// Sends the one record that `event` makes of the arguments.
    fn emit(self, event: impl FnOnce(T) -> Result<Event<'static>, Failure>) -> Result<u8, Failure> {
        let event = event(self.tail)?;
        let guest = self.guest.guest()?;
        let success = self.sending.success();
        deliver(&[Record { guest, event, success }], &self.sending)
    }
}

/// A start: everything that the XML describes, or the control record alone.
fn start(of: Of<lifecycle::Start>) -> Result<u8, Failure> {
    let Some(definition) = of.guest.definition()? else {
        return of.emit(lifecycle::Start::event);
    };
    let lifecycle::Start { pid, reason } = of.tail;
    let records: Vec<_> =
        definition.start_records(value::value(reason), pid, of.sending.success()).collect();
    deliver(&records, &of.sending)
}
