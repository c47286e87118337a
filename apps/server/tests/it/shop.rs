//! Shopping over GraphQL, as an integrator's front end does it, and the rules around it.

use crate::world::{Visitor, World};
use serde_json::{Value, json};

pub const ADDRESS: &str = "1 Long Street";

pub const PLACE: &str = "mutation P($input: CheckoutPlaceInput!) { checkoutPlace(input: $input) \
    { token replayed next order { id number state token timeline { kind } totals { total { minor } } lines { title quantity } } } }";

/// Somebody buys the first thing that is to be had, and pays by hand; gives back the order.
pub async fn place_order(world: &World, tenant: &str) -> Value {
    let mut shopper = world.visitor(tenant);
    let variant = some_variant(&mut shopper).await;
    let added = shopper
        .graphql(
            "mutation A($input: CartLinesAddInput!) { cartLinesAdd(input: $input) { token cart { nItems totals { total { minor } } } } }",
            json!({ "input": { "lines": [{ "variantId": variant, "quantity": 1 }] } }),
        )
        .await;
    let token =
        added["data"]["cartLinesAdd"]["token"].as_str().unwrap_or_else(|| panic!("{added}")).to_owned();
    let placed = place(&mut shopper, &token, "key-1").await;
    assert!(placed["errors"].is_null(), "{placed}");
    placed["data"]["checkoutPlace"]["order"].clone()
}

/// Somebody buys, the owner takes the money and sends it, and it shall come back; gives back the parcel.
pub async fn send_parcel(world: &World, tenant: &str) -> Value {
    let order = place_order(world, tenant).await;
    let mut owner = world.sign_in(tenant, "owner").await;
    for (mutation, kind) in [("orderMarkPaid", "OrderMoveInput"), ("orderShip", "OrderShipInput")] {
        let document = format!(
            "mutation M($input: {kind}!) {{ {mutation}(input: $input) {{ order {{ fulfilments {{ id }} lines {{ id }} }} }} }}"
        );
        let answer = owner.graphql(&document, json!({ "input": { "id": order["id"] } })).await;
        assert!(answer["errors"].is_null(), "{answer}");
        if mutation == "orderShip" {
            let sent = &answer["data"][mutation]["order"];
            let input = json!({
                "token": order["token"], "idempotencyKey": "return-1", "reason": "DAMAGED",
                "lines": [{ "lineId": sent["lines"][0]["id"], "quantity": 1 }],
            });
            let document =
                "mutation R($input: ReturnRequestInput!) { returnRequest(input: $input) { return { id } } }";
            let answer = world.visitor(tenant).graphql(document, json!({ "input": input })).await;
            assert!(answer["errors"].is_null(), "{answer}");
            return sent["fulfilments"][0]["id"].clone();
        }
    }
    Value::Null
}

/// Puts one piece into a fresh cart; gives back the key to it.
pub async fn fill_cart(shopper: &mut Visitor) -> String {
    let variant = some_variant(shopper).await;
    let added = shopper
        .graphql(
            "mutation A($input: CartLinesAddInput!) { cartLinesAdd(input: $input) { token } }",
            json!({ "input": { "lines": [{ "variantId": variant, "quantity": 1 }] } }),
        )
        .await;
    added["data"]["cartLinesAdd"]["token"].as_str().unwrap_or_else(|| panic!("{added}")).to_owned()
}

/// Puts one piece into the cart of somebody who is signed in.
pub async fn fill_own_cart(customer: &mut Visitor) {
    let variant = some_variant(customer).await;
    let added = customer
        .graphql(
            "mutation A($input: CartLinesAddInput!) { cartLinesAdd(input: $input) { cart { nItems } } }",
            json!({ "input": { "lines": [{ "variantId": variant, "quantity": 1 }] } }),
        )
        .await;
    assert!(added["errors"].is_null(), "{added}");
}

/// Puts something into a cart of its own and aside.
pub async fn put_aside(shopper: &mut Visitor) {
    let token = fill_cart(shopper).await;
    let cart = shopper
        .graphql(
            "query C($token: String) { cart(token: $token) { lines { id } } }",
            json!({ "token": token }),
        )
        .await;
    let input = json!({ "token": token, "id": cart["data"]["cart"]["lines"][0]["id"] });
    let saved = shopper
        .graphql(
            "mutation S($input: CartSavedInput!) { cartLineSave(input: $input) { cart { saved { id } } } }",
            json!({ "input": input }),
        )
        .await;
    assert!(saved["errors"].is_null(), "{saved}");
}

/// Places the cart with whatever the checkout offers first.
pub async fn place(shopper: &mut Visitor, token: &str, key: &str) -> Value {
    let input = order_input(shopper, token, key).await;
    shopper.graphql(PLACE, json!({ "input": input })).await
}

/// What a checkout page sends when its button is pressed.
pub async fn order_input(shopper: &mut Visitor, token: &str, key: &str) -> Value {
    let asked = shopper
        .graphql(
            "query C($token: String) { checkout(token: $token) { country method methods { id } payments { id } cart { lines { quantity problems { kind } } totals { total { minor } } } } }",
            json!({ "token": token }),
        )
        .await;
    let checkout = &asked["data"]["checkout"];
    assert!(checkout.is_object(), "{asked}");
    assert!(checkout["methods"][0].is_object(), "{asked}");
    let country = checkout["country"].as_str().expect("a country");
    let (postal_code, region) = if country == "US" { ("97201", "OR") } else { ("1000", "") };
    json!({
        "token": token,
        "email": "ada@example.com",
        "address": { "name": "Ada Lovelace", "line1": ADDRESS, "postalCode": postal_code, "city": "Town", "region": region, "country": country },
        "shippingMethod": checkout["methods"][0]["id"],
        "paymentProvider": "manual",
        "expectedTotal": checkout["cart"]["totals"]["total"]["minor"],
        "idempotencyKey": key,
    })
}

/// The first variant on sale of which there is enough: what lists tell of the last pieces may be a moment old.
pub async fn some_variant(shopper: &mut Visitor) -> String {
    let answer = shopper
        .graphql("{ products(first: 10, filter: { inStock: true }) { nodes { slug } } }", json!({}))
        .await;
    let slug = answer["data"]["products"]["nodes"][0]["slug"].as_str().unwrap_or_else(|| panic!("{answer}"));
    let answer = shopper
        .graphql(
            "query P($slug: String!) { product(slug: $slug) { variants { id availability { state } } } }",
            json!({ "slug": slug }),
        )
        .await;
    let variants = answer["data"]["product"]["variants"].as_array().unwrap_or_else(|| panic!("{answer}"));
    let variant = variants
        .iter()
        .find(|variant| variant["availability"]["state"] == "IN_STOCK")
        .expect("a variant in stock");
    variant["id"].as_str().expect("an id").to_owned()
}

/// Invites somebody to work for the shop; the invitation and the mail about it stay.
pub async fn invite(world: &World, tenant: &str) {
    let mut owner = world.sign_in(tenant, "owner").await;
    let email = format!("invited@{tenant}.example");
    let answer = owner
        .graphql(
            "mutation I($input: InviteStaffInput!) { inviteStaff(input: $input) { __typename } }",
            json!({ "input": { "email": email, "roles": ["editor"] } }),
        )
        .await;
    assert!(answer["errors"].is_null(), "{answer}");
}

/// The owner makes a promotion that a code opens.
pub async fn promote(world: &World, tenant: &str) {
    let mut owner = world.sign_in(tenant, "owner").await;
    let input = json!({
        "name": format!("Sale of {tenant}"),
        "codes": [format!("CODE-{tenant}")],
        "action": { "kind": "ORDER_PERCENT", "percent": "5" },
    });
    let made = owner
        .graphql(
            "mutation P($input: PromotionInput!) { promotionCreate(input: $input) { promotion { codes } } }",
            json!({ "input": input }),
        )
        .await;
    assert!(made["errors"].is_null(), "{made}");
}

/// The owner makes a group of customers.
pub async fn group(world: &World, tenant: &str) {
    let mut owner = world.sign_in(tenant, "owner").await;
    let made = owner
        .graphql(
            "mutation G($input: CustomerGroupInput!) { customerGroupCreate(input: $input) { __typename } }",
            json!({ "input": { "name": format!("Friends of {tenant}") } }),
        )
        .await;
    assert!(made["errors"].is_null(), "{made}");
}

/// The owner makes a price list.
pub async fn list_prices(world: &World, tenant: &str) {
    let mut owner = world.sign_in(tenant, "owner").await;
    let made = owner
        .graphql(
            "mutation L($input: PriceListInput!) { priceListCreate(input: $input) { priceList { id } } }",
            json!({ "input": { "name": format!("Prices of {tenant}") } }),
        )
        .await;
    assert!(made["errors"].is_null(), "{made}");
}

/// The owner issues a gift card; gives back its code.
pub async fn give_a_card(world: &World, tenant: &str) -> String {
    let mut owner = world.sign_in(tenant, "owner").await;
    let made = owner
        .graphql(
            "mutation G($input: GiftCardIssueInput!) { giftCardIssue(input: $input) { code } }",
            json!({ "input": { "idempotencyKey": uuid::Uuid::new_v4().to_string(), "amount": "10" } }),
        )
        .await;
    assert!(made["errors"].is_null(), "{made}");
    made["data"]["giftCardIssue"]["code"].as_str().expect("a code").to_owned()
}

/// Staff begins to write an order.
pub async fn draft(world: &World, tenant: &str) {
    let variant = some_variant(&mut world.visitor(tenant)).await;
    let mut owner = world.sign_in(tenant, "owner").await;
    let made = owner
        .graphql(
            "mutation D($input: DraftOrderInput!) { draftOrderCreate(input: $input) { draft { id } } }",
            json!({ "input": { "lines": [{ "variantId": variant, "quantity": 1 }] } }),
        )
        .await;
    assert!(made["errors"].is_null(), "{made}");
}

/// The owner puts some products into a collection that has no picture of its own.
pub async fn collect(world: &World, tenant: &str) {
    let mut owner = world.sign_in(tenant, "owner").await;
    let found = owner.graphql("{ products(first: 2) { nodes { id } } }", json!({})).await;
    let products: Vec<_> =
        found["data"]["products"]["nodes"].as_array().expect("products").iter().map(|it| &it["id"]).collect();
    let input = json!({ "title": format!("Picked at {tenant}"), "productIds": products });
    let made = owner
        .graphql(
            "mutation C($input: CollectionCreateInput!) { collectionCreate(input: $input) { __typename } }",
            json!({ "input": input }),
        )
        .await;
    assert!(made["errors"].is_null(), "{made}");
}

/// The owner opens a second location, plans a transfer to it, begins a count there and awaits a delivery.
pub async fn stock_up(world: &World, tenant: &str) {
    let mut owner = world.sign_in(tenant, "owner").await;
    let variant = some_variant(&mut world.visitor(tenant)).await;
    let mut ask = async |mutation: &str, input: Value| {
        let type_name = format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]);
        let what = match mutation {
            "locationCreate" => "location",
            "stockTransferCreate" => "transfer",
            "stockCountBegin" => "count",
            _ => "delivery",
        };
        let document =
            format!("mutation M($input: {type_name}!) {{ {mutation}(input: $input) {{ {what} {{ id }} }} }}");
        let answer = owner.graphql(&document, json!({ "input": input })).await;
        assert!(answer["errors"].is_null(), "{answer}");
        answer["data"][mutation][what]["id"].clone()
    };
    let name = format!("Depot of {tenant}");
    let depot = ask("locationCreate", json!({ "name": name, "country": "BE" })).await;
    let asked =
        world.sign_in(tenant, "owner").await.graphql("{ locations { id isDefault } }", json!({})).await;
    let locations = asked["data"]["locations"].as_array().expect("locations");
    let main = locations.iter().find(|location| location["isDefault"] == true).expect("the default one");
    let line = json!({ "variantId": variant, "quantity": 1 });
    ask("stockTransferCreate", json!({ "fromId": main["id"], "toId": depot, "lines": [line] })).await;
    ask("stockCountBegin", json!({ "locationId": depot, "variantIds": [variant] })).await;
    let delivery = json!({ "variantId": variant, "locationId": depot, "quantity": 2 });
    ask("stockDeliveryAnnounce", delivery).await;
}

/// The owner uploads a small picture, another one in each shop.
pub async fn upload_picture(world: &World, tenant: &str) {
    let mut owner = world.sign_in(tenant, "owner").await;
    let mut png = std::io::Cursor::new(Vec::new());
    let colour = tenant.bytes().fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte));
    image::RgbImage::from_pixel(8, 10, image::Rgb([colour, 120, 40]))
        .write_to(&mut png, image::ImageFormat::Png)
        .expect("a picture");
    let mut body = b"--part\r\ncontent-disposition: form-data; name=\"file\"; filename=\"square.png\"\r\n\
        content-type: image/png\r\n\r\n"
        .to_vec();
    body.extend(png.into_inner());
    body.extend(b"\r\n--part--\r\n");
    let request = owner
        .request(reqwest::Method::POST, "/api/v1/media")
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "multipart/form-data; boundary=part")
        .body(body);
    let answer = owner.send(request).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
}

async fn a_guest_buys_and_follows_the_order(world: World) {
    let order = place_order(&world, "hearth").await;
    assert_eq!(order["state"], "PENDING_PAYMENT");
    assert_eq!(order["timeline"], json!([{ "kind": "order.placed" }]));
    let mut stranger = world.visitor("hearth");
    let token = order["token"].as_str().expect("a token");
    let followed = stranger
        .graphql(
            "query O($token: String!) { orderByToken(token: $token) { number state } }",
            json!({ "token": token }),
        )
        .await;
    assert_eq!(
        followed["data"]["orderByToken"],
        json!({ "number": order["number"], "state": "PENDING_PAYMENT" })
    );
    let page = stranger.get(&format!("/orders/{token}")).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("<h1>We are waiting for your payment.</h1>"), "{}", page.body);
    let elsewhere = world.visitor("northbound").get(&format!("/orders/{token}")).await;
    assert_eq!(elsewhere.status, 404);
    world.holds().await;
}

async fn a_second_click_gives_the_first_order_again(world: World) {
    let mut shopper = world.visitor("hearth");
    let variant = some_variant(&mut shopper).await;
    let added = shopper
        .graphql(
            "mutation A($input: CartLinesAddInput!) { cartLinesAdd(input: $input) { token } }",
            json!({ "input": { "lines": [{ "variantId": variant, "quantity": 1 }] } }),
        )
        .await;
    let token =
        added["data"]["cartLinesAdd"]["token"].as_str().unwrap_or_else(|| panic!("{added}")).to_owned();
    // What the page that was shown sends, twice.
    let click = json!({ "input": order_input(&mut shopper, &token, "same").await });
    let (mut one, mut two) = (shopper.clone(), shopper.clone());
    let (first, second) = tokio::join!(one.graphql(PLACE, click.clone()), two.graphql(PLACE, click));
    // The second one waits for the first and gets what that one got.
    let [first, second] = [&first, &second].map(|placed| {
        let placed = &placed["data"]["checkoutPlace"];
        (
            placed["order"]["number"].as_i64().unwrap_or_else(|| panic!("{first} {second}")),
            &placed["replayed"],
        )
    });
    assert_eq!(first.0, second.0);
    assert_ne!(first.1, second.1, "one of them did the work");
    assert_eq!(world.number("SELECT count(*) FROM orders").await, 1);
    world.holds().await;
}

async fn the_orders_of_an_account_come_page_by_page(world: World) {
    let mut shopper = world.sign_in("hearth", "customer").await;
    let variant = some_variant(&mut shopper).await;
    let add = "mutation A($input: CartLinesAddInput!) { cartLinesAdd(input: $input) { cart { nItems } } }";
    let mut numbers = Vec::new();
    for n in 0..21 {
        let lines = json!({ "lines": [{ "variantId": variant, "quantity": 1 }] });
        let added = shopper.graphql(add, json!({ "input": lines })).await;
        assert_eq!(added["data"]["cartLinesAdd"]["cart"]["nItems"], 1, "{added}");
        let placed = place(&mut shopper, "", &format!("order-{n}")).await;
        let number = placed["data"]["checkoutPlace"]["order"]["number"].as_i64();
        numbers.push(number.unwrap_or_else(|| panic!("{placed}")));
    }
    let shown = |page: &str| -> Vec<i64> {
        numbers.iter().copied().filter(|number| page.contains(&format!(">Order {number}<"))).collect()
    };
    let link = |page: &str, name: &str| {
        let (_, rest) = page.split_once(&format!("/account?{name}="))?;
        rest.split_once('#').map(|(place, _)| format!("/account?{name}={place}"))
    };
    let first = shopper.get("/account").await.body;
    assert_eq!((shown(&first), link(&first, "before")), (numbers[1..].to_vec(), None));
    let older = link(&first, "after").expect("older orders");
    let last = shopper.get(&older).await.body;
    assert_eq!((shown(&last), link(&last, "after")), (numbers[..1].to_vec(), None));
    let newer = link(&last, "before").expect("newer orders");
    assert_eq!(shown(&shopper.get(&newer).await.body), numbers[1..]);
    // Half of an address is an address of the account all the same.
    let cut = shopper.get(&older[..older.len() - 3]).await;
    assert_eq!((cut.status, shown(&cut.body)), (200, numbers[1..].to_vec()));
}

testkit::on_both!(
    a_guest_buys_and_follows_the_order,
    a_second_click_gives_the_first_order_again,
    the_orders_of_an_account_come_page_by_page,
);
