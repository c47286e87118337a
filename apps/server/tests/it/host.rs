//! The host itself: tenants, health, headers, errors, the page cache.

use crate::world::World;
use sea_orm::ConnectionTrait;
use serde_json::json;
use testkit::Backend;

async fn answers_health_outside_of_any_tenant(world: World) {
    let mut visitor = world.visitor("hearth");
    visitor.host = "nowhere.example".to_owned();
    for path in ["/health/live", "/health/ready", "/health/modules"] {
        assert_eq!(visitor.get(path).await.status, 200, "{path}");
    }
    let metrics = visitor.get("/metrics").await;
    for name in ["rustok_http_requests_total", "rustok_db_statements_total", "rustok_outbox_pending"] {
        assert!(metrics.body.contains(name), "{name} is missing");
    }
}

async fn finds_the_tenant_in_four_ways(world: World) {
    let name = |body: &str| body.contains("Northbound");
    let mut by_subdomain = world.visitor("northbound");
    assert!(name(&by_subdomain.get("/").await.body));
    let mut by_path = world.visitor("hearth");
    let page = by_path.get("/t/northbound/").await;
    assert!(name(&page.body));
    assert!(page.body.contains("href=\"/t/northbound/"), "links keep the path");
    let mut by_header = world.visitor("hearth");
    by_header.host = format!("127.0.0.1:{}", world.address.port());
    let request = by_header
        .request(reqwest::Method::POST, "/api/graphql")
        .header("x-tenant-id", "northbound")
        .json(&serde_json::json!({ "query": "{ shop { name } }" }));
    assert_eq!(by_header.send(request).await.json()["data"]["shop"]["name"], "Northbound");
}

async fn refuses_addresses_of_no_shop(world: World) {
    let mut visitor = world.visitor("hearth");
    for (path, status) in [("/t/nobody/", 404), ("/t/admin/", 400), ("/t/-a-/", 400), ("/t/%E2%84%AA/", 400)]
    {
        let answer = visitor.get(path).await;
        assert_eq!(answer.status, status, "{path}");
    }
    visitor.host = "bad_host!".to_owned();
    assert_eq!(visitor.get("/").await.status, 400);
    identity::tenant::suspend(&world.app, "northbound", "a test").await.expect("suspending");
    let mut shopper = world.visitor("northbound");
    let answer = shopper.get("/api/v1/me").await;
    assert_eq!((answer.status, answer.json()["code"].as_str()), (403, Some("FORBIDDEN")));
}

async fn every_page_has_a_nonce_of_its_own(world: World) {
    let visitor = world.visitor("hearth");
    let mut seen = std::collections::HashSet::new();
    // The second time, the page cache answers.
    for path in [
        "/",
        "/",
        "/products",
        "/products",
        "/cart",
        "/no-such-page",
        "/products/nothing",
        "/admin",
        "/api/graphiql",
    ] {
        for coding in ["identity", "br", "gzip"] {
            let request = visitor.request(reqwest::Method::GET, path).header("accept-encoding", coding);
            let request = request.header("accept", "text/html");
            let answer = request.send().await.expect("an answer");
            let status = answer.status().as_u16();
            let header = |name: &str| {
                let value = answer.headers().get(name).and_then(|value| value.to_str().ok());
                value.unwrap_or_default().to_owned()
            };
            let (policy, encoding) = (header("content-security-policy"), header("content-encoding"));
            let body = answer.bytes().await.expect("a body");
            let nonce = policy.split_once("'nonce-").and_then(|(_, rest)| rest.split_once('\''));
            let Some((nonce, _)) = nonce else { panic!("{path} has no nonce: {policy}") };
            assert!(seen.insert(nonce.to_owned()), "{path} repeats a nonce");
            assert!(policy.contains("'strict-dynamic'") && !policy.contains("unsafe-inline"), "{policy}");
            let html = match encoding.as_str() {
                "br" => read(brotli::Decompressor::new(&body[..], 4096)),
                "gzip" => read(flate2::read::GzDecoder::new(&body[..])),
                _ => read(&body[..]),
            };
            assert!(!html.contains(platform::nonce::mark()), "{path} gives the mark away");
            let scripts =
                html.split("<script").skip(1).filter(|script| !script.contains("application/ld+json"));
            for script in scripts.chain(html.split("<link rel=\"modulepreload\"").skip(1)) {
                let tag = script.split_once('>').map_or(script, |(tag, _)| tag);
                assert!(tag.contains(&format!("nonce=\"{nonce}\"")), "{path} as {coding}: {tag}");
            }
            assert!(status != 200 || html.contains(nonce), "{path} runs no script");
        }
    }
}

fn read(mut from: impl std::io::Read) -> String {
    let mut text = String::new();
    from.read_to_string(&mut text).expect("a whole page");
    text
}

async fn a_cached_page_follows_a_change(world: World) {
    let mut visitor = world.visitor("hearth");
    let first = visitor.get("/products").await;
    assert_eq!(first.status, 200);
    let etag = first.header("etag").to_owned();
    assert_ne!(etag, "", "a list page is kept");
    let request = visitor.request(reqwest::Method::GET, "/products").header("if-none-match", &etag);
    assert_eq!(visitor.send(request).await.status, 304);
    let mut owner = world.sign_in("hearth", "owner").await;
    let found =
        owner.graphql("{ adminProducts(first: 1) { nodes { id version } } }", serde_json::json!({})).await;
    let node = &found["data"]["adminProducts"]["nodes"][0];
    let done = owner
        .graphql(
            "mutation A($input: ProductMoveInput!) { productArchive(input: $input) { product { status } } }",
            serde_json::json!({ "input": { "id": node["id"], "version": node["version"] } }),
        )
        .await;
    assert!(done["errors"].is_null(), "{done}");
    for _ in 0..50 {
        if visitor.get("/products").await.header("etag") != etag {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the page did not change");
}

async fn wrong_requests_get_problem_documents(world: World) {
    let mut visitor = world.visitor("hearth");
    let large = visitor
        .request(reqwest::Method::POST, "/api/graphql")
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/json")
        .body(vec![b' '; 10 * 1024 * 1024]);
    let answer = visitor.send(large).await;
    assert_eq!((answer.status, answer.header("content-type")), (413, "application/problem+json"));
    let missing = visitor.get("/api/v1/no-such-thing").await;
    assert_eq!((missing.status, missing.json()["code"].as_str()), (404, Some("NOT_FOUND")));
    let foreign = visitor
        .request(reqwest::Method::POST, "/sign-in")
        .header("sec-fetch-site", "cross-site")
        .header("origin", "https://evil.example")
        .header("cookie", "rustok_session_hearth=x")
        .body("email=a");
    assert_eq!(visitor.send(foreign).await.status, 403);
}

async fn pages_with_the_prices_of_a_group_are_shown_to_it_alone(world: World) {
    crate::shop::place_order(&world, "hearth").await;
    let mut member = world.sign_in("hearth", "customer").await;
    let rows = world.rows().await;
    let customer = crate::sweep::Things::of(&world, "hearth").await.id("customer");
    let me = member.graphql("{ me { user { id } } }", json!({})).await;
    let me = me["data"]["me"]["user"]["id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
    let member_of = customer.to_string();
    let [me, customer] = [me, customer].map(|id| world.literal(id));
    let link = format!("UPDATE customer SET user_id = {me} WHERE id = {customer}");
    rows.execute_unprepared(&link).await.expect("a customer with an account");
    rows.close().await.expect("closing");
    let mut owner = world.sign_in("hearth", "owner").await;
    let mut ask = async |document: &str, variables: serde_json::Value| {
        let answer = owner.graphql(document, variables).await;
        assert!(answer["errors"].is_null(), "{answer}");
        answer["data"].clone()
    };
    let nothing = || json!({});
    let found = ask("{ products(first: 1) { nodes { slug variants { id } } } }", nothing()).await;
    let product = &found["products"]["nodes"][0];
    let made =
        ask("mutation { customerGroupCreate(input: { name: \"Trade\" }) { group { id } } }", nothing()).await;
    let group = made["customerGroupCreate"]["group"]["id"].clone();
    let add = "mutation M($input: CustomerGroupMembersInput!) { customerGroupMembersAdd(input: $input) }";
    ask(add, json!({ "input": { "id": group, "customerIds": [member_of] } })).await;
    let path = format!("/products/{}", product["slug"].as_str().expect("a slug"));
    let mut anybody = world.visitor("hearth");
    // Kept before there was a list.
    assert!(!anybody.get(&path).await.body.contains("€1.23"));
    let create =
        "mutation L($input: PriceListInput!) { priceListCreate(input: $input) { priceList { id } } }";
    let made = ask(create, json!({ "input": { "name": "Trade", "groupIds": [group] } })).await;
    let list = made["priceListCreate"]["priceList"]["id"].clone();
    let prices: Vec<_> = product["variants"]
        .as_array()
        .expect("variants")
        .iter()
        .flat_map(|variant| {
            let of = |from: u32, price: &str| json!({ "variantId": variant["id"], "minQuantity": from, "price": price });
            [of(1, "1.23"), of(10, "1.11")]
        })
        .collect();
    let set =
        "mutation S($input: PriceListPricesSetInput!) { priceListPricesSet(input: $input) { nPrices } }";
    ask(set, json!({ "input": { "id": list, "prices": prices } })).await;
    for path in [path.as_str(), "/products", "/"] {
        for _ in 0..2 {
            let plain = anybody.get(path).await;
            assert!(!plain.body.contains("€1.23"), "{path} tells everybody");
            assert_eq!(plain.header("cache-control"), "no-cache", "{path}");
            let own = member.get(path).await;
            assert_eq!(own.header("cache-control"), "private, no-store", "{path}");
            assert!(path == "/" || own.body.contains("€1.23"), "{path} does not tell the member");
        }
    }
    assert!(member.get(&path).await.body.contains("From 10: €1.11 each"));
    // Somebody else who has signed in is asked for the usual price.
    assert!(!world.sign_in("hearth", "owner").await.get(&path).await.body.contains("€1.23"));
    let asked = "query P($ids: [ID!]!) { listedPrices(variantIds: $ids) { price { minor } listed { name } tiers { from unit { minor } } } }";
    let ids = json!({ "ids": [product["variants"][0]["id"]] });
    let own = member.graphql(asked, ids.clone()).await;
    let expected = json!([{ "price": { "minor": 123 }, "listed": { "name": "Trade" }, "tiers": [{ "from": 10, "unit": { "minor": 111 } }] }]);
    assert_eq!(own["data"]["listedPrices"], expected, "{own}");
    assert_eq!(anybody.graphql(asked, ids).await["data"]["listedPrices"], json!([]));
    let archive =
        "mutation A($id: ID!) { priceListArchive(id: $id, version: 1) { priceList { archivedAt } } }";
    ask(archive, json!({ "id": list })).await;
    assert!(!member.get(&path).await.body.contains("€1.23"));
}

testkit::on_both!(
    answers_health_outside_of_any_tenant,
    finds_the_tenant_in_four_ways,
    refuses_addresses_of_no_shop,
    every_page_has_a_nonce_of_its_own,
    a_cached_page_follows_a_change,
    pages_with_the_prices_of_a_group_are_shown_to_it_alone,
    wrong_requests_get_problem_documents,
);

#[test]
fn pages_are_rendered_anew_without_the_cache() {
    struct Uncached(World);
    impl testkit::Fixture for Uncached {
        async fn create(backend: Backend) -> Self {
            Self(World::configured(backend, |config| config.cache.pages = false).await)
        }
    }
    testkit::run(Backend::Sqlite, async |Uncached(world): Uncached| {
        let answer = world.visitor("hearth").get("/products").await;
        assert_eq!((answer.status, answer.header("etag")), (200, ""));
    });
}
