//! What auvirt 3.0.9 makes of a log, byte for byte.
