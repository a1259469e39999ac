//! Fetching calendars that somebody else names, without letting them look into our networks (CWE-918).

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use kernel::PortFailure;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_ENCODING, ETAG, HeaderMap, IF_NONE_MATCH, LOCATION};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};
use url::{Host, Url};

use crate::application::{CalendarSource, FetchError, Fetched};

/// The most octets of a calendar.
const LARGEST: usize = 5 * 1024 * 1024;
/// How many addresses one may be sent on to.
const MOST_HOPS: usize = 3;
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

/// Calendars on the web.
pub struct WebCalendars {
    client: Client,
    reach: Reach,
    patience: Duration,
}

impl WebCalendars {
    /// Asks what `reach` allows; a calendar has `patience` for all of it.
    ///
    /// # Errors
    /// When there is no way to speak TLS.
    pub fn new(reach: Reach, patience: Duration) -> Result<Self, PortFailure> {
        Self::resolving(reach, patience, Arc::new(SystemNames))
    }

    fn resolving(reach: Reach, patience: Duration, names: Arc<dyn Names>) -> Result<Self, PortFailure> {
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
            .map_err(|error| PortFailure::new("set up fetching calendars", error.without_url()))?;
        Ok(Self { client, reach, patience })
    }

    /// The address, if it may be asked at all.
    fn checked(&self, address: &str) -> Option<Url> {
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

    async fn follow(&self, address: &str, etag: Option<&str>) -> Result<Fetched, FetchError> {
        let mut url = self.checked(address).ok_or(FetchError::Refused)?;
        for _ in 0..=MOST_HOPS {
            let mut request = self.client.get(url.clone());
            if let Some(etag) = etag {
                request = request.header(IF_NONE_MATCH, etag);
            }
            let answer = request.send().await.map_err(|error| told(&error))?;
            if answer.status() == StatusCode::NOT_MODIFIED && etag.is_some() {
                return Ok(Fetched::Unchanged);
            }
            if !answer.status().is_redirection() {
                return text_of(answer).await;
            }
            let next = field(answer.headers(), LOCATION.as_str()).and_then(|next| url.join(next).ok());
            url = self.checked(next.ok_or(FetchError::BadStatus)?.as_str()).ok_or(FetchError::Refused)?;
        }
        Err(FetchError::BadStatus)
    }
}

#[async_trait]
impl CalendarSource for WebCalendars {
    fn allows(&self, address: &str) -> bool {
        self.checked(address).is_some()
    }

    async fn fetch<'a>(&self, address: &'a str, etag: Option<&'a str>) -> Result<Fetched, FetchError> {
        match tokio::time::timeout(self.patience, self.follow(address, etag)).await {
            Ok(outcome) => outcome,
            Err(_elapsed) => Err(FetchError::TooSlow),
        }
    }
}

async fn text_of(mut answer: Response) -> Result<Fetched, FetchError> {
    if answer.status() != StatusCode::OK {
        return Err(FetchError::BadStatus);
    }
    // We have not asked for anything packed; what is packed could unfold without end.
    if field(answer.headers(), CONTENT_ENCODING.as_str()).is_some_and(|packing| packing != "identity") {
        return Err(FetchError::Unreadable);
    }
    let etag = field(answer.headers(), ETAG.as_str()).filter(|tag| tag.len() <= 200).map(str::to_owned);
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| told(&error))? {
        if bytes.len() + chunk.len() > LARGEST {
            return Err(FetchError::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    let text = String::from_utf8(bytes).map_err(|_| FetchError::Unreadable)?;
    Ok(Fetched::Text { text, etag })
}

fn field<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// What went wrong, without the address that stands in the library's own words.
fn told(error: &reqwest::Error) -> FetchError {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(one) = cause {
        if one.is::<PrivateAddress>() {
            return FetchError::Refused;
        }
        cause = one.source();
    }
    if error.is_timeout() { FetchError::TooSlow } else { FetchError::Unreachable }
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
trait Names: Send + Sync {
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
