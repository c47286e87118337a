//! The platform's people look after tenants, owners after their own.

use crate::world::{Visitor, World};
use identity::tenant::proof::{Texts, look_up_with};
use reqwest::Method;
use reqwest::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use sea_orm::{ConnectionTrait as _, Statement};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// One of the platform's people: somebody of the shop that answers by default, made mighty on the command line.
async fn platform(world: &World, tenant: &str) -> Visitor {
    world.sign_in(tenant, "super_admin").await
}

async fn run(visitor: &mut Visitor, name: &str, input: Value, wanted: &str) -> Value {
    let kind = format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
    let kind = match kind.as_str() {
        "TenantResumeInput" | "TenantRestoreInput" => "TenantInput",
        "TenantDomainAddInput" | "TenantDomainVerifyInput" | "TenantDomainRemoveInput" => "TenantDomainInput",
        "ShopDomainAddInput" | "ShopDomainVerifyInput" | "ShopDomainRemoveInput" => "ShopDomainInput",
        other => other,
    };
    let query = format!("mutation M($input: {kind}!) {{ {name}(input: $input) {{ {wanted} }} }}");
    visitor.graphql(&query, json!({ "input": input })).await
}

fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or("-")
}

async fn opens_suspends_copies_deletes_and_restores_a_shop(world: World) {
    let mut platform = platform(&world, "hearth").await;
    let input = json!({
        "slug": "fresh", "name": "Fresh", "currency": "CHF", "country": "CH", "locale": "de", "sample": true,
        "owner": { "email": "ann@fresh.example", "name": "Ann", "password": "a long password" },
    });
    let made =
        run(&mut platform, "tenantCreate", input.clone(), "tenant { slug status currency locale }").await;
    let tenant = &made["data"]["tenantCreate"]["tenant"];
    assert_eq!(
        tenant,
        &json!({ "slug": "fresh", "status": "ACTIVE", "currency": "CHF", "locale": "de" }),
        "{made}"
    );
    let begun = std::time::Instant::now();
    loop {
        let shown = world.visitor("fresh").graphql("{ products(first: 1) { totalCount } }", json!({})).await;
        if shown["data"]["products"]["totalCount"] == 24 {
            break;
        }
        assert!(begun.elapsed().as_secs() < 60, "{shown}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let sign_in = "mutation S($input: SignInInput!) { signIn(input: $input) { me { user { roles } } } }";
    let login = json!({ "input": { "email": "ann@fresh.example", "password": "a long password" } });
    let mut ann = world.visitor("fresh");
    assert_eq!(ann.graphql(sign_in, login).await["data"]["signIn"]["me"]["user"]["roles"], json!(["owner"]));
    let again = run(&mut platform, "tenantCreate", input, "tenant { slug }").await;
    assert_eq!(
        (code(&again), &again["errors"][0]["extensions"]["fields"][0]["field"]),
        ("CONFLICT", &json!("slug"))
    );

    let copy = json!({ "slug": "fresh", "newSlug": "fresh-2" });
    let copied = run(&mut platform, "tenantClone", copy, "tenant { slug status }").await;
    assert_eq!(copied["data"]["tenantClone"]["tenant"]["slug"], "fresh-2", "{copied}");
    assert_eq!(world.visitor("fresh-2").get("/products").await.status, 200);

    let listed = "query L($first: Int, $after: String, $query: String, $status: TenantStatus) { \
        tenants(first: $first, after: $after, query: $query, status: $status) { totalCount \
        pageInfo { hasNextPage endCursor } nodes { slug } } }";
    let first = platform.graphql(listed, json!({ "first": 3 })).await["data"]["tenants"].clone();
    assert_eq!((&first["totalCount"], &first["pageInfo"]["hasNextPage"]), (&json!(4), &json!(true)));
    let after = json!({ "first": 3, "after": first["pageInfo"]["endCursor"] });
    let second = platform.graphql(listed, after).await["data"]["tenants"]["nodes"].clone();
    assert_eq!(second, json!([{ "slug": "northbound" }]));
    assert_eq!(code(&platform.graphql(listed, json!({ "after": "nonsense" })).await), "BAD_USER_INPUT");

    let closed = run(
        &mut platform,
        "tenantSuspend",
        json!({ "slug": "fresh", "reason": "unpaid" }),
        "tenant { status }",
    );
    assert_eq!(closed.await["data"]["tenantSuspend"]["tenant"]["status"], "SUSPENDED");
    assert_eq!(world.visitor("fresh").get("/").await.status, 403);
    let opened = run(&mut platform, "tenantResume", json!({ "slug": "fresh" }), "tenant { status }").await;
    assert_eq!(opened["data"]["tenantResume"]["tenant"]["status"], "ACTIVE");

    let wrong =
        run(&mut platform, "tenantDelete", json!({ "slug": "fresh", "confirm": "Fresh" }), "tenant { slug }")
            .await;
    assert_eq!(wrong["errors"][0]["extensions"]["fields"][0]["field"], "confirm");
    let gone = run(
        &mut platform,
        "tenantDelete",
        json!({ "slug": "fresh", "confirm": "fresh" }),
        "tenant { status purgeAt }",
    );
    assert_eq!(gone.await["data"]["tenantDelete"]["tenant"]["status"], "DELETED");
    assert_eq!(world.visitor("fresh").get("/").await.status, 404);
    let back =
        run(&mut platform, "tenantRestore", json!({ "slug": "fresh" }), "tenant { status purgeAt }").await;
    assert_eq!(back["data"]["tenantRestore"]["tenant"], json!({ "status": "ACTIVE", "purgeAt": null }));
    assert_eq!(world.visitor("fresh").get("/").await.status, 200);
    // The ground under one's own feet.
    let own = run(
        &mut platform,
        "tenantDelete",
        json!({ "slug": "hearth", "confirm": "hearth" }),
        "tenant { slug }",
    )
    .await;
    assert_eq!(code(&own), "CONFLICT");
    let missing = run(&mut platform, "tenantResume", json!({ "slug": "nobody" }), "tenant { slug }").await;
    assert_eq!(code(&missing), "NOT_FOUND");
}

/// A name server in memory.
#[derive(Default)]
struct Names(Mutex<Vec<String>>);

#[async_trait::async_trait]
impl Texts for Names {
    async fn texts(&self, _: &str) -> platform::Result<Vec<String>> {
        Ok(self.0.lock().unwrap().clone())
    }
}

async fn an_owner_proves_a_domain_and_ends_the_own_shop(world: World) {
    let names = Arc::new(Names::default());
    look_up_with(&world.app, names.clone());
    let mut owner = world.sign_in("northbound", "owner").await;
    let wanted = "domain { host verified recordName recordValue }";
    let added = run(&mut owner, "shopDomainAdd", json!({ "host": "Boats.example" }), wanted).await;
    let domain = added["data"]["shopDomainAdd"]["domain"].clone();
    assert_eq!((&domain["host"], &domain["verified"]), (&json!("boats.example"), &json!(false)), "{added}");
    assert_eq!(domain["recordName"], "_rustok.boats.example");
    let early = run(&mut owner, "shopDomainVerify", json!({ "host": "boats.example" }), wanted).await;
    assert_eq!(early["errors"][0]["extensions"]["fields"][0]["field"], "host");
    let at_the_domain = async || {
        let mut visitor = world.visitor("northbound");
        visitor.host = "boats.example".to_owned();
        visitor.get("/").await.status
    };
    assert_eq!(at_the_domain().await, 404);
    names.0.lock().unwrap().push(domain["recordValue"].as_str().unwrap().to_owned());
    let proved = run(&mut owner, "shopDomainVerify", json!({ "host": "boats.example" }), wanted).await;
    assert_eq!(proved["data"]["shopDomainVerify"]["domain"]["verified"], true, "{proved}");
    assert_eq!(at_the_domain().await, 200);
    let listed = owner.graphql("{ shopDomains { host verified } }", json!({})).await;
    assert_eq!(listed["data"]["shopDomains"], json!([{ "host": "boats.example", "verified": true }]));

    let mut platform = platform(&world, "hearth").await;
    let seen = platform
        .graphql(
            "query T($slug: String!) { tenant(slug: $slug) { hosts domains { host } } }",
            json!({ "slug": "northbound" }),
        )
        .await;
    assert_eq!(seen["data"]["tenant"]["domains"], json!([{ "host": "boats.example" }]), "{seen}");
    let removed = run(&mut owner, "shopDomainRemove", json!({ "host": "boats.example" }), "removed").await;
    assert_eq!(removed["data"]["shopDomainRemove"]["removed"], true);
    assert_eq!(at_the_domain().await, 404);

    // An admin is not an owner.
    let mut admin = world.sign_in("northbound", "admin").await;
    for refused in [
        run(&mut admin, "shopDomainAdd", json!({ "host": "a.example" }), "domain { host }").await,
        run(&mut admin, "shopDelete", json!({ "confirm": "northbound" }), "purgeAt").await,
        run(&mut admin, "shopRename", json!({ "slug": "other" }), "slug").await,
    ] {
        assert_eq!(code(&refused), "FORBIDDEN", "{refused}");
    }
    let ended = run(&mut owner, "shopDelete", json!({ "confirm": "northbound" }), "purgeAt").await;
    assert!(ended["data"]["shopDelete"]["purgeAt"].is_string(), "{ended}");
    assert_eq!(world.visitor("northbound").get("/").await.status, 404);
}

async fn nobody_of_a_shop_reaches_the_platform(world: World) {
    // Neither an owner, not even of the shop that answers by default, nor somebody who may do everything elsewhere.
    let mut strangers = vec![
        world.sign_in("hearth", "owner").await,
        world.sign_in("northbound", "owner").await,
        platform(&world, "northbound").await,
    ];
    let before = world.number("SELECT count(*) FROM tenant").await;
    for stranger in &mut strangers {
        let asked = stranger.graphql("{ tenants { totalCount } }", json!({})).await;
        assert_eq!(code(&asked), "FORBIDDEN", "{asked}");
        let asked = stranger.graphql("{ tenant(slug: \"northbound\") { slug } }", json!({})).await;
        assert_eq!(code(&asked), "FORBIDDEN", "{asked}");
        for (name, input, wanted) in [
            (
                "tenantCreate",
                json!({ "slug": "x1", "name": "X", "currency": "EUR", "country": "BE" }),
                "tenant { slug }",
            ),
            ("tenantRename", json!({ "slug": "northbound", "newSlug": "x2" }), "tenant { slug }"),
            ("tenantSuspend", json!({ "slug": "northbound" }), "tenant { slug }"),
            ("tenantResume", json!({ "slug": "northbound" }), "tenant { slug }"),
            ("tenantDelete", json!({ "slug": "northbound", "confirm": "northbound" }), "tenant { slug }"),
            ("tenantRestore", json!({ "slug": "northbound" }), "tenant { slug }"),
            ("tenantClone", json!({ "slug": "northbound", "newSlug": "x3" }), "tenant { slug }"),
            ("tenantDomainAdd", json!({ "slug": "northbound", "host": "a.example" }), "domain { host }"),
            ("tenantDomainVerify", json!({ "slug": "northbound", "host": "a.example" }), "domain { host }"),
            ("tenantDomainRemove", json!({ "slug": "northbound", "host": "a.example" }), "removed"),
        ] {
            let answer = run(stranger, name, input, wanted).await;
            assert_eq!(code(&answer), "FORBIDDEN", "{name}: {answer}");
        }
    }
    assert_eq!(world.number("SELECT count(*) FROM tenant").await, before);
    assert_eq!(world.number("SELECT count(*) FROM tenant_domain").await, 0);
}

async fn a_shop_goes_out_and_comes_in_over_http(world: World) {
    let mut owner = world.sign_in("hearth", "owner").await;
    let mut platform = platform(&world, "hearth").await;
    let answer = owner.request(Method::GET, "/api/v1/shop/export").send().await.expect("an answer");
    let head = (answer.status().as_u16(), answer.headers()[CONTENT_TYPE].clone());
    assert_eq!(head, (200, "application/zip".parse().expect("a type")));
    let name = answer.headers()[CONTENT_DISPOSITION].to_str().expect("a name").to_owned();
    assert!(name.starts_with("attachment; filename=\"hearth-20") && name.ends_with(".zip\""), "{name}");
    let file = answer.bytes().await.expect("a file");
    assert!(file.starts_with(b"PK"));

    // The owner of the platform's own shop is an owner and no more.
    for path in ["/api/v1/tenants/hearth/export", "/api/v1/tenants/northbound/export"] {
        assert_eq!(owner.get(path).await.json()["code"], "FORBIDDEN", "{path}");
        let elsewhere = world.sign_in("northbound", "owner").await.get(path).await;
        assert_eq!(elsewhere.json()["code"], "FORBIDDEN", "{path}");
    }
    let mut admin = world.sign_in("hearth", "admin").await;
    assert_eq!(admin.get("/api/v1/shop/export").await.json()["code"], "FORBIDDEN");
    assert_eq!(platform.get("/api/v1/tenants/nowhere/export").await.json()["code"], "NOT_FOUND");

    let import = |visitor: &Visitor, query: &str, body: Vec<u8>| {
        visitor
            .request(Method::POST, &format!("/api/v1/tenants/import{query}"))
            .header("sec-fetch-site", "same-origin")
            .header(CONTENT_TYPE, "application/zip")
            .body(body)
    };
    let request = import(&owner, "?slug=mine", file.to_vec());
    assert_eq!(owner.send(request).await.json()["code"], "FORBIDDEN");
    for (query, body, wanted) in [
        ("", file.to_vec(), ("CONFLICT", "-")),
        ("?slug=northbound", file.to_vec(), ("CONFLICT", "-")),
        ("?slug=h\u{435}arth", file.to_vec(), ("BAD_USER_INPUT", "slug")),
        ("?slug=mine", b"no zip at all".to_vec(), ("BAD_USER_INPUT", "body")),
        ("?slug=mine", file[..file.len() / 2].to_vec(), ("BAD_USER_INPUT", "body")),
        ("?slug=mine&ownerEmail=nobody", file.to_vec(), ("BAD_USER_INPUT", "owner.email")),
        ("?slog=mine", file.to_vec(), ("BAD_USER_INPUT", "query")),
    ] {
        let request = import(&platform, query, body);
        let answer = platform.send(request).await.json();
        let field = answer["fields"][0]["field"].as_str().unwrap_or("-");
        assert_eq!((answer["code"].as_str().unwrap_or("-"), field), wanted, "{query}: {answer}");
    }
    let request = import(&platform, "?slug=hearth-2", file.to_vec());
    let made = platform.send(request).await;
    assert_eq!((made.status, &made.json()["slug"]), (201, &json!("hearth-2")), "{}", made.body);
    assert_eq!(noted(&world, "hearth-2").await, ["staff POST /api/v1/tenants/import"]);
    assert_eq!(world.visitor("hearth-2").get("/products").await.status, 200);
    assert_eq!(world.visitor("mine").get("/").await.status, 404);
}

/// Who did what last in a shop, oldest first, without what came with a file.
async fn noted(world: &World, slug: &str) -> Vec<String> {
    let rows = world.rows().await;
    let sql = format!(
        "SELECT e.actor_kind || ' ' || e.action AS told FROM audit_entry e JOIN tenant t ON t.id = e.tenant_id \
         WHERE t.slug = '{slug}' AND e.subject_id = t.id ORDER BY e.at, e.id"
    );
    let found = rows.query_all_raw(Statement::from_string(rows.get_database_backend(), sql)).await;
    let told = found.expect("entries").iter().map(|row| row.try_get("", "told").expect("a text")).collect();
    rows.close().await.expect("closed");
    told
}

async fn what_an_operator_makes_of_a_shop_is_in_its_log(world: World) {
    let file = world.database.folder().join("hearth.zip");
    let file = file.to_str().expect("a path");
    for (arguments, made, told) in [
        (vec!["tenant", "export", "hearth", file], "hearth", "tenant create"),
        (vec!["tenant", "import", file, "--slug", "hearth-2"], "hearth-2", "tenant import"),
        (vec!["tenant", "clone", "hearth", "hearth-3"], "hearth-3", "tenant clone"),
    ] {
        let output = world.rustok(&arguments).await;
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(noted(&world, made).await, [format!("system {told}")], "{arguments:?}");
    }
}

testkit::on_both!(
    what_an_operator_makes_of_a_shop_is_in_its_log,
    a_shop_goes_out_and_comes_in_over_http,
    opens_suspends_copies_deletes_and_restores_a_shop,
    an_owner_proves_a_domain_and_ends_the_own_shop,
    nobody_of_a_shop_reaches_the_platform,
);
