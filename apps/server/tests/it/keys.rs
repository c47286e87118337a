//! API keys over HTTP, and roles over GraphQL.

use std::time::Duration;

use crate::world::World;
use primitives::{Grant, Permission};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::{Backend, TestDb};

async fn a_program_asks_with_a_key_and_is_told_how_much_is_left(world: World) {
    let key = world.api_key("hearth", &[Permission::PRODUCTS_LIST]).await;
    let mut program = world.program("hearth", &key);
    let request = program
        .request(Method::POST, "/api/graphql")
        .json(&json!({ "query": "{ adminProducts(first: 1) { totalCount } orders { totalCount } }" }));
    let answer = program.send(request).await;
    assert_eq!(answer.header("ratelimit-policy"), "\"api-key\";q=600;w=60");
    assert_eq!(answer.header("ratelimit"), "\"api-key\";r=599;t=1");
    assert_eq!(answer.json()["errors"][0]["extensions"]["code"], "FORBIDDEN");
    let answer = program.graphql("{ adminProducts(first: 1) { totalCount } me { kind } }", Value::Null).await;
    assert!(answer["data"]["adminProducts"]["totalCount"].as_i64().unwrap() > 0, "{answer}");
    assert_eq!(answer["data"]["me"], Value::Null, "a key is nobody's account");
    let me = program.get("/api/v1/me").await;
    assert_eq!((me.status, me.header("ratelimit")), (403, "\"api-key\";r=597;t=1"));
    // A page needs no permission, and a program gets it.
    assert_eq!(program.get("/api/v1/export/shopify").await.status, 403);
}

async fn a_wrong_key_is_answered_as_no_key_is(world: World) {
    let key = world.api_key("hearth", &[Permission::PRODUCTS_LIST]).await;
    let foreign = world.api_key("northbound", &[Permission::PRODUCTS_LIST]).await;
    assert_eq!(world.program("hearth", &key).get("/api/v1/export/shopify").await.status, 403);
    let mut answers = Vec::new();
    for wrong in [foreign.as_str(), "rk_", "rk_aaaaaaaa_x", &key[..key.len() - 1]] {
        let answer = world.program("hearth", wrong).get("/api/v1/export/shopify").await;
        let mut body = answer.json();
        body["trace_id"] = Value::Null;
        assert_eq!((answer.status, answer.header("ratelimit")), (401, ""), "{wrong}");
        answers.push(body);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
}

async fn the_owner_makes_roles_and_keys_over_graphql(world: World) {
    let mut owner = world.sign_in("hearth", "owner").await;
    let create = "mutation C($input: CreateRoleInput!) { createRole(input: $input) \
         { role { id name system permissions grants { permission scope } holderCount grantable version } } }";
    let permissions =
        json!([{ "permission": "orders:read", "scope": "OWN" }, { "permission": "products:manage" }]);
    let input = json!({ "name": "Clerk", "permissions": permissions });
    let answer = owner.graphql(create, json!({ "input": input })).await;
    let role = answer["data"]["createRole"]["role"].clone();
    assert_eq!(role["permissions"], json!(["products:manage", "orders:read:own"]), "{answer}");
    assert_eq!((&role["holderCount"], &role["grantable"]), (&json!(0), &json!(true)));
    let wrong = json!({ "name": "x", "permissions": [{ "permission": "orders:update", "scope": "OWN" }, { "permission": "x:y" }] });
    let answer = owner.graphql(create, json!({ "input": wrong })).await;
    assert_eq!(answer["errors"][0]["extensions"]["fields"][0]["field"], "permissions.1.permission");
    let make = "mutation C($input: CreateUserInput!) { createUser(input: $input) { user { id roles \
         customRoles { name } effectivePermissions { permission scope from } } } }";
    let input = json!({
        "email": "clerk@x.example", "password": crate::world::PASSWORD, "name": "Clerk",
        "roles": ["customer", role["id"]],
    });
    let answer = owner.graphql(make, json!({ "input": input })).await;
    let user = &answer["data"]["createUser"]["user"];
    assert_eq!((&user["roles"], &user["customRoles"]), (&json!(["customer"]), &json!([{ "name": "Clerk" }])));
    let effective = user["effectivePermissions"].as_array().unwrap();
    let of = |name: &str| effective.iter().find(|it| it["permission"] == name).cloned();
    assert_eq!(
        of("orders:read"),
        Some(json!({ "permission": "orders:read", "scope": "OWN", "from": ["customer", "Clerk"] }))
    );
    assert_eq!(
        of("products:update"),
        Some(json!({ "permission": "products:update", "scope": "ALL", "from": ["Clerk"] }))
    );
    assert_eq!(of("payments:read"), None);
    let key = "mutation C($input: CreateApiKeyInput!) { createApiKey(input: $input) \
         { secret apiKey { id name prefix permissions effectivePermissions state createdBy } } }";
    let input = json!({ "name": "Till", "permissions": ["products:list"] });
    let answer = owner.graphql(key, json!({ "input": input })).await;
    let payload = &answer["data"]["createApiKey"];
    let secret = payload["secret"].as_str().unwrap();
    let mut program = world.program("hearth", secret);
    let list = "{ adminProducts(first: 1) { totalCount } }";
    assert_eq!(program.graphql(list, Value::Null).await["errors"], Value::Null);
    let revoke =
        "mutation R($input: RevokeApiKeyInput!) { revokeApiKey(input: $input) { apiKey { state } } }";
    let input = json!({ "input": { "id": payload["apiKey"]["id"] } });
    let answer = owner.graphql(revoke, input).await;
    assert_eq!(answer["data"]["revokeApiKey"]["apiKey"]["state"], "REVOKED", "{answer}");
    let answer = program.graphql(list, Value::Null).await;
    assert_eq!(answer["code"], "UNAUTHENTICATED", "{answer}");
    let answer = owner.graphql("{ apiKeys { name prefix } roles { name holderCount } }", Value::Null).await;
    assert_eq!(answer["data"]["apiKeys"], json!([]));
    assert!(!answer.to_string().contains(secret));
    let clerk = answer["data"]["roles"].as_array().unwrap().last().cloned();
    assert_eq!(clerk, Some(json!({ "name": "Clerk", "holderCount": 1 })));
}

async fn whoever_sees_the_own_orders_alone_sees_no_others(world: World) {
    crate::shop::place_order(&world, "hearth").await;
    // The list is read from what is written a moment later.
    for _ in 0..500 {
        if 0 < world.number("SELECT COUNT(*) FROM order_row").await {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let order = world.id("SELECT id FROM orders LIMIT 1").await.unwrap();
    let grants =
        [Permission::ORDERS_LIST, Permission::ORDERS_READ, Permission::CUSTOMERS_LIST].map(Grant::own);
    let role = world.role("hearth", &grants).await;
    let mut clerk = world.sign_in_with("hearth", role).await;
    let query = "query Q($id: ID!) { orders(first: 5) { totalCount nodes { id } } orderCounts { all } \
         customers(first: 5) { totalCount } order(id: $id) { id notes { text } attention } }";
    let before = clerk.graphql(query, json!({ "id": order })).await;
    assert_eq!(before["errors"][0]["extensions"]["code"], "NOT_FOUND", "{before}");
    let counts = "{ orders(first: 5) { totalCount } orderCounts { all } customers(first: 5) { nodes { email } } \
         me { user { email } } }";
    let none = clerk.graphql(counts, Value::Null).await["data"].clone();
    assert_eq!((&none["orders"]["totalCount"], &none["orderCounts"]["all"]), (&json!(0), &json!(0)));
    // Whoever opens an account may be on record as a customer: then as the only one that this clerk sees.
    let seen = none["customers"]["nodes"].as_array().unwrap();
    assert!(seen.iter().all(|customer| customer["email"] == none["me"]["user"]["email"]), "{none}");
    // The order becomes theirs: as if this account had placed it.
    let me = clerk.graphql("{ me { user { id } permissions } }", Value::Null).await;
    assert_eq!(
        me["data"]["me"]["permissions"],
        json!(["orders:read:own", "orders:list:own", "customers:list:own"])
    );
    let id: uuid::Uuid = me["data"]["me"]["user"]["id"].as_str().unwrap().parse().unwrap();
    let rows = world.rows().await;
    let sql =
        format!("UPDATE orders SET user_id = {} WHERE id = {}", world.literal(id), world.literal(order));
    sea_orm::ConnectionTrait::execute_unprepared(&rows, &sql).await.unwrap();
    let mine = clerk.graphql(query, json!({ "id": order })).await;
    assert_eq!(mine["data"]["orders"]["totalCount"], 1, "{mine}");
    assert_eq!(mine["data"]["orderCounts"]["all"], 1);
    assert_eq!(mine["data"]["order"]["id"], order.to_string());
    let note = "mutation N($input: OrderNoteAddInput!) { orderNoteAdd(input: $input) { __typename } }";
    let answer = clerk.graphql(note, json!({ "input": { "id": order, "text": "x" } })).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{answer}");
}

#[test]
fn a_key_that_asks_too_much_is_told_when_to_come_back() {
    testkit::run(Backend::Sqlite, async |database: TestDb| {
        drop(database);
        let change = |config: &mut platform::Config| config.security.api_key_requests_per_minute = 2;
        let world = World::configured(Backend::Sqlite, change).await;
        let key = world.api_key("hearth", &[Permission::PRODUCTS_LIST]).await;
        let mut program = world.program("hearth", &key);
        for _ in 0..2 {
            assert_eq!(program.get("/api/v1/export/shopify").await.status, 403);
        }
        let refused = program.get("/api/v1/export/shopify").await;
        assert_eq!((refused.status, refused.json()["code"].as_str()), (429, Some("RATE_LIMIT_EXCEEDED")));
        assert_eq!(refused.header("ratelimit-policy"), "\"api-key\";q=2;w=60");
        let wait = refused.header("retry-after").parse::<u64>().unwrap();
        assert!((1..=30).contains(&wait), "{wait}");
        assert_eq!(refused.header("ratelimit"), format!("\"api-key\";r=0;t={wait}"));
    });
}

#[test]
fn a_visitor_who_changes_too_much_is_told_when_to_come_back() {
    testkit::run(Backend::Sqlite, async |database: TestDb| {
        drop(database);
        let change = |config: &mut platform::Config| {
            config.security.visitor_requests_per_minute = 2;
            config.server.trusted_proxies.0 = vec!["127.0.0.0/8".to_owned()];
        };
        let world = World::configured(Backend::Sqlite, change).await;
        let ask = async |tenant: &str, method: Method, address: &str| {
            let mut visitor = world.visitor(tenant);
            let request = visitor
                .request(method, "/cart/currency")
                .header("sec-fetch-site", "same-origin")
                .header("x-forwarded-for", address)
                .body("");
            visitor.send(request).await
        };
        let (post, here, near) = (Method::POST, "2001:db8:1:2::7", "2001:db8:1:2:3:4:5:6");
        let first = ask("hearth", post.clone(), here).await;
        assert_ne!(first.status, 429);
        assert_eq!(first.header("ratelimit-policy"), "\"visitor\";q=2;w=60");
        assert_eq!(first.header("ratelimit"), "\"visitor\";r=1;t=30");
        assert_ne!(ask("hearth", post.clone(), near).await.status, 429);
        let refused = ask("hearth", post.clone(), here).await;
        assert_eq!(refused.status, 429);
        let wait = refused.header("retry-after").parse::<u64>().unwrap();
        assert!((1..=30).contains(&wait), "{wait}");
        // Looking around is free, and so are other shops, other networks and this machine.
        assert_eq!(ask("hearth", Method::GET, here).await.header("ratelimit"), "");
        assert_ne!(ask("northbound", post.clone(), here).await.status, 429);
        assert_ne!(ask("hearth", post.clone(), "203.0.113.7").await.status, 429);
        for _ in 0..3 {
            assert_eq!(ask("hearth", post.clone(), "127.0.0.1").await.header("ratelimit"), "");
        }
    });
}

testkit::on_both!(
    a_program_asks_with_a_key_and_is_told_how_much_is_left,
    a_wrong_key_is_answered_as_no_key_is,
    the_owner_makes_roles_and_keys_over_graphql,
    whoever_sees_the_own_orders_alone_sees_no_others,
);
