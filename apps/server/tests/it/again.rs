//! Ordering again, through the pages of the shop without scripts and as programs do it, and the staff's tags.

use crate::shop::place_order;
use crate::world::{Visitor, World};
use serde_json::{Value, json};

async fn ask(who: &mut Visitor, document: &str, input: Value) -> Value {
    let answer = who.graphql(document, json!({ "input": input })).await;
    assert!(answer["errors"].is_null(), "{document}: {answer}");
    answer["data"].clone()
}

const AGAIN: &str = "mutation A($input: OrderAgainInput!) { orderAgain(input: $input) \
    { cart { nItems } token missing { title soldOut } } }";

async fn a_guest_orders_again_without_scripts(world: World) {
    let order = place_order(&world, "hearth").await;
    let token = order["token"].as_str().expect("a token");
    let (order_page, again) = (format!("/orders/{token}"), format!("/orders/{token}/again"));
    let mut guest = world.visitor("hearth");
    // Whoever has not paid yet has no use for a second one.
    assert!(!guest.get(&order_page).await.body.contains(&again));
    let mut owner = world.sign_in("hearth", "owner").await;
    let paid = "mutation P($input: OrderMoveInput!) { orderMarkPaid(input: $input) { order { lines { title productId } } } }";
    let paid = ask(&mut owner, paid, json!({ "id": order["id"] })).await;
    let line = &paid["orderMarkPaid"]["order"]["lines"][0];
    let title = line["title"].as_str().expect("a title").to_owned();
    assert!(guest.get(&order_page).await.body.contains(&again));
    for pieces in [1, 2] {
        let done = guest.post(&again, &[]).await;
        assert_eq!((done.status, done.header("location")), (303, "/cart"), "{}", done.body);
        let cart = guest.get("/cart").await;
        assert!(cart.status == 200 && cart.body.contains(&title), "{}", cart.body);
        assert_eq!(
            world.number("SELECT CAST(MAX(quantity) AS bigint) FROM cart_line").await,
            pieces,
            "into the cart that there is"
        );
    }
    let api = ask(&mut world.visitor("hearth"), AGAIN, json!({ "token": token })).await;
    let api = &api["orderAgain"];
    assert_eq!((&api["cart"]["nItems"], &api["missing"]), (&json!(1), &json!([])));
    assert!(api["token"].is_string(), "{api}");
    // Not sold any more: the cart says so, and is as it was.
    let find = "query P($id: ID!) { adminProduct(id: $id) { version } }";
    let product = owner.graphql(find, json!({ "id": line["productId"] })).await;
    let input = json!({ "id": line["productId"], "version": product["data"]["adminProduct"]["version"] });
    let archive =
        "mutation M($input: ProductMoveInput!) { productArchive(input: $input) { product { id } } }";
    ask(&mut owner, archive, input).await;
    let mut other = world.visitor("hearth");
    let done = other.post(&again, &[]).await;
    assert_eq!((done.status, done.header("location")), (303, format!("/cart?again={token}").as_str()));
    let cart = other.get(&format!("/cart?again={token}")).await;
    let words = "Some of that order is not in your cart. Not sold any more: ";
    assert!(cart.status == 200 && cart.body.contains(words), "{}", cart.body);
    let api = ask(&mut world.visitor("hearth"), AGAIN, json!({ "token": token })).await;
    assert_eq!(
        api["orderAgain"],
        json!({ "cart": { "nItems": 0 }, "token": null, "missing": [{ "title": title, "soldOut": false }] })
    );
    // What leads nowhere says nothing.
    for named in ["x", "019aa000-0000-7000-8000-000000000000", ""] {
        let cart = other.get(&format!("/cart?again={named}")).await;
        assert!(cart.status == 200 && !cart.body.contains(words), "{named}: {}", cart.body);
    }
    assert_eq!(other.post("/orders/0123456789abcdefghijklmn/again", &[]).await.status, 404);
    let elsewhere = world.visitor("northbound").post(&again, &[]).await;
    assert_eq!(elsewhere.status, 404);
    world.holds().await;
}

async fn staff_tags_orders_and_finds_them(world: World) {
    let order = place_order(&world, "hearth").await;
    let mut owner = world.sign_in("hearth", "owner").await;
    let set = "mutation T($input: OrderTagsSetInput!) { orderTagsSet(input: $input) { order { tags version timeline { kind text } } } }";
    let input = json!({ "id": order["id"], "tags": [" Gift  wrap", "VIP", "vip"] });
    let tagged = ask(&mut owner, set, input).await["orderTagsSet"]["order"].clone();
    assert_eq!(tagged["tags"], json!(["gift wrap", "vip"]));
    assert!(tagged["timeline"].to_string().contains("Has 2 tags now"), "{tagged}");
    let known = owner.graphql("{ orderTags { tag nOrders } }", json!({})).await;
    let both = json!([{ "tag": "gift wrap", "nOrders": 1 }, { "tag": "vip", "nOrders": 1 }]);
    assert_eq!(known["data"]["orderTags"], both, "{known}");
    crate::sweep::settle(&world).await;
    let find = "query F($tag: String!) { orders(first: 5, filter: { tag: $tag }) { totalCount } }";
    for (tag, n) in [("Vip", 1), ("vi", 0), ("", 1)] {
        let found = owner.graphql(find, json!({ "tag": tag })).await;
        assert_eq!(found["data"]["orders"]["totalCount"], json!(n), "{tag}: {found}");
    }
    let long = json!({ "id": order["id"], "tags": ["ok", "x".repeat(41)] });
    let refused = owner.graphql(set, json!({ "input": long })).await;
    assert_eq!(refused["errors"][0]["extensions"]["fields"][0]["field"], "tags.1", "{refused}");
    let shopper = "query O($token: String!) { orderByToken(token: $token) { tags timeline { kind } } }";
    let seen = world.visitor("hearth").graphql(shopper, json!({ "token": order["token"] })).await;
    assert_eq!(seen["data"]["orderByToken"]["tags"], json!([]));
    assert!(!seen.to_string().contains("order.tagged"), "{seen}");
    world.holds().await;
}

testkit::on_both!(a_guest_orders_again_without_scripts, staff_tags_orders_and_finds_them);
