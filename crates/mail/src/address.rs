//! Where links in mails lead.

use platform::{Config, TenantInfo};

/// Scheme, host and prefix of a shop, without a slash at the end, from configuration and the shop's own hosts only: what
/// a request says about its host must never end up in a mail.
pub fn address_of(config: &Config, tenant: &TenantInfo) -> String {
    let server = &config.server;
    let origin = match &server.public_url {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => format!("http://localhost:{}", server.listen.rsplit(':').next().unwrap_or("3000")),
    };
    match tenant.hosts.first() {
        Some(host) => origin_of(&origin, host),
        None if server.default_tenant.as_deref() == Some(tenant.slug.as_str()) => origin,
        None => format!("{origin}/t/{}", tenant.slug),
    }
}

/// `host` with the scheme and the port of `origin`.
fn origin_of(origin: &str, host: &str) -> String {
    let (scheme, authority) = origin.split_once("://").unwrap_or(("https", origin));
    match authority.rsplit_once(':') {
        Some((_, port)) if port.bytes().all(|b| b.is_ascii_digit()) => format!("{scheme}://{host}:{port}"),
        _ => format!("{scheme}://{host}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::shop;

    #[test]
    fn links_lead_to_the_shops_own_host_or_to_its_path() {
        let (mut config, mut tenant) = (Config::default(), shop("Hearth"));
        assert_eq!(address_of(&config, &tenant), "http://localhost:3000/t/hearth");
        config.server.default_tenant = Some("hearth".to_owned());
        assert_eq!(address_of(&config, &tenant), "http://localhost:3000");
        config.server.public_url = Some("https://shops.example:8443/".to_owned());
        assert_eq!(address_of(&config, &tenant), "https://shops.example:8443");
        tenant.hosts = vec!["hearth.example".to_owned(), "old.example".to_owned()];
        assert_eq!(address_of(&config, &tenant), "https://hearth.example:8443");
    }
}
