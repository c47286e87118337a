//! What staff writes to customers about drafts, and what a draft would cost before anybody has saved it.

use commerce::draft::{self, Draft, DraftLine, DraftView, Off, Which};
use commerce::order;
use commerce::order::edit::{self, Changes, LineQuantity, Why};
use platform::{Actor, Ctx};
use primitives::{CustomerId, DraftOrderId, Permission, PermissionSet, Rate};
use sea_orm::{ConnectionTrait, Statement};
use testkit::on_both;

use crate::drafting::{complete, drafted, fields, line, off, written};
use crate::people::known;
use crate::shop::{Shop, product_of, refusal};

/// Olga of the staff, who has an account and an address of her own.
async fn olga(shop: &Shop) -> Ctx {
    let user = shop.somebody("olga@hearth.example").await.user_id().unwrap();
    shop.anonymous().with_actor(Actor::Staff { user, permissions: PermissionSet::everything() })
}

/// Kind, recipient, address of answers and text of the letters about drafts, the oldest first.
async fn letters(shop: &Shop) -> Vec<(String, String, String, String)> {
    let owner = shop.database().owner().await;
    let sql = "SELECT kind, recipient, reply_to, text FROM mail_job \
               WHERE kind IN ('quote', 'payment_asked') ORDER BY id";
    let backend = owner.get_database_backend();
    let rows = owner.query_all_raw(Statement::from_string(backend, sql)).await.unwrap();
    owner.close().await.unwrap();
    let cell = |row: &sea_orm::QueryResult, at: usize| row.try_get_by_index(at).unwrap();
    rows.iter().map(|row| (cell(row, 0), cell(row, 1), cell(row, 2), cell(row, 3))).collect()
}

async fn sent(ctx: &Ctx, draft: &DraftView) -> draft::Sent {
    draft::send(ctx, Which { id: draft.id, version: Some(draft.version) }).await.unwrap()
}

async fn a_quote_goes_out_once_for_each_version(shop: Shop) {
    let (mug, bowl) = (shop.product("Mug", "12.50", 20).await, shop.product("Bowl", "20.00", 20).await);
    let olga = olga(&shop).await;
    let mugs = DraftLine { price: Some(1_000), ..line(mug, 2) };
    let bowls = DraftLine { discount: off(Off::Share(Rate::percent(10)), "Scratched"), ..line(bowl, 1) };
    let wanted = Draft {
        customer_note: "Thank you for calling.".into(),
        internal_note: "Haggles".into(),
        discount: off(Off::Amount(500), "Regular"),
        ..written(vec![mugs, bowls])
    };
    let ready = drafted(&olga, wanted.clone()).await;
    assert_eq!((ready.sent, ready.totals.total.minor), (None, 3_800));
    let first = sent(&olga, &ready).await;
    assert_eq!((first.replayed, first.draft.version), (false, ready.version));
    assert_eq!(first.draft.sent, Some((olga.now(), ready.version)));
    let again = sent(&olga, &ready).await;
    assert_eq!((again.replayed, again.draft), (true, first.draft.clone()));
    let (one, two) = tokio::join!(draft::send(&olga, ready.id), draft::send(&olga, ready.id));
    assert!(one.unwrap().replayed && two.unwrap().replayed);
    let out = letters(&shop).await;
    assert_eq!(out.len(), 1);
    let (kind, to, answers, text) = &out[0];
    assert_eq!(
        (kind.as_str(), to.as_str(), answers.as_str()),
        ("quote", "maud@example.com", "olga@hearth.example")
    );
    let delivery = format!("{}: €5.00", ready.deliveries[0].name);
    for said in [
        "2 × Mug: €20.00",
        "1 × Bowl: €20.00",
        "Discount: −€7.00",
        delivery.as_str(),
        "Total: €38.00",
        "Tax in it: €6.59",
        "Thank you for calling.",
        "Answer this letter",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert!(!text.contains("Haggles"), "{text}");
    // Nothing was promised, and the audit log has it.
    assert_eq!(shop.stock().await, (40, 0));
    let noted = "SELECT COUNT(*) FROM audit_entry WHERE CAST(changes AS text) LIKE '%sent_version%'";
    assert_eq!(shop.number(noted).await, 1);

    // Another version is another quote; two who send it at once send one.
    let shipping_method = ready.shipping_method.clone();
    let next = Draft { shipping_method, discount: None, ..wanted };
    let changed = draft::update(&olga, ready.id, &next).await.unwrap();
    assert_eq!(changed.sent, first.draft.sent, "what was sent stays sent");
    let stale = Which { id: ready.id, version: Some(ready.version) };
    assert_eq!(refusal(draft::send(&olga, stale).await).0, "CONFLICT");
    let boss = shop.boss();
    let (one, two) = tokio::join!(draft::send(&boss, ready.id), draft::send(&boss, ready.id));
    assert_eq!(u8::from(one.unwrap().replayed) + u8::from(two.unwrap().replayed), 1);
    let out = letters(&shop).await;
    assert_eq!(out.len(), 2);
    assert!(out[1].3.contains("Total: €43.00"), "{}", out[1].3);
    assert_eq!(out[1].2, "", "whoever has no account is answered where all letters come from");
    shop.holds().await;
}

async fn what_was_placed_is_asked_to_be_paid(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let boss = shop.boss();
    let draft = drafted(&boss, written(vec![line(mug, 2)])).await;
    sent(&boss, &draft).await;
    let order = complete(&boss, draft.id, "one").await.unwrap().order;
    let placed = draft::by_id(&boss, draft.id).await.unwrap();
    let asked = sent(&boss, &placed).await;
    assert_eq!((asked.replayed, asked.draft.sent), (false, Some((boss.now(), placed.version))));
    assert!(sent(&boss, &placed).await.replayed);
    // Another version of the order is another letter.
    let seen = order::by_id(&boss, order.id).await.unwrap();
    let more = LineQuantity { line: seen.lines[0].id, quantity: 3 };
    let changes = Changes { quantities: vec![more], ..Changes::default() };
    let why = Why { reason: "one more", notify: false, key: "k" };
    edit::edit(&boss, order::Target::from(order.id), &changes, why).await.unwrap();
    let changed = draft::by_id(&boss, draft.id).await.unwrap();
    assert_eq!((changed.version, changed.sent), (placed.version, Some((boss.now(), placed.version - 1))));
    assert!(!sent(&boss, &changed).await.replayed && sent(&boss, &changed).await.replayed);
    let out = letters(&shop).await;
    assert_eq!(out.len(), 3);
    assert!(out[2].3.contains("Please pay €42.50"), "{}", out[2].3);
    let (kind, to, _, text) = &out[1];
    assert_eq!((kind.as_str(), to.as_str()), ("payment_asked", "maud@example.com"));
    for said in [
        "2 × Mug: €25.00",
        "Please pay €30.00",
        &format!("/orders/{}", order.token),
        &format!("order {}", order.number),
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    // What is paid is not asked for.
    let second = drafted(&boss, written(vec![line(mug, 1)])).await;
    let paid = complete(&boss, second.id, "two").await.unwrap().order;
    order::mark_paid(&boss, paid.id).await.unwrap();
    let error = draft::send(&boss, second.id).await.unwrap_err();
    assert_eq!(error.to_string(), format!("order {} does not wait for a payment", paid.number));
    assert_eq!(refusal(draft::send(&boss, second.id).await).0, "CONFLICT");
    assert_eq!(letters(&shop).await.len(), 3);
    shop.holds().await;
}

async fn what_cannot_be_placed_is_not_sent(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let (boss, elsewhere) = (shop.boss(), shop.other_tenant());
    let nobody = Draft { email: String::new(), ..written(vec![line(mug, 1)]) };
    let nobody = draft::create(&boss, &nobody).await.unwrap();
    assert_eq!(refusal(draft::send(&boss, nobody.id).await), ("BAD_USER_INPUT".into(), vec!["email".into()]));
    let unsent = Draft { shipping_method: String::new(), ..written(vec![line(mug, 1)]) };
    let unsent = draft::create(&boss, &unsent).await.unwrap();
    let refused = refusal(draft::send(&boss, unsent.id).await);
    assert_eq!(refused, ("BAD_USER_INPUT".into(), vec!["shippingMethod".into()]));
    let ready = drafted(&boss, written(vec![line(mug, 1)])).await;
    assert_eq!(refusal(draft::send(&elsewhere, ready.id).await).0, "NOT_FOUND");
    assert_eq!(refusal(draft::send(&boss, DraftOrderId::new()).await).0, "NOT_FOUND");
    let reader = shop.staff(&[Permission::ORDERS_READ, Permission::ORDERS_CREATE]);
    assert_eq!(refusal(draft::send(&reader, ready.id).await).0, "FORBIDDEN");
    assert_eq!(refusal(draft::send(&shop.customer(), ready.id).await).0, "FORBIDDEN");
    assert_eq!(refusal(draft::send(&shop.anonymous(), ready.id).await).0, "UNAUTHENTICATED");
    assert_eq!(draft::by_id(&boss, ready.id).await.unwrap().sent, None);
    assert!(letters(&shop).await.is_empty());
    shop.holds().await;
}

async fn is_foretold_without_being_stored(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 3).await;
    let (maud_ctx, maud) = known(&shop, mug).await;
    let boss = shop.boss();
    let first = order::my_orders(&maud_ctx, &primitives::PageArgs::first(5)).await.unwrap().items[0].id;
    order::cancel(&boss, first, "not wanted").await.unwrap();
    shop.settle().await;
    let reader = shop.staff(&[Permission::ORDERS_READ]);
    let empty = draft::preview(&reader, None, &Draft::default()).await.unwrap();
    assert!(empty.lines.is_empty() && empty.problems.iter().any(|problem| problem.field == "lines"));
    // A new one of a customer knows what the record knows, as it does when it is made.
    let of_maud = Draft { customer: Some(maud), lines: vec![line(mug, 2)], ..Draft::default() };
    let seen = draft::preview(&reader, None, &of_maud).await.unwrap();
    let problems: Vec<_> = seen.problems.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!((problems, seen.totals.subtotal.minor), (vec!["shippingMethod"], 2_500));
    assert_eq!(shop.number("SELECT COUNT(*) FROM draft_order").await, 0);
    let made = draft::create(&boss, &of_maud).await.unwrap();
    assert_eq!(
        (&made.totals, &made.deliveries, &made.problems),
        (&seen.totals, &seen.deliveries, &seen.problems)
    );
    // What it would become, beside what it is.
    let more = Draft { lines: vec![DraftLine { price: Some(900), ..line(mug, 4) }], ..of_maud.clone() };
    let more = Draft { email: made.email.clone(), address: made.address.clone(), ..more };
    let seen = draft::preview(&reader, Some(made.id), &more).await.unwrap();
    let problems: Vec<_> = seen.problems.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(problems, ["shippingMethod", "lines.0"]);
    assert_eq!((seen.lines[0].unit.minor, seen.lines[0].price.map(|price| price.minor)), (900, Some(900)));
    let now = draft::by_id(&boss, made.id).await.unwrap();
    assert_eq!((now.version, now.lines[0].quantity, fields(&now)), (1, 2, vec!["shippingMethod"]));

    let wrong = Draft { lines: vec![line(mug, 0)], ..Draft::default() };
    assert_eq!(refusal(draft::preview(&boss, None, &wrong).await).1, ["lines.0.quantity"]);
    let elsewhere = shop.other_tenant();
    let theirs = product_of(&elsewhere, "Mug", "12.50", 20).await;
    let foreign = Draft { lines: vec![line(theirs, 1)], ..Draft::default() };
    assert_eq!(refusal(draft::preview(&boss, None, &foreign).await).0, "NOT_FOUND");
    let unknown = Draft { customer: Some(CustomerId::new()), ..Draft::default() };
    assert_eq!(refusal(draft::preview(&boss, None, &unknown).await).0, "NOT_FOUND");
    assert_eq!(refusal(draft::preview(&elsewhere, Some(made.id), &Draft::default()).await).0, "NOT_FOUND");
    let clerk = shop.staff(&[Permission::ORDERS_LIST]);
    assert_eq!(refusal(draft::preview(&clerk, None, &Draft::default()).await).0, "FORBIDDEN");
    shop.holds().await;
}

on_both!(
    a_quote_goes_out_once_for_each_version,
    what_was_placed_is_asked_to_be_paid,
    what_cannot_be_placed_is_not_sent,
    is_foretold_without_being_stored,
);
