//! Money that a customer's bank wants back, as gateways tell of it.

use commerce::order::{self, Refund};
use commerce::payment::dispute::{self, DisputeState};
use commerce::view::{OrderState, OrderView, PaymentState};
use primitives::{OrderId, PageArgs, Permission};
use serde_json::{Value, json};
use testkit::on_both;

use crate::shop::{Shop, refusal};
use crate::tendering::{issued, with_card};

async fn paid(shop: &Shop) -> OrderId {
    let mug = shop.product("Mug", "12.50", 20).await;
    shop.guest(mug, 2).await.order("http").await.id
}

async fn seen(shop: &Shop, id: OrderId) -> OrderView {
    order::by_id(&shop.boss(), id).await.unwrap()
}

fn word(shop: &Shop, status: &str, amount: i64) -> Value {
    json!({"type": "payment.disputed", "operation": "dispute", "reference": shop.gateway.last_reference(),
           "id": "dp-1", "status": status, "amount": amount, "currency": "EUR", "reason": "fraudulent"})
}

async fn hear(shop: &Shop, event: &str, body: Value) {
    shop.call_back(event, body).await.unwrap();
    shop.sweep().await;
}

fn states(order: &OrderView) -> Vec<(DisputeState, i64)> {
    order.disputes.iter().map(|one| (one.state, one.amount.minor)).collect()
}

async fn is_told_won_and_over(shop: Shop) {
    let id = paid(&shop).await;
    hear(&shop, "evt-1", word(&shop, "opened", 3_000)).await;
    let open = seen(&shop, id).await;
    assert_eq!(states(&open), [(DisputeState::Open, 3_000)]);
    assert_eq!((open.payment, open.refunded.minor), (PaymentState::Paid, 0));
    assert!(open.attention.unwrap().contains("answer the dispute"));
    // The same under another name changes nothing.
    hear(&shop, "evt-2", word(&shop, "opened", 3_000)).await;
    assert_eq!(seen(&shop, id).await.version, open.version);
    let page = PageArgs::first(10);
    let listed = dispute::list(&shop.boss(), true, &page).await.unwrap();
    assert_eq!((listed.total, listed.items[0].order_number), (1, 1001));
    let nobody = shop.staff(&[Permission::ORDERS_MANAGE]);
    assert_eq!(refusal(dispute::list(&nobody, true, &page).await).0, "FORBIDDEN");
    hear(&shop, "evt-3", word(&shop, "won", 3_000)).await;
    let won = seen(&shop, id).await;
    assert_eq!((states(&won), won.attention), (vec![(DisputeState::Won, 3_000)], None));
    assert_eq!((won.state, won.refunded.minor), (OrderState::Paid, 0));
    assert_eq!(dispute::list(&shop.boss(), true, &page).await.unwrap().total, 0);
    // The customer sees nothing of it.
    let shopper = order::by_token(&shop.anonymous(), &won.token).await.unwrap();
    assert!(shopper.disputes.is_empty());
    assert!(shopper.timeline.iter().all(|entry| entry.kind != "payment.disputed"));
    assert_eq!(won.timeline.iter().filter(|entry| entry.kind == "payment.disputed").count(), 2);
    assert_eq!(shop.told().await["payment.disputed"], 2);
    shop.holds().await;
}

async fn a_lost_one_takes_the_money_and_what_comes_later_takes_no_more(shop: Shop) {
    let id = paid(&shop).await;
    // The end comes before the beginning.
    hear(&shop, "evt-1", word(&shop, "lost", 1_000)).await;
    hear(&shop, "evt-2", word(&shop, "opened", 1_000)).await;
    let lost = seen(&shop, id).await;
    assert_eq!(states(&lost), [(DisputeState::Lost, 1_000)]);
    assert_eq!((lost.payment, lost.refunded.minor), (PaymentState::PartlyRefunded, 1_000));
    assert_eq!(lost.attention, None);
    let too_much = Refund { amount: Some(2_001), reason: "broken", ..Refund::default() };
    assert_eq!(refusal(order::refund_part(&shop.boss(), id, &too_much).await).1, ["amount"]);
    hear(&shop, "evt-3", word(&shop, "won", 1_000)).await;
    let odd = seen(&shop, id).await;
    assert_eq!((odd.refunded.minor, states(&odd)), (1_000, states(&lost)));
    assert!(odd.attention.unwrap().contains("another end"));
    let sql = "SELECT CAST(SUM(amount_minor) AS bigint) FROM money_ledger WHERE kind = 'chargeback'";
    assert_eq!(shop.number(sql).await, 1_000);
    let back = order::refund(&shop.boss(), id, "broken").await.unwrap();
    assert_eq!((back.state, back.refunded.minor), (OrderState::Refunded, 3_000));
    assert_eq!(shop.stock().await, (20, 0));
    shop.holds().await;
}

async fn loses_what_was_given_back_before(shop: Shop) {
    let id = paid(&shop).await;
    let some = Refund { amount: Some(2_500), reason: "broken", ..Refund::default() };
    order::refund_part(&shop.boss(), id, &some).await.unwrap();
    hear(&shop, "evt-1", word(&shop, "lost", 3_000)).await;
    let lost = seen(&shop, id).await;
    assert_eq!((lost.state, lost.refunded.minor), (OrderState::Refunded, 3_000));
    assert!(lost.attention.unwrap().contains("had been given back before"));
    let sql = "SELECT CAST(SUM(amount_minor) AS bigint) FROM money_ledger WHERE kind = ";
    assert_eq!(shop.number(&format!("{sql}'chargeback'")).await, 500);
    assert_eq!(shop.number(&format!("{sql}'loss'")).await, 2_500);
    shop.holds().await;
    shop.force(&["UPDATE payment_dispute SET amount_minor = 2999"]).await;
    let report = crate::shop::verified(&shop.system()).await;
    assert_eq!(report.findings.iter().map(|found| found.check).collect::<Vec<_>>(), ["dispute.ledger"]);
    assert!(report.findings[0].text.contains("lost 2999, the ledger says 3000"), "{:?}", report.findings);
}

async fn takes_nothing_of_gift_cards(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let guest = shop.guest(mug, 2).await;
    with_card(&guest, &issued(&shop, 1_000).await).await;
    let id = guest.order("http").await.id;
    hear(&shop, "evt-1", word(&shop, "lost", 2_000)).await;
    let lost = seen(&shop, id).await;
    assert_eq!((lost.refunded.minor, lost.tenders[0].returned.minor), (2_000, 0));
    let back = order::refund(&shop.boss(), id, "broken").await.unwrap();
    assert_eq!((back.state, back.tenders[0].returned.minor), (OrderState::Refunded, 1_000));
    assert_eq!(shop.gateway.effects("refund"), 0);
    shop.holds().await;
}

async fn believes_no_other_amount_and_no_other_word(shop: Shop) {
    let id = paid(&shop).await;
    assert_eq!(refusal(shop.call_back("evt-1", word(&shop, "perhaps", 1)).await).1, ["status"]);
    hear(&shop, "evt-2", word(&shop, "lost", 3_001)).await;
    let odd = seen(&shop, id).await;
    assert_eq!((odd.refunded.minor, odd.disputes.len(), odd.attention.is_some()), (0, 0, true));
    shop.holds().await;
}

on_both!(
    is_told_won_and_over,
    a_lost_one_takes_the_money_and_what_comes_later_takes_no_more,
    loses_what_was_given_back_before,
    takes_nothing_of_gift_cards,
    believes_no_other_amount_and_no_other_word,
);
