use std::fs;
use std::path::{Path, PathBuf};

/// What a running server says about itself in `postmaster.pid`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Running {
    pub pid: i32,
    pub port: u16,
    pub sockets: PathBuf,
    /// It takes connections.
    pub ready: bool,
}

/// `None` when there is no such file, or it is not written to its end yet.
pub(super) fn read(folder: &Path) -> Option<Running> {
    parse(&fs::read_to_string(folder.join("postmaster.pid")).ok()?)
}

/// One fact a line: process, folder, start time, port, socket folder, address, shared memory, state.
fn parse(text: &str) -> Option<Running> {
    let lines = text.lines().collect::<Vec<_>>();
    Some(Running {
        pid: lines.first()?.trim().parse().ok().filter(|pid| *pid > 0)?,
        port: lines.get(3).and_then(|port| port.trim().parse().ok()).unwrap_or_default(),
        sockets: PathBuf::from(lines.get(4).copied().unwrap_or_default()),
        ready: lines.get(7).is_some_and(|state| state.trim() == "ready"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_counts_only_when_it_is_there() {
        let whole = "4711\n/data/postgres\n1763640000\n5432\n/data/run\n\n  5432001  163840\nready   \n";
        let running = parse(whole).unwrap();
        assert_eq!(running, Running { pid: 4711, port: 5432, sockets: "/data/run".into(), ready: true });
        assert!(!parse("4711\n/data/postgres\n").unwrap().ready);
        assert!(!parse(&whole.replace("ready", "stopping")).unwrap().ready);
        assert_eq!(parse(""), None);
        assert_eq!(parse("-12\n"), None);
    }
}
