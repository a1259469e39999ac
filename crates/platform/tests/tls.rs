//! What the modes of TLS accept and refuse, against a PostgreSQL that only takes encrypted sessions.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use platform::pg::{self, PgSettings, PrivateServer, PrivateServerOptions};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

/// The name in the server's certificate; nobody resolves it, the address is given beside it.
const NAME: &str = "db.doktolib.test";

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// Turns the private server's data into those of a public one.
fn open_to_the_world(data: &Path, port: u16, issuer: &CertifiedIssuer<'static, KeyPair>) {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new([NAME.to_owned()]).unwrap().signed_by(&key, issuer).unwrap();
    let owner = fs::metadata(data).unwrap();
    for (file, text) in [("server.crt", certificate.pem()), ("server.key", key.serialize_pem())] {
        let path = data.join(file);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        std::os::unix::fs::chown(&path, Some(owner.uid()), Some(owner.gid())).unwrap();
    }
    fs::write(data.join("pg_hba.conf"), "hostssl all all 127.0.0.1/32 trust\n").unwrap();
    let conf = data.join("postgresql.conf");
    let with_tls = fs::read_to_string(&conf).unwrap() + "listen_addresses = '127.0.0.1'\nssl = on\n";
    fs::write(conf, with_tls + &format!("port = {port}\n")).unwrap();
}

#[tokio::test]
async fn each_mode_of_tls_accepts_what_it_promises_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let options = PrivateServerOptions { fsync: false, ..PrivateServerOptions::default() };
    PrivateServer::start(folder.path(), options).await.unwrap().stop().await;
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (ours, foreign) = (authority(), authority());
    open_to_the_world(&folder.path().join("postgres"), port, &ours);
    let (our_root, foreign_root) = (folder.path().join("ours.pem"), folder.path().join("foreign.pem"));
    fs::write(&our_root, ours.pem()).unwrap();
    fs::write(&foreign_root, foreign.pem()).unwrap();
    let server = PrivateServer::start(folder.path(), options).await.unwrap();

    let (right, wrong) = (NAME, "other.doktolib.test");
    for (mode, host, root, accepted) in [
        ("disable", right, None, false),
        ("require", wrong, None, true),
        ("require", wrong, Some(&our_root), true),
        ("require", right, Some(&foreign_root), false),
        ("verify-ca", wrong, Some(&our_root), true),
        ("verify-ca", right, Some(&foreign_root), false),
        ("verify-full", right, Some(&our_root), true),
        ("verify-full", wrong, Some(&our_root), false),
        ("verify-full", right, Some(&foreign_root), false),
        ("verify-full", right, None, false),
    ] {
        let case = format!("{mode} {host} {root:?}");
        let address =
            format!("host={host} hostaddr=127.0.0.1 port={port} user=doktolib dbname=doktolib sslmode={mode}");
        let mut settings: PgSettings = address.parse().unwrap();
        settings.ssl_root_cert = root.cloned();
        match pg::client(&settings).await {
            Ok(client) => {
                assert!(accepted, "{case}: accepted");
                let encrypted = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
                assert!(client.query_one(encrypted, &[]).await.unwrap().get::<_, bool>(0), "{case}");
            }
            Err(error) => assert!(!accepted, "{case}: {error:?}"),
        }
        let pooled = pg::pool(&settings).map(|pool| async move { pg::conn(&pool).await.is_ok() });
        let pooled = match pooled {
            Ok(conn) => conn.await,
            Err(_) => false,
        };
        assert_eq!(pooled, accepted, "{case} in the pool");
    }
    server.stop().await;
}
