//! A gift card at the checkout, without scripts, and over GraphQL.

use crate::shop::{PLACE, fill_cart, give_a_card, order_input};
use crate::world::World;
use serde_json::json;

const ADD: &str = "mutation A($input: CartGiftCardAddInput!) { cartGiftCardAdd(input: $input) \
    { checkout { due { minor } tenders { id kind amount { minor } balance { minor } } } } }";

/// The value of a hidden field.
fn hidden(page: &str, name: &str) -> String {
    let from = page.find(&format!("name=\"{name}\"")).unwrap_or_else(|| panic!("no {name} in {page}"));
    let value = page[from..].split("value=\"").nth(1).and_then(|rest| rest.split('"').next());
    value.unwrap_or_else(|| panic!("no value of {name}")).to_owned()
}

async fn a_gift_card_pays_a_part_without_scripts(world: World) {
    let code = give_a_card(&world, "hearth").await;
    let mut shopper = world.visitor("hearth");
    let variant = crate::shop::some_variant(&mut shopper).await;
    let product = shopper
        .graphql("{ products(first: 10, filter: { inStock: true }) { nodes { id } } }", json!({}))
        .await;
    let product = product["data"]["products"]["nodes"][0]["id"].as_str().unwrap().to_owned();
    let form = [("product", product.as_str()), ("variant", variant.as_str()), ("quantity", "1")];
    assert_eq!(shopper.post("/cart/add", &form).await.status, 303);
    let page = shopper.get("/checkout").await;
    assert_eq!(page.status, 200);
    let before: i64 = hidden(&page.body, "expected_due").parse().unwrap();
    assert_eq!(before.to_string(), hidden(&page.body, "expected_total"));
    assert!(page.body.contains("Code of a gift card"));
    // A wrong code: the page again, with what is wrong at its field.
    let wrong = [("gift_card", "ABCD-EFGH-JKMN-PQRS"), ("country", "BE"), ("apply", "1")];
    let page = shopper.post("/checkout/refresh", &wrong).await;
    assert_eq!(page.status, 422);
    assert!(page.body.contains("This gift card cannot be used"));
    let right = [("gift_card", code.as_str()), ("country", "BE"), ("apply", "1")];
    let page = shopper.post("/checkout/refresh", &right).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let due: i64 = hidden(&page.body, "expected_due").parse().unwrap();
    assert_eq!(due, before - 1_000);
    assert!(page.body.contains("Left to pay") && !page.body.contains(&code));
    let (key, cart) = (hidden(&page.body, "key"), hidden(&page.body, "cart"));
    let total = hidden(&page.body, "expected_total");
    let delivery = page.body.split("name=\"delivery\"").nth(1).and_then(|rest| rest.split("value=\"").nth(1));
    let delivery = delivery.and_then(|rest| rest.split('"').next()).unwrap().to_owned();
    let due = due.to_string();
    let mut form = vec![
        ("email", "ada@example.com"),
        ("name", "Ada Lovelace"),
        ("line1", "1 Long Street"),
        ("postal_code", "1000"),
        ("city", "Town"),
        ("country", "BE"),
        ("delivery", delivery.as_str()),
        ("payment", "manual"),
        ("key", key.as_str()),
        ("cart", cart.as_str()),
        ("expected_total", total.as_str()),
        ("expected_due", total.as_str()),
    ];
    // The rest that was shown before the card was there.
    assert_eq!(shopper.post("/checkout", &form).await.status, 422);
    form.pop();
    form.push(("expected_due", due.as_str()));
    let placed = shopper.post("/checkout", &form).await;
    assert_eq!(placed.status, 303, "{}", placed.body);
    let location = placed.header("location").to_owned();
    let order = shopper.get(&location).await;
    assert!(order.body.contains("Left to the payment"), "{}", order.body);
    assert!(order.body.contains("Gift card ••••"));
    assert_eq!(world.number("SELECT CAST(sum(balance_minor) AS BIGINT) FROM tender_account").await, 0);
    world.holds().await;
}

async fn a_gift_card_is_used_and_refunded_over_graphql(world: World) {
    let code = give_a_card(&world, "hearth").await;
    let mut shopper = world.visitor("hearth");
    let token = fill_cart(&mut shopper).await;
    let added = shopper.graphql(ADD, json!({ "input": { "token": token, "code": code } })).await;
    assert!(added["errors"].is_null(), "{added}");
    let checkout = &added["data"]["cartGiftCardAdd"]["checkout"];
    assert_eq!(checkout["tenders"][0]["amount"]["minor"], 1_000);
    let mut input = order_input(&mut shopper, &token, "key-1").await;
    let unaware = shopper.graphql(PLACE, json!({ "input": input })).await;
    assert_eq!(unaware["errors"][0]["extensions"]["code"], "CONFLICT", "{unaware}");
    input["expectedDue"] = checkout["due"]["minor"].clone();
    let placed = shopper.graphql(PLACE, json!({ "input": input })).await;
    assert!(placed["errors"].is_null(), "{placed}");
    let id = &placed["data"]["checkoutPlace"]["order"]["id"];
    let mut owner = world.sign_in("hearth", "owner").await;
    let paid = owner
        .graphql(
            "mutation M($input: OrderMoveInput!) { orderMarkPaid(input: $input) { order { state version tenders { name } } } }",
            json!({ "input": { "id": id } }),
        )
        .await;
    assert_eq!(paid["data"]["orderMarkPaid"]["order"]["state"], "PAID", "{paid}");
    let refund = |amount: &str, version: &serde_json::Value| {
        let document = "mutation R($input: OrderRefundInput!) { orderRefund(input: $input) \
            { order { state version payment refunded { minor } } } }";
        (document, json!({ "input": { "id": id, "version": version, "amount": amount, "reason": "broken" } }))
    };
    let (document, variables) = refund("1.00", &json!(null));
    let unseen = owner.graphql(document, variables).await;
    assert_eq!(unseen["errors"][0]["extensions"]["fields"][0]["field"], "version", "{unseen}");
    let (document, variables) = refund("1.00", &paid["data"]["orderMarkPaid"]["order"]["version"]);
    let part = owner.graphql(document, variables).await;
    let order = &part["data"]["orderRefund"]["order"];
    assert_eq!((&order["state"], &order["payment"]), (&json!("PAID"), &json!("PARTLY_REFUNDED")), "{part}");
    let (document, variables) = refund("100000", &order["version"]);
    let wrong = owner.graphql(document, variables).await;
    assert_eq!(wrong["errors"][0]["extensions"]["fields"][0]["field"], "amount", "{wrong}");
    let credit = owner
        .graphql(
            "mutation R($input: OrderRefundInput!) { orderRefund(input: $input) { order { state } } }",
            json!({ "input": { "id": id, "to": "STORE_CREDIT", "reason": "broken" } }),
        )
        .await;
    assert_eq!(credit["errors"][0]["extensions"]["fields"][0]["field"], "customerId", "{credit}");
    world.holds().await;
}

testkit::on_both!(a_gift_card_is_used_and_refunded_over_graphql, a_gift_card_pays_a_part_without_scripts);
