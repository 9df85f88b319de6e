//! The read side: lines of an audit trail, the events they make, and the guests' sessions in them.

pub mod auvirt;
