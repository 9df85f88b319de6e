//! Listening, and expectations.

use crate::check_signals;
use crate::record::Record;
use crate::text::{Text, shown};
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use std::io;
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread;
use std::time::{Duration, Instant};
use viraudit::internal::audit_sys::inherited;
use viraudit_trail::expect::{
    Answer, Expectation, HeardRecord, Hearing, Matcher, Nearest, Next, Progress, Verdict,
};
use viraudit_trail::listen::{Source, refusal, silence};

/// The longest wait for noticing a signal, or that another thread closes the listener.
const PATIENCE: Duration = Duration::from_millis(100);

/// The time between two attempts to get the listener from another thread.
const INTERVAL: Duration = Duration::from_millis(5);

/// A record, and whether it has met an expectation or was taken by an iteration.
struct Heard {
    record: HeardRecord,
    taken: bool,
}

struct State {
    hearing: Hearing,
    heard: Vec<Heard>,
    /// The first record that may not be taken.
    first: usize,
    /// Whether taken records are kept.
    keep: bool,
    at_end: bool,
}

/// Records from one source. Safe for several threads: each record goes to one of them.
#[pyclass(module = "viraudit", frozen)]
pub(crate) struct NativeListener {
    /// It is only waited for without the GIL.
    state: Mutex<Option<State>>,
    closed: AtomicBool,
    from_kernel: bool,
}

/// An expectation that is not met.
#[pyclass(module = "viraudit", frozen, get_all)]
pub(crate) struct Unmet {
    /// Its number, from 1.
    number: usize,
    /// As in the arguments of `viraudit expect`.
    expectation: String,
    /// The number of records that came.
    came: u64,
    /// The nearest other record.
    nearest: Option<Record>,
    /// The keys that differ, each with the value found and the value expected.
    differences: Vec<(String, Option<Py<PyAny>>, String)>,
}

/// The answer to expectations.
#[pyclass(module = "viraudit", frozen, get_all)]
pub(crate) struct Outcome {
    /// met, unmet, unwanted, lost or deaf.
    answer: &'static str,
    /// Lines for people; empty if all is met.
    message: String,
    /// For each expectation the records that met it.
    found: Vec<Vec<Record>>,
    unmet: Vec<Py<Unmet>>,
    /// The record that must not come.
    unwanted: Option<Record>,
}

/// An expectation: its words, `KEY=VALUE` and `KEY~REGEX`, the values of keys, the number of records,
/// and whether it is absent.
type Parts = (Vec<String>, Vec<(String, Text)>, u64, bool);

fn expectation((words, values, count, absent): Parts) -> PyResult<Expectation> {
    let wrong = PyValueError::new_err::<String>;
    let mut expectation = Expectation::new();
    for word in words {
        expectation = if word.contains(['=', '~']) {
            expectation.field(&word)
        } else {
            expectation.kind(&word)
        }
        .map_err(wrong)?;
    }
    for (key, value) in values {
        expectation = match &key[..] {
            "vm" => expectation.vm(&value.0),
            _ => expectation.field(&format!("{key}={}", value.into_utf8()?)).map_err(wrong)?,
        };
    }
    Ok(if absent { expectation.absent() } else { expectation.count(count) })
}

fn seconds(number: f64) -> PyResult<Duration> {
    if number.is_infinite() && number > 0.0 {
        return Ok(Duration::MAX);
    }
    Duration::try_from_secs_f64(number)
        .map_err(|_| PyValueError::new_err(format!("{number} is not a number of seconds")))
}

/// The time that is left until `end`.
fn left(end: Option<Instant>) -> Duration {
    end.map_or(PATIENCE, |end| end.saturating_duration_since(Instant::now()))
}

impl State {
    /// The first record that is not taken.
    fn take(&mut self) -> Option<HeardRecord> {
        while self.heard.get(self.first).is_some_and(|heard| heard.taken) {
            self.first += 1;
        }
        let Some(heard) = self.heard.get_mut(self.first) else {
            if !self.keep {
                self.heard.clear();
                self.first = 0;
            }
            return None;
        };
        heard.taken = true;
        Some(heard.record.clone())
    }

    /// Hears what is next. False if nothing was there in time.
    fn hear(&mut self, wait: Duration) -> io::Result<bool> {
        match self.hearing.next(wait, None)? {
            Next::Record(record) => self.heard.push(Heard { record: *record, taken: false }),
            Next::Other => {}
            Next::Nothing | Next::Woken => return Ok(false),
            Next::End => {
                self.at_end = true;
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Hears what is there already.
    fn drain(&mut self) -> io::Result<()> {
        if !self.at_end {
            let heard = &mut self.heard;
            self.at_end = !self.hearing.drain(|record| {
                heard.push(Heard { record, taken: false });
                true
            })?;
        }
        Ok(())
    }
}

/// Feeds a matcher with the records that are not taken. Returns those that counted.
fn feed(state: &State, matcher: &mut Matcher, at: &mut usize, counted: &mut Vec<usize>) {
    let count = |matcher: &Matcher| matcher.found().map(|(_, found)| found.len()).sum::<usize>();
    while let Some(heard) = state.heard.get(*at)
        && matcher.progress() == Progress::Waiting
    {
        if heard.taken {
            matcher.skip();
        } else {
            let before = count(matcher);
            matcher.feed(heard.record.clone());
            if count(matcher) > before {
                counted.push(*at);
            }
        }
        *at += 1;
    }
}

impl NativeListener {
    /// Runs `work` with the state, without the GIL.
    fn with<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut State) -> PyResult<T> + Send,
    ) -> PyResult<T> {
        py.detach(|| {
            let mut state = self.lock()?;
            work(state.as_mut().ok_or_else(closed)?)
        })
    }

    /// Waits for the state, and for signals.
    fn lock(&self) -> PyResult<MutexGuard<'_, Option<State>>> {
        loop {
            match self.state.try_lock() {
                Ok(state) => return Ok(state),
                Err(TryLockError::Poisoned(poisoned)) => return Ok(poisoned.into_inner()),
                Err(TryLockError::WouldBlock) => {
                    thread::sleep(INTERVAL);
                    check_signals()?;
                }
            }
        }
    }

    fn check(&self) -> PyResult<()> {
        check_signals()?;
        if self.closed.load(Ordering::Acquire) { Err(closed()) } else { Ok(()) }
    }
}

fn closed() -> PyErr {
    PyValueError::new_err("the listener is closed")
}

#[pymethods]
impl NativeListener {
    /// Listens to `kernel`, to the file at `path`, or to the stream `fd`, which it closes in the end.
    /// `keep` keeps all records for `heard`.
    #[new]
    #[pyo3(signature = (path=None, fd=None, keep=false))]
    fn new(py: Python<'_>, path: Option<Text>, fd: Option<i32>, keep: bool) -> PyResult<Self> {
        let opened = match (path, fd) {
            (None, None) => py.detach(Source::kernel),
            (None, Some(fd)) => inherited::take(fd).map(Source::stream),
            (Some(path), _) => {
                let path = path.into_path();
                py.detach(|| Source::file(&path)).map_err(|error| {
                    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
                })
            }
        };
        let source = opened.map_err(|error| match refusal(&error).filter(|_| fd.is_none()) {
            Some(why) => PyOSError::new_err((error.raw_os_error(), why)),
            None => error.into(),
        })?;
        let from_kernel = source.is_kernel();
        let hearing = Hearing::new(source);
        let state = State { hearing, heard: Vec::new(), first: 0, keep, at_end: false };
        Ok(Self { state: Mutex::new(Some(state)), closed: AtomicBool::new(false), from_kernel })
    }

    /// The next record that no expectation has met. None if none came in time, False at the end of
    /// the source.
    fn next(&self, py: Python<'_>, wait: Option<f64>) -> PyResult<Py<PyAny>> {
        let end = match wait {
            Some(wait) => Instant::now().checked_add(seconds(wait)?),
            None => None,
        };
        let record = self.with(py, |state| {
            loop {
                if let Some(record) = state.take() {
                    return Ok(Ok(record));
                }
                if state.at_end {
                    return Ok(Err(true));
                }
                let left = left(end);
                if !state.hear(left.min(PATIENCE))? && left.is_zero() {
                    return Ok(Err(false));
                }
                self.check()?;
            }
        })?;
        match record {
            Ok(record) => Ok(Py::new(py, Record::new(record))?.into_any()),
            Err(true) => Ok(false.into_pyobject(py)?.to_owned().into_any().unbind()),
            Err(false) => Ok(py.None()),
        }
    }

    /// Waits until the expectations in these groups are met. Records that meet them are taken.
    fn expect(&self, py: Python<'_>, groups: Vec<Vec<Parts>>, within: f64) -> PyResult<Outcome> {
        let group = |group: Vec<Parts>| group.into_iter().map(expectation).collect();
        let groups = groups.into_iter().map(group).collect::<PyResult<Vec<Vec<_>>>>()?;
        let mut matcher = Matcher::new(groups).map_err(PyValueError::new_err::<String>)?;
        let end = Instant::now().checked_add(seconds(within)?);
        let (answer, lines) = self.with(py, |state| {
            let (mut at, mut counted) = (0, Vec::new());
            loop {
                feed(state, &mut matcher, &mut at, &mut counted);
                if matcher.progress() != Progress::Waiting || state.at_end {
                    break;
                }
                let left = left(end);
                if left.is_zero() {
                    state.drain()?;
                    feed(state, &mut matcher, &mut at, &mut counted);
                    break;
                }
                state.hear(left.min(PATIENCE))?;
                self.check()?;
            }
            let answer = state.hearing.answer(&matcher);
            if answer == Answer::Met {
                counted.into_iter().for_each(|at| state.heard[at].taken = true);
                return Ok((answer, Vec::new()));
            }
            let mut lines = vec![matcher.verdict().to_string()];
            lines.extend(state.hearing.loss(answer));
            lines.extend(matcher.doubt());
            if answer == Answer::Deaf {
                lines.extend(silence());
            }
            lines.push(state.hearing.count());
            Ok((answer, lines))
        })?;
        outcome(py, &matcher, answer, &lines)
    }

    /// The records so far: those that are not taken and, if they are kept, the others.
    #[getter]
    fn heard(&self, py: Python<'_>) -> PyResult<Vec<Record>> {
        self.with(py, |state| {
            state.drain()?;
            let heard = state.heard.iter().filter(|heard| state.keep || !heard.taken);
            Ok(heard.map(|heard| Record::new(heard.record.clone())).collect())
        })
    }

    /// Takes all records that are there, and forgets losses.
    fn clear(&self, py: Python<'_>) -> PyResult<()> {
        self.with(py, |state| {
            state.drain()?;
            while state.take().is_some() {}
            state.hearing.forget_losses();
            Ok(())
        })
    }

    /// The number of records that were lost; 0 if it is unknown, None if none was.
    #[getter]
    fn lost(&self, py: Python<'_>) -> PyResult<Option<u32>> {
        self.with(py, |state| Ok(state.hearing.lost()))
    }

    /// The reason why nothing can be heard, if it is known.
    #[getter]
    fn silence(&self, py: Python<'_>) -> Option<String> {
        self.from_kernel.then(|| py.detach(silence)).flatten()
    }

    /// The descriptor that can be read when there is more to hear; None for a file.
    fn fileno(&self, py: Python<'_>) -> PyResult<Option<i32>> {
        self.with(py, |state| Ok(state.hearing.source().as_fd().map(|fd| fd.as_raw_fd())))
    }

    /// Ends listening, also in other threads that wait.
    fn close(&self, py: Python<'_>) {
        self.closed.store(true, Ordering::Release);
        // A thread that waits looks at the sign first.
        py.detach(|| drop(self.state.lock().unwrap_or_else(PoisonError::into_inner).take()));
    }
}

fn record_of(nearest: &Nearest) -> Record {
    Record::new(nearest.record.clone())
}

fn outcome(
    py: Python<'_>,
    matcher: &Matcher,
    answer: Answer,
    lines: &[String],
) -> PyResult<Outcome> {
    let found = matcher.found().map(|(_, found)| found.iter().cloned().map(Record::new).collect());
    let (mut all, mut unwanted) = (Vec::new(), None);
    match matcher.verdict() {
        Verdict::Met => {}
        Verdict::Unwanted { record, .. } => unwanted = Some(Record::new(record.clone())),
        Verdict::Unmet { unmet, .. } => {
            for it in unmet {
                let mut differences = Vec::new();
                for difference in it.nearest.iter().flat_map(|nearest| &nearest.differences) {
                    let found = difference.found.as_ref().map(|found| shown(py, found));
                    let found = found.transpose()?.map(|found| found.into_any().unbind());
                    differences.push((difference.key.clone(), found, difference.wanted.clone()));
                }
                let unmet = Unmet {
                    number: it.number,
                    expectation: it.expectation.to_string(),
                    came: it.came,
                    nearest: it.nearest.map(record_of),
                    differences,
                };
                all.push(Py::new(py, unmet)?);
            }
        }
    }
    let message = lines.join("\n");
    Ok(Outcome { answer: answer.name(), message, found: found.collect(), unmet: all, unwanted })
}
