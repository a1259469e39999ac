//! Where a request comes from, also behind proxies, without taking a stranger's word for it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, HttpRequest, web};
use ipnet::IpNet;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The proxies whose word counts, as networks; without any, nobody's does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Arc<[IpNet]>);

/// The text is no list of networks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be a comma-separated list of addresses or networks such as 10.0.0.0/8, not {0}")]
pub struct NoNetwork(String);

impl FromStr for TrustedProxies {
    type Err = NoNetwork;

    /// Reads addresses and networks (CIDR) with commas between them.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let network = |entry: &str| match entry.parse::<IpNet>() {
            Ok(network) => Ok(network.trunc()),
            Err(_) => entry.parse::<IpAddr>().map(|address| IpNet::from(address.to_canonical())),
        };
        entries.map(|entry| network(entry).map_err(|_| NoNetwork(entry.to_owned()))).collect::<Result<_, _>>().map(Self)
    }
}

impl TrustedProxies {
    fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The client that `peer` speaks for.
    ///
    /// Each proxy writes behind what it was sent, so the list is read from its end, and only as long as a configured
    /// proxy has written it: whatever stands before is the client's own word. Where both header fields are there and
    /// tell different things, a proxy keeps one of them only and a client has made up the other, so neither counts.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.contains(peer) {
            return peer;
        }
        let told = |name: &HeaderName, read: fn(&str) -> Option<IpAddr>| {
            let lines: Vec<_> = headers.get_all(name).collect();
            (!lines.is_empty()).then(|| self.walk(peer, &lines, read))
        };
        match (told(&X_FORWARDED_FOR, node), told(&header::FORWARDED, forwarded_for)) {
            (Some(one), Some(other)) if one != other => peer,
            (Some(one), _) | (None, Some(one)) => one,
            (None, None) => peer,
        }
    }

    fn walk(&self, peer: IpAddr, lines: &[&header::HeaderValue], read: fn(&str) -> Option<IpAddr>) -> IpAddr {
        let mut client = peer;
        for line in lines.iter().rev() {
            // A line that is not text was not written by a proxy.
            let Ok(line) = line.to_str() else { return client };
            for entry in line.rsplit(',') {
                // An unknown or hidden node: the proxy that says so is the nearest we know.
                let Some(address) = read(entry.trim()) else { return client };
                client = address;
                if !self.contains(address) {
                    return client;
                }
            }
        }
        client
    }
}

/// An address with or without a port, as proxies write it (RFC 7239, section 6).
fn node(text: &str) -> Option<IpAddr> {
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    let address = text.parse::<IpAddr>().ok();
    let address = address.or_else(bracketed).or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    address.map(|address| address.to_canonical())
}

/// The `for` of one element of `Forwarded` (RFC 7239, section 4).
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let mut found = None;
    for pair in element.split(';') {
        let (name, value) = pair.split_once('=')?;
        if name.trim().eq_ignore_ascii_case("for") {
            let value = value.trim();
            let value = value.strip_prefix('"').map_or(Some(value), |rest| rest.strip_suffix('"'))?;
            if found.replace(node(value)?).is_some() {
                return None;
            }
        }
    }
    found
}

#[derive(Clone, Copy)]
struct ClientAddress(IpAddr);

/// The layer that finds out where a request comes from, for [`client_address`]. The configured proxies lie in the
/// application's data as `Data<TrustedProxies>`.
///
/// # Errors
/// Those of the layers below.
pub async fn client<B: MessageBody>(request: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<B>, Error> {
    let peer = peer(request.request());
    let proxies = request.app_data::<web::Data<TrustedProxies>>();
    let address = proxies.map_or(peer, |proxies| proxies.client(peer, request.headers()));
    request.extensions_mut().insert(ClientAddress(address));
    next.call(request).await
}

fn peer(request: &HttpRequest) -> IpAddr {
    let peer = request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
    peer.to_canonical()
}

/// The address of the client: the peer's, or what configured proxies say ([`TrustedProxies`]). An IPv4 address in the
/// clothes of IPv6 is given as IPv4; `0.0.0.0` where there is no peer (a request of a test).
#[must_use]
pub fn client_address(request: &HttpRequest) -> IpAddr {
    let found = request.extensions().get::<ClientAddress>().copied();
    found.map_or_else(|| peer(request), |ClientAddress(address)| address)
}

/// The address under which a client is counted: of IPv6 the first 64 bits, since every subscriber has as many
/// addresses as the rest allows.
#[must_use]
pub fn address_group(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::{TestRequest, call_and_read_body, init_service};
    use actix_web::{App, HttpResponse};

    use super::*;

    const PROXIES: &str = "10.0.0.0/8, 2001:db8:5::/48,192.0.2.1";

    async fn seen(proxies: &str, peer: &str, headers: &[(&str, &str)]) -> String {
        let app = App::new()
            .app_data(web::Data::new(proxies.parse::<TrustedProxies>().unwrap()))
            .default_service(web::to(|request: HttpRequest| async move {
                HttpResponse::Ok().body(client_address(&request).to_string())
            }))
            .wrap(actix_web::middleware::from_fn(client));
        let mut request = TestRequest::get().peer_addr(SocketAddr::new(peer.parse().unwrap(), 40_000));
        for header in headers {
            request = request.append_header(*header);
        }
        let body = call_and_read_body(&init_service(app).await, request.to_request()).await;
        String::from_utf8(body.to_vec()).unwrap()
    }

    #[actix_web::test]
    async fn without_configured_proxies_the_peer_counts_whatever_it_says() {
        let said = [("x-forwarded-for", "203.0.113.9"), ("forwarded", "for=203.0.113.9")];
        for proxies in ["", "192.0.2.0/24"] {
            assert_eq!(seen(proxies, "198.51.100.7", &said).await, "198.51.100.7");
        }
    }

    #[actix_web::test]
    async fn behind_proxies_the_last_address_that_none_of_them_has_counts() {
        for (headers, client) in [
            (vec![("x-forwarded-for", "203.0.113.9")], "203.0.113.9"),
            (vec![("x-forwarded-for", "203.0.113.9, 10.1.2.3")], "203.0.113.9"),
            (vec![("x-forwarded-for", "203.0.113.9"), ("x-forwarded-for", "10.1.2.3, 192.0.2.1")], "203.0.113.9"),
            (vec![("x-forwarded-for", "203.0.113.9:1234")], "203.0.113.9"),
            (vec![("x-forwarded-for", "[2001:db8::7]:1234, 2001:db8:5::1")], "2001:db8::7"),
            (vec![("x-forwarded-for", "::ffff:203.0.113.9")], "203.0.113.9"),
            (vec![("forwarded", "for=203.0.113.9;proto=https;by=10.1.2.3")], "203.0.113.9"),
            (vec![("forwarded", "proto=http; FOR=\"[2001:db8::7]:47\", for=10.1.2.3")], "2001:db8::7"),
            (vec![("forwarded", "for=203.0.113.9"), ("x-forwarded-for", "203.0.113.9")], "203.0.113.9"),
            (vec![("x-forwarded-for", "10.9.9.9, 10.1.2.3")], "10.9.9.9"),
            (vec![], "10.0.0.1"),
        ] {
            assert_eq!(seen(PROXIES, "10.0.0.1", &headers).await, client, "{headers:?}");
        }
        assert_eq!(seen(PROXIES, "::ffff:10.0.0.1", &[("x-forwarded-for", "203.0.113.9")]).await, "203.0.113.9");
        assert_eq!(seen("::1", "::1", &[("x-forwarded-for", "203.0.113.9")]).await, "203.0.113.9");
    }

    #[actix_web::test]
    async fn a_client_cannot_put_another_address_in_front_of_its_own() {
        let own = "203.0.113.9";
        for made_up in ["198.51.100.1", "10.5.5.5", "unknown", "\"", "for=198.51.100.1", "a, b", "", ",,,", "127.0.0.1"]
        {
            let list = format!("{made_up}, {own}");
            assert_eq!(seen(PROXIES, "10.0.0.1", &[("x-forwarded-for", &list)]).await, own, "{made_up}");
            let two_lines = [("x-forwarded-for", made_up), ("x-forwarded-for", own)];
            assert_eq!(seen(PROXIES, "10.0.0.1", &two_lines).await, own, "{made_up}");
        }
        for made_up in ["for=198.51.100.1", "for=\"", "for=\"198.51.100.1, for=10.1.1.1", "x", "for=_hidden;by=\"a,b\""]
        {
            let list = format!("{made_up}, for={own}");
            assert_eq!(seen(PROXIES, "10.0.0.1", &[("forwarded", &list)]).await, own, "{made_up}");
        }
    }

    #[actix_web::test]
    async fn a_header_field_that_the_proxy_does_not_keep_does_not_count() {
        let own = ("x-forwarded-for", "203.0.113.9");
        let made_up = ("forwarded", "for=198.51.100.1");
        assert_eq!(seen(PROXIES, "10.0.0.1", &[own, made_up]).await, "10.0.0.1");
    }

    #[actix_web::test]
    async fn what_cannot_be_read_is_counted_as_the_proxy_that_sent_it() {
        for odd in ["unknown", "203.0.113.9.1", "203.0.113.9, _secret", "fe80::1%eth0", "203.0.113.9,"] {
            assert_eq!(seen(PROXIES, "10.0.0.1", &[("x-forwarded-for", odd)]).await, "10.0.0.1", "{odd}");
        }
        for odd in ["for=_hidden", "proto=https", "for=203.0.113.9;for=198.51.100.1", "for=\"203.0.113.9"] {
            assert_eq!(seen(PROXIES, "10.0.0.1", &[("forwarded", odd)]).await, "10.0.0.1", "{odd}");
        }
        assert_eq!(seen(PROXIES, "10.0.0.1", &[("x-forwarded-for", "203.0.113.9, x, 10.1.2.3")]).await, "10.1.2.3");
    }

    #[test]
    fn only_networks_can_be_trusted() {
        for bad in ["10.0.0.0/33", "proxy.example", "10.0.0.1 10.0.0.2", "*"] {
            assert!(bad.parse::<TrustedProxies>().is_err(), "{bad}");
        }
        assert_eq!(" , ".parse::<TrustedProxies>(), Ok(TrustedProxies::default()));
    }

    #[test]
    fn addresses_of_one_subscriber_are_one_client() {
        let group = |text: &str| address_group(text.parse().unwrap()).to_string();
        assert_eq!(group("2001:db8:1:2:aaaa::1"), group("2001:db8:1:2:bbbb:cccc:dddd:2"));
        assert_ne!(group("2001:db8:1:2::1"), group("2001:db8:1:3::1"));
        assert_eq!(group("::ffff:203.0.113.9"), "203.0.113.9");
        assert_ne!(group("203.0.113.9"), group("203.0.113.8"));
    }
}
