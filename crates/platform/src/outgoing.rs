//! Requests to addresses that somebody else names, without letting them look into our networks (CWE-918).

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use kernel::PortFailure;
use reqwest::Client;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use url::{Host, Url};

const LONGEST_ADDRESS: usize = 2_000;
const CONNECT: Duration = Duration::from_secs(5);

/// Which addresses may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reach {
    /// Those of the public internet, by https.
    #[default]
    Public,
    /// This machine as well, also without https: for development and tests.
    Loopback,
}

/// Why nothing came back. Its words hold no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotReached {
    /// The address is none that may be asked: not https, with a password, or inside of a private network.
    #[error("address-refused")]
    Refused,
    /// It takes too long.
    #[error("too-slow")]
    TooSlow,
    /// Nobody answers there.
    #[error("unreachable")]
    Unreachable,
}

/// A client for addresses that somebody else names. It goes by no proxy, follows nobody who sends it on, keeps no
/// connection and asks for nothing packed.
#[derive(Debug, Clone)]
pub struct Outgoing {
    client: Client,
    reach: Reach,
}

impl Outgoing {
    /// Asks what `reach` allows; a request has `patience` for all of it.
    ///
    /// # Errors
    /// When there is no way to speak TLS.
    pub fn new(reach: Reach, patience: Duration) -> Result<Self, PortFailure> {
        Self::resolving(reach, patience, Arc::new(SystemNames))
    }

    /// The same with another way to find out what names mean.
    ///
    /// # Errors
    /// See [`Outgoing::new`].
    pub fn resolving(reach: Reach, patience: Duration, names: Arc<dyn Names>) -> Result<Self, PortFailure> {
        // Somebody may have chosen one already; it is the same.
        let _chosen = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .no_proxy()
            // Each address that one is sent on to is looked at like the first.
            .redirect(Policy::none())
            .referer(false)
            .connect_timeout(CONNECT)
            .timeout(patience)
            // A kept connection would answer for a name that means another machine by now.
            .pool_max_idle_per_host(0)
            .user_agent("Doktolib")
            .dns_resolver(Guarded { reach, names })
            .build()
            .map_err(|error| PortFailure::new("set up requests to others", error.without_url()))?;
        Ok(Self { client, reach })
    }

    /// The address, if it may be asked at all. Asks nobody. Only what this gives is to be asked with
    /// [`Outgoing::client`].
    #[must_use]
    pub fn checked(&self, address: &str) -> Option<Url> {
        let url = Url::parse(address).ok().filter(|_| address.len() <= LONGEST_ADDRESS)?;
        let no_password = url.username().is_empty() && url.password().is_none();
        let scheme = match self.reach {
            Reach::Public => url.scheme() == "https",
            Reach::Loopback => matches!(url.scheme(), "https" | "http"),
        };
        // A name is looked at when it is resolved; an address in figures never is.
        let host = match url.host()? {
            Host::Domain(name) => self.reach == Reach::Loopback || name.contains('.'),
            Host::Ipv4(ip) => self.reach.allows(IpAddr::V4(ip)),
            Host::Ipv6(ip) => self.reach.allows(IpAddr::V6(ip)),
        };
        (no_password && scheme && host).then_some(url)
    }

    /// Sends requests to addresses that were [`Outgoing::checked`].
    #[must_use]
    pub const fn client(&self) -> &Client {
        &self.client
    }
}

/// What went wrong, without the address that stands in the library's own words.
#[must_use]
pub fn told(error: &reqwest::Error) -> NotReached {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(one) = cause {
        if one.is::<PrivateAddress>() {
            return NotReached::Refused;
        }
        cause = one.source();
    }
    if error.is_timeout() { NotReached::TooSlow } else { NotReached::Unreachable }
}

impl Reach {
    fn allows(self, ip: IpAddr) -> bool {
        match self {
            Self::Public => is_public(ip),
            Self::Loopback => is_public(ip) || ip.is_loopback(),
        }
    }
}

/// Is this an address of the public internet? By the registries of special-purpose addresses (RFC 6890).
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => {
            // Only 2000::/3 is given out; inside of it some carry an address of the fourth version, or lead elsewhere.
            let [first, second, third, ..] = ip.segments();
            match (first, second) {
                (0x2001, 0x0000..=0x01ff | 0x0db8) | (0x3fff, 0x0000..=0x0fff) => false,
                (0x2002, _) => is_public_v4(Ipv4Addr::from((u32::from(second) << 16) | u32::from(third))),
                _ => (0x2000..=0x3fff).contains(&first),
            }
        }
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [first, second, third, _] = ip.octets();
    !(ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_documentation()
        || ip.is_multicast()
        || first == 0
        || first >= 240
        || (first == 100 && (64..128).contains(&second))
        || (first == 192 && second == 0 && third == 0)
        || (first == 192 && second == 88 && third == 99)
        || (first == 198 && (18..20).contains(&second)))
}

/// A name that means a machine inside of a private network.
#[derive(Debug, thiserror::Error)]
#[error("the name means no public address")]
struct PrivateAddress;

/// Finds out what names mean.
#[async_trait]
pub trait Names: Send + Sync {
    /// The addresses behind a name; their ports count for nothing.
    async fn addresses(&self, name: &str) -> std::io::Result<Vec<SocketAddr>>;
}

struct SystemNames;

#[async_trait]
impl Names for SystemNames {
    async fn addresses(&self, name: &str) -> std::io::Result<Vec<SocketAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.collect())
    }
}

/// Gives only addresses that may be asked, and these are the ones that are connected to: a name that means another
/// machine a moment later changes nothing.
struct Guarded {
    reach: Reach,
    names: Arc<dyn Names>,
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let (reach, names) = (self.reach, Arc::clone(&self.names));
        Box::pin(async move {
            let mut found = names.addresses(name.as_str()).await?;
            // One private address among public ones is no mistake.
            if found.iter().any(|address| !reach.allows(address.ip())) {
                found.clear();
            }
            if found.is_empty() {
                return Err(PrivateAddress.into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests;
