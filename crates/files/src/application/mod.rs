//! What one can do with files, and what that needs from outside.

mod inspection_ports;

pub use inspection_ports::{FileInspector, Inspected, ReadText, Scan, TextReader, Unfit, VirusScanner};
