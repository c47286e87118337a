//! Wrong input through the real door: a clear error, nothing changed, nothing lost.

use crate::shop::{PLACE, fill_cart, order_input, place, some_variant};
use crate::world::{Visitor, World};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

const CREATE: &str =
    "mutation C($input: ProductCreateInput!) { productCreate(input: $input) { product { slug } } }";
const ADD: &str =
    "mutation A($input: CartLinesAddInput!) { cartLinesAdd(input: $input) { token cart { nItems } } }";

/// The code of the first error and the fields that it names.
fn refusal(answer: &Value) -> (String, Vec<String>) {
    let extensions = &answer["errors"][0]["extensions"];
    let fields = extensions["fields"].as_array().cloned().unwrap_or_default();
    let fields = fields.iter().map(|field| field["field"].as_str().unwrap_or("?").to_owned()).collect();
    (extensions["code"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned(), fields)
}

async fn upload(owner: &mut Visitor, csv: impl Into<String>, query: &str) -> (u16, Value) {
    let request = owner
        .request(reqwest::Method::POST, &format!("/api/v1/import/shopify{query}"))
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "text/csv")
        .body(csv.into());
    let answer = owner.send(request).await;
    (answer.status, answer.json())
}

async fn names_the_field_of_a_wrong_product(world: World) {
    let mut owner = world.sign_in("hearth", "owner").await;
    let before = world.number("SELECT count(*) FROM product").await;
    let variant = |variant: Value| json!({ "title": "Thing", "variants": [variant] });
    let many: Vec<Value> =
        (0..5_001).map(|n| json!({ "optionValues": [format!("v{n}")], "price": "1.00" })).collect();
    let cases = [
        ("price with three decimals", variant(json!({ "price": "1.234" })), "variants.0.price"),
        ("negative price", variant(json!({ "price": "-1" })), "variants.0.price"),
        ("price beyond any", variant(json!({ "price": "99999999999999999999" })), "variants.0.price"),
        ("words for a price", variant(json!({ "price": "twelve" })), "variants.0.price"),
        ("negative weight", variant(json!({ "price": "1", "weightGrams": -5 })), "variants.0.weightGrams"),
        ("emoji slug", json!({ "title": "Thing", "slug": "🪑" }), "slug"),
        ("no name", json!({ "title": "  " }), "title"),
        ("too many variants", json!({ "title": "Thing", "options": ["N"], "variants": many }), "variants"),
    ];
    for (what, input, field) in cases {
        let answer = owner.graphql(CREATE, json!({ "input": input })).await;
        assert!(answer["data"].is_null(), "{what}: {answer}");
        assert_eq!(
            refusal(&answer),
            ("BAD_USER_INPUT".to_owned(), vec![field.to_owned()]),
            "{what}: {answer}"
        );
    }
    assert_eq!(world.number("SELECT count(*) FROM product").await, before);
}

async fn refuses_quantities_that_cannot_be(world: World) {
    let mut shopper = world.visitor("hearth");
    let variant = some_variant(&mut shopper).await;
    for quantity in [-1_i64, 0, 10_001, i64::from(i32::MAX), i64::MAX] {
        let line = json!({ "variantId": variant, "quantity": quantity });
        let answer = shopper.graphql(ADD, json!({ "input": { "lines": [line] } })).await;
        assert_eq!(refusal(&answer).0, "BAD_USER_INPUT", "{quantity}: {answer}");
    }
    assert_eq!(world.number("SELECT count(*) FROM cart_line").await, 0);
}

async fn says_line_and_column_of_a_wrong_file(world: World) {
    let mut owner = world.sign_in("hearth", "owner").await;
    let file =
        "Handle,Title,Variant Price\ngood,Good thing,12.50\nbad,Bad thing,12.505\nworse,Worse thing,-3\n";
    let (status, report) = upload(&mut owner, file, "").await;
    assert_eq!(status, 200, "{report}");
    let problems: Vec<(u64, &str)> = report["problems"]
        .as_array()
        .unwrap_or_else(|| panic!("{report}"))
        .iter()
        .filter(|problem| problem["severity"] == "error")
        .map(|problem| (problem["line"].as_u64().unwrap_or(0), problem["column"].as_str().unwrap_or("?")))
        .collect();
    assert_eq!(problems, [(3, "Variant Price"), (4, "Variant Price")]);
    let slugs = world.number("SELECT count(*) FROM product WHERE slug IN ('good', 'bad', 'worse')").await;
    assert_eq!(slugs, 1, "the good product is in, the others are not");
    for (what, file) in
        [("no header that is known", "a,b\n1,2\n"), ("empty", ""), ("no text", "\0\u{1}\u{2}")]
    {
        let (status, problem) = upload(&mut owner, file, "?dry_run=1").await;
        assert_eq!((status, problem["code"].as_str()), (400, Some("BAD_USER_INPUT")), "{what}: {problem}");
    }
}

async fn shows_a_product_with_two_thousand_variants(world: World) {
    let mut owner = world.sign_in("hearth", "owner").await;
    let mut file =
        "Handle,Title,Published,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Variant Price\n"
            .to_owned();
    for n in 0..2_000 {
        let title = if n == 0 { "Thread" } else { "" };
        file += &format!("thread,{title},TRUE,Colour,C{},Length,L{},{}.50\n", n / 40, n % 40, 1 + n % 7);
    }
    let (status, report) = upload(&mut owner, file, "").await;
    assert_eq!((status, report["created"].as_u64()), (200, Some(1)), "{report}");
    server::drain(&world.app).await.expect("projecting");
    let mut visitor = world.visitor("hearth");
    let page = visitor.get("/products/thread").await;
    assert_eq!(page.status, 200);
    for option in ["C0", "C49", "L0", "L39"] {
        assert!(page.body.contains(&format!("value=\"{option}\"")), "{option} can be chosen");
    }
    let answer = visitor.graphql("{ product(slug: \"thread\") { variants { id } } }", json!({})).await;
    assert_eq!(answer["data"]["product"]["variants"].as_array().map(Vec::len), Some(2_000));
}

async fn a_cut_connection_loses_no_order_and_makes_no_second(world: World) {
    let mut shopper = world.visitor("hearth");
    let token = fill_cart(&mut shopper).await;
    let input = json!({ "input": order_input(&mut shopper, &token, "cut-1").await });
    // The request goes out whole, nobody waits for its answer.
    let body = json!({ "query": PLACE, "variables": input }).to_string();
    let mut line = tokio::net::TcpStream::connect(world.address).await.expect("a connection");
    let head = format!(
        "POST /api/graphql HTTP/1.1\r\nhost: {}\r\nsec-fetch-site: same-origin\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        shopper.host,
        body.len()
    );
    line.write_all(head.as_bytes()).await.expect("writing");
    line.write_all(body.as_bytes()).await.expect("writing");
    drop(line);
    // The shopper comes back and presses the same button again, which waits for the first press or does its work.
    let placed = shopper.graphql(PLACE, input.clone()).await;
    let number = |answer: &Value| answer["data"]["checkoutPlace"]["order"]["number"].as_i64();
    assert!(number(&placed).is_some(), "{placed}");
    let again = shopper.graphql(PLACE, input).await;
    assert_eq!(number(&again), number(&placed), "{again}");
    assert_eq!(again["data"]["checkoutPlace"]["replayed"], true);
    assert_eq!(world.number("SELECT count(*) FROM orders").await, 1);
    assert_eq!(world.number("SELECT CAST(sum(reserved) AS BIGINT) FROM stock_level").await, 1);
}

async fn a_key_belongs_to_its_cart_and_its_words(world: World) {
    let mut shopper = world.visitor("hearth");
    let token = fill_cart(&mut shopper).await;
    let input = order_input(&mut shopper, &token, "one-key").await;
    let first = shopper.graphql(PLACE, json!({ "input": input })).await;
    assert!(first["errors"].is_null(), "{first}");
    let mut other = input.clone();
    other["email"] = json!("eve@example.com");
    let answer = shopper.graphql(PLACE, json!({ "input": other })).await;
    assert_eq!(refusal(&answer).0, "IDEMPOTENCY_KEY_REUSED", "{answer}");
    // Whoever happens on the same key gets an order of their own, not a look at somebody else's.
    let mut stranger = world.visitor("hearth");
    let theirs = fill_cart(&mut stranger).await;
    let second = place(&mut stranger, &theirs, "one-key").await;
    let token = |answer: &Value| answer["data"]["checkoutPlace"]["order"]["token"].clone();
    assert!(token(&second).is_string() && token(&second) != token(&first), "{second}");
    assert_eq!(world.number("SELECT count(*) FROM orders").await, 2);
}

testkit::on_both!(
    names_the_field_of_a_wrong_product,
    refuses_quantities_that_cannot_be,
    says_line_and_column_of_a_wrong_file,
    shows_a_product_with_two_thousand_variants,
    a_cut_connection_loses_no_order_and_makes_no_second,
    a_key_belongs_to_its_cart_and_its_words,
);
