use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use super::{PrivateServerError, at};

/// The user the server runs as when we are root, which PostgreSQL refuses to be.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub name: String,
    pub uid: u32,
    pub gid: u32,
}

impl Account {
    /// `None` when we are an ordinary user and the server simply runs as ourselves.
    pub fn for_server() -> Result<Option<Self>, PrivateServerError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let users = fs::read_to_string("/etc/passwd").map_err(at(Path::new("/etc/passwd")))?;
        ["doktolib", "postgres", "nobody"]
            .iter()
            .find_map(|name| Self::in_passwd(&users, name))
            .map(Some)
            .ok_or(PrivateServerError::NoUser)
    }

    fn in_passwd(users: &str, name: &str) -> Option<Self> {
        let mut fields = users.lines().map(|line| line.split(':')).find(|line| line.clone().next() == Some(name))?;
        let uid = fields.nth(2)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        (uid != 0).then(|| Self { name: name.to_owned(), uid, gid })
    }

    /// Can this user come to `path`? Looks at the permissions of every folder above it.
    pub fn reaches(&self, path: &Path) -> Result<(), PrivateServerError> {
        for folder in path.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty()) {
            let about = fs::metadata(folder).map_err(at(folder))?;
            let mode = about.permissions().mode();
            let needed = match (about.uid() == self.uid, about.gid() == self.gid) {
                (true, _) => 0o100,
                (false, true) => 0o010,
                (false, false) => 0o001,
            };
            if mode & needed == 0 {
                return Err(PrivateServerError::Closed {
                    user: self.name.clone(),
                    folder: folder.to_owned(),
                    mode: mode & 0o7777,
                    wanted: path.to_owned(),
                });
            }
        }
        Ok(())
    }

    /// Gives a file or folder to this user.
    pub fn receives(&self, path: &Path) -> Result<(), PrivateServerError> {
        std::os::unix::fs::lchown(path, Some(self.uid), Some(self.gid)).map_err(at(path))
    }
}

/// A program of PostgreSQL, run as `account`, that learns nothing of our environment, which may hold secrets.
pub(super) fn command(program: &Path, account: Option<&Account>) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("LC_ALL", "C").env("TZ", "UTC");
    // Our own folder may be closed to the other user.
    command.current_dir("/");
    if let Some(account) = account {
        // Leaving root this way also drops the supplementary groups.
        command.uid(account.uid).gid(account.gid);
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_exact_name_other_than_root_is_taken_from_the_list_of_users() {
        let users =
            "root:x:0:0::/root:/bin/sh\npostgresql:x:7:7:::\npostgres:x:101:104:PostgreSQL,,,:/var/lib:/bin/sh\n";
        let found = Account::in_passwd(users, "postgres").unwrap();
        assert_eq!((found.uid, found.gid), (101, 104));
        assert!(Account::in_passwd(users, "root").is_none());
        assert!(Account::in_passwd(users, "nobody").is_none());
    }

    #[test]
    fn a_closed_folder_on_the_way_is_named() {
        let outside = tempfile::tempdir().unwrap();
        let closed = outside.path().join("closed");
        fs::create_dir(&closed).unwrap();
        fs::set_permissions(outside.path(), fs::Permissions::from_mode(0o711)).unwrap();
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
        let stranger = Account { name: "stranger".to_owned(), uid: 65_533, gid: 65_533 };
        let refused = stranger.reaches(&closed.join("data")).unwrap_err();
        assert!(matches!(&refused, PrivateServerError::Closed { folder, .. } if *folder == closed), "{refused}");
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o711)).unwrap();
        stranger.reaches(&closed.join("data")).unwrap();
    }
}
