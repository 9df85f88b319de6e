//! The arguments of `viraudit expect`. Those before and after `--then` and `--and` belong to different
//! expectations, so their places matter.

use crate::listen::{ListenArgs, seconds};
use clap::error::ErrorKind;
use clap::{ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;
use viraudit::Uuid;
use viraudit_trail::expect::Expectation;

const HELP: &str = "\
KEY is a field of the record as audit.log shows it: resrc, reason, op, vm, uuid, virt, old-disk, \
new-disk, res, exe, ... (see viraudit-records(5)); a field of the kernel (pid, uid, auid, ses); or type, \
node or text, which is the whole text of the record. VALUE is decoded: new-disk='/images/my data'. \
KEY~REGEX fits if the regular expression matches any part of the value.

Records are heard first. Then COMMAND is started, or without COMMAND the line `ready` is printed \
(unless there is --ready-fd). A record that comes afterwards is never missed. The command ends as soon \
as all records came and COMMAND has ended. The time of --within begins when COMMAND ends, or with the \
ready sign.

Records that fit no expectation are ignored. A record counts for each expectation that it fits: for two \
alike, use --count 2. With --then, the next expectation needs a record after those of the ones before; \
with --and, the order doesn't matter. --absent holds until the end or, before --then, until the next \
expectation is met.

If not all records came, standard error shows for each missing one the nearest record, the fields that \
differ, and how many records were heard. With --json, standard output gets the verdict as an object.

Exit status:
  0  the records came, and COMMAND succeeded
  1  a record did not come, or came although it must not
  2  wrong usage
  3  not permitted, an I/O error, or interrupted; or records were lost or cut
     meanwhile, so that neither 0 nor 1 would be certain
  4  COMMAND failed; its status is on standard error

Examples:
  viraudit expect resrc=disk reason=attach new-disk=/images/a.qcow2 -- \\
    virsh attach-disk web1 /images/a.qcow2 vdb
  viraudit expect --vm web1 op=start --then op=stop --within 30
  viraudit expect --vm web1 --absent --within 1 -- virsh dominfo web1
  viraudit expect --from /tmp/records --type VIRT_CONTROL 'reason~^boot' -- ./test";

/// Wait for the records that a test expects.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct ExpectOptions {
    /// Fields that the record must have.
    #[arg(value_name = "KEY=VALUE")]
    fields: Vec<String>,
    /// The name of the guest.
    #[arg(long, value_name = "NAME")]
    vm: Vec<OsString>,
    /// The UUID of the guest.
    #[arg(long, value_name = "UUID")]
    uuid: Vec<String>,
    /// The type of the record, such as VIRT_RESOURCE.
    #[arg(long = "type", value_name = "TYPE")]
    kind: Vec<String>,
    /// Expect at least this number of such records [default: 1].
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    count: Vec<u64>,
    /// Expect that no such record comes.
    #[arg(long, action = ArgAction::Append, num_args = 0, default_missing_value = "true")]
    absent: Vec<bool>,
    /// Begin the next expectation, whose record must come later.
    #[arg(long, action = ArgAction::Append, num_args = 0, default_missing_value = "true")]
    then: Vec<bool>,
    /// Begin the next expectation, whose record may come earlier or later.
    #[arg(long, action = ArgAction::Append, num_args = 0, default_missing_value = "true")]
    and: Vec<bool>,
    /// Wait for this number of seconds, which may have a fraction.
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = seconds)]
    pub(super) within: Duration,
    /// Print the verdict and the records as a JSON object.
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) listen: ListenArgs,
    /// Command to run, with its arguments.
    #[arg(value_name = "COMMAND", last = true)]
    pub(super) command: Vec<OsString>,
}

/// The options, and the expectations in their groups.
#[derive(Debug)]
pub(crate) struct ExpectArgs {
    pub(super) options: ExpectOptions,
    pub(super) groups: Vec<Vec<Expectation>>,
}

impl Args for ExpectArgs {
    fn augment_args(command: Command) -> Command {
        ExpectOptions::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        ExpectOptions::augment_args_for_update(command)
    }
}

impl FromArgMatches for ExpectArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let groups = groups(matches)
            .map_err(|why| Error::raw(ErrorKind::ValueValidation, format!("{why}\n")))?;
        Ok(Self { options: ExpectOptions::from_arg_matches(matches)?, groups })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// An argument that belongs to one expectation, or separates two.
enum Part<'m> {
    Field(&'m str),
    Vm(&'m OsString),
    Uuid(&'m str),
    Kind(&'m str),
    Count(u64),
    Absent,
    Then,
    And,
}

/// The arguments with their places.
fn parts(matches: &ArgMatches) -> Vec<Part<'_>> {
    fn each<'m, T: Clone + Send + Sync + 'static>(
        matches: &'m ArgMatches,
        id: &str,
        part: impl Fn(&'m T) -> Part<'m>,
        parts: &mut Vec<(usize, Part<'m>)>,
    ) {
        let places = matches.indices_of(id).into_iter().flatten();
        let values = matches.get_many::<T>(id).into_iter().flatten();
        parts.extend(places.zip(values.map(part)));
    }
    let mut parts = Vec::new();
    each(matches, "fields", |text: &String| Part::Field(text), &mut parts);
    each(matches, "vm", Part::Vm, &mut parts);
    each(matches, "uuid", |text: &String| Part::Uuid(text), &mut parts);
    each(matches, "kind", |text: &String| Part::Kind(text), &mut parts);
    each(matches, "count", |count: &u64| Part::Count(*count), &mut parts);
    each(matches, "absent", |_: &bool| Part::Absent, &mut parts);
    each(matches, "then", |_: &bool| Part::Then, &mut parts);
    each(matches, "and", |_: &bool| Part::And, &mut parts);
    parts.sort_by_key(|(place, _)| *place);
    parts.into_iter().map(|(_, part)| part).collect()
}

/// An expectation that is being read.
#[derive(Default)]
struct Pending {
    expectation: Expectation,
    any: bool,
    count: bool,
    absent: bool,
}

impl Pending {
    fn add(self, part: &Part<'_>) -> Result<Self, String> {
        let Self { expectation, count, absent, .. } = self;
        let (count, absent) =
            (count || matches!(part, Part::Count(_)), absent || matches!(part, Part::Absent));
        if count && absent {
            return Err("--absent and --count exclude each other".into());
        }
        let expectation = match part {
            Part::Field(text) => expectation.field(text)?,
            Part::Vm(name) => expectation.vm(name.as_bytes()),
            Part::Uuid(text) => {
                let uuid = Uuid::parse(text.as_bytes());
                expectation.uuid(uuid.ok_or_else(|| format!("--uuid '{text}' is not a UUID"))?)
            }
            Part::Kind(name) => expectation.kind(name)?,
            Part::Count(count) => expectation.count(*count),
            Part::Absent => expectation.absent(),
            Part::Then | Part::And => expectation,
        };
        Ok(Self { expectation, any: true, count, absent })
    }
}

fn groups(matches: &ArgMatches) -> Result<Vec<Vec<Expectation>>, String> {
    let mut groups = vec![Vec::new()];
    let mut pending = Pending::default();
    let mut separated = false;
    for part in parts(matches) {
        if !matches!(part, Part::Then | Part::And) {
            pending = pending.add(&part)?;
            continue;
        }
        separated = true;
        let Pending { expectation, any: true, .. } = std::mem::take(&mut pending) else {
            return Err("no record is named before --then or --and".into());
        };
        if let Some(group) = groups.last_mut() {
            group.push(expectation);
        }
        if matches!(part, Part::Then) {
            groups.push(Vec::new());
        }
    }
    if separated && !pending.any {
        return Err("no record is named after --then or --and".into());
    }
    if let Some(group) = groups.last_mut() {
        group.push(pending.expectation);
    }
    Ok(groups)
}
