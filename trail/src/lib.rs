//! The read side: from the lines of an audit trail to the sessions of its guests.
//!
//! Data goes one way: [`input`] finds and opens logs and cuts them into blocks of whole lines,
//! [`mod@line`] parses one line, [`events`] collects the events of a log, [`session`] groups them
//! into sessions, and [`report`] selects and describes what is printed. [`verify`] and [`watch`] are
//! two other ends of the same path; [`listen`] hears lines as they happen, and [`expect`] compares
//! records with what a test expects. [`seal`] signs digests of logs; [`time`] reads and prints times.

pub mod events;
pub mod expect;
pub mod input;
pub mod line;
pub mod listen;
pub mod report;
pub mod seal;
mod serials;
pub mod session;
pub mod time;
pub mod verify;
pub mod watch;
