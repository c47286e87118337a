//! Stock at several locations over GraphQL: who may, what is refused, and where an order's pieces come from.

use crate::shop::{order_input, some_variant};
use crate::world::{Visitor, World};
use primitives::Permission;
use serde_json::{Value, json};

const SHELVES: &str =
    "query V($q: String!) { inventory(first: 5, q: $q) { nodes { variantId onHand reserved available } } }";

async fn run(visitor: &mut Visitor, mutation: &str, result: &str, input: Value) -> Value {
    let type_name = match mutation {
        "stockTransferShip" => "StockTransferMoveInput".to_owned(),
        _ => format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]),
    };
    let document = format!("mutation M($input: {type_name}!) {{ {mutation}(input: $input) {{ {result} }} }}");
    visitor.graphql(&document, json!({ "input": input })).await
}

/// The code of the first error and the fields that it names.
fn refusal(answer: &Value) -> (&str, Vec<&str>) {
    let extensions = &answer["errors"][0]["extensions"];
    let fields = extensions["fields"].as_array().map(Vec::as_slice).unwrap_or_default();
    let fields = fields.iter().map(|field| field["field"].as_str().unwrap_or("?")).collect();
    (extensions["code"].as_str().unwrap_or_else(|| panic!("{answer}")), fields)
}

/// Somebody who may do one thing.
async fn member(world: &World, permission: Permission) -> Visitor {
    let role = world.role("hearth", &[permission.into()]).await;
    world.sign_in_with("hearth", role).await
}

async fn locations(visitor: &mut Visitor) -> Vec<Value> {
    let answer = visitor.graphql("{ locations { id name active isDefault version } }", json!({})).await;
    answer["data"]["locations"].as_array().unwrap_or_else(|| panic!("{answer}")).clone()
}

async fn locations_are_made_renamed_ordered_and_switched_off(world: World) {
    let mut owner = world.sign_in("hearth", "owner").await;
    let there = locations(&mut owner).await;
    assert_eq!(there.iter().map(|l| &l["name"]).collect::<Vec<_>>(), ["Main location", "Shop in Ghent"]);
    let location = "location { id version }";
    let made = run(&mut owner, "locationCreate", location, json!({ "name": "Depot", "country": "DE" })).await;
    let depot = &made["data"]["locationCreate"]["location"];
    for (input, code, field) in [
        (json!({ "name": " ", "country": "DE" }), "BAD_USER_INPUT", "name"),
        (json!({ "name": "Depot 2", "country": "XX" }), "BAD_USER_INPUT", "country"),
        (json!({ "name": "depot", "country": "DE" }), "CONFLICT", "name"),
    ] {
        let answer = run(&mut owner, "locationCreate", location, input).await;
        assert_eq!(refusal(&answer), (code, vec![field]), "{answer}");
    }
    let off = |id: &Value, version: i64| json!({ "id": id, "version": version, "active": false });
    let answer = run(&mut owner, "locationUpdate", location, off(&there[0]["id"], 1)).await;
    assert_eq!(refusal(&answer), ("CONFLICT", vec!["active"]));
    let answer = run(&mut owner, "locationUpdate", location, off(&depot["id"], 7)).await;
    assert_eq!(refusal(&answer), ("CONFLICT", vec!["version"]));
    let answer = run(&mut owner, "locationUpdate", location, off(&depot["id"], 1)).await;
    assert_eq!(answer["data"]["locationUpdate"]["location"]["version"], 2, "{answer}");
    let order = json!({ "ids": [depot["id"], there[1]["id"], there[0]["id"]] });
    let answer = run(&mut owner, "locationsOrder", "locations { name }", order).await;
    assert_eq!(answer["data"]["locationsOrder"]["locations"][0]["name"], "Depot", "{answer}");
    let mut reader = member(&world, Permission::INVENTORY_READ).await;
    assert_eq!(locations(&mut reader).await.len(), 3);
    let answer =
        run(&mut reader, "locationCreate", location, json!({ "name": "Mine", "country": "BE" })).await;
    assert_eq!(refusal(&answer).0, "FORBIDDEN");
    let mut keeper = member(&world, Permission::INVENTORY_UPDATE).await;
    let variant = some_variant(&mut world.visitor("hearth")).await;
    let hot = json!({ "variantId": variant, "hot": true });
    let answer = run(&mut keeper, "inventoryHotSet", "variants { hot }", hot.clone()).await;
    assert_eq!(refusal(&answer).0, "FORBIDDEN");
    let answer = run(&mut owner, "inventoryHotSet", "variants { hot onHand }", hot).await;
    assert_eq!(answer["data"]["inventoryHotSet"]["variants"][0]["hot"], true, "{answer}");
}

async fn an_order_is_taken_from_the_location_that_has_it(world: World) {
    let mut owner = world.sign_in("hearth", "owner").await;
    let kettles = owner.graphql(SHELVES, json!({ "q": "kettle" })).await;
    let kettle = kettles["data"]["inventory"]["nodes"][0].clone();
    // Six of sixteen or of twenty-two lie in Ghent.
    let there = locations(&mut owner).await;
    let ghent = &there[1]["id"];
    let items = json!([{ "variantId": kettle["variantId"], "locationId": there[0]["id"], "onHand": 0 }]);
    let answer = run(&mut owner, "inventorySet", "variants { onHand }", json!({ "items": items })).await;
    assert_eq!(answer["data"]["inventorySet"]["variants"][0]["onHand"], 6, "{answer}");
    let mut shopper = world.visitor("hearth");
    let lines = json!([{ "variantId": kettle["variantId"], "quantity": 2 }]);
    let added = run(&mut shopper, "cartLinesAdd", "token", json!({ "lines": lines })).await;
    let token =
        added["data"]["cartLinesAdd"]["token"].as_str().unwrap_or_else(|| panic!("{added}")).to_owned();
    let input = order_input(&mut shopper, &token, "kettle").await;
    let placed = run(&mut shopper, "checkoutPlace", "order { number }", input).await;
    assert!(placed["errors"].is_null(), "{placed}");
    let kettles = owner.graphql(SHELVES, json!({ "q": "kettle" })).await;
    let kettle = &kettles["data"]["inventory"]["nodes"][0];
    assert_eq!(
        (&kettle["onHand"], &kettle["reserved"], &kettle["available"]),
        (&json!(6), &json!(2), &json!(4))
    );
    let off = json!({ "id": ghent, "version": 1, "active": false });
    let answer = run(&mut owner, "locationUpdate", "location { id }", off).await;
    assert_eq!(refusal(&answer), ("CONFLICT", vec!["active"]), "two are promised");
    // What is promised cannot leave for another shelf either.
    let line = json!([{ "variantId": kettle["variantId"], "quantity": 5 }]);
    let plan = json!({ "fromId": ghent, "toId": there[0]["id"], "lines": line });
    let made = run(&mut owner, "stockTransferCreate", "transfer { id state }", plan).await;
    let transfer = &made["data"]["stockTransferCreate"]["transfer"];
    let go = json!({ "id": transfer["id"], "version": 1 });
    let answer = run(&mut owner, "stockTransferShip", "transfer { state }", go).await;
    assert_eq!(refusal(&answer), ("BAD_USER_INPUT", vec!["lines.0"]));
    let moved = owner
        .graphql(
            "query M($id: ID!) { stockMovements(first: 1, filter: { locationId: $id, reasons: [COUNT] }) \
             { totalCount nodes { delta reason } } }",
            json!({ "id": ghent }),
        )
        .await;
    assert_eq!(moved["data"]["stockMovements"]["totalCount"], 4, "{moved}");
}

testkit::on_both!(
    locations_are_made_renamed_ordered_and_switched_off,
    an_order_is_taken_from_the_location_that_has_it,
);
