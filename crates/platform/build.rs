//! Names the present set of migrations, and has the crate rebuilt when one is added.

use std::error::Error;
use std::fs;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = "../../migrations";
    println!("cargo::rerun-if-changed={folder}");
    let mut print = Fnv(0xcbf2_9ce4_8422_2325);
    walk(Path::new(folder), &mut print)?;
    println!("cargo::rustc-env=DOKTOLIB_MIGRATIONS_FINGERPRINT={:016x}", print.0);
    Ok(())
}

fn walk(folder: &Path, print: &mut Fnv) -> Result<(), Box<dyn Error>> {
    let mut entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        if path.is_dir() {
            walk(&path, print)?;
        } else if path.extension().is_some_and(|ending| ending == "sql") {
            print.take(path.to_string_lossy().as_bytes());
            print.take(&fs::read(&path)?);
        }
    }
    Ok(())
}

/// FNV-1a: it only has to tell versions of our own text apart, and a build script without
/// dependencies is built in no time.
struct Fnv(u64);

impl Fnv {
    fn take(&mut self, bytes: &[u8]) {
        for byte in bytes.iter().chain(&[0]) {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}
