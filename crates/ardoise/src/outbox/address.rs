//! Where webhooks may lead: nowhere inside the operator's own network, or an author could have the shop knock on doors
//! that only the shop can reach.

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The longest address, in bytes.
pub const LENGTH_MOST: usize = 2_000;

/// Whether webhooks may lead into private networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Only to hosts that everybody reaches, over TLS.
    Public,
    /// Anywhere, also without TLS: for tests, and receivers beside the shop.
    Private,
}

impl Reach {
    /// What the setting `webhook.private_addresses` says.
    pub const fn of(to_private: bool) -> Self {
        if to_private { Self::Private } else { Self::Public }
    }

    fn covers(self, address: IpAddr) -> bool {
        self == Self::Private || is_public(address)
    }
}

/// Why a text is not an address that a webhook can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It is not an absolute URL, or too long.
    #[error("not an absolute URL of at most {LENGTH_MOST} bytes")]
    NotAUrl,
    /// It is not `https`.
    #[error("not https")]
    NotHttps,
    /// It holds a user's name or password: they would be sent in the clear of every log on the way.
    #[error("a user in the URL")]
    User,
    /// It leads into a private network.
    #[error("a private address")]
    Private,
}

/// Reads an address. A name is looked up when something is sent; only a bare IP address is judged here.
///
/// # Errors
/// [`Unfit`].
pub fn read(text: &str, reach: Reach) -> Result<Url, Unfit> {
    if text.len() > LENGTH_MOST {
        return Err(Unfit::NotAUrl);
    }
    let url = Url::parse(text).map_err(|_| Unfit::NotAUrl)?;
    match url.scheme() {
        "https" => {}
        "http" if reach == Reach::Private => {}
        "http" => return Err(Unfit::NotHttps),
        _ => return Err(Unfit::NotAUrl),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Unfit::User);
    }
    let host = url.host_str().ok_or(Unfit::NotAUrl)?;
    // The parser has made one form of every spelling of an IPv4 address, such as 0x7f.1.
    match host.trim_matches(['[', ']']).parse() {
        Ok(address) if !reach.covers(address) => Err(Unfit::Private),
        _ => Ok(url),
    }
}

/// Looks names up and leaves out every address that is out of reach. The connection is made to what is left, so an
/// answer that changes between the look and the connection changes nothing.
#[derive(Debug, Clone, Copy)]
pub struct Lookup(pub Reach);

/// No address of a host is one that webhooks may lead to.
#[derive(Debug, thiserror::Error)]
#[error("the host has private addresses only")]
pub struct OutOfReach;

/// A host has no address.
#[derive(Debug, thiserror::Error)]
#[error("the host has no address: {0}")]
pub struct NoAddress(std::io::Error);

impl Resolve for Lookup {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0;
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let found = tokio::net::lookup_host((host, 0)).await.map_err(NoAddress)?;
            let covered: Vec<SocketAddr> =
                found.filter(|address| reach.covers(address.ip())).collect();
            if covered.is_empty() {
                return Err(OutOfReach.into());
            }
            Ok(Box::new(covered.into_iter()) as Addrs)
        })
    }
}

/// Blocks of IPv4 that are not reached from everywhere: first address and length of the prefix. From the special-purpose
/// registry of IANA (RFC 6890 and what updates it), multicast, the reserved rest, and one address of a large host
/// under which machines find what only they may know (168.63.129.16).
const IPV4_OUT: [(Ipv4Addr, u32); 16] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(168, 63, 129, 16), 32),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// All of IPv6 that is given out for global use. Addresses that hide one of IPv4 (`::ffff:0:0/96`, `64:ff9b::/96`),
/// loopback, link-local, unique local and multicast addresses all lie outside.
const IPV6_GLOBAL: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// Blocks inside [`IPV6_GLOBAL`] that are not reached from everywhere, or lead into IPv4: protocol assignments (Teredo
/// among them), documentation, 6to4.
const IPV6_OUT: [(Ipv6Addr, u32); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// Whether everybody reaches this address: it is of no private, local, shared, documented or reserved block.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !IPV4_OUT.iter().any(|&block| is_in_v4(address, block)),
        IpAddr::V6(address) => {
            is_in_v6(address, IPV6_GLOBAL)
                && !IPV6_OUT.iter().any(|&block| is_in_v6(address, block))
        }
    }
}

fn is_in_v4(address: Ipv4Addr, (first, prefix): (Ipv4Addr, u32)) -> bool {
    (address.to_bits() ^ first.to_bits()) >> (32 - prefix) == 0
}

fn is_in_v6(address: Ipv6Addr, (first, prefix): (Ipv6Addr, u32)) -> bool {
    (address.to_bits() ^ first.to_bits()) >> (128 - prefix) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_private_networks_are_out_of_reach() {
        for text in [
            "0.0.0.0",
            "10.1.2.3",
            "100.100.100.200",
            "127.0.0.1",
            "127.255.255.254",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.168.1.1",
            "198.19.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "3fff::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "ff02::1",
        ] {
            assert!(!is_public(text.parse().expect("an address")), "{text}");
        }
    }

    #[test]
    fn addresses_that_everybody_reaches_are_within() {
        for text in [
            "1.1.1.1",
            "9.255.255.255",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "172.15.255.255",
            "172.32.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2001:200::1",
            "2003::1",
            "2606:4700::1111",
            "2a00:1450::1",
        ] {
            assert!(is_public(text.parse().expect("an address")), "{text}");
        }
    }

    #[test]
    fn a_webhook_leads_to_a_public_host_over_tls() {
        let read = |text: &str| read(text, Reach::Public);
        assert!(read("https://ada.example/heard?token=1").is_ok());
        assert!(read("https://[2606:4700::1111]:8443/").is_ok());
        assert_eq!(read("http://ada.example/"), Err(Unfit::NotHttps));
        assert_eq!(read("https://ada:secret@ada.example/"), Err(Unfit::User));
        for text in
            ["", "ada.example", "/heard", "ftp://ada.example/", "data:text/plain,x", "https://"]
        {
            assert_eq!(read(text), Err(Unfit::NotAUrl), "{text}");
        }
        assert_eq!(
            read(&format!("https://ada.example/{}", "x".repeat(2_000))),
            Err(Unfit::NotAUrl)
        );
    }

    #[test]
    fn no_spelling_of_a_private_address_is_let_through() {
        for host in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0177.0.0.1",
            "127.0.0.1.",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[0:0:0:0:0:ffff:7f00:1]",
            "%31%32%37.0.0.1",
            "１２７.0.0.1",
        ] {
            let read = read(&format!("https://{host}/"), Reach::Public);
            assert_eq!(read.map(String::from), Err(Unfit::Private), "{host}");
        }
    }

    #[test]
    fn private_addresses_are_reached_where_the_operator_says_so() {
        for text in
            ["http://127.0.0.1:9000/heard", "https://10.0.0.7/", "http://receiver.internal/"]
        {
            assert!(read(text, Reach::Private).is_ok(), "{text}");
        }
    }

    #[tokio::test]
    async fn a_name_of_this_machine_is_out_of_reach() {
        let name = || "localhost".parse().expect("a name");
        let refused = Lookup(Reach::Public).resolve(name()).await;
        assert!(refused.is_err_and(|error| error.is::<OutOfReach>()));
        let found = Lookup(Reach::Private).resolve(name()).await.expect("addresses");
        assert!(found.into_iter().all(|address| address.ip().is_loopback()));
    }
}
