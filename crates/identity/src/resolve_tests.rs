use super::*;
use axum::http::HeaderValue;
use primitives::ErrorCode;
use proptest::prelude::*;

fn rules(change: impl FnOnce(&mut platform::config::ServerConfig)) -> Rules {
    let mut config = Config::default();
    change(&mut config.server);
    Rules::from_config(&config).unwrap()
}

fn list(items: &[&str]) -> platform::config::List {
    platform::config::List(items.iter().map(|item| (*item).to_owned()).collect())
}

fn with_base() -> Rules {
    rules(|server| server.base_domains = list(&["shops.example"]))
}

fn plan(rules: &Rules, host: &str, header: Option<&str>, path: &str) -> Result<Plan> {
    let mut headers = HeaderMap::new();
    if let Some(value) = header {
        headers.insert(TENANT_HEADER, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    Plan::read(rules, &HostName::parse(host).unwrap(), &headers, path)
}

fn keys(plan: &Plan) -> Vec<String> {
    let name = |step: &Step| match &step.key {
        Ok(Key::Domain(host)) => format!("domain {host}"),
        Ok(Key::Slug(slug)) => format!("{:?} {slug}", step.way).to_lowercase(),
        Ok(Key::Id(id)) => format!("id {id}"),
        Ok(Key::Default) => "default".to_owned(),
        Err(error) => format!("malformed {}", error.field),
    };
    plan.steps.iter().map(name).collect()
}

#[test]
fn the_ways_are_tried_in_order() {
    let rules = with_base();
    let plan = plan(&rules, "hearth.shops.example", Some("north"), "/t/third/api/v1/me").unwrap();
    assert_eq!(
        keys(&plan),
        ["domain hearth.shops.example", "subdomain hearth", "header north", "path third"]
    );
    assert_eq!(plan.path.unwrap().rest, "/api/v1/me");
}

#[test]
fn the_order_is_configurable() {
    let rules = rules(|server| server.tenant_resolution = list(&["path", "domain"]));
    let plan = plan(&rules, "hearth.example", Some("north"), "/t/third/api/v1/me").unwrap();
    assert_eq!(keys(&plan), ["path third", "domain hearth.example"]);
}

#[test]
fn localhost_and_bare_addresses_lead_to_the_default_tenant_without_base_domains() {
    let open = rules(|_| {});
    for host in ["localhost", "localhost:3000", "127.0.0.1:8080", "[::1]", "10.0.0.7."] {
        assert_eq!(keys(&plan(&open, host, None, "/").unwrap()), ["default"], "{host}");
        assert_eq!(keys(&plan(&with_base(), host, None, "/").unwrap()), [""; 0], "{host}");
    }
    assert_eq!(keys(&plan(&open, "localhost", Some("north"), "/api/graphql").unwrap()), ["header north"]);
    assert_eq!(keys(&plan(&open, "localhost", None, "/t/north").unwrap()), ["path north"]);
}

#[test]
fn a_name_below_localhost_is_a_subdomain() {
    let plan = plan(&rules(|_| {}), "North.localhost:3000", None, "/").unwrap();
    assert_eq!(keys(&plan), ["domain north.localhost", "subdomain north"]);
}

#[test]
fn the_header_counts_on_api_paths_only() {
    for (path, counts) in [
        ("/", false),
        ("/products", false),
        ("/apis", false),
        ("/api", true),
        ("/api/graphql", true),
        ("/t/a/api/x", true),
    ] {
        let plan = plan(&rules(|_| {}), "localhost", Some(" North "), path).unwrap();
        assert_eq!(plan.header.is_some(), counts, "{path}");
    }
}

#[test]
fn a_malformed_or_reserved_header_is_refused() {
    for value in ["", " ", "a_b", "-a", "admin", "ADMIN", "a/b", "hé", &"a".repeat(64)] {
        let error = plan(&rules(|_| {}), "localhost", Some(value), "/api/graphql").unwrap_err();
        assert_eq!(
            (error.code(), error.fields()[0].field.as_str()),
            (ErrorCode::BadUserInput, TENANT_HEADER),
            "{value}"
        );
    }
    let mut headers = HeaderMap::new();
    headers.append(TENANT_HEADER, HeaderValue::from_static("a"));
    headers.append(TENANT_HEADER, HeaderValue::from_static("b"));
    let host = HostName::parse("localhost").unwrap();
    assert!(Plan::read(&rules(|_| {}), &host, &headers, "/api/graphql").is_err());
}

#[test]
fn reserved_and_nested_subdomains_are_malformed() {
    for host in ["www.shops.example", "a.b.shops.example", "admin.localhost"] {
        assert_eq!(keys(&plan(&with_base(), host, None, "/").unwrap())[1], "malformed host", "{host}");
    }
    assert_eq!(keys(&plan(&with_base(), "localhost", None, "/t/a%20b/x").unwrap()), ["malformed tenant"]);
    assert_eq!(keys(&plan(&with_base(), "localhost", None, "/t//x").unwrap()), ["malformed tenant"]);
}

#[test]
fn uuids_are_strict() {
    let id = TenantId::new();
    assert_eq!(Key::parse(&id.to_string()).unwrap(), Key::Id(id));
    assert_eq!(Key::parse(&id.to_string().to_uppercase()).unwrap(), Key::Id(id));
    // Without hyphens it is a well-formed slug, and nobody's id.
    assert!(matches!(Key::parse(&id.uuid().simple().to_string()).unwrap(), Key::Slug(_)));
    assert!(Key::parse(&id.uuid().braced().to_string()).is_err());
}

fn origin(rules: &Rules, peer: &str, given: &[(&str, &str)]) -> Result<Origin> {
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let name = axum::http::HeaderName::from_bytes(name.as_bytes()).unwrap();
        headers.append(name, HeaderValue::from_str(value).unwrap());
    }
    Origin::read(rules, &Uri::from_static("/"), &headers, peer.parse().unwrap())
}

#[test]
fn forwarded_headers_count_from_trusted_proxies_only() {
    let given = [
        ("host", "inner:3000"),
        ("x-forwarded-host", "evil.example, Shop.example:8443"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-for", "6.6.6.6, 203.0.113.9, 10.1.1.1"),
    ];
    let rules = rules(|server| server.trusted_proxies = list(&["10.0.0.0/8", "::1"]));
    let far = origin(&rules, "192.0.2.1", &given).unwrap();
    assert_eq!(
        (far.authority.as_str(), far.secure, far.client.to_string()),
        ("inner:3000", false, "192.0.2.1".into())
    );
    let near = origin(&rules, "::ffff:10.2.2.2", &given).unwrap();
    assert_eq!((near.authority.as_str(), near.host.as_str()), ("shop.example:8443", "shop.example"));
    assert_eq!((near.secure, near.client.to_string()), (true, "203.0.113.9".into()));
}

#[test]
fn https_is_what_the_proxy_says_or_what_is_published() {
    let published = rules(|server| server.public_url = Some("https://shops.example".to_owned()));
    assert!(origin(&published, "192.0.2.1", &[("host", "a.example")]).unwrap().secure);
    let forged = [("host", "a.example"), ("x-forwarded-proto", "https")];
    assert!(!origin(&rules(|_| {}), "192.0.2.1", &forged).unwrap().secure);
}

#[test]
fn a_missing_double_or_malformed_host_is_refused() {
    for given in
        [&[][..], &[("host", "a"), ("host", "b")], &[("host", "a b")], &[("host", "a..b")], &[("host", "")]]
    {
        let error = origin(&rules(|_| {}), "192.0.2.1", given).unwrap_err();
        assert_eq!(error.code(), ErrorCode::BadUserInput, "{given:?}");
    }
}

#[test]
fn wrong_configuration_names_the_key() {
    let mut config = Config::default();
    config.server.trusted_proxies = list(&["10.0.0.0/99"]);
    assert_eq!(Rules::from_config(&config).unwrap_err().fields()[0].field, "server.trusted_proxies");
    let mut config = Config::default();
    config.server.tenant_resolution = list(&["cookie"]);
    assert_eq!(Rules::from_config(&config).unwrap_err().fields()[0].field, "server.tenant_resolution");
    let mut config = Config::default();
    config.server.base_domains = list(&["a_b"]);
    assert_eq!(Rules::from_config(&config).unwrap_err().fields()[0].field, "server.base_domains");
}

/// The rule of CONTRACT, written down a second time without the code under test.
fn is_slug(text: &str) -> bool {
    let text = text.trim();
    let ok = |byte: &u8| matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9');
    let bytes = text.as_bytes();
    (1..=63).contains(&bytes.len())
        && bytes.iter().all(|byte| ok(byte) || *byte == b'-')
        && ok(&bytes[0])
        && ok(&bytes[bytes.len() - 1])
        && !TenantSlug::RESERVED.contains(&text.to_ascii_lowercase().as_str())
}

proptest! {
    #[test]
    fn exactly_the_slugs_of_the_contract_are_read(text in "\\PC{0,70}") {
        prop_assert_eq!(TenantSlug::parse(&text).is_ok(), is_slug(&text));
    }

    #[test]
    fn exactly_the_slugs_of_the_contract_are_read_near_the_rule(text in " ?[a-zA-Z0-9-]{0,64}[._\u{212a}]?[a-z-]? ?") {
        prop_assert_eq!(TenantSlug::parse(&text).is_ok(), is_slug(&text));
    }

    #[test]
    fn a_read_slug_is_its_own_lower_case(text in "[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?") {
        if let Ok(slug) = TenantSlug::parse(&text) {
            prop_assert_eq!(slug.as_str(), text.to_ascii_lowercase());
            prop_assert_eq!(TenantSlug::parse(slug.as_str()).unwrap(), slug);
        } else {
            prop_assert!(TenantSlug::RESERVED.contains(&text.to_ascii_lowercase().as_str()));
        }
    }

    #[test]
    fn any_header_and_path_end_in_a_plan_or_a_refusal(
        host in "[a-z0-9.:\\[\\]-]{0,80}",
        value in proptest::collection::vec(any::<u8>(), 0..80),
        path in "/\\PC{0,80}",
    ) {
        let mut headers = HeaderMap::new();
        if let Ok(value) = HeaderValue::from_bytes(&value) {
            headers.insert(TENANT_HEADER, value);
        }
        if let Ok(host) = HostName::parse(&host) {
            let rules = with_base();
            for path in [path.clone(), format!("/t{path}"), format!("/t{path}/api/x"), format!("/api{path}")] {
                match Plan::read(&rules, &host, &headers, &path) {
                    Ok(plan) => prop_assert!(plan.path.is_none_or(|found| found.rest.starts_with('/'))),
                    Err(error) => prop_assert_eq!(error.code(), ErrorCode::BadUserInput),
                }
            }
        }
    }

    #[test]
    fn hosts_keep_their_labels(labels in proptest::collection::vec("[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", 1..6), port in any::<u16>()) {
        let name = labels.join(".");
        let host = HostName::parse(&format!("{}.:{port}", name.to_uppercase())).unwrap();
        prop_assert_eq!(host.as_str(), name);
    }
}
