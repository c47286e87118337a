//! What staff does with orders.

use std::time::Duration;

use commerce::order::{self, Target, Tracking};
use commerce::returns::{self, Door};
use commerce::view::{OrderState, OrderView, PaymentState};
use platform::Actor;
use primitives::{OrderId, Permission, PermissionSet, UserId};
use testkit::on_both;

use crate::gateway::Mood;
use crate::people::member;
use crate::returning::ask;
use crate::shop::{Shop, refusal};

fn parcel() -> Tracking {
    Tracking { carrier: "DHL".into(), number: "JVGL 1".into(), url: "https://dhl.example/JVGL1".into() }
}

async fn goes_from_placed_to_delivered(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let placed = shop.guest(mug, 3).await.order("manual").await;
    let boss = shop.boss();
    let early = order::ship(&boss, placed.id, &parcel()).await;
    assert_eq!(early.unwrap_err().to_string(), "an order that is waiting for payment cannot be shipped");
    let paid = order::mark_paid(&boss, placed.id).await.unwrap();
    assert_eq!(
        (paid.state, paid.payment, paid.paid),
        (OrderState::Paid, PaymentState::Paid, placed.totals.total)
    );
    assert_eq!(refusal(order::mark_paid(&boss, placed.id).await).0, "CONFLICT");
    assert_eq!(refusal(order::cancel(&boss, placed.id, "no").await).0, "CONFLICT");
    let noted = order::add_note(&boss, placed.id, " Blanket comes on Monday. ").await.unwrap();
    assert_eq!(noted.notes[0].text, "Blanket comes on Monday.");
    let bad = order::ship(&boss, placed.id, &Tracking { url: "javascript:x".into(), ..parcel() }).await;
    assert_eq!(refusal(bad).1, ["trackingUrl"]);
    let stale = Target { id: placed.id, version: Some(paid.version) };
    assert_eq!(refusal(order::ship(&boss, stale, &parcel()).await).0, "CONFLICT");
    let now = Target { id: placed.id, version: Some(noted.version) };
    let shipped = order::ship(&boss, now, &parcel()).await.unwrap();
    assert_eq!((shipped.state, shipped.fulfilments[0].carrier.as_str()), (OrderState::Shipped, "DHL"));
    assert_eq!(shop.stock().await, (17, 0));
    let delivered = order::deliver(&boss, placed.id).await.unwrap();
    assert_eq!(delivered.state, OrderState::Delivered);
    assert!(delivered.fulfilments[0].delivered_at.is_some());
    let kinds: Vec<_> = delivered.timeline.iter().map(|entry| entry.kind.as_str()).collect();
    assert_eq!(
        kinds,
        [
            "order.placed",
            "payment.captured",
            "order.paid",
            "order.note_added",
            "order.shipped",
            "order.delivered"
        ]
    );
    assert_eq!(
        (delivered.timeline[0].actor.as_str(), delivered.timeline[2].actor.as_str()),
        ("customer", "staff")
    );
    let shopper = order::by_token(&shop.anonymous(), &placed.token).await.unwrap();
    assert_eq!((shopper.notes, shopper.moves), (vec![], vec![]));
    assert!(shopper.timeline.iter().all(|entry| entry.kind != "order.note_added"));
    let told = shop.told().await;
    for kind in [
        "fulfilment.created",
        "fulfilment.shipped",
        "fulfilment.delivered",
        "order.delivered",
        "order.completed",
    ] {
        assert_eq!(told[kind], 1, "{kind}");
    }
    shop.holds().await;
}

async fn says_in_every_state_what_is_possible_and_why_the_rest_is_not(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let boss = shop.boss();
    let id = shop.guest(mug, 1).await.order("manual").await.id;
    let mut seen = vec![order::by_id(&boss, id).await.unwrap()];
    seen.push(order::mark_paid(&boss, id).await.unwrap());
    seen.push(order::ship(&boss, id, &parcel()).await.unwrap());
    seen.push(order::deliver(&boss, id).await.unwrap());
    seen.push(order::refund(&boss, id, "broken").await.unwrap());
    let other = shop.guest(mug, 1).await.order("manual").await.id;
    seen.push(order::cancel(&boss, other, "changed their mind").await.unwrap());
    let states: Vec<_> = seen.iter().map(|order| order.state).collect();
    use OrderState::{Cancelled, Delivered, Paid, PendingPayment, Refunded, Shipped};
    assert_eq!(states, [PendingPayment, Paid, Shipped, Delivered, Refunded, Cancelled]);
    let mut said = Vec::new();
    for order in &seen {
        for found in &order.moves {
            assert_eq!(found.possible, found.why_not.is_empty(), "{found:?}");
            let verdict = if found.possible { "possible" } else { found.why_not.as_str() };
            said.push(format!("{} + {}: {verdict}", order.state.as_str(), found.name));
        }
    }
    insta::assert_snapshot!("moves", said.join("\n"));
    shop.holds().await;
}

async fn is_called_off_only_before_payment(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let placed = shop.guest(mug, 3).await.order("manual").await;
    let boss = shop.boss();
    for reason in ["", "  ", &"x".repeat(501)] {
        assert_eq!(refusal(order::cancel(&boss, placed.id, reason).await).1, ["reason"]);
    }
    let cancelled = order::cancel(&boss, placed.id, "changed their mind").await.unwrap();
    assert_eq!(
        (cancelled.state, cancelled.cancel_reason.as_str()),
        (OrderState::Cancelled, "changed their mind")
    );
    assert_eq!(shop.stock().await, (20, 0));
    assert_eq!(refusal(order::mark_paid(&boss, placed.id).await).0, "CONFLICT");
    assert_eq!(refusal(order::refund(&boss, placed.id, "x").await).0, "CONFLICT");
    assert!(cancelled.moves.iter().all(|found| !found.possible && !found.why_not.is_empty()));
    shop.holds().await;
}

async fn belongs_to_its_shop_and_to_those_who_may(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let placed = shop.guest(mug, 1).await.order("manual").await;
    let elsewhere = shop.other_tenant();
    let before = shop.told().await;
    for id in [placed.id, OrderId::new()] {
        assert_eq!(refusal(order::mark_paid(&elsewhere, id).await).0, "NOT_FOUND");
        assert_eq!(refusal(order::ship(&elsewhere, id, &parcel()).await).0, "NOT_FOUND");
        assert_eq!(refusal(order::deliver(&elsewhere, id).await).0, "NOT_FOUND");
        assert_eq!(refusal(order::cancel(&elsewhere, id, "x").await).0, "NOT_FOUND");
        assert_eq!(refusal(order::refund(&elsewhere, id, "x").await).0, "NOT_FOUND");
        assert_eq!(refusal(order::add_note(&elsewhere, id, "x").await).0, "NOT_FOUND");
        assert_eq!(refusal(order::clear_attention(&elsewhere, id).await).0, "NOT_FOUND");
    }
    let reader = shop.staff(&[Permission::ORDERS_READ]);
    assert_eq!(refusal(order::mark_paid(&reader, placed.id).await).0, "FORBIDDEN");
    assert_eq!(refusal(order::refund(&reader, placed.id, "x").await).0, "FORBIDDEN");
    assert_eq!(refusal(order::cancel(&shop.customer(), placed.id, "x").await).0, "FORBIDDEN");
    assert_eq!(refusal(order::cancel(&shop.anonymous(), placed.id, "x").await).0, "UNAUTHENTICATED");
    assert_eq!(shop.told().await, before);
    assert_eq!(order::by_id(&reader, placed.id).await.unwrap().version, placed.version);
    assert!(order::add_note(&reader, placed.id, "the customer called").await.is_ok());
    shop.holds().await;
}

async fn gives_everything_back_and_ends_at_zero(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let boss = shop.boss();
    let unsent = shop.guest(mug, 2).await.order("http").await;
    let back = order::refund(&boss, unsent.id, "sold elsewhere").await.unwrap();
    assert_eq!(
        (back.state, back.payment, back.refunded),
        (OrderState::Refunded, PaymentState::Refunded, back.paid)
    );
    assert_eq!(shop.stock().await, (20, 0));
    assert_eq!(refusal(order::refund(&boss, unsent.id, "again").await).0, "CONFLICT");
    let sent = shop.guest(mug, 1).await.order("manual").await;
    order::mark_paid(&boss, sent.id).await.unwrap();
    order::ship(&boss, sent.id, &parcel()).await.unwrap();
    let back = order::refund(&boss, sent.id, "broken").await.unwrap();
    assert_eq!((back.state, back.refunded), (OrderState::Refunded, back.paid));
    assert_eq!(shop.stock().await, (19, 0));
    let balance = "SELECT CAST(SUM(CASE WHEN kind = 'capture' THEN amount_minor ELSE -amount_minor END) AS bigint) \
                   FROM money_ledger";
    assert_eq!(shop.number(balance).await, 0);
    let owner = shop.database().owner().await;
    use sea_orm::ConnectionTrait;
    assert!(owner.execute_unprepared("UPDATE money_ledger SET amount_minor = 1").await.is_err());
    assert!(owner.execute_unprepared("DELETE FROM money_ledger").await.is_err());
    shop.holds().await;
}

async fn keeps_asking_for_a_refund_whose_answer_was_lost(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let boss = shop.boss();
    let order = shop.guest(mug, 1).await.order("http").await;
    shop.gateway.next("refund", &[Mood::Cut]);
    let asked = order::refund(&boss, order.id, "broken").await.unwrap();
    assert_eq!((asked.state, asked.refunded.minor), (OrderState::Paid, 0));
    assert_eq!(refusal(order::refund(&boss, order.id, "again").await).0, "CONFLICT");
    shop.advance(Duration::from_secs(2));
    shop.sweep().await;
    let done = order::by_id(&boss, order.id).await.unwrap();
    assert_eq!((done.state, shop.gateway.effects("refund")), (OrderState::Refunded, 1));
    let order = shop.guest(mug, 1).await.order("http").await;
    shop.gateway.next("refund", &[Mood::Decline]);
    let refused = order::refund(&boss, order.id, "broken").await.unwrap();
    assert!(refused.attention.is_some() && refused.state == OrderState::Paid);
    let done = order::refund(&boss, order.id, "broken, second try").await.unwrap();
    assert_eq!((done.state, done.attention), (OrderState::Refunded, None));
    shop.holds().await;
}

async fn is_cancelled_when_nobody_pays_in_time(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let placed = shop.guest(mug, 3).await.order("manual").await;
    shop.advance(Duration::from_secs(7 * 24 * 3600 - 1));
    assert_eq!(shop.sweep().await.expired, 0);
    shop.advance(Duration::from_secs(1));
    assert_eq!(shop.sweep().await.expired, 1);
    let order = order::by_id(&shop.boss(), placed.id).await.unwrap();
    assert_eq!(
        (order.state, order.timeline.last().unwrap().actor.as_str()),
        (OrderState::Cancelled, "system")
    );
    assert_eq!(shop.stock().await, (20, 0));
    assert_eq!(shop.sweep().await.expired, 0);
    shop.holds().await;
}

async fn tells_in_which_role_somebody_acted(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let user = shop.somebody("olga@hearth.example").await.user_id().unwrap();
    let olga = shop.anonymous().with_actor(Actor::Staff { user, permissions: PermissionSet::everything() });
    // Buys with the session that she works with, and then does her work.
    let placed = member(&olga, mug, 1).await.order("manual").await;
    order::mark_paid(&olga, placed.id).await.unwrap();
    let sent = order::ship(&olga, placed.id, &parcel()).await.unwrap();
    let ask = ask("one", &[(sent.lines[0].id, 1)]);
    let found = returns::request(&olga, Door::Own(placed.id), &ask).await.unwrap();
    returns::approve(&olga, found.id, "").await.unwrap();
    returns::withdraw(&olga, Door::Token(&placed.token), found.id).await.unwrap();
    let told = |order: &OrderView| {
        let said = order.timeline.iter().map(|entry| (entry.kind.clone(), entry.actor.clone(), entry.user));
        said.collect::<Vec<_>>()
    };
    let story = |olga: Option<UserId>| {
        let story = [
            ("order.placed", "customer", None),
            ("payment.captured", "staff", olga),
            ("order.paid", "staff", olga),
            ("order.shipped", "staff", olga),
            ("return.requested", "customer", None),
            ("return.approved", "staff", olga),
            ("return.withdrawn", "customer", None),
        ];
        story.map(|(kind, actor, user)| (kind.to_owned(), actor.to_owned(), user)).to_vec()
    };
    assert_eq!(told(&order::by_id(&olga, placed.id).await.unwrap()), story(Some(user)));
    assert_eq!(told(&order::my_order(&olga, placed.id).await.unwrap()), story(None));
    // The audit log has the account all the same.
    let noted = "SELECT COUNT(*) FROM audit_entry WHERE actor_kind = 'customer' \
                 AND actor_id = (SELECT id FROM user_account WHERE email = 'olga@hearth.example')";
    assert_eq!(shop.number(noted).await, 3);
    shop.holds().await;
}

on_both!(
    tells_in_which_role_somebody_acted,
    goes_from_placed_to_delivered,
    says_in_every_state_what_is_possible_and_why_the_rest_is_not,
    is_called_off_only_before_payment,
    belongs_to_its_shop_and_to_those_who_may,
    gives_everything_back_and_ends_at_zero,
    keeps_asking_for_a_refund_whose_answer_was_lost,
    is_cancelled_when_nobody_pays_in_time,
);
