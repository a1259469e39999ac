//! The rules of a doctor's time: pure functions of hours, busy time, zone and now.
