//! Switching modules and features of one shop while it serves, seen through every door.

use crate::shop::place_order;
use crate::world::{Visitor, World};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use testkit::Backend;

const MODULE: &str = "mutation T($input: ToggleModuleInput!) { toggleModule(input: $input) { changed modules { name enabled } } }";
const FEATURE: &str = "mutation T($input: ToggleFeatureInput!) { toggleFeature(input: $input) { changed } }";

async fn switch(staff: &mut Visitor, module: &str, enabled: bool, cascade: bool) -> Value {
    let input = json!({ "input": { "module": module, "enabled": enabled, "cascade": cascade } });
    staff.graphql(MODULE, input).await
}

async fn switch_feature(staff: &mut Visitor, feature: &str, enabled: bool) -> Value {
    staff.graphql(FEATURE, json!({ "input": { "feature": feature, "enabled": enabled } })).await
}

fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_default()
}

async fn capabilities(visitor: &mut Visitor) -> (Vec<String>, Vec<String>) {
    let answer = visitor.graphql("{ capabilities { modules features } }", json!({})).await;
    let texts = |list: &Value| -> Vec<String> {
        let list = list.as_array().unwrap_or_else(|| panic!("{answer}"));
        list.iter().map(|text| text.as_str().expect("a name").to_owned()).collect()
    };
    let found = &answer["data"]["capabilities"];
    (texts(&found["modules"]), texts(&found["features"]))
}

/// Address of the first product.
async fn some_product(visitor: &mut Visitor) -> String {
    let answer = visitor.graphql("{ products(first: 1) { nodes { slug } } }", json!({})).await;
    let slug = answer["data"]["products"]["nodes"][0]["slug"].as_str();
    format!("/products/{}", slug.unwrap_or_else(|| panic!("{answer}")))
}

async fn a_shop_stops_selling_and_begins_again_without_a_restart(world: World) {
    place_order(&world, "hearth").await;
    let (mut owner, mut visitor) = (world.sign_in("hearth", "owner").await, world.visitor("hearth"));
    let product = some_product(&mut visitor).await;
    assert!(visitor.get("/").await.body.contains("href=\"/cart\""));
    assert!(visitor.get(&product).await.body.contains("Add to cart"));

    let done = switch(&mut owner, "commerce", false, false).await;
    assert_eq!(done["data"]["toggleModule"]["changed"], json!(["commerce"]), "{done}");

    // The API, to everybody.
    for (staff, document) in [
        (false, "{ cart { nItems } }"),
        (true, "{ orders(first: 1) { totalCount } }"),
        (true, "{ shop { name } customers(first: 1) { totalCount } }"),
    ] {
        let who = if staff { &mut owner } else { &mut visitor };
        let answer = who.graphql(document, json!({})).await;
        assert_eq!((code(&answer), answer["data"].is_null()), ("MODULE_DISABLED", true), "{answer}");
    }
    let add = "mutation { cartLinesAdd(input: { lines: [] }) { token } }";
    assert_eq!(code(&visitor.graphql(add, json!({})).await), "MODULE_DISABLED");

    // Pages and forms: not there for shoppers, refused to staff, in the shop's own face.
    let page = visitor.get("/cart").await;
    assert_eq!(page.status, 404);
    assert!(page.body.contains("Page not found") && page.body.contains("Hearth"), "{}", page.body);
    assert_eq!(visitor.post("/cart/add", &[("product", "x")]).await.status, 404);
    assert_eq!(visitor.get("/checkout").await.status, 404);
    assert_eq!(owner.get("/cart").await.status, 403);

    // Links, prices, buttons.
    for path in ["/", "/products", &product] {
        let page = visitor.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        for gone in ["href=\"/cart\"", "class=\"price\"", "Add to cart", "cart-drawer", "\"offers\""] {
            assert!(!page.body.contains(gone), "{path} still has {gone}");
        }
    }
    assert!(visitor.get("/sitemap.xml").await.body.contains(&product));
    let (modules, features) = capabilities(&mut owner).await;
    assert!(!modules.contains(&"commerce".to_owned()) && modules.contains(&"catalog".to_owned()));
    assert!(!features.contains(&"COMMERCE".to_owned()) && features.contains(&"ADVANCED_SEARCH".to_owned()));

    // What a gateway has begun goes on; what other shops have is theirs.
    let call = visitor.request(reqwest::Method::POST, "/webhooks/payments/http").body("{}");
    let answer = visitor.send(call).await;
    assert_ne!(answer.json()["code"], "MODULE_DISABLED", "{}", answer.body);
    assert_eq!(world.visitor("northbound").get("/cart").await.status, 200);

    // It says that it is so already, and nothing more is told.
    let again = switch(&mut owner, "commerce", false, false).await;
    assert_eq!(again["data"]["toggleModule"]["changed"], json!([]), "{again}");
    assert_eq!(
        world.number("SELECT count(*) FROM outbox WHERE kind = 'tenant.module_toggled'").await,
        1,
        "one event for one switch"
    );

    let done = switch(&mut owner, "commerce", true, false).await;
    assert_eq!(done["data"]["toggleModule"]["changed"], json!(["commerce"]), "{done}");
    let orders = owner.graphql("{ orders(first: 1) { totalCount } }", json!({})).await;
    assert_eq!(orders["data"]["orders"]["totalCount"], 1, "{orders}");
    assert!(visitor.get("/").await.body.contains("href=\"/cart\""));
    assert!(visitor.get(&product).await.body.contains("Add to cart"));
    assert_eq!(visitor.get("/cart").await.status, 200);
}

async fn modules_go_with_those_that_need_them(world: World) {
    let (mut owner, mut visitor) = (world.sign_in("hearth", "owner").await, world.visitor("hearth"));
    let product = some_product(&mut visitor).await;
    let refused = switch(&mut owner, "catalog", false, false).await;
    assert_eq!(
        (code(&refused), refused["errors"][0]["message"].as_str()),
        ("CONFLICT", Some("commerce needs catalog: switch it off, too"))
    );
    assert_eq!(visitor.get("/cart").await.status, 200);
    let done = switch(&mut owner, "catalog", false, true).await;
    assert_eq!(done["data"]["toggleModule"]["changed"], json!(["commerce", "catalog"]), "{done}");

    for path in ["/products", &product, "/search", "/cart"] {
        assert_eq!(visitor.get(path).await.status, 404, "{path}");
    }
    let home = visitor.get("/").await;
    assert_eq!(home.status, 200);
    assert!(
        !home.body.contains("href=\"/products") && !home.body.contains("role=\"search\""),
        "{}",
        home.body
    );
    let sitemap = visitor.get("/sitemap.xml").await.body;
    assert!(sitemap.contains("<loc>") && !sitemap.contains("/products"), "{sitemap}");
    // REST: the same word, 404 to shoppers, 403 to staff.
    for (who, status) in [(&mut visitor, 404), (&mut owner, 403)] {
        let answer = who.get("/api/v1/export/shopify").await;
        assert_eq!((answer.status, answer.json()["code"].as_str()), (status, Some("MODULE_DISABLED")));
    }

    let refused = switch(&mut owner, "commerce", true, false).await;
    assert_eq!(
        (code(&refused), refused["errors"][0]["message"].as_str()),
        ("CONFLICT", Some("commerce needs catalog, which is switched off: switch it on, too"))
    );
    let done = switch(&mut owner, "commerce", true, true).await;
    assert_eq!(done["data"]["toggleModule"]["changed"], json!(["catalog", "commerce"]), "{done}");
    assert_eq!((visitor.get(&product).await.status, visitor.get("/cart").await.status), (200, 200));
}

async fn features_guard_fields_routes_and_pages(world: World) {
    let (mut owner, mut visitor) = (world.sign_in("hearth", "owner").await, world.visitor("hearth"));
    let facets = "{ productFacets { total options { name } } }";
    assert!(visitor.graphql(facets, json!({})).await["errors"].is_null());
    assert!(visitor.get("/products").await.body.contains("name=\"option."));
    let done = switch_feature(&mut owner, "ADVANCED_SEARCH", false).await;
    assert_eq!(done["data"]["toggleFeature"]["changed"], true, "{done}");
    // Below the root: what is guarded is refused, the rest is there.
    assert_eq!(code(&visitor.graphql(facets, json!({})).await), "FEATURE_NOT_ENABLED");
    assert!(visitor.graphql("{ productFacets { total } }", json!({})).await["errors"].is_null());
    assert!(!visitor.get("/products").await.body.contains("name=\"option."));

    switch_feature(&mut owner, "CUSTOMER_ACCOUNTS", false).await;
    assert_eq!(visitor.get("/register").await.status, 404);
    assert!(!visitor.get("/sign-in").await.body.contains("Create an account"));
    let register = "mutation { register(input: { email: \"a@example.com\", password: \"correct horse battery\", name: \"A\" }) { accepted } }";
    assert_eq!(code(&visitor.graphql(register, json!({})).await), "FEATURE_NOT_ENABLED");
    let posted = visitor.request(reqwest::Method::POST, "/api/v1/auth/register").json(&json!({}));
    let posted = visitor.send(posted).await;
    assert_eq!((posted.status, posted.json()["code"].as_str()), (404, Some("FEATURE_NOT_ENABLED")));
    switch_feature(&mut owner, "CUSTOMER_ACCOUNTS", true).await;
    assert_eq!(visitor.get("/register").await.status, 200);

    // Named, but not part of this build: no row makes it so.
    let refused = switch_feature(&mut owner, "BLOG", true).await;
    assert_eq!(code(&refused), "FEATURE_NOT_ENABLED");
    assert_eq!(
        refused["errors"][0]["message"], "blog is not part of this build, it cannot be switched on",
        "{refused}"
    );
    assert_eq!(code(&switch(&mut owner, "forum", true, false).await), "FEATURE_NOT_ENABLED");
    let listed = owner.graphql("{ features { name available enabled module } }", json!({})).await;
    let listed = listed["data"]["features"].as_array().expect("features").clone();
    assert_eq!(listed.len(), 10);
    assert!(
        listed.contains(&json!({ "name": "BLOG", "available": false, "enabled": false, "module": null }))
    );
    assert!(
        listed.contains(
            &json!({ "name": "COMMERCE", "available": true, "enabled": true, "module": "commerce" })
        )
    );
    // The feature of a module is the module.
    let done = switch_feature(&mut owner, "COMMERCE", false).await;
    assert_eq!(done["data"]["toggleFeature"]["changed"], true, "{done}");
    assert_eq!(visitor.get("/cart").await.status, 404);
}

async fn only_those_who_may_switch_and_only_what_can_be(world: World) {
    let mut support = world.sign_in("hearth", "support").await;
    assert_eq!(code(&switch(&mut support, "commerce", false, false).await), "FORBIDDEN");
    assert_eq!(code(&support.graphql("{ modules { name } }", json!({})).await), "FORBIDDEN");
    let mut visitor = world.visitor("hearth");
    assert_eq!(code(&switch(&mut visitor, "commerce", false, false).await), "UNAUTHENTICATED");
    let mut owner = world.sign_in("hearth", "owner").await;
    for (module, says) in [
        ("identity", "identity is part of every shop, it cannot be switched off"),
        ("nonsense", "there is no module called \"nonsense\""),
    ] {
        let refused = switch(&mut owner, module, false, true).await;
        let fields = &refused["errors"][0]["extensions"]["fields"];
        assert_eq!(code(&refused), "BAD_USER_INPUT", "{refused}");
        assert_eq!(*fields, json!([{ "field": "module", "message": says }]));
    }
    let listed =
        owner.graphql("{ modules { name state dependsOn dependants required enabled } }", json!({})).await;
    let catalog = listed["data"]["modules"]
        .as_array()
        .and_then(|modules| modules.iter().find(|module| module["name"] == "catalog"))
        .unwrap_or_else(|| panic!("{listed}"));
    assert_eq!(
        *catalog,
        json!({
            "name": "catalog", "state": "HEALTHY", "dependsOn": ["identity", "content", "index"],
            "dependants": ["commerce"], "required": false, "enabled": true,
        })
    );
    assert_eq!(world.number("SELECT count(*) FROM tenant_module").await, 0);
}

async fn every_module_says_itself_how_it_is(world: World) {
    let answer = world.visitor("hearth").get("/health/modules").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let modules = answer.json()["modules"].clone();
    for name in ["events", "index", "mail", "identity", "content", "catalog", "commerce", "server"] {
        assert_eq!(modules[name]["state"], "healthy", "{name}: {modules}");
    }
    for name in ["storefront", "admin"] {
        assert!(["healthy", "degraded"].contains(&modules[name]["state"].as_str().unwrap_or_default()));
    }
    // One that has lost its table says so, alone.
    let rows = world.rows().await;
    sea_orm::ConnectionTrait::execute_unprepared(&rows, "ALTER TABLE product_doc RENAME TO product_doc_away")
        .await
        .expect("renaming");
    let began = Instant::now();
    let failed = loop {
        let answer = world.visitor("hearth").get("/health/modules").await;
        if answer.status == 503 {
            break answer.json()["modules"].clone();
        }
        assert!(began.elapsed() < Duration::from_secs(30), "{}", answer.body);
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    assert_eq!(failed["catalog"]["state"], "failed", "{failed}");
    assert_eq!(failed["catalog"]["reason"], "the table product_doc does not answer");
    assert_eq!(failed["identity"]["state"], "healthy");
}

testkit::on_both!(
    a_shop_stops_selling_and_begins_again_without_a_restart,
    modules_go_with_those_that_need_them,
    features_guard_fields_routes_and_pages,
    only_those_who_may_switch_and_only_what_can_be,
    every_module_says_itself_how_it_is,
);

#[test]
fn another_process_sees_a_switch() {
    testkit::run(Backend::Postgres, async |world: World| {
        let there = world.neighbour().await;
        let mut visitor = world.visitor("hearth").at(there);
        // Its caches are warm: tenant and page.
        assert_eq!(visitor.get("/cart").await.status, 200);
        assert!(visitor.get("/").await.body.contains("href=\"/cart\""));
        let mut owner = world.sign_in("hearth", "owner").await;
        for (enabled, status) in [(false, 404), (true, 200)] {
            let done = switch(&mut owner, "commerce", enabled, false).await;
            assert_eq!(done["data"]["toggleModule"]["changed"], json!(["commerce"]), "{done}");
            let began = Instant::now();
            loop {
                let (cart, home) = (visitor.get("/cart").await, visitor.get("/").await);
                if cart.status == status && home.body.contains("href=\"/cart\"") == enabled {
                    break;
                }
                // A second by contract; a busy machine gets more.
                assert!(began.elapsed() < Duration::from_secs(10), "{} {}", cart.status, home.status);
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    });
}
