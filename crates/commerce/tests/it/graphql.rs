//! The GraphQL fields of this module, without the host around them.

use async_graphql::{EmptySubscription, Request, Schema, Variables};
use commerce::graphql::{CommerceMutation, CommerceQuery};
use platform::Ctx;
use platform::surface::Kind;
use primitives::{OrderId, Permission};
use serde_json::{Value, json};
use testkit::on_both;

use crate::shop::Shop;

type Api = Schema<CommerceQuery, CommerceMutation, EmptySubscription>;

fn api() -> Api {
    Schema::build(CommerceQuery::default(), CommerceMutation::default(), EmptySubscription).finish()
}

pub async fn ask(ctx: &Ctx, query: &str, variables: Value) -> Value {
    let request = Request::new(query).variables(Variables::from_json(variables)).data(ctx.clone());
    let answer = serde_json::to_value(api().execute(request).await).unwrap();
    match answer["errors"].is_array() {
        true => answer["errors"].clone(),
        false => answer["data"].clone(),
    }
}

#[test]
fn every_root_field_stands_in_the_surface() {
    let sdl = api().sdl();
    let listed = commerce::surface();
    for (kind, head) in [(Kind::Query, "type CommerceQuery {"), (Kind::Mutation, "type CommerceMutation {")] {
        let body = sdl.split(head).nth(1).unwrap().split("\n}").next().unwrap();
        // Without descriptions; fields stand one tab deep, their arguments, when broken over lines, deeper.
        let bare: String = body.split("\"\"\"").step_by(2).collect();
        let fields = bare.lines().filter(|line| line.starts_with('\t') && !line.starts_with("\t\t"));
        let mut n = 0;
        for field in fields.filter(|line| line[1..].starts_with(|c: char| c.is_ascii_lowercase())) {
            let name: String = field.trim().chars().take_while(char::is_ascii_alphanumeric).collect();
            assert!(listed.iter().any(|entry| entry.kind == kind && entry.name == name), "{name}");
            n += 1;
        }
        assert_eq!(n, listed.iter().filter(|entry| entry.kind == kind).count(), "{head}");
    }
}

async fn explains_a_price_in_another_currency(shop: Shop) {
    crate::currencies::offered(&shop).await;
    let mug = shop.product("Mug", "12.50", 20).await;
    let staff = shop.staff(&[Permission::PRICES_READ]);
    let query = "query($v: ID!, $c: String) { priceExplain(input: {variantId: $v, currency: $c}) \
                 { converted price { minor currency } } }";
    let asked =
        async |currency: Value| ask(&staff, query, json!({"v": mug.to_string(), "c": currency})).await;
    let expected = json!({"price": {"minor": 1375, "currency": "USD"},
        "converted": "12.50 EUR × 1.10 = 13.75 USD"});
    assert_eq!(asked(json!("USD")).await["priceExplain"], expected);
    let own = json!({"price": {"minor": 1250, "currency": "EUR"}, "converted": null});
    assert_eq!(asked(Value::Null).await["priceExplain"], own);
    let refused = asked(json!("GBP")).await;
    assert_eq!(refused[0]["extensions"]["fields"][0]["field"], "currency");
    shop.holds().await;
}

async fn gives_store_credit_in_another_currency(shop: Shop) {
    crate::currencies::offered(&shop).await;
    let (_, customer) = crate::crediting::regular(&shop).await;
    let give = "mutation($i: StoreCreditChangeInput!) { storeCreditChange(input: $i) { storeCredit { balance { minor currency } } } }";
    let input = |key: &str, currency: Value| {
        json!({"i": {"idempotencyKey": key, "customerId": customer.to_string(), "amount": "500",
                     "currency": currency, "reason": "sorry"}})
    };
    let boss = shop.boss();
    let yen = ask(&boss, give, input("one", json!("jpy"))).await;
    assert_eq!(yen["storeCreditChange"]["storeCredit"]["balance"], json!({"minor": 500, "currency": "JPY"}));
    let own = ask(&boss, give, input("two", Value::Null)).await;
    assert_eq!(
        own["storeCreditChange"]["storeCredit"]["balance"],
        json!({"minor": 50000, "currency": "EUR"})
    );
    let none = ask(&boss, give, input("three", json!("euro"))).await;
    assert_eq!(none[0]["extensions"]["fields"][0]["field"], "currency");
    let look = "query($c: ID!, $u: String) { storeCredit(customerId: $c, currency: $u) \
                { balance { minor } balances { minor currency } movements { reason } } }";
    let seen = ask(&boss, look, json!({"c": customer.to_string(), "u": "JPY"})).await;
    let expected = json!({"balance": {"minor": 500}, "movements": [{"reason": "sorry"}],
        "balances": [{"minor": 50000, "currency": "EUR"}, {"minor": 500, "currency": "JPY"}]});
    assert_eq!(seen["storeCredit"], expected);
    shop.holds().await;
}

async fn buys_and_ships_over_the_api(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let guest = shop.anonymous();
    let add = "mutation($v: ID!, $q: Int!) { cartLinesAdd(input: {lines: [{variantId: $v, quantity: $q}]}) \
               { token cart { nItems ready lines { id quantity unit { minor formatted } } } } }";
    let added = ask(&guest, add, json!({"v": mug.to_string(), "q": 2})).await;
    let token = added["cartLinesAdd"]["token"].as_str().unwrap().to_owned();
    assert_eq!(added["cartLinesAdd"]["cart"]["nItems"], 2);
    assert_eq!(added["cartLinesAdd"]["cart"]["lines"][0]["unit"]["minor"], 1250);
    let bad = ask(&guest, add, json!({"v": mug.to_string(), "q": 0})).await;
    assert_eq!(bad[0]["extensions"]["code"], "BAD_USER_INPUT");
    assert_eq!(bad[0]["extensions"]["fields"][0]["field"], "lines.0.quantity");
    let none = ask(&guest, add, json!({"v": "😀", "q": 1})).await;
    assert_eq!(none[0]["extensions"]["code"], "NOT_FOUND");
    let page = "query($t: String) { checkout(token: $t, country: \"BE\") { idempotencyKey method countries { code name } \
                payments { id } cart { totals { total { minor } taxes { name rate } } } } }";
    let page = ask(&guest, page, json!({"t": token})).await;
    assert_eq!(page["checkout"]["payments"], json!([{"id": "http"}, {"id": "manual"}]));
    let place = "mutation($i: CheckoutPlaceInput!) { checkoutPlace(input: $i) { next replayed token \
                 order { id number state payment version totals { total { minor } } } } }";
    let input = json!({"i": {
        "token": token, "email": "maud@example.com", "shippingMethod": page["checkout"]["method"],
        "paymentProvider": "manual", "expectedTotal": page["checkout"]["cart"]["totals"]["total"]["minor"],
        "idempotencyKey": page["checkout"]["idempotencyKey"],
        "address": {"name": "Maud Peeters", "line1": "Oude Beestenmarkt 6", "postalCode": "9000", "city": "Ghent",
                    "country": "BE"}
    }});
    let placed = ask(&guest, place, input.clone()).await;
    let placed = &placed["checkoutPlace"];
    assert_eq!((&placed["next"], &placed["replayed"]), (&json!("PAY_BY_HAND"), &json!(false)));
    assert_eq!(ask(&guest, place, input).await["checkoutPlace"]["replayed"], true);
    let by_token =
        "query($t: String!) { orderByToken(token: $t) { number attention moves { name } lines { sku } } }";
    let tracked = ask(&guest, by_token, json!({"t": placed["token"]})).await;
    assert_eq!(tracked["orderByToken"]["number"], placed["order"]["number"]);
    assert_eq!(tracked["orderByToken"]["moves"], json!([]));
    let boss = shop.boss();
    let moved = async |field: &str, extra: Value| {
        let mut input = json!({"id": placed["order"]["id"]});
        input.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let kind = match field {
            "orderShip" => "OrderShipInput",
            "orderRefund" => "OrderRefundInput",
            _ => "OrderMoveInput",
        };
        let query =
            format!("mutation($i: {kind}!) {{ {field}(input: $i) {{ order {{ state payment version }} }} }}");
        ask(&boss, &query, json!({"i": input})).await
    };
    let stale = moved("orderMarkPaid", json!({"version": 77})).await;
    assert_eq!(stale[0]["extensions"]["code"], "CONFLICT");
    let paid = moved("orderMarkPaid", json!({"version": placed["order"]["version"]})).await;
    assert_eq!(paid["orderMarkPaid"]["order"]["state"], "PAID");
    // What would be done twice by whoever sends it twice says what it has seen.
    for (field, extra) in
        [("orderShip", json!({"lines": []})), ("orderRefund", json!({"amount": "1.00", "reason": "broken"}))]
    {
        let unseen = moved(field, extra).await;
        assert_eq!(unseen[0]["extensions"]["fields"][0]["field"], "version", "{field}");
    }
    let shipped = moved("orderShip", json!({"carrier": "DHL"})).await;
    assert_eq!(shipped["orderShip"]["order"]["state"], "SHIPPED");
    let delivered = moved("orderDeliver", json!({})).await;
    assert_eq!(delivered["orderDeliver"]["order"]["state"], "DELIVERED");
    let refunded = moved("orderRefund", json!({"reason": "broken"})).await;
    assert_eq!(refunded["orderRefund"]["order"]["payment"], "REFUNDED");
    shop.settle().await;
    let lists = "{ orders(first: 5, filter: {q: \"maud\", state: [REFUNDED]}) { totalCount nodes { number total { decimal } } \
                 pageInfo { hasNextPage } } orderCounts { all refunded } customers { nodes { email nOrders } } \
                 dashboard(days: 2) { days { date nOrders } topProducts { title } } commerceSettings { version } }";
    let lists = ask(&boss, lists, json!({})).await;
    assert_eq!(lists["orders"]["nodes"], json!([{"number": 1001, "total": {"decimal": "30.00"}}]));
    assert_eq!(lists["orderCounts"], json!({"all": 1, "refunded": 1}));
    assert_eq!(lists["dashboard"]["days"][1], json!({"date": "2026-01-02", "nOrders": 1}));
    let change = "mutation($i: CommerceSettingsInput!) { commerceSettingsUpdate(input: $i) \
                  { settings { version shipping { id price { decimal } } } } }";
    let input =
        json!({"version": 0, "shipping": [{"name": "By bike", "countries": ["BE"], "price": "7.50"}]});
    let saved = ask(&boss, change, json!({"i": input})).await;
    assert_eq!(saved["commerceSettingsUpdate"]["settings"]["shipping"][0]["id"], "by-bike");
    let input =
        json!({"version": 1, "shipping": [{"name": "By bike", "countries": ["BE"], "price": "7.505"}]});
    let refused = ask(&boss, change, json!({"i": input})).await;
    assert_eq!(refused[0]["extensions"]["fields"][0]["field"], "shipping.0.price");
    shop.holds().await;
}

async fn edits_over_the_api(shop: Shop) {
    let (boss, mug) = (shop.boss(), shop.product("Mug", "12.50", 20).await);
    let order = shop.guest(mug, 2).await.order("manual").await;
    let line = order.lines[0].id.to_string();
    let preview = "query($o: ID!, $c: OrderEditChangesInput!) { orderEditPreview(id: $o, changes: $c) { version \
                   lines { lineId before quantity total { decimal } } before { total { decimal } } \
                   after { total { decimal } } difference { minor } money { effect amount { decimal } text } \
                   stock { title taken } problems { field message } } }";
    let changes = json!({"quantities": [{"lineId": line, "quantity": 1}]});
    let seen = ask(&boss, preview, json!({"o": order.id.to_string(), "c": changes})).await;
    let seen = &seen["orderEditPreview"];
    assert_eq!(
        seen["lines"],
        json!([{"lineId": line, "before": 2, "quantity": 1, "total": {"decimal": "12.50"}}])
    );
    assert_eq!(
        (&seen["before"]["total"]["decimal"], &seen["difference"]["minor"]),
        (&json!("30.00"), &json!(-1250))
    );
    let money =
        json!({"effect": "DUE", "amount": {"decimal": "17.50"}, "text": "17.50 EUR is to be paid now"});
    assert_eq!((&seen["money"], &seen["problems"]), (&money, &json!([])));
    assert_eq!(seen["stock"], json!([{"title": "Mug", "taken": -1}]));
    let edit = "mutation($i: OrderEditInput!) { orderEdit(input: $i) { order { version balanceDue { decimal } \
                totals { total { decimal } } } } }";
    let input = json!({"i": {"id": order.id.to_string(), "version": seen["version"], "changes": changes,
                             "reason": "one is enough", "idempotencyKey": "k"}});
    let done = ask(&boss, edit, input.clone()).await;
    assert_eq!(done["orderEdit"]["order"]["totals"]["total"], seen["after"]["total"]);
    assert_eq!(done["orderEdit"]["order"]["balanceDue"]["decimal"], "17.50");
    assert_eq!(ask(&boss, edit, input).await, done);
    let none = ask(&boss, preview, json!({"o": order.id.to_string(), "c": {}})).await;
    assert_eq!(none["orderEditPreview"]["problems"][0]["field"], "changes");
    shop.holds().await;
}

async fn quotes_over_the_api(shop: Shop) {
    let (boss, mug) = (shop.boss(), shop.product("Mug", "12.50", 20).await);
    let address = json!({"name": "Maud", "line1": "Korenmarkt 1", "postalCode": "9000", "city": "Ghent",
                         "country": "BE"});
    let off = json!({"percent": "50", "reason": "Scratched"});
    let mut input = json!({"email": "maud@example.com", "address": address,
        "lines": [{"variantId": mug.to_string(), "quantity": 2, "price": "10.00", "discount": off}]});
    let preview = "query($id: ID, $i: DraftOrderInput!) { draftOrderPreview(id: $id, input: $i) { \
                   lines { unit { decimal } total { decimal } left { decimal } } totals { total { decimal } } \
                   deliveries { id } problems { field } } }";
    let seen = ask(&boss, preview, json!({"i": input})).await;
    let seen = &seen["draftOrderPreview"];
    assert_eq!(
        seen["lines"],
        json!([{"unit": {"decimal": "10.00"}, "total": {"decimal": "20.00"}, "left": {"decimal": "10.00"}}])
    );
    assert_eq!(
        (&seen["totals"]["total"]["decimal"], &seen["problems"]),
        (&json!("10.00"), &json!([{"field": "shippingMethod"}]))
    );
    let create = "mutation($i: DraftOrderInput!) { draftOrderCreate(input: $i) { draft { id version } } }";
    let made = ask(&boss, create, json!({"i": input})).await;
    let id = &made["draftOrderCreate"]["draft"]["id"];
    let send = "mutation($id: ID!, $v: Long) { draftOrderSend(id: $id, version: $v) { replayed \
                draft { version sentVersion sentAt } } }";
    let refused = ask(&boss, send, json!({"id": id, "v": 1})).await;
    assert_eq!(refused[0]["extensions"]["fields"][0]["field"], "shippingMethod");
    input["shippingMethod"] = seen["deliveries"][0]["id"].clone();
    let foretold = ask(&boss, preview, json!({"id": id, "i": input})).await;
    assert_eq!(foretold["draftOrderPreview"]["problems"], json!([]));
    let update = "mutation($id: ID!, $i: DraftOrderInput!) { draftOrderUpdate(id: $id, input: $i) \
                  { draft { sentAt sentVersion totals { total { decimal } } } } }";
    let ready = ask(&boss, update, json!({"id": id, "i": input})).await;
    let total = &foretold["draftOrderPreview"]["totals"];
    assert_eq!(
        ready["draftOrderUpdate"]["draft"],
        json!({"sentAt": null, "sentVersion": null, "totals": total})
    );
    let sent = ask(&boss, send, json!({"id": id, "v": 2})).await;
    let sent = &sent["draftOrderSend"];
    assert_eq!((&sent["replayed"], &sent["draft"]["sentVersion"]), (&json!(false), &json!(2)));
    assert!(sent["draft"]["sentAt"].is_string());
    assert_eq!(ask(&boss, send, json!({"id": id})).await["draftOrderSend"]["replayed"], true);
    let stale = ask(&boss, send, json!({"id": id, "v": 1})).await;
    assert_eq!(stale[0]["extensions"]["code"], "CONFLICT");
    let rows = ask(&boss, "{ draftOrders(first: 1) { nodes { sentAt } } }", json!({})).await;
    assert_eq!(rows["draftOrders"]["nodes"][0]["sentAt"], sent["draft"]["sentAt"]);
    shop.holds().await;
}

async fn an_amount_tells_nobody_whether_there_is_an_order(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let order = shop.guest(mug, 1).await.order("manual").await;
    let before = shop.told().await;
    let reader = shop.staff(&[Permission::ORDERS_READ]);
    for (field, kind, name, text) in [
        ("orderRefund", "OrderRefundInput", "reason", "broken"),
        ("orderCapture", "OrderCaptureInput", "idempotencyKey", "k"),
    ] {
        let query = format!("mutation($i: {kind}!) {{ {field}(input: $i) {{ order {{ id }} }} }}");
        for (who, code) in [
            (shop.anonymous(), "UNAUTHENTICATED"),
            (shop.customer(), "FORBIDDEN"),
            (reader.clone(), "FORBIDDEN"),
            (shop.other_tenant(), "NOT_FOUND"),
        ] {
            for id in [order.id, OrderId::new()] {
                for amount in ["1.00", "much"] {
                    let input =
                        json!({"id": id.to_string(), "version": order.version, "amount": amount, name: text});
                    let refused = ask(&who, &query, json!({"i": input})).await;
                    assert_eq!(refused[0]["extensions"]["code"], code, "{field} {id} {amount}: {refused}");
                }
            }
        }
    }
    assert_eq!(shop.told().await, before);
    shop.holds().await;
}

on_both!(
    buys_and_ships_over_the_api,
    explains_a_price_in_another_currency,
    gives_store_credit_in_another_currency,
    edits_over_the_api,
    quotes_over_the_api,
    an_amount_tells_nobody_whether_there_is_an_order,
);
