//! Addresses of people and of hosts.

use crate::text_value;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Why a text is no e-mail address that we can write to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// Nothing but space.
    #[error("e-mail address is empty")]
    Empty,
    /// More than 254 characters, or more than 64 before the `@`.
    #[error("e-mail address is too long")]
    TooLong,
    /// No part before the `@`, no domain after it, or characters that do not belong.
    #[error("e-mail address is malformed")]
    Malformed,
}

/// An e-mail address (RFC 5321 `Mailbox` without quoted parts), lower case, at most 254 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Email(String);

impl Email {
    /// Trims, checks and lower-cases, so that one person has one address.
    pub fn parse(text: &str) -> Result<Email, EmailError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(EmailError::Empty);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(EmailError::Malformed)?;
        if text.len() > 254 || local.len() > 64 {
            return Err(EmailError::TooLong);
        }
        let local_ok = local.split('.').all(|part| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&byte))
        });
        let domain_ok = domain.contains('.') && labels_ok(domain) && domain.parse::<Ipv4Addr>().is_err();
        if !local_ok || !domain_ok {
            return Err(EmailError::Malformed);
        }
        Ok(Email(text.to_ascii_lowercase()))
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part after the `@`.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}
text_value!(Email, EmailError);

/// Why a text is no host name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostNameError {
    /// Nothing is left without port and trailing dot.
    #[error("host name is empty")]
    Empty,
    /// More than 253 characters.
    #[error("host name is longer than 253 characters")]
    TooLong,
    /// A label is empty, over 63 characters, begins or ends with `-`, or holds another character.
    #[error("host name is malformed")]
    Malformed,
}

/// A host as a `Host` header names it: valid labels or a bare address, lower case,
/// without port and trailing dot, at most 253 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostName(String);

impl HostName {
    /// Trims, drops a port and one trailing dot, checks and lower-cases.
    pub fn parse(text: &str) -> Result<HostName, HostNameError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(HostNameError::Empty);
        }
        if let Some(rest) = text.strip_prefix('[') {
            let (address, port) = rest.split_once(']').ok_or(HostNameError::Malformed)?;
            let address: Ipv6Addr = address.parse().map_err(|_| HostNameError::Malformed)?;
            if !port.is_empty() && !port.strip_prefix(':').is_some_and(port_ok) {
                return Err(HostNameError::Malformed);
            }
            return Ok(HostName(format!("[{address}]")));
        }
        let host = match text.split_once(':') {
            Some((host, port)) if port_ok(port) => host,
            Some(_) => return Err(HostNameError::Malformed),
            None => text,
        };
        let host = host.strip_suffix('.').unwrap_or(host);
        if host.is_empty() {
            return Err(HostNameError::Empty);
        }
        if host.len() > 253 {
            return Err(HostNameError::TooLong);
        }
        if !labels_ok(host) {
            return Err(HostNameError::Malformed);
        }
        Ok(HostName(host.to_ascii_lowercase()))
    }

    /// The name, lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is a bare IPv4 or IPv6 address.
    pub fn is_address(&self) -> bool {
        self.0.starts_with('[') || self.0.parse::<Ipv4Addr>().is_ok()
    }

    /// Whether this is `localhost` itself or a bare address, which lead to the default tenant.
    pub fn is_local(&self) -> bool {
        self.0 == "localhost" || self.is_address()
    }

    /// What stands before `.base`, when this is a name below `base`.
    pub fn subdomain_of(&self, base: &HostName) -> Option<&str> {
        self.0.strip_suffix(base.as_str())?.strip_suffix('.').filter(|label| !label.is_empty())
    }
}
text_value!(HostName, HostNameError);

fn port_ok(port: &str) -> bool {
    port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok()
}

fn labels_ok(name: &str) -> bool {
    name.split('.').all(|label| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e_mail_addresses_are_checked_and_lower_cased() {
        assert_eq!(Email::parse(" Owner@Hearth.Example ").unwrap().as_str(), "owner@hearth.example");
        assert_eq!(Email::parse("a+b.c@x.org").unwrap().domain(), "x.org");
        for bad in [
            "a",
            "@x.org",
            "a@",
            "a@x",
            "a b@x.org",
            "a..b@x.org",
            ".a@x.org",
            "a@-x.org",
            "ä@x.org",
            "a@1.2.3.4",
        ] {
            assert_eq!(Email::parse(bad), Err(EmailError::Malformed), "{bad}");
        }
        assert_eq!(Email::parse(""), Err(EmailError::Empty));
        assert_eq!(Email::parse(&format!("{}@x.org", "a".repeat(65))), Err(EmailError::TooLong));
    }

    #[test]
    fn hosts_lose_port_and_trailing_dot() {
        for (text, host) in [
            ("Shop.Example:3000", "shop.example"),
            ("shop.example.", "shop.example"),
            ("shop.example.:80", "shop.example"),
            ("127.0.0.1:3000", "127.0.0.1"),
            ("[::1]:3000", "[::1]"),
            ("localhost", "localhost"),
        ] {
            assert_eq!(HostName::parse(text).unwrap().as_str(), host);
        }
        for bad in [
            "shop..example",
            "shop.example..",
            "-a.example",
            "a_b.example",
            "a b",
            "a:b",
            "a:99999",
            "[::1",
            "[x]",
            "ünï.example",
            "a/b",
        ] {
            assert_eq!(HostName::parse(bad), Err(HostNameError::Malformed), "{bad}");
        }
        assert_eq!(HostName::parse("."), Err(HostNameError::Empty));
        assert_eq!(HostName::parse(&vec!["a".repeat(63); 4].join(".")), Err(HostNameError::TooLong));
        assert_eq!(HostName::parse(&"a".repeat(64)), Err(HostNameError::Malformed));
    }

    #[test]
    fn a_subdomain_is_what_stands_before_the_base() {
        let base = HostName::parse("rustok.example").unwrap();
        let sub = |text: &str| HostName::parse(text).unwrap().subdomain_of(&base).map(str::to_owned);
        assert_eq!(sub("hearth.rustok.example").as_deref(), Some("hearth"));
        assert_eq!(sub("a.b.rustok.example").as_deref(), Some("a.b"));
        assert_eq!(sub("rustok.example"), None);
        assert_eq!(sub("evilrustok.example"), None);
    }
}
