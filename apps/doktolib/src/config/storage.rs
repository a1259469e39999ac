//! Where data lies: the folder, and the object storage.

use std::path::{Path, PathBuf};

use platform::storage::{S3Settings, StorageSettings};
use secrecy::SecretString;

use super::{Reader, Tier};

/// `AWS_S3_BUCKET` and what belongs to it; without it, the folder `objects` of the data.
pub(super) fn objects(read: &mut Reader<'_>, tier: Tier, data_dir: &Path) -> StorageSettings {
    let Some(bucket) = read.text("AWS_S3_BUCKET") else { return StorageSettings::Folder(data_dir.join("objects")) };
    if !is_bucket(&bucket) {
        read.fault("AWS_S3_BUCKET", "must be the name of a bucket: 3 to 63 small letters, digits, dots and hyphens");
    }
    let endpoint = endpoint(read, tier);
    let region = read.text("AWS_REGION");
    if region.is_none() && endpoint.is_none() {
        read.fault("AWS_REGION", "is needed with AWS_S3_BUCKET: the region of the bucket, e.g. eu-central-1");
    }
    let credentials = match (read.text("AWS_ACCESS_KEY_ID"), read.text("AWS_SECRET_ACCESS_KEY")) {
        (Some(id), Some(secret)) => Some((id, SecretString::from(secret))),
        (None, None) if endpoint.is_none() => None,
        (None, None) => {
            read.fault("AWS_ACCESS_KEY_ID", "and AWS_SECRET_ACCESS_KEY are needed with AWS_ENDPOINT_URL");
            None
        }
        (Some(_), None) => {
            read.fault("AWS_SECRET_ACCESS_KEY", "is needed with AWS_ACCESS_KEY_ID");
            None
        }
        (None, Some(_)) => {
            read.fault("AWS_ACCESS_KEY_ID", "is needed with AWS_SECRET_ACCESS_KEY");
            None
        }
    };
    StorageSettings::S3(S3Settings {
        bucket,
        region: region.unwrap_or_else(|| "us-east-1".to_owned()),
        endpoint,
        credentials,
    })
}

/// Another server than Amazon's; in the clear only in development, or on this machine.
fn endpoint(read: &mut Reader<'_>, tier: Tier) -> Option<String> {
    let endpoint = read.text("AWS_ENDPOINT_URL")?.trim_end_matches('/').to_owned();
    let clear = endpoint.strip_prefix("http://");
    let rest = clear.or_else(|| endpoint.strip_prefix("https://"));
    if rest.is_none_or(|rest| rest.is_empty() || rest.contains(['?', '#', ' ', '@', '/'])) {
        read.fault("AWS_ENDPOINT_URL", "must be an http or https address without path and query");
        return None;
    }
    let here = ["localhost", "127.0.0.1", "[::1]"];
    let is_here = |host: &str| {
        here.iter().any(|one| host == *one || host.strip_prefix(one).is_some_and(|rest| rest.starts_with(':')))
    };
    if tier != Tier::Development && clear.is_some_and(|host| !is_here(host)) {
        read.fault("AWS_ENDPOINT_URL", "must begin with https:// (only this machine may do without)");
    }
    Some(endpoint)
}

fn is_bucket(name: &str) -> bool {
    (3..=63).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte))
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
}

/// Where an ordinary user and where root keep an application's data.
pub(super) fn default_data_dir(get: &dyn Fn(&str) -> Option<String>) -> PathBuf {
    let set = |name: &str| get(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let is_root = std::os::unix::fs::MetadataExt::uid(&match std::fs::metadata("/proc/self") {
        Ok(metadata) => metadata,
        Err(_) => return set("HOME").map_or_else(|| PathBuf::from("data"), |home| home.join(".local/share/doktolib")),
    }) == 0;
    if is_root {
        return PathBuf::from("/var/lib/doktolib");
    }
    set("XDG_DATA_HOME")
        .map(|data| data.join("doktolib"))
        .or_else(|| set("HOME").map(|home| home.join(".local/share/doktolib")))
        .unwrap_or_else(|| PathBuf::from("data"))
}

#[cfg(test)]
mod tests {
    use platform::storage::StorageSettings;

    use super::super::{Config, ConfigError};

    fn read(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::from(&|name| variables.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn objects_lie_in_the_data_folder_until_a_bucket_is_named() {
        let config = read(&[("DOKTOLIB_DATA_DIR", "/data"), ("AWS_REGION", "eu-central-1")]).unwrap();
        assert!(matches!(config.storage, StorageSettings::Folder(folder) if folder.ends_with("data/objects")));
        let config = read(&[("AWS_S3_BUCKET", "clinic"), ("AWS_REGION", "eu-central-1")]).unwrap();
        let StorageSettings::S3(s3) = config.storage else { panic!("no bucket") };
        assert_eq!((s3.bucket.as_str(), s3.region.as_str()), ("clinic", "eu-central-1"));
        assert!(s3.endpoint.is_none() && s3.credentials.is_none());
    }

    #[test]
    fn half_a_bucket_is_a_fault_of_the_variable_that_is_missing() {
        for (variables, fault) in [
            (&[("AWS_S3_BUCKET", "clinic")][..], "AWS_REGION is needed"),
            (&[("AWS_S3_BUCKET", "Clinic"), ("AWS_REGION", "r")], "AWS_S3_BUCKET must be"),
            (&[("AWS_S3_BUCKET", "clinic"), ("AWS_ENDPOINT_URL", "http://s3.local")], "AWS_ACCESS_KEY_ID and"),
            (&[("AWS_S3_BUCKET", "clinic"), ("AWS_ENDPOINT_URL", "s3.local")], "AWS_ENDPOINT_URL must be"),
            (
                &[("AWS_S3_BUCKET", "clinic"), ("AWS_REGION", "r"), ("AWS_ACCESS_KEY_ID", "a")],
                "AWS_SECRET_ACCESS_KEY is needed",
            ),
        ] {
            let faults = read(variables).unwrap_err().to_string();
            assert!(faults.contains(fault), "{faults}");
        }
    }

    #[test]
    fn production_reaches_other_machines_by_https_alone_and_shows_no_secret() {
        let given = |url: &'static str| {
            [
                ("DOKTOLIB_TIER", "production"),
                ("DOKTOLIB_SECRET", "a secret that is longer than 32 characters"),
                ("SMTP_URL", "smtps://mail.example"),
                ("MAIL_FROM", "no-reply@clinic.example"),
                ("VIRUS_SCAN", "off"),
                ("AWS_S3_BUCKET", "clinic"),
                ("AWS_ENDPOINT_URL", url),
                ("AWS_ACCESS_KEY_ID", "id"),
                ("AWS_SECRET_ACCESS_KEY", "hunter22"),
            ]
        };
        let faults = read(&given("http://s3.clinic.example")).unwrap_err();
        assert!(faults.0.len() == 1 && faults.0[0].starts_with("AWS_ENDPOINT_URL must begin with https"), "{faults}");
        for good in ["https://s3.clinic.example", "http://127.0.0.1:9000", "http://localhost"] {
            let config = read(&given(good)).unwrap();
            assert!(!format!("{config:?}").contains("hunter22"));
        }
        assert!(read(&given("http://localhost.example")).is_err());
    }
}
