//! Orders that are sent in several parcels.

use commerce::order::{self, Piece, Target, Tracking};
use commerce::view::{OrderState, OrderView};
use commerce::{CommerceError, cart};
use primitives::{FulfilmentId, OrderLineId, Permission};
use testkit::on_both;

use crate::shop::{Shop, refusal, verified};

pub fn parcel(carrier: &str) -> Tracking {
    Tracking { carrier: carrier.into(), ..Tracking::default() }
}

/// A paid order of three mugs and two bowls, of twenty each.
pub async fn two_lines(shop: &Shop) -> OrderView {
    let mug = shop.product("Mug", "12.50", 20).await;
    let bowl = shop.product("Bowl", "20.00", 20).await;
    let guest = shop.guest(mug, 3).await;
    cart::add(&guest.ctx, Some(&guest.token), &[(bowl, 2)]).await.unwrap();
    let placed = guest.order("manual").await;
    order::mark_paid(&shop.boss(), placed.id).await.unwrap()
}

/// Sent and still to be sent, line by line.
fn pieces(order: &OrderView) -> Vec<(u32, u32)> {
    order.lines.iter().map(|line| (line.sent, line.to_send)).collect()
}

fn can(order: &OrderView, name: &str) -> bool {
    order.moves.iter().any(|found| found.name == name && found.possible)
}

async fn leaves_in_parcels_and_is_delivered_with_the_last(shop: Shop) {
    let order = two_lines(&shop).await;
    let boss = shop.boss();
    let (mugs, bowls) = (order.lines[0].id, order.lines[1].id);
    assert_eq!((pieces(&order), order.partly_shipped), (vec![(0, 3), (0, 2)], false));
    let first = [Piece { line: mugs, quantity: 1 }, Piece { line: mugs, quantity: 1 }];
    let sent = order::ship_pieces(&boss, order.id, &first, &parcel("DHL")).await.unwrap();
    assert_eq!((sent.state, sent.partly_shipped), (OrderState::Paid, true));
    assert_eq!(pieces(&sent), [(2, 1), (0, 2)]);
    let lies_in: Vec<_> = sent.fulfilments[0].lines.iter().map(|line| (line.line, line.quantity)).collect();
    assert_eq!(lies_in, [(mugs, 2)]);
    assert_eq!(shop.stock().await, (38, 3), "the rest stays reserved");
    assert!(can(&sent, "ship") && can(&sent, "deliver"));
    let shopper = order::by_token(&shop.anonymous(), &order.token).await.unwrap();
    assert_eq!((shopper.partly_shipped, pieces(&shopper)), (true, pieces(&sent)));
    shop.holds().await;
    // It arrives while the rest is being packed.
    let parcels: Vec<FulfilmentId> = sent.fulfilments.iter().map(|parcel| parcel.id).collect();
    let arrived = order::deliver_parcel(&boss, parcels[0], Some(sent.version)).await.unwrap();
    assert_eq!((arrived.state, arrived.partly_shipped), (OrderState::Paid, true));
    assert!(arrived.fulfilments[0].delivered_at.is_some() && !can(&arrived, "deliver"));
    assert_eq!(refusal(order::deliver_parcel(&boss, parcels[0], None).await).0, "CONFLICT");
    assert_eq!(
        order::deliver(&boss, order.id).await.unwrap_err().to_string(),
        "an order that is paid cannot be marked as delivered"
    );
    let second = [Piece { line: bowls, quantity: 2 }];
    order::ship_pieces(&boss, order.id, &second, &parcel("")).await.unwrap();
    let last = order::ship(&boss, order.id, &parcel("Bpost")).await.unwrap();
    assert_eq!((last.state, last.partly_shipped, last.fulfilments.len()), (OrderState::Shipped, false, 3));
    assert_eq!((pieces(&last), shop.stock().await), (vec![(3, 0), (2, 0)], (35, 0)));
    assert_eq!(refusal(order::ship(&boss, order.id, &parcel("")).await).0, "CONFLICT");
    let arrived = order::deliver_parcel(&boss, last.fulfilments[2].id, None).await.unwrap();
    assert_eq!(arrived.state, OrderState::Shipped);
    let done = order::deliver(&boss, order.id).await.unwrap();
    assert_eq!(done.state, OrderState::Delivered);
    assert!(done.fulfilments.iter().all(|parcel| parcel.delivered_at.is_some()));
    let story: Vec<_> = done.timeline[3..].iter().map(|entry| (&*entry.kind, &*entry.text)).collect();
    assert_eq!(
        story,
        [
            ("fulfilment.shipped", "Parcel with a part of it sent with DHL"),
            ("fulfilment.delivered", "One of the parcels delivered"),
            ("fulfilment.shipped", "Parcel with a part of it sent"),
            ("order.shipped", "Parcel sent with Bpost"),
            ("fulfilment.delivered", "One of the parcels delivered"),
            ("order.delivered", "Parcel delivered"),
        ]
    );
    let told = shop.told().await;
    for (kind, times) in [
        ("fulfilment.created", 3),
        ("fulfilment.shipped", 3),
        ("fulfilment.delivered", 3),
        ("order.shipped", 1),
        ("order.delivered", 1),
        ("order.completed", 1),
    ] {
        assert_eq!(told[kind], times, "{kind}");
    }
    shop.holds().await;
}

async fn says_which_pieces_cannot_be_sent(shop: Shop) {
    let order = two_lines(&shop).await;
    let boss = shop.boss();
    let (mugs, bowls) = (order.lines[0].id, order.lines[1].id);
    order::ship_pieces(&boss, order.id, &[Piece { line: bowls, quantity: 2 }], &parcel("")).await.unwrap();
    let before = shop.told().await;
    let ask = async |pieces: &[(OrderLineId, i64)]| {
        let pieces: Vec<_> =
            pieces.iter().map(|(line, quantity)| Piece { line: *line, quantity: *quantity }).collect();
        refusal(order::ship_pieces(&boss, order.id, &pieces, &parcel("")).await)
    };
    let field = |name: &str| ("BAD_USER_INPUT".to_owned(), vec![name.to_owned()]);
    assert_eq!(ask(&[]).await, field("lines"));
    assert_eq!(ask(&[(mugs, 0)]).await, field("lines.0.quantity"));
    assert_eq!(ask(&[(mugs, 1), (mugs, 3)]).await, field("lines.1.quantity"));
    assert_eq!(ask(&[(mugs, i64::MAX), (mugs, i64::MAX)]).await, field("lines.0.quantity"));
    assert_eq!(ask(&[(mugs, 1), (bowls, 1)]).await, field("lines.1.quantity"));
    assert_eq!(ask(&[(OrderLineId::new(), 1)]).await.0, "NOT_FOUND");
    let parcel_id = order::by_id(&boss, order.id).await.unwrap().fulfilments[0].id;
    let elsewhere = shop.other_tenant();
    assert_eq!(refusal(order::deliver_parcel(&elsewhere, parcel_id, None).await).0, "NOT_FOUND");
    assert_eq!(refusal(order::track(&elsewhere, parcel_id, None, &parcel("X")).await).0, "NOT_FOUND");
    let reader = shop.staff(&[Permission::ORDERS_READ]);
    assert_eq!(refusal(order::deliver_parcel(&reader, parcel_id, None).await).0, "FORBIDDEN");
    assert_eq!(refusal(order::deliver_parcel(&boss, parcel_id, Some(1)).await).0, "CONFLICT");
    assert_eq!((shop.told().await, shop.stock().await), (before, (38, 3)));
    shop.holds().await;
}

async fn can_be_followed_in_another_way(shop: Shop) {
    let order = two_lines(&shop).await;
    let boss = shop.boss();
    let sent = order::ship(&boss, order.id, &parcel("DHL")).await.unwrap();
    let id = sent.fulfilments[0].id;
    let bad = Tracking { url: "javascript:x".into(), ..parcel("GLS") };
    assert_eq!(refusal(order::track(&boss, id, None, &bad).await).1, ["trackingUrl"]);
    let good = Tracking { number: "G 1".into(), url: "https://gls.example/1".into(), ..parcel("GLS") };
    let moved = order::track(&boss, id, Some(sent.version), &good).await.unwrap();
    let now = &moved.fulfilments[0];
    assert_eq!(
        (&*now.carrier, &*now.tracking_number, &*now.tracking_url),
        ("GLS", "G 1", "https://gls.example/1")
    );
    assert_eq!(moved.version, sent.version + 1);
    let same = order::track(&boss, id, None, &good).await.unwrap();
    assert_eq!((same.version, shop.told().await["fulfilment.updated"]), (moved.version, 1));
    shop.holds().await;
}

async fn a_refund_gives_free_what_was_not_sent(shop: Shop) {
    let order = two_lines(&shop).await;
    let boss = shop.boss();
    let first = [Piece { line: order.lines[0].id, quantity: 1 }];
    order::ship_pieces(&boss, order.id, &first, &parcel("")).await.unwrap();
    let back = order::refund(&boss, order.id, "never mind").await.unwrap();
    assert_eq!((back.state, back.partly_shipped), (OrderState::Refunded, false));
    assert_eq!((back.fulfilments.len(), pieces(&back)), (1, vec![(1, 0), (0, 0)]));
    assert_eq!(shop.stock().await, (39, 0));
    assert_eq!(refusal(order::ship(&boss, order.id, &parcel("")).await).0, "CONFLICT");
    shop.holds().await;
}

async fn the_last_pieces_leave_once(shop: Shop) {
    let order = two_lines(&shop).await;
    let boss = shop.boss();
    let rest =
        [Piece { line: order.lines[0].id, quantity: 3 }, Piece { line: order.lines[1].id, quantity: 2 }];
    let at = Target::from(order.id);
    let nothing = parcel("");
    let send = || order::ship_pieces(&boss, at, &rest, &nothing);
    let (one, two, three) = tokio::join!(send(), send(), send());
    let sent = [one, two, three].into_iter().filter(Result::is_ok).count();
    assert_eq!((sent, shop.stock().await), (1, (35, 0)));
    assert_eq!(shop.number("SELECT count(*) FROM fulfilment").await, 1);
    shop.holds().await;
}

/// As a process of the version before sends it.
async fn a_parcel_without_lines_carries_everything(shop: Shop) {
    let order = two_lines(&shop).await;
    let boss = shop.boss();
    order::ship(&boss, order.id, &parcel("DHL")).await.unwrap();
    shop.force(&[
        "DELETE FROM fulfilment_line",
        "UPDATE order_line SET sent = 0",
        "UPDATE orders SET n_sent = 0",
    ])
    .await;
    shop.holds().await;
    let seen = order::by_id(&boss, order.id).await.unwrap();
    assert_eq!((seen.state, pieces(&seen)), (OrderState::Shipped, vec![(3, 0), (2, 0)]));
    let lies_in: Vec<_> = seen.fulfilments[0].lines.iter().map(|line| line.quantity).collect();
    assert_eq!(lies_in, [3, 2]);
    assert_eq!(order::deliver(&boss, order.id).await.unwrap().state, OrderState::Delivered);
    shop.holds().await;
}

async fn the_list_says_what_is_partly_sent(shop: Shop) {
    let order = two_lines(&shop).await;
    let boss = shop.boss();
    let first = [Piece { line: order.lines[0].id, quantity: 1 }];
    order::ship_pieces(&boss, order.id, &first, &parcel("")).await.unwrap();
    shop.settle().await;
    let page = async || {
        let page = primitives::PageArgs::new(Some(5), None, None, None).unwrap();
        let filter = order::OrderFilter::default();
        let rows = order::list(&boss, &filter, order::OrderSort::PlacedDesc, &page).await?;
        Ok::<_, CommerceError>(rows.items[0].partly_shipped)
    };
    assert!(page().await.unwrap());
    order::ship(&boss, order.id, &parcel("")).await.unwrap();
    shop.settle().await;
    assert!(!page().await.unwrap());
    shop.holds().await;
}

async fn what_counts_as_sent_lies_in_parcels(shop: Shop) {
    let order = two_lines(&shop).await;
    let first = [Piece { line: order.lines[0].id, quantity: 2 }];
    order::ship_pieces(&shop.boss(), order.id, &first, &parcel("")).await.unwrap();
    shop.holds().await;
    let found = async |broken: &str, mended: &str| {
        shop.force(&[broken]).await;
        let report = verified(&shop.system()).await;
        shop.force(&[mended]).await;
        shop.holds().await;
        let found = report.findings.into_iter().filter(|finding| finding.check == "order.sent");
        found.map(|finding| finding.text).collect::<Vec<_>>()
    };
    assert_eq!(
        found("UPDATE fulfilment_line SET quantity = 1", "UPDATE fulfilment_line SET quantity = 2").await,
        ["2 pieces of line 1 count as sent, its parcels hold 1"]
    );
    assert_eq!(
        found("UPDATE orders SET n_sent = 5", "UPDATE orders SET n_sent = 2").await,
        [
            "it counts 5 pieces as sent, its lines add up to 2",
            "it is paid, and nothing of it is left to send"
        ]
    );
}

on_both!(
    leaves_in_parcels_and_is_delivered_with_the_last,
    says_which_pieces_cannot_be_sent,
    can_be_followed_in_another_way,
    a_refund_gives_free_what_was_not_sent,
    the_last_pieces_leave_once,
    a_parcel_without_lines_carries_everything,
    the_list_says_what_is_partly_sent,
    what_counts_as_sent_lies_in_parcels,
);
