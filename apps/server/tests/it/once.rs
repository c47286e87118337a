//! `Idempotency-Key`: an unsafe request of the API under a key is done once.

use crate::shop::{fill_cart, some_variant};
use crate::world::{Answer, Visitor, World};
use serde_json::{Value, json};

const CREATE: &str =
    "mutation C($input: ProductCreateInput!) { productCreate(input: $input) { product { id slug } } }";
const ADD: &str =
    "mutation A($input: CartLinesAddInput!) { cartLinesAdd(input: $input) { token cart { nItems } } }";
const PRODUCTS: &str = "SELECT count(*) FROM product";

async fn ask(visitor: &mut Visitor, key: &str, query: &str, input: &Value) -> Answer {
    let request = visitor
        .request(reqwest::Method::POST, "/api/graphql")
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/json")
        .header("idempotency-key", key)
        .body(json!({ "query": query, "variables": { "input": input } }).to_string());
    visitor.send(request).await
}

fn code(answer: &Answer) -> String {
    answer.json()["errors"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned()
}

async fn what_is_asked_twice_is_done_once(world: World) {
    let mut owner = world.sign_in("hearth", "owner").await;
    let before = world.number(PRODUCTS).await;
    let input = json!({ "title": "Idempotent thing", "variants": [{ "price": "1.00" }] });
    let first = ask(&mut owner, "key-1", CREATE, &input).await;
    assert_eq!((first.status, first.header("idempotency-replayed")), (200, ""), "{}", first.body);
    let again = ask(&mut owner, "key-1", CREATE, &input).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!((again.status, &again.body), (200, &first.body));
    assert_eq!(world.number(PRODUCTS).await, before + 1);
    // Other words under the same key are another request; another key is, too.
    let other = json!({ "title": "Another thing", "variants": [{ "price": "1.00" }] });
    assert_eq!(code(&ask(&mut owner, "key-1", CREATE, &other).await), "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(world.number(PRODUCTS).await, before + 1);
    let second = ask(&mut owner, "key-2", CREATE, &input).await;
    assert_eq!((code(&second), second.header("idempotency-replayed")), (String::new(), ""));
    assert_eq!(world.number(PRODUCTS).await, before + 2);
    // What was refused may be mended, and asked for under the same key.
    let wrong = json!({ "title": " ", "variants": [{ "price": "1.00" }] });
    assert_eq!(code(&ask(&mut owner, "key-3", CREATE, &wrong).await), "BAD_USER_INPUT");
    assert_eq!(code(&ask(&mut owner, "key-3", CREATE, &other).await), "");
    assert_eq!(world.number(PRODUCTS).await, before + 3);
    // Somebody else's key is another one.
    let mut other_owner = world.sign_in("northbound", "owner").await;
    let theirs = ask(&mut other_owner, "key-1", CREATE, &input).await;
    assert_eq!((code(&theirs), theirs.header("idempotency-replayed")), (String::new(), ""));
}

async fn of_many_at_once_one_is_done(world: World) {
    let mut shopper = world.visitor("hearth");
    fill_cart(&mut shopper).await;
    let input = json!({ "lines": [{ "variantId": some_variant(&mut shopper).await, "quantity": 1 }] });
    let carts = "SELECT count(*) FROM cart";
    let before = world.number(carts).await;
    let key = "0b9c7a5e-5f1d-4b57-9f4c-1c8f3f1c9e11";
    let askers = (0..8).map(|_| {
        let (mut visitor, input) = (world.visitor("hearth"), input.clone());
        tokio::spawn(async move { ask(&mut visitor, key, ADD, &input).await })
    });
    let askers: Vec<_> = askers.collect();
    let mut tokens = Vec::new();
    for asker in askers {
        let answer = asker.await.expect("an answer");
        match code(&answer).as_str() {
            "" => tokens.push(answer.json()["data"]["cartLinesAdd"]["token"].clone()),
            code => assert_eq!(code, "IDEMPOTENCY_IN_PROGRESS", "{}", answer.body),
        }
    }
    assert!(!tokens.is_empty());
    tokens.dedup();
    assert_eq!((tokens.len(), world.number(carts).await), (1, before + 1));
    // A key that two visitors might draw is no key.
    let short = ask(&mut shopper, "1", ADD, &input).await;
    assert_eq!(code(&short), "BAD_USER_INPUT");
    assert_eq!(world.number(carts).await, before + 1);
}

async fn the_rest_of_the_api_takes_keys_too(world: World) {
    let mut owner = world.sign_in("hearth", "owner").await;
    let csv = "Handle,Title,Variant Price\nkeyed,Keyed,1.00\n";
    let mut upload = async |key: &str| {
        let request = owner
            .request(reqwest::Method::POST, "/api/v1/import/shopify")
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "text/csv")
            .header("idempotency-key", key)
            .body(csv);
        owner.send(request).await
    };
    let first = upload("import-1").await;
    let again = upload("import-1").await;
    assert_eq!((first.status, again.status), (200, 200), "{}", first.body);
    assert_eq!((first.header("idempotency-replayed"), &again.body), ("", &first.body));
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(upload("").await.status, 400);
}

testkit::on_both!(
    what_is_asked_twice_is_done_once,
    of_many_at_once_one_is_done,
    the_rest_of_the_api_takes_keys_too,
);
