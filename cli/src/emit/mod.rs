//! `viraudit emit`: emits audit records about a guest.

mod deliver;
mod guest;
mod lifecycle;
mod resource;
mod value;

use crate::failure::Failure;
use clap::{Args, Subcommand};
use deliver::{DeliveryArgs, deliver};
use guest::GuestArgs;
use viraudit::record::TpmKind;
use viraudit::{Event, Record, Resource};

const HELP: &str = "\
Each EVENT is one record: VIRT_RESOURCE for a resource, else of the type in parentheses. `start --xml \
FILE` also emits records of the guest's security labels and resources. `viraudit emit EVENT --help` \
shows the options of an EVENT.

Records go to the kernel's audit subsystem. This needs CAP_AUDIT_WRITE: without it the command \
fails, and no record is written anywhere. `--to stdout` and `--to file:PATH` write lines in the \
format of audit.log instead, which ausearch reads; they need no privileges.

Names, paths and other values may be any bytes; blanks, quotes and line ends are encoded, so they \
can't forge a field. Write a value that begins with a dash as in --name=-x.

Exit status:
  0  all records were accepted
  2  wrong usage, or malformed input
  3  not permitted, or a record could not be written

Examples:
  viraudit emit start --xml guest.xml --pid 4711
  virsh dumpxml web1 | viraudit emit start --xml - --to stdout
  viraudit emit disk --xml guest.xml --new /images/data.qcow2
  viraudit emit disk --virt kvm --name web1 \\
      --uuid 8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab \\
      --reason update --old /iso/a.iso --new /iso/b.iso
  viraudit emit dev --xml guest.xml --bus pci --device 0000:03:00.0 --failed
  viraudit emit stop --xml guest.xml --reason destroyed";

const START_HELP: &str = "\
With --xml, these records are emitted: VIRT_MACHINE_ID for each security label, VIRT_RESOURCE for \
each resource in libvirt's order, then VIRT_CONTROL op=start. Without --xml, only VIRT_CONTROL \
op=start is emitted. --failed applies to VIRT_CONTROL only: the resources were assigned.

An element that this version can't read, such as a device of a later libvirt, is left out, and a \
warning on standard error shows its line; the other records are emitted. --strict refuses such an \
XML. The number of a USB device that the XML gives by its port, or by vendor and product, is looked \
up below /sys/bus/usb/devices.";

const DEV_HELP: &str = "\
The format of ADDRESS depends on BUS:
  usb        BUS.DEVICE, decimal, as in lsusb: 3.7
  pci        [DOMAIN:]BUS:SLOT.FUNCTION, hex, as in lspci:
             0000:03:00.0
  scsi       ADAPTER:BUS:TARGET:UNIT: scsi_host0:0:2:0
  scsi_host  vhost WWPN: naa.5001405df3e54061
  mdev       UUID of the mediated device";

/// Emit audit records about a guest.
#[derive(Args, Debug)]
#[command(
    after_help = HELP,
    arg_required_else_help = false,
    disable_help_subcommand = true,
    subcommand_value_name = "EVENT",
    subcommand_help_heading = "Events",
)]
pub(crate) struct EmitArgs {
    /// The event to record.
    #[command(subcommand)]
    event: EventArgs,
}

/// The arguments of one event: its own, the guest's, and those about delivery.
#[derive(Args, Debug)]
struct With<T: Args> {
    #[command(flatten)]
    event: T,
    #[command(flatten)]
    guest: GuestArgs,
    #[command(flatten)]
    delivery: DeliveryArgs,
}

#[derive(Debug, Subcommand)]
enum EventArgs {
    /// A guest starts (VIRT_CONTROL op=start)
    #[command(after_help = START_HELP)]
    Start(With<lifecycle::Start>),
    /// A guest stops (VIRT_CONTROL op=stop)
    Stop(With<lifecycle::Stop>),
    /// The init process of a container starts (VIRT_CONTROL op=init)
    Init(With<lifecycle::Init>),
    /// A guest gets a security label (VIRT_MACHINE_ID)
    MachineId(With<lifecycle::Label>),
    /// Resource: a disk, by its image or device
    Disk(With<resource::PathChange>),
    /// Resource: a directory shared with the guest
    Fs(With<resource::PathChange>),
    /// Resource: a network interface, or a host device opened for it
    Net(With<resource::Net>),
    /// Resource: a serial port, parallel port, channel or console
    Chardev(With<resource::PathChange>),
    /// Resource: a source of random numbers
    Rng(With<resource::PathChange>),
    /// Resource: a smartcard
    Smartcard(With<resource::PathChange>),
    /// Resource: a host device, by its bus and address
    #[command(after_help = DEV_HELP)]
    Dev(With<resource::Dev>),
    /// Resource: a USB device redirected from a client (resrc=dev)
    Redirdev(With<resource::Redirdev>),
    /// Resource: a host device of a container
    Hostdev(With<resource::Hostdev>),
    /// Resource: the host's TPM
    Tpm(With<resource::Tpm>),
    /// Resource: an emulated TPM that libvirt starts
    TpmEmulator(With<resource::Tpm>),
    /// Resource: an emulated TPM that another program starts
    TpmExternal(With<resource::Tpm>),
    /// Resource: shared memory without a server
    Shmem(With<resource::Shmem>),
    /// Resource: shared memory with a server
    IvshmemSocket(With<resource::PathOnly>),
    /// Resource: an input device of the host
    Evdev(With<resource::PathOnly>),
    /// Resource: the amount of memory
    Mem(With<resource::Memory>),
    /// Resource: the number of virtual CPUs
    Vcpu(With<resource::Number>),
    /// Resource: the number of I/O threads
    Iothread(With<resource::Number>),
    /// Resource: a rule of the guest's devices cgroup
    Cgroup(With<resource::Cgroup>),
    /// The integrity of a guest is checked (VIRT_INTEGRITY_CHECK)
    IntegrityCheck(With<lifecycle::IntegrityCheck>),
    /// The image of a guest is created (VIRT_CREATE)
    Create(With<lifecycle::Create>),
    /// The image of a guest is destroyed (VIRT_DESTROY)
    Destroy(With<lifecycle::Destroy>),
    /// A guest arrives from another host (VIRT_MIGRATE_IN)
    MigrateIn(With<lifecycle::MigrateIn>),
    /// A guest leaves for another host (VIRT_MIGRATE_OUT)
    MigrateOut(With<lifecycle::MigrateOut>),
}

/// Emits one event.
pub(crate) fn run(args: EmitArgs) -> Result<u8, Failure> {
    match args.event {
        EventArgs::Start(args) => start(args),
        EventArgs::Stop(args) => args.emit(lifecycle::Stop::event),
        EventArgs::Init(args) => args.emit(lifecycle::Init::event),
        EventArgs::MachineId(args) => args.emit(lifecycle::Label::event),
        EventArgs::Disk(args) => args.emit(|event| event.event(Resource::Disk)),
        EventArgs::Fs(args) => args.emit(|event| event.event(Resource::Fs)),
        EventArgs::Net(args) => args.emit(resource::Net::event),
        EventArgs::Chardev(args) => args.emit(|event| event.event(Resource::Chardev)),
        EventArgs::Rng(args) => args.emit(|event| event.event(Resource::Rng)),
        EventArgs::Smartcard(args) => args.emit(|event| event.event(Resource::Smartcard)),
        EventArgs::Dev(args) => args.emit(resource::Dev::event),
        EventArgs::Redirdev(args) => args.emit(resource::Redirdev::event),
        EventArgs::Hostdev(args) => args.emit(resource::Hostdev::event),
        EventArgs::Tpm(args) => args.emit(|event| event.event(TpmKind::Passthrough)),
        EventArgs::TpmEmulator(args) => args.emit(|event| event.event(TpmKind::Emulator)),
        EventArgs::TpmExternal(args) => args.emit(|event| event.event(TpmKind::External)),
        EventArgs::Shmem(args) => args.emit(resource::Shmem::event),
        EventArgs::IvshmemSocket(args) => args.emit(|event| event.event(Resource::ShmemServer)),
        EventArgs::Evdev(args) => args.emit(|event| event.event(Resource::Evdev)),
        EventArgs::Mem(args) => args.emit(resource::Memory::event),
        EventArgs::Vcpu(args) => {
            args.emit(|event| event.event(|old, new| Resource::Vcpu { old, new }))
        }
        EventArgs::Iothread(args) => {
            args.emit(|event| event.event(|old, new| Resource::IoThread { old, new }))
        }
        EventArgs::Cgroup(args) => args.emit(resource::Cgroup::event),
        EventArgs::IntegrityCheck(args) => args.emit(lifecycle::IntegrityCheck::event),
        EventArgs::Create(args) => args.emit(lifecycle::Create::event),
        EventArgs::Destroy(args) => args.emit(lifecycle::Destroy::event),
        EventArgs::MigrateIn(args) => args.emit(lifecycle::MigrateIn::event),
        EventArgs::MigrateOut(args) => args.emit(lifecycle::MigrateOut::event),
    }
}

impl<T: Args> With<T> {
    /// Sends the one record that `event` creates from the arguments.
    fn emit(self, event: impl FnOnce(T) -> Result<Event<'static>, Failure>) -> Result<u8, Failure> {
        let event = event(self.event)?;
        let guest = self.guest.guest()?;
        let success = self.delivery.success();
        deliver(&[Record { guest, event, success }], &self.delivery)
    }
}

/// Sends the records of a start: all that the XML describes, or VIRT_CONTROL alone.
fn start(args: With<lifecycle::Start>) -> Result<u8, Failure> {
    let Some(definition) = args.guest.definition()? else {
        return args.emit(lifecycle::Start::event);
    };
    let lifecycle::Start { pid, reason } = args.event;
    let success = args.delivery.success();
    let records: Vec<_> = definition.start_records(value::value(reason), pid, success).collect();
    let code = deliver(&records, &args.delivery)?;
    args.guest.warn_of_gaps(&definition);
    Ok(code)
}
