//! Parcels and returns through the pages of the shop, without scripts, and through the staff's API.

use crate::shop::place_order;
use crate::world::{Visitor, World};
use serde_json::{Value, json};

async fn ask(who: &mut Visitor, field: &str, kind: &str, input: Value, wants: &str) -> Value {
    let document = format!("mutation M($input: {kind}!) {{ {field}(input: $input) {{ {wants} }} }}");
    let answer = who.graphql(&document, json!({ "input": input })).await;
    assert!(answer["errors"].is_null(), "{field}: {answer}");
    answer["data"][field].clone()
}

async fn a_guest_sends_something_back_without_scripts(world: World) {
    let order = place_order(&world, "hearth").await;
    let token = order["token"].as_str().expect("a token");
    let (order_page, form_page) = (format!("/orders/{token}"), format!("/orders/{token}/return"));
    let mut guest = world.visitor("hearth");
    assert!(guest.get(&form_page).await.body.contains("nothing of this order that can be sent back"));
    let mut owner = world.sign_in("hearth", "owner").await;
    let id = json!({ "id": order["id"] });
    ask(&mut owner, "orderMarkPaid", "OrderMoveInput", id.clone(), "order { state }").await;
    let sent = json!({ "id": order["id"], "carrier": "DHL", "trackingUrl": "https://dhl.example/1" });
    let wants = "order { state lines { id toSend } fulfilments { id lines { quantity } } }";
    let sent = ask(&mut owner, "orderShip", "OrderShipInput", sent, wants).await;
    assert_eq!(sent["order"]["fulfilments"][0]["lines"], json!([{ "quantity": 1 }]));
    let page = guest.get(&order_page).await;
    assert!(page.body.contains("https://dhl.example/1") && page.body.contains(&form_page), "{}", page.body);
    let line = sent["order"]["lines"][0]["id"].as_str().expect("a line");
    let pieces = format!("pieces-{line}");
    let page = guest.get(&form_page).await;
    assert!(page.status == 200 && page.body.contains(&pieces), "{}", page.body);
    let key = page.body.split("name=\"key\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let key = key.expect("a key").to_owned();
    // What is wrong comes back with what was typed.
    let wrong =
        [("key", key.as_str()), (pieces.as_str(), "2"), ("reason", "damaged"), ("words", "It <broke>")];
    let again = guest.post(&form_page, &wrong).await;
    assert_eq!(again.status, 422);
    assert!(again.body.contains("value=\"2\"") && again.body.contains("It &lt;broke&gt;"), "{}", again.body);
    let none = guest.post(&form_page, &[("key", key.as_str())]).await;
    assert!(none.status == 422 && none.body.contains("Choose why"), "{}", none.body);
    let fine =
        [("key", key.as_str()), (pieces.as_str(), "1"), ("reason", "damaged"), ("words", "It <broke>")];
    for _ in 0..2 {
        let done = guest.post(&form_page, &fine).await;
        assert_eq!((done.status, done.header("location")), (303, format!("{order_page}#returns").as_str()));
    }
    assert_eq!(
        world.number("SELECT count(*) FROM return_request").await,
        1,
        "the second click changes nothing"
    );
    let list = owner
        .graphql(
            "{ returns(first: 5, filter: {open: true}) { totalCount nodes { id number version words lines { lineId quantity } } } }",
            json!({}),
        )
        .await;
    let found = &list["data"]["returns"]["nodes"][0];
    assert_eq!((&found["words"], &list["data"]["returns"]["totalCount"]), (&json!("It <broke>"), &json!(1)));
    let page = guest.get(&order_page).await;
    assert!(
        page.body.contains(found["number"].as_str().expect("a number")) && page.body.contains("I keep it")
    );
    let input = json!({ "id": found["id"], "version": found["version"], "words": "Send it to Ghent" });
    ask(&mut owner, "returnApprove", "ReturnAnswerInput", input, "return { state }").await;
    assert!(guest.get(&order_page).await.body.contains("Send it to Ghent"));
    let came = json!({ "id": found["id"], "lines": [{ "lineId": line, "quantity": 1, "restock": false }] });
    let wants = "return { state offer { decimal } }";
    let came = ask(&mut owner, "returnReceive", "ReturnReceiveInput", came, wants).await;
    let offer = came["return"]["offer"]["decimal"].as_str().expect("an offer").to_owned();
    let too_much = json!({ "input": { "id": found["id"], "amount": "99999.00" } });
    let refused = owner
        .graphql(
            "mutation M($input: ReturnRefundInput!) { returnRefund(input: $input) { return { state } } }",
            too_much,
        )
        .await;
    assert_eq!(refused["errors"][0]["extensions"]["fields"][0]["field"], "amount");
    let back = json!({ "id": found["id"], "amount": offer });
    let back =
        ask(&mut owner, "returnRefund", "ReturnRefundInput", back, "return { state refunded { decimal } }")
            .await;
    assert_eq!(back["return"], json!({ "state": "REFUNDED", "refunded": { "decimal": offer } }));
    // It is too late to think again: the page says where it stands.
    let late = guest
        .post(&format!("{form_page}/withdraw"), &[("return", found["id"].as_str().expect("an id"))])
        .await;
    assert_eq!(late.status, 303);
    assert!(guest.get(&order_page).await.body.contains("went back to you"));
    world.holds().await;
}

testkit::on_both!(a_guest_sends_something_back_without_scripts);
