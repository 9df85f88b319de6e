//! The read side: lines of an audit trail, the events they make, and the guests' sessions in them.
//!
//! Data goes one way: [`source`] finds and opens logs, [`blocks`] cuts them into blocks of whole
//! lines, [`mod@line`] says what a line is, [`scan`] keeps of a block what matters, [`store`] holds it,
//! [`session`] makes sessions of it, and [`report`] shows them to whoever prints.

pub mod auvirt;
pub mod blocks;
pub mod fields;
pub mod line;
pub mod report;
pub mod scan;
pub mod session;
pub mod source;
pub mod store;
pub mod tally;
pub mod time;
pub mod users;
pub mod verify;
pub mod watch;
