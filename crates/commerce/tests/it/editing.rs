//! Edits of placed orders: what they cost, what becomes of the stock, and what is told of them.

mod paying;

use std::sync::Arc;

use commerce::CommerceError;
use commerce::order::edit::{
    self, Changes, EditPreview, LineDiscount, LineQuantity, MAX_CHANGES, MoneyEffect, NewLine, Why,
};
use commerce::order::{self, Capture, Piece, Refund, Target, Tracking};
use commerce::papers::{self, PaperKind, Reader};
use commerce::settings::{self, CaptureMode};
use commerce::view::{Address, OrderState, OrderView, PaymentState};
use platform::Ctx;
use platform::db::count_statements;
use primitives::{OrderId, OrderLineId, Permission, VariantId};
use testkit::on_both;

use crate::gateway::Mood;
use crate::shop::{Shop, maud, refusal};

fn why(key: &str) -> Why<'_> {
    Why { reason: "the customer called", notify: false, key }
}

fn set(line: OrderLineId, quantity: i64) -> Changes {
    Changes { quantities: vec![LineQuantity { line, quantity }], ..Changes::default() }
}

fn add(variant: VariantId, quantity: i64) -> Changes {
    Changes { add: vec![NewLine { variant, quantity }], ..Changes::default() }
}

fn at(order: &OrderView) -> Target {
    Target { id: order.id, version: Some(order.version) }
}

async fn seen(shop: &Shop, id: OrderId) -> OrderView {
    order::by_id(&shop.boss(), id).await.unwrap()
}

/// Edits and expects exactly what the preview says.
async fn as_foretold(
    boss: &Ctx,
    order: &OrderView,
    changes: &Changes,
    key: &str,
) -> (EditPreview, OrderView) {
    let preview = edit::preview(boss, order.id, changes).await.unwrap();
    assert_eq!(preview.problems, [], "{changes:?}");
    assert_eq!((preview.version, &preview.before), (order.version, &order.totals));
    let edited = edit::edit(boss, at(order), changes, why(key)).await.unwrap();
    assert_eq!(preview.after, edited.totals);
    assert_eq!(preview.difference.minor, edited.totals.total.minor - order.totals.total.minor);
    let kept = preview.lines.iter().filter(|line| 0 < line.quantity);
    let foretold: Vec<_> = kept
        .map(|line| (line.variant, line.quantity, line.unit, line.total, line.discount.minor, line.tax))
        .collect();
    let happened: Vec<_> = edited
        .lines
        .iter()
        .map(|line| {
            let off = line.full.minor - line.total.minor;
            (line.variant, i64::from(line.quantity), line.unit, line.total, off, line.tax)
        })
        .collect();
    assert_eq!(foretold, happened);
    (preview, edited)
}

/// State, where the money is, total, received, given back.
fn stands(order: &OrderView) -> (OrderState, PaymentState, i64, i64, i64) {
    (order.state, order.payment, order.totals.total.minor, order.paid.minor, order.refunded.minor)
}

async fn capture_by_staff(shop: &Shop) {
    let boss = shop.boss();
    let current = settings::current(&boss).await.unwrap();
    let mut next = current.settings.clone();
    next.payment.capture = CaptureMode::Manual;
    settings::update(&boss, current.version, next).await.unwrap();
}

async fn a_paid_order_that_costs_less_gives_the_rest_back(shop: Shop) {
    let (boss, mug) = (shop.boss(), shop.product("Mug", "12.50", 20).await);
    let order = shop.guest(mug, 3).await.order("http").await;
    assert_eq!(stands(&order), (OrderState::Paid, PaymentState::Paid, 4_250, 4_250, 0));
    let order = seen(&shop, order.id).await;
    let (preview, edited) = as_foretold(&boss, &order, &set(order.lines[0].id, 1), "k").await;
    let back = primitives::Money::new(2_500, order.paid.currency);
    assert_eq!(preview.money, MoneyEffect::Refund { amount: back });
    assert_eq!((preview.stock[0].variant, preview.stock[0].taken), (mug, -2));
    assert_eq!(stands(&edited), (OrderState::Paid, PaymentState::PartlyRefunded, 1_750, 4_250, 2_500));
    assert_eq!(edited.totals.tax.minor, 304, "21 % in 17.50");
    assert_eq!((shop.gateway.effects("refund"), shop.stock().await), (1, (20, 1)));
    let story: Vec<_> = edited.timeline.iter().map(|entry| entry.text.as_str()).collect();
    assert!(
        story.contains(&"2 × Mug taken away, 25.00 EUR to be given back: the customer called"),
        "{story:?}"
    );
    assert_eq!(shop.told().await["order.edited"], 1);
    // What the stream adds up to is what the row says.
    let told = order::rebuild(&shop.system(), order.id).await.unwrap().unwrap();
    assert_eq!(told.version, edited.version);
    let now = told.state.now();
    assert_eq!((now.total, now.n_items, now.lines[0].quantity), (1_750, 1, 1));
    assert_eq!((told.state.placed.total, told.state.standing.edited), (4_250, -2_500));
    // The rest can still go back, down to nothing.
    let done = order::refund(&boss, order.id, "broken").await.unwrap();
    assert_eq!(stands(&done), (OrderState::Refunded, PaymentState::Refunded, 1_750, 4_250, 4_250));
    shop.holds().await;
}

async fn a_lost_answer_gives_back_once(shop: Shop) {
    let (boss, mug) = (shop.boss(), shop.product("Mug", "12.50", 20).await);
    let order = shop.guest(mug, 2).await.order("http").await;
    shop.gateway.next("refund", &[Mood::Cut]);
    let order = seen(&shop, order.id).await;
    let edited = edit::edit(&boss, at(&order), &set(order.lines[0].id, 1), why("k")).await.unwrap();
    assert_eq!(stands(&edited), (OrderState::Paid, PaymentState::Paid, 1_750, 3_000, 0));
    let again = edit::edit(&boss, at(&edited), &set(order.lines[0].id, 2), why("l")).await;
    assert_eq!(refusal(again), ("BAD_USER_INPUT".into(), vec!["state".to_owned(), "total".to_owned()]));
    shop.advance(std::time::Duration::from_secs(60));
    shop.sweep().await;
    assert_eq!(stands(&seen(&shop, order.id).await).4, 1_250);
    assert_eq!(shop.gateway.effects("refund"), 1);
    shop.holds().await;
}

async fn what_waits_for_payment_by_hand_costs_the_new_total(shop: Shop) {
    let (boss, mug) = (shop.boss(), shop.product("Mug", "12.50", 20).await);
    let bowl = shop.product("Bowl", "8.00", 5).await;
    let order = shop.guest(mug, 2).await.order("manual").await;
    let order = seen(&shop, order.id).await;
    let changes = Changes { quantities: set(order.lines[0].id, 0).quantities, ..add(bowl, 3) };
    let (preview, edited) = as_foretold(&boss, &order, &changes, "k").await;
    assert_eq!(stands(&edited), (OrderState::PendingPayment, PaymentState::Unpaid, 2_900, 0, 0));
    assert_eq!(preview.money.amount().unwrap().minor, 2_900);
    assert_eq!((edited.balance_due.minor, edited.due.minor), (2_900, 2_900));
    assert_eq!((edited.lines.len(), edited.lines[0].title.as_str()), (1, "Bowl"));
    assert_eq!(shop.stock().await, (25, 3));
    let paid = order::mark_paid(&boss, order.id).await.unwrap();
    assert_eq!(stands(&paid), (OrderState::Paid, PaymentState::Paid, 2_900, 2_900, 0));
    assert_eq!(paid.balance_due.minor, 0);
    order::ship(&boss, order.id, &Tracking::default()).await.unwrap();
    assert_eq!(shop.stock().await, (22, 0));
    let late = edit::edit(&boss, Target::from(order.id), &set(edited.lines[0].id, 2), why("l")).await;
    assert_eq!(refusal(late).1, ["state", "quantities.0.quantity"]);
    shop.holds().await;
}

async fn the_prices_it_was_placed_with_hold_and_new_lines_cost_what_they_cost_today(shop: Shop) {
    let (boss, mug) = (shop.boss(), shop.product("Mug", "12.50", 20).await);
    let order = shop.guest(mug, 1).await.order("manual").await;
    let owner = shop.database().owner().await;
    sea_orm::ConnectionTrait::execute_unprepared(&owner, "UPDATE variant SET price_minor = 2000")
        .await
        .unwrap();
    owner.close().await.unwrap();
    let order = seen(&shop, order.id).await;
    let changes = Changes { quantities: set(order.lines[0].id, 2).quantities, ..add(mug, 1) };
    let (_, edited) = as_foretold(&boss, &order, &changes, "k").await;
    let lines: Vec<_> = edited.lines.iter().map(|line| (line.quantity, line.unit.minor)).collect();
    assert_eq!(lines, [(2, 1_250), (1, 2_000)]);
    assert_eq!(edited.totals.total.minor, 5_000);
    shop.holds().await;
}

async fn what_staff_takes_off_is_taxed_less(shop: Shop) {
    let (boss, mug) = (shop.boss(), shop.product("Mug", "12.50", 20).await);
    let order = shop.guest(mug, 2).await.order("manual").await;
    order::mark_paid(&boss, order.id).await.unwrap();
    let order = seen(&shop, order.id).await;
    let line = order.lines[0].id;
    let off = |amount: &str| Changes {
        discounts: vec![LineDiscount { line, amount: amount.to_owned() }],
        ..Changes::default()
    };
    for (amount, field) in
        [("25.01", "discounts.0.amount"), ("-1.00", "discounts.0.amount"), ("x", "discounts.0.amount")]
    {
        let refused = refusal(edit::edit(&boss, at(&order), &off(amount), why("k")).await);
        assert_eq!(refused, ("BAD_USER_INPUT".into(), vec![field.to_owned()]), "{amount}");
    }
    let (_, edited) = as_foretold(&boss, &order, &off("5.00"), "k").await;
    assert_eq!(stands(&edited), (OrderState::Paid, PaymentState::PartlyRefunded, 2_500, 3_000, 500));
    let totals = &edited.totals;
    assert_eq!((totals.subtotal.minor, totals.discount.minor, totals.tax.minor), (2_500, 500, 434));
    assert_eq!((totals.discounts.len(), totals.discounts[0].amount.minor), (1, 500));
    // Once more replaces it, and everything is too much.
    let (_, edited) = as_foretold(&boss, &edited, &off("6.00"), "l").await;
    assert_eq!((edited.totals.discount.minor, edited.refunded.minor), (600, 600));
    let all = Changes { shipping: Some("0".into()), ..off("25.00") };
    assert_eq!(refusal(edit::edit(&boss, at(&edited), &all, why("m")).await).1, ["total"]);
    shop.holds().await;
}

/// Each line that changes costs the database nothing more.
async fn many_lines_are_written_as_one(shop: Shop) {
    let boss = shop.boss();
    let mut cups = Vec::new();
    for n in 0..6 {
        cups.push(shop.product(&format!("Cup {n}"), "10.00", 20).await);
    }
    let guest = shop.guest(cups[0], 3).await;
    let rest: Vec<_> = cups[1..].iter().map(|cup| (*cup, 3)).collect();
    commerce::cart::add(&guest.ctx, Some(&guest.token), &rest).await.unwrap();
    let order = guest.order("manual").await;
    let off = |lines: &[usize], amount: &str| Changes {
        discounts: lines
            .iter()
            .map(|n| LineDiscount { line: order.lines[*n].id, amount: amount.to_owned() })
            .collect(),
        ..Changes::default()
    };
    let edit = async |changes: &Changes, key: &str| {
        let target = at(&seen(&shop, order.id).await);
        count_statements(async { edit::edit(&boss, target, changes, why(key)).await.unwrap() }).await
    };
    let (_, one) = edit(&off(&[0], "1.00"), "one").await;
    let (edited, five) = edit(&off(&[1, 2, 3, 4, 5], "2.50"), "five").await;
    assert_eq!(five, one);
    let lines = |order: &OrderView| -> Vec<_> {
        order
            .lines
            .iter()
            .map(|line| (line.variant, line.quantity, line.total.minor, line.tax.minor))
            .collect()
    };
    let mut expected: Vec<_> = order.lines.iter().map(|line| (line.variant, 3, 2_750, 477)).collect();
    (expected[0].2, expected[0].3) = (2_900, 503);
    assert_eq!(lines(&edited), expected);
    // Fewer, gone and new at once; the audit log has what each line was.
    let spoon = shop.product("Spoon", "4.00", 20).await;
    let quantity = |n: usize, quantity: i64| LineQuantity { line: order.lines[n].id, quantity };
    let all = Changes {
        quantities: vec![quantity(0, 1), quantity(1, 2), quantity(2, 0), quantity(3, 0)],
        add: vec![NewLine { variant: spoon, quantity: 2 }],
        ..off(&[0, 1, 4], "0")
    };
    let now = seen(&shop, order.id).await;
    let (_, edited) = as_foretold(&boss, &now, &all, "all").await;
    let (a, b, e, f) = (cups[0], cups[1], cups[4], cups[5]);
    let pieces: Vec<_> =
        edited.lines.iter().map(|line| (line.variant, line.quantity, line.total.minor)).collect();
    let mut expected = vec![(a, 1, 1_000), (b, 2, 2_000), (e, 3, 3_000), (f, 3, 2_750)];
    expected.sort_by_key(|(variant, ..)| order.lines.iter().position(|line| line.variant == *variant));
    expected.push((spoon, 2, 800));
    assert_eq!(pieces, expected);
    let noted = "SELECT COUNT(*) FROM audit_entry WHERE CAST(changes AS text) LIKE '%order_line%'";
    assert_eq!(shop.number(noted).await, 3, "edited three times");
    shop.holds().await;
}

async fn one_key_edits_once(shop: Shop) {
    let (boss, mug) = (shop.boss(), shop.product("Mug", "12.50", 20).await);
    let order = shop.guest(mug, 3).await.order("manual").await;
    order::mark_paid(&boss, order.id).await.unwrap();
    let order = seen(&shop, order.id).await;
    let fewer = set(order.lines[0].id, 1);
    let all = (0..5).map(|_| edit::edit(&boss, at(&order), &fewer, why("k")));
    let answers = futures::future::join_all(all).await;
    let versions: Vec<i64> = answers.into_iter().map(|answer| answer.unwrap().version).collect();
    assert!(versions.iter().all(|version| *version == versions[0]), "{versions:?}");
    assert_eq!(seen(&shop, order.id).await.refunded.minor, 2_500);
    assert_eq!(shop.number("SELECT COUNT(*) FROM order_edit").await, 1);
    let other = edit::edit(&boss, at(&order), &set(order.lines[0].id, 2), why("k")).await;
    assert_eq!(refusal(other).0, "IDEMPOTENCY_KEY_REUSED");
    let stale = edit::edit(&boss, at(&order), &set(order.lines[0].id, 2), why("l")).await;
    assert_eq!(refusal(stale).0, "CONFLICT");
    for key in ["", "two words"] {
        assert_eq!(refusal(edit::edit(&boss, at(&order), &fewer, why(key)).await).1, ["idempotencyKey"]);
    }
    let silent = Why { reason: " ", ..why("m") };
    assert_eq!(refusal(edit::edit(&boss, at(&order), &fewer, silent).await).1, ["reason"]);
    shop.holds().await;
}

async fn what_is_not_there_changes_nothing(shop: Shop) {
    let (boss, mug) = (shop.boss(), shop.product("Mug", "12.50", 5).await);
    let bowl = shop.product("Bowl", "8.00", 1).await;
    let order = shop.guest(mug, 2).await.order("manual").await;
    let order = seen(&shop, order.id).await;
    let (before, told) = (shop.stock().await, shop.told().await);
    let changes = Changes { quantities: set(order.lines[0].id, 1).quantities, ..add(bowl, 2) };
    let preview = edit::preview(&boss, order.id, &changes).await.unwrap();
    assert_eq!(preview.problems[0].field, "add.0.quantity");
    assert_eq!(refusal(edit::edit(&boss, at(&order), &changes, why("k")).await).0, "OUT_OF_STOCK");
    let more = edit::edit(&boss, at(&order), &set(order.lines[0].id, 6), why("k")).await;
    assert_eq!(refusal(more).0, "OUT_OF_STOCK");
    // Of too much at once nothing is looked up: that none of it is there is not even known.
    let unknown = LineQuantity { line: OrderLineId::new(), quantity: 1 };
    let many = Changes {
        quantities: vec![unknown; MAX_CHANGES + 1],
        add: (0..=MAX_CHANGES).map(|_| NewLine { variant: VariantId::new(), quantity: 1 }).collect(),
        ..Changes::default()
    };
    let preview = edit::preview(&boss, order.id, &many).await.unwrap();
    let problems: Vec<_> = preview.problems.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!((problems, &preview.after), (vec!["quantities", "add"], &preview.before));
    assert_eq!(refusal(edit::edit(&boss, at(&order), &many, why("k")).await).1, ["quantities", "add"]);
    let after = seen(&shop, order.id).await;
    assert_eq!((after.version, &after.lines), (order.version, &order.lines));
    assert_eq!((shop.stock().await, shop.told().await), (before, told));
    assert_eq!(shop.number("SELECT COUNT(*) FROM order_edit").await, 0);
    // The last one is there for it.
    as_foretold(&boss, &order, &add(bowl, 1), "k").await;
    shop.holds().await;
}

async fn what_has_left_stays(shop: Shop) {
    let (boss, mug) = (shop.boss(), shop.product("Mug", "12.50", 20).await);
    let bowl = shop.product("Bowl", "8.00", 5).await;
    let guest = shop.guest(mug, 3).await;
    commerce::cart::add(&guest.ctx, Some(&guest.token), &[(bowl, 1)]).await.unwrap();
    let order = guest.order("manual").await;
    order::mark_paid(&boss, order.id).await.unwrap();
    let line = order.lines.iter().find(|line| line.variant == mug).unwrap().id;
    let bowls = order.lines.iter().find(|line| line.variant == bowl).unwrap().id;
    let pieces = [Piece { line, quantity: 2 }];
    let sent = order::ship_pieces(&boss, order.id, &pieces, &Tracking::default()).await.unwrap();
    let refused = edit::preview(&boss, order.id, &set(line, 1)).await.unwrap();
    assert_eq!(refused.problems[0].message, "2 pieces of it have left, which cannot be taken away");
    assert_eq!(
        refusal(edit::edit(&boss, at(&sent), &set(line, 1), why("k")).await).1,
        ["quantities.0.quantity"]
    );
    let moved =
        Changes { address: Some(Address { line1: "Kouter 1".into(), ..maud() }), ..Changes::default() };
    assert_eq!(refusal(edit::edit(&boss, at(&sent), &moved, why("k")).await).1[0], "address");
    // Without what is left to send, all of it has left.
    let changes = Changes {
        quantities: vec![LineQuantity { line, quantity: 2 }, LineQuantity { line: bowls, quantity: 0 }],
        ..Changes::default()
    };
    let (_, edited) = as_foretold(&boss, &sent, &changes, "k").await;
    assert_eq!(
        (edited.state, edited.refunded.minor, shop.stock().await),
        (OrderState::Shipped, 2_050, (23, 0))
    );
    assert_eq!(shop.told().await["order.shipped"], 1);
    assert_eq!(order::deliver(&boss, order.id).await.unwrap().state, OrderState::Delivered);
    shop.holds().await;
}

async fn the_letter_names_what_there_is_more_or_less_of(shop: Shop) {
    let order = crate::parcels::two_lines(&shop).await;
    let order = seen(&shop, order.id).await;
    let (mugs, bowls) = (order.lines[0].id, order.lines[1].id);
    let changes =
        Changes { discounts: vec![LineDiscount { line: mugs, amount: "5.00".into() }], ..set(bowls, 1) };
    let told = Why { notify: true, ..why("k") };
    edit::edit(&shop.boss(), at(&order), &changes, told).await.unwrap();
    let letters = async |words: &str| {
        let sql = "SELECT COUNT(*) FROM mail_job WHERE kind = 'order_edited' AND text LIKE";
        shop.number(&format!("{sql} '%{words}%'")).await
    };
    assert_eq!((letters("Bowl: 2 → 1").await, letters("Mug").await), (1, 0));
    shop.holds().await;
}

async fn it_goes_elsewhere_in_the_same_country(shop: Shop) {
    let (boss, mug) = (shop.boss(), shop.product("Mug", "12.50", 20).await);
    let order = shop.guest(mug, 1).await.order("manual").await;
    let order = seen(&shop, order.id).await;
    let to = |address: Address| Changes { address: Some(address), ..Changes::default() };
    let abroad = Address { country: "NL".into(), postal_code: "1012 AB".into(), ..maud() };
    assert_eq!(refusal(edit::edit(&boss, at(&order), &to(abroad), why("k")).await).1, ["address.country"]);
    let nowhere = Address { postal_code: "x".into(), city: String::new(), ..maud() };
    let wrong = refusal(edit::edit(&boss, at(&order), &to(nowhere), why("k")).await).1;
    assert_eq!(wrong, ["address.city", "address.postalCode"]);
    assert_eq!(refusal(edit::edit(&boss, at(&order), &Changes::default(), why("k")).await).1, ["changes"]);
    let changes = Changes {
        email: Some("nan@example.com".into()),
        phone: Some("+32 9 123".into()),
        ..to(Address { line1: "Kouter 1".into(), ..maud() })
    };
    let letters =
        "SELECT COUNT(*) FROM mail_job WHERE kind = 'order_edited' AND recipient = 'nan@example.com'";
    let told = Why { notify: true, ..why("k") };
    let edited = edit::edit(&boss, at(&order), &changes, told).await.unwrap();
    assert_eq!((edited.email.as_str(), edited.address.line1.as_str()), ("nan@example.com", "Kouter 1"));
    assert_eq!((edited.address.phone.as_str(), shop.number(letters).await), ("+32 9 123", 1));
    let text = &edited.timeline.last().unwrap().text;
    assert_eq!(text, "It goes to another address, other contact: the customer called");
    shop.holds().await;
}

async fn an_invoice_is_replaced(shop: Shop) {
    let (boss, mug) = (shop.boss(), shop.product("Mug", "12.50", 20).await);
    let order = shop.guest(mug, 3).await.order("manual").await;
    order::mark_paid(&boss, order.id).await.unwrap();
    let reader = Reader::Staff(order.id);
    let first = papers::invoice(&boss, reader).await.unwrap();
    let scratch = Refund { amount: Some(500), reason: "a scratch", ..Refund::default() };
    order::refund_part(&boss, order.id, &scratch).await.unwrap();
    let order = seen(&shop, order.id).await;
    as_foretold(&boss, &order, &set(order.lines[0].id, 2), "k").await;
    let said = async || -> Vec<(PaperKind, i64, i64, String)> {
        let all = papers::list(&boss, reader).await.unwrap();
        all.into_iter().map(|paper| (paper.kind, paper.number, paper.total.minor, paper.name)).collect()
    };
    let (invoice, note) = (PaperKind::Invoice, PaperKind::CreditNote);
    assert_eq!(
        said().await,
        [
            (invoice, 1, 4_250, "invoice-1".to_owned()),
            (invoice, 2, 3_000, "invoice".to_owned()),
            (note, 1, 500, "credit-note-1".to_owned()),
            (note, 2, 3_750, "credit-note-2".to_owned()),
            // What went back before the edit went back of it, too.
            (note, 3, 500, "credit-note-3".to_owned()),
        ]
    );
    assert_eq!(papers::invoice_numbered(&boss, reader, 1).await.unwrap(), first);
    assert_eq!(papers::invoice(&boss, reader).await.unwrap().bill.lines[0].quantity, 2);
    order::refund(&boss, order.id, "broken").await.unwrap();
    let all = said().await;
    let sum = |kind| all.iter().filter(|paper| paper.0 == kind).map(|paper| paper.2).sum::<i64>();
    assert_eq!(sum(invoice), sum(note), "nothing is asked for any more");
    shop.holds().await;
}

async fn nobody_else_edits(shop: Shop) {
    let (boss, mug) = (shop.boss(), shop.product("Mug", "12.50", 20).await);
    let order = shop.guest(mug, 2).await.order("manual").await;
    order::mark_paid(&boss, order.id).await.unwrap();
    let order = seen(&shop, order.id).await;
    let line = order.lines[0].id;
    let fewer = set(line, 1);
    let code = |result: Result<OrderView, CommerceError>| refusal(result).0;
    let stranger = shop.other_tenant();
    assert_eq!(code(edit::edit(&stranger, at(&order), &fewer, why("k")).await), "NOT_FOUND");
    assert_eq!(refusal(edit::preview(&stranger, order.id, &fewer).await).0, "NOT_FOUND");
    assert_eq!(code(edit::edit(&shop.customer(), at(&order), &fewer, why("k")).await), "FORBIDDEN");
    let reads = shop.staff(&[Permission::ORDERS_READ]);
    assert_eq!(refusal(edit::preview(&reads, order.id, &fewer).await).0, "FORBIDDEN");
    // Who edits gives nothing back.
    let edits = shop.staff(&[Permission::ORDERS_UPDATE]);
    assert_eq!(code(edit::edit(&edits, at(&order), &fewer, why("k")).await), "FORBIDDEN");
    let other = shop.guest(mug, 1).await.order("manual").await;
    assert_eq!(code(edit::edit(&boss, at(&order), &set(other.lines[0].id, 1), why("k")).await), "NOT_FOUND");
    assert_eq!(code(edit::edit(&boss, at(&order), &add(VariantId::new(), 1), why("k")).await), "NOT_FOUND");
    order::cancel(&boss, other.id, "no").await.unwrap();
    let over = edit::edit(&boss, Target::from(other.id), &set(other.lines[0].id, 1), why("k")).await;
    assert_eq!(refusal(over).1[0], "state");
    assert!(seen(&shop, order.id).await.moves.iter().any(|one| one.name == "edit" && one.possible));
    assert!(seen(&shop, other.id).await.moves.iter().any(|one| one.name == "edit" && !one.possible));
    assert_eq!(seen(&shop, order.id).await.version, order.version);
    shop.holds().await;
}

/// Numbers that are always the same.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

async fn whatever_is_edited_is_foretold_and_the_books_agree(shop: Shop) {
    let boss = shop.boss();
    let mut things = Vec::new();
    for (name, price) in [("Mug", "12.53"), ("Bowl", "8.01"), ("Spoon", "0.99")] {
        things.push(shop.product(name, price, 1_000).await);
    }
    let things: Arc<[VariantId]> = things.into();
    for (n, provider) in ["manual", "manual", "http"].into_iter().enumerate() {
        let mut dice = Dice(7 + n as u64);
        let order = shop.guest(things[0], 7).await.order(provider).await;
        if n == 1 {
            order::mark_paid(&boss, order.id).await.unwrap();
        }
        let mut order = seen(&shop, order.id).await;
        let mut done = 0;
        for round in 0..14 {
            let mut changes = Changes { rest_received: true, ..Changes::default() };
            for line in &order.lines {
                if dice.below(2) == 0 {
                    let quantity = i64::try_from(dice.below(6)).unwrap();
                    changes.quantities.push(LineQuantity { line: line.id, quantity });
                }
            }
            if dice.below(3) == 0 {
                let variant = things[usize::try_from(dice.below(3)).unwrap()];
                changes.add.push(NewLine { variant, quantity: 1 + i64::try_from(dice.below(4)).unwrap() });
            }
            if dice.below(3) == 0 {
                let line = order.lines[0].id;
                changes.discounts.push(LineDiscount { line, amount: format!("0.{:02}", dice.below(100)) });
            }
            if dice.below(4) == 0 {
                changes.shipping = Some(format!("{}.37", dice.below(6)));
            }
            let preview = edit::preview(&boss, order.id, &changes).await.unwrap();
            let key = format!("{n}-{round}");
            if preview.problems.is_empty() {
                order = as_foretold(&boss, &order, &changes, &key).await.1;
                done += 1;
            } else {
                let refused = refusal(edit::edit(&boss, at(&order), &changes, why(&key)).await);
                let fields: Vec<_> = preview.problems.into_iter().map(|problem| problem.field).collect();
                assert_eq!(refused, ("BAD_USER_INPUT".to_owned(), fields));
            }
        }
        assert!(1 < done, "{provider}: {done}");
    }
    shop.holds().await;
    // What the read model has added up bit by bit is what it adds up to from the beginning.
    let sums = async || {
        let count = shop.number("SELECT CAST(SUM(quantity) AS bigint) FROM sales_product").await;
        (count, shop.number("SELECT CAST(SUM(revenue_minor) AS bigint) FROM sales_product").await)
    };
    let lines = "FROM order_line l JOIN orders o ON o.tenant_id = l.tenant_id AND o.id = l.order_id \
                 WHERE o.state IN ('paid', 'shipped')";
    let quantity = shop.number(&format!("SELECT CAST(SUM(l.quantity) AS bigint) {lines}")).await;
    let revenue =
        shop.number(&format!("SELECT CAST(SUM(l.quantity * l.unit_minor) AS bigint) {lines}")).await;
    assert_eq!(sums().await, (quantity, revenue));
}

on_both!(
    a_paid_order_that_costs_less_gives_the_rest_back,
    a_lost_answer_gives_back_once,
    what_waits_for_payment_by_hand_costs_the_new_total,
    the_prices_it_was_placed_with_hold_and_new_lines_cost_what_they_cost_today,
    what_staff_takes_off_is_taxed_less,
    many_lines_are_written_as_one,
    one_key_edits_once,
    what_is_not_there_changes_nothing,
    what_has_left_stays,
    the_letter_names_what_there_is_more_or_less_of,
    it_goes_elsewhere_in_the_same_country,
    an_invoice_is_replaced,
    nobody_else_edits,
    whatever_is_edited_is_foretold_and_the_books_agree,
);
