use async_graphql::{EmptySubscription, Request, Schema, Value};
use catalog::graphql::{CatalogMutation, CatalogQuery};
use platform::Ctx;
use testkit::TestApp;

use crate::support::{editor, mug, settle};

type Api = Schema<CatalogQuery, CatalogMutation, EmptySubscription>;

fn api() -> Api {
    Schema::new(CatalogQuery::default(), CatalogMutation::default(), EmptySubscription)
}

async fn ask(ctx: &Ctx, document: &str) -> serde_json::Value {
    let answer = api().execute(Request::new(document).data(ctx.clone())).await;
    assert!(answer.errors.is_empty(), "{:?}", answer.errors);
    serde_json::to_value(answer.data).unwrap()
}

async fn code(ctx: &Ctx, document: &str) -> String {
    let answer = api().execute(Request::new(document).data(ctx.clone())).await;
    let code = answer.errors[0].extensions.as_ref().and_then(|extensions| extensions.get("code"));
    match code {
        Some(Value::String(code)) => code.clone(),
        other => panic!("{other:?}"),
    }
}

/// Every root field has its door in the surface, and the surface names no other.
#[test]
fn the_surface_names_every_root_field() {
    let sdl = api().sdl();
    for (root, kind) in [
        ("CatalogQuery", platform::surface::Kind::Query),
        ("CatalogMutation", platform::surface::Kind::Mutation),
    ] {
        let begin = sdl.find(&format!("type {root} {{")).unwrap();
        let body = &sdl[begin..begin + sdl[begin..].find("\n}").unwrap()];
        let mut fields: Vec<&str> = body
            .lines()
            .skip(1)
            .map(str::trim)
            .filter(|line| {
                line.chars().next().is_some_and(char::is_lowercase)
                    && line.contains(": ")
                    && !line.starts_with('"')
            })
            .filter_map(|line| line.split(['(', ':']).next())
            .collect();
        let mut doors: Vec<String> = catalog::surface()
            .into_iter()
            .filter(|entry| entry.kind == kind)
            .map(|entry| entry.name)
            .collect();
        fields.sort_unstable();
        doors.sort_unstable();
        let known: Vec<&str> = doors.iter().map(String::as_str).collect();
        assert_eq!(
            known.iter().filter(|door| !fields.contains(door)).collect::<Vec<_>>(),
            Vec::<&&str>::new()
        );
    }
}

async fn a_shop_reads_lists_and_pages(app: TestApp) {
    let ctx = editor(&app);
    mug(&ctx, "Mug").await;
    settle(&app).await;
    let data = ask(
        &app.anonymous(),
        "{ products(first: 24) { totalCount pageInfo { hasNextPage } nodes { slug price { minor currency formatted }
           availability { state left } variants { title sku price { decimal } options { name value } } options { name values { value available } } } } }",
    )
    .await;
    let node = &data["products"]["nodes"][0];
    assert_eq!(data["products"]["totalCount"], 1);
    assert_eq!(node["price"]["minor"], 1250);
    assert_eq!(node["availability"]["state"], "IN_STOCK");
    assert_eq!(node["variants"][1]["options"][0]["value"], "L");
    let data = ask(&app.anonymous(), r#"{ product(slug: "mug") { id title priceMax { minor } descriptionHtml } missing: product(slug: "cup") { id } }"#).await;
    assert_eq!(data["product"]["priceMax"]["minor"], 1400);
    assert!(data["missing"].is_null());
    assert_eq!(code(&app.anonymous(), "{ product { id } }").await, "BAD_USER_INPUT");
    assert_eq!(code(&app.anonymous(), "{ products(first: 101) { totalCount } }").await, "BAD_USER_INPUT");
    assert_eq!(code(&app.anonymous(), "{ adminProducts { totalCount } }").await, "UNAUTHENTICATED");
}

async fn staff_make_change_and_import(app: TestApp) {
    let ctx = editor(&app);
    let data = ask(
        &ctx,
        r#"mutation { productCreate(input: { title: "Pot", options: ["Size"], publish: true,
             variants: [{ optionValues: ["S"], price: "9.90", onHand: 3, sku: "P-S" }] })
           { product { id version status variants { id available price { minor } } } } }"#,
    )
    .await;
    let made = &data["productCreate"]["product"];
    assert_eq!(
        (made["status"].as_str(), made["variants"][0]["price"]["minor"].as_i64()),
        (Some("PUBLISHED"), Some(990))
    );
    let (id, variant) = (made["id"].as_str().unwrap(), made["variants"][0]["id"].as_str().unwrap());
    let data = ask(&ctx, &format!(r#"mutation {{ inventorySet(input: {{ items: [{{ variantId: "{variant}", onHand: 7, expected: 3 }}] }}) {{ variants {{ onHand }} }} }}"#)).await;
    assert_eq!(data["inventorySet"]["variants"][0]["onHand"], 7);
    let adjust = |delta: i64| {
        format!(
            r#"mutation {{ inventoryAdjust(input: {{ items: [{{ variantId: "{variant}", delta: {delta} }}], idempotencyKey: "a1" }}) {{ variants {{ onHand }} }} }}"#
        )
    };
    for _ in 0..2 {
        let data = ask(&ctx, &adjust(-2)).await;
        assert_eq!(data["inventoryAdjust"]["variants"][0]["onHand"], 5);
    }
    assert_eq!(code(&ctx, &adjust(-1)).await, "IDEMPOTENCY_KEY_REUSED");
    ask(&ctx, &format!(r#"mutation {{ inventorySet(input: {{ items: [{{ variantId: "{variant}", threshold: 2 }}] }}) {{ variants {{ onHand }} }} }}"#)).await;
    let data =
        ask(&ctx, &format!(r#"{{ stockShelves(variantId: "{variant}") {{ onHand threshold available }} }}"#))
            .await;
    assert_eq!(data["stockShelves"][0], serde_json::json!({ "onHand": 5, "threshold": 2, "available": 3 }));
    ask(&ctx, &format!(r#"mutation {{ inventorySet(input: {{ items: [{{ variantId: "{variant}", onHand: 7, threshold: 0 }}] }}) {{ variants {{ onHand }} }} }}"#)).await;
    let stale = format!(
        r#"mutation {{ productUpdate(input: {{ id: "{id}", version: 9, title: "X" }}) {{ product {{ id }} }} }}"#
    );
    assert_eq!(code(&ctx, &stale).await, "CONFLICT");
    assert_eq!(code(&app.other_tenant(), &stale).await, "NOT_FOUND");
    let csv = r#"Handle,Title,Variant Price\ncup,Cup,1.00\ncan,Can,1.005\n"#;
    let data = ask(&ctx, &format!(r#"mutation {{ importPreview(input: {{ csv: "{csv}" }}) {{ create failed problems {{ line column severity }} items {{ handle action }} }} }}"#)).await;
    assert_eq!(data["importPreview"]["problems"][0]["line"], 3);
    assert_eq!(data["importPreview"]["items"][1]["action"], "FAILED");
    let data =
        ask(&ctx, &format!(r#"mutation {{ importApply(input: {{ csv: "{csv}" }}) {{ created failed }} }}"#))
            .await;
    assert_eq!(
        (data["importApply"]["created"].as_u64(), data["importApply"]["failed"].as_u64()),
        (Some(1), Some(1))
    );
    settle(&app).await;
    let data = ask(&ctx, "{ adminProducts(sort: TITLE_ASC) { nodes { title stock status } } adminProductCounts { all published } }").await;
    assert_eq!(data["adminProducts"]["nodes"][1]["stock"], 7);
    assert_eq!(data["adminProductCounts"]["all"], 2);
}

async fn long_lists_take_no_more_statements_than_short_ones(app: TestApp) {
    let ctx = editor(&app);
    for n in 0..30 {
        mug(&ctx, &format!("Mug {n}")).await;
    }
    settle(&app).await;
    let fields = "nodes { title price { minor } images { url } collections { slug } variants { title price { minor } picture { url } } }";
    let anyone = app.anonymous();
    let shop = async |first: u32| {
        let document = format!("{{ products(first: {first}) {{ {fields} }} }}");
        let (data, statements) = platform::db::count_statements(ask(&anyone, &document)).await;
        assert_eq!(data["products"]["nodes"].as_array().map(Vec::len), Some(first as usize));
        statements
    };
    let (short, long) = (shop(2).await, shop(24).await);
    assert!(0 < short && short <= 8, "{short} statements");
    assert!(long <= short, "{long} statements for 24, {short} for 2");
    assert_eq!(shop(24).await, 0, "the second time it is remembered");
    let table = async |first: u32| {
        let fields = "nodes { title stock picture { url } collections { slug } }";
        let document = format!("{{ adminProducts(first: {first}) {{ {fields} }} }}");
        platform::db::count_statements(ask(&ctx, &document)).await.1
    };
    let (short, long) = (table(2).await, table(24).await);
    assert!(short == long && short <= 6, "{short} and {long} statements");
}

testkit::on_both!(
    a_shop_reads_lists_and_pages,
    staff_make_change_and_import,
    long_lists_take_no_more_statements_than_short_ones,
);
