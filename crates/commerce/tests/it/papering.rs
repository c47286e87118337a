//! Invoices, credit notes and packing slips.

use axum::body::to_bytes;
use commerce::order::{self, Piece, Refund, Tracking};
use commerce::papers::seller::{self, Seller};
use commerce::papers::{self, PaperKind, Reader, http};
use platform::{Ctx, Error};
use primitives::Permission;
use sea_orm::ConnectionTrait;
use testkit::on_both;

use crate::shop::{Shop, refusal};

async fn body(ctx: &Ctx, reader: Reader<'_>, name: &str) -> (String, Vec<u8>) {
    let answer = http::answer(ctx, reader, name).await.unwrap();
    let headers = answer.headers();
    assert!(headers["cache-control"].to_str().unwrap().starts_with("private"));
    let shown = headers.get("content-disposition").map(|value| value.to_str().unwrap().to_owned());
    (shown.unwrap_or_default(), to_bytes(answer.into_body(), usize::MAX).await.unwrap().to_vec())
}

async fn an_invoice_gets_its_number_once_and_stays_as_it_is(shop: Shop) {
    let (boss, mug) = (shop.boss(), shop.product("Mug <b>", "12.10", 50).await);
    let guest = shop.guest(mug, 2).await;
    let order = guest.order("manual").await;
    let by_link = Reader::Token(&order.token);
    assert_eq!(papers::list(&guest.ctx, by_link).await.unwrap(), []);
    let asks = (0..8).map(|_| papers::invoice(&guest.ctx, by_link));
    let asked = futures::future::join_all(asks).await;
    let first = asked[0].as_ref().unwrap().clone();
    assert!(asked.iter().all(|answer| answer.as_ref().unwrap() == &first));
    assert_eq!((first.bill.number, first.bill.order), (1, order.number));
    assert_eq!((first.bill.total, first.bill.due), (order.totals.total.minor, order.totals.total.minor));
    assert_eq!(first.bill.seller.lines, [shop.tenant().name.clone()]);
    assert_eq!(first.buyer.lines, ["Maud Peeters", "Oude Beestenmarkt 6", "9000 Ghent", "Belgium"]);
    let parts: i64 = first.bill.taxes.iter().map(|part| part.net + part.tax).sum();
    assert_eq!(parts, first.bill.total);
    assert_eq!(first.bill.subtotal + first.bill.delivery_amount, first.bill.total);

    let sells = Seller { name: "Mugs BV".into(), city: "Ghent".into(), ..Seller::default() };
    let saved = seller::update(&boss, &sells).await.unwrap();
    assert_eq!((saved.version, seller::seller(&boss).await.unwrap()), (1, saved.clone()));
    assert_eq!(refusal(seller::update(&boss, &sells).await).0, "CONFLICT");
    let wrong = Seller { country: "XX".into(), line1: "a\nb".into(), ..saved };
    assert_eq!(refusal(seller::update(&boss, &wrong).await).1, ["line1", "country"]);
    assert_eq!(papers::invoice(&boss, Reader::Staff(order.id)).await.unwrap(), first);
    let other = shop.guest(mug, 1).await.order("manual").await;
    let second = papers::invoice(&boss, Reader::Staff(other.id)).await.unwrap();
    assert_eq!((second.bill.number, second.bill.seller.lines[0].as_str()), (2, "Mugs BV"));

    let (_, page) = body(&guest.ctx, by_link, "invoice").await;
    let page = String::from_utf8(page).unwrap();
    assert!(page.contains("<h1>Invoice 1</h1>") && page.contains("Mug &lt;b&gt;"), "{page}");
    let (shown, file) = body(&guest.ctx, by_link, "invoice.pdf").await;
    assert_eq!(shown, "inline; filename=\"invoice-1.pdf\"");
    assert!(file.starts_with(b"%PDF-"));
    let owner = shop.database().owner().await;
    for sql in ["UPDATE paper SET number = 9", "UPDATE paper SET document = '{}'", "DELETE FROM paper"] {
        assert!(owner.execute_unprepared(sql).await.is_err(), "{sql}");
    }
    owner.close().await.unwrap();
    shop.holds().await;
}

async fn money_that_goes_back_makes_credit_notes_that_end_at_the_invoice(shop: Shop) {
    let (boss, mug) = (shop.boss(), shop.product("Mug", "33.33", 50).await);
    let order = shop.guest(mug, 3).await.order("manual").await;
    order::mark_paid(&boss, order.id).await.unwrap();
    let reader = Reader::Staff(order.id);
    let back = |amount| Refund { amount, reason: "chipped, and rude about it", ..Refund::default() };
    order::refund_part(&boss, order.id, &back(Some(501))).await.unwrap();
    // Nobody had asked for the invoice: it comes with what went back before.
    assert_eq!(papers::list(&boss, reader).await.unwrap(), []);
    let invoice = papers::invoice(&boss, reader).await.unwrap().bill;
    order::refund_part(&boss, order.id, &back(Some(1))).await.unwrap();
    order::refund_part(&boss, order.id, &back(None)).await.unwrap();
    let all = papers::list(&boss, reader).await.unwrap();
    let said: Vec<_> =
        all.iter().map(|paper| (paper.kind, paper.label.as_str(), paper.total.minor)).collect();
    let rest = invoice.total - 502;
    let (bill, note) = (PaperKind::Invoice, PaperKind::CreditNote);
    assert_eq!(said, [(bill, "1", invoice.total), (note, "C-1", 501), (note, "C-2", 1), (note, "C-3", rest)]);
    let (mut net, mut tax) = (0, 0);
    for number in 1..=3 {
        let issued = papers::credit_note(&boss, reader, number).await.unwrap();
        net += issued.bill.taxes.iter().map(|part| part.net).sum::<i64>();
        tax += issued.bill.taxes.iter().map(|part| part.tax).sum::<i64>();
        let (_, page) = body(&boss, reader, &format!("credit-note-{number}")).await;
        assert!(!String::from_utf8(page).unwrap().contains("rude"), "what the staff says stays with it");
    }
    let whole = |of: fn(&paper::TaxPart) -> i64| invoice.taxes.iter().map(of).sum::<i64>();
    assert_eq!((net, tax), (whole(|part| part.net), whole(|part| part.tax)));
    shop.holds().await;
}

async fn an_order_that_is_given_up_takes_its_invoice_back(shop: Shop) {
    let (boss, mug) = (shop.boss(), shop.product("Mug", "10.00", 50).await);
    let with = shop.guest(mug, 1).await.order("manual").await;
    let without = shop.guest(mug, 1).await.order("manual").await;
    let total = papers::invoice(&boss, Reader::Staff(with.id)).await.unwrap().bill.total;
    for order in [&with, &without] {
        order::cancel(&boss, order.id, "never paid").await.unwrap();
    }
    let all = papers::list(&boss, Reader::Staff(with.id)).await.unwrap();
    assert_eq!(all.iter().map(|paper| paper.total.minor).collect::<Vec<_>>(), [total, total]);
    assert_eq!(refusal(papers::invoice(&boss, Reader::Staff(without.id)).await).0, "CONFLICT");
    assert_eq!(papers::list(&boss, Reader::Staff(without.id)).await.unwrap(), []);
    shop.holds().await;
}

async fn papers_are_for_whoever_may_see_the_order(shop: Shop) {
    let mug = shop.product("Mug", "10.00", 50).await;
    let guest = shop.guest(mug, 1).await;
    let order = guest.order("manual").await;
    let code = |error: commerce::CommerceError| Error::from(error).code().to_string();
    let (staff, own) = (Reader::Staff(order.id), Reader::Own(order.id));
    let missing = "NOT_FOUND";
    for (ctx, reader, refused) in [
        (shop.anonymous(), Reader::Token("no-such-token-anywhere-here"), missing),
        (shop.anonymous(), own, "UNAUTHENTICATED"),
        (shop.anonymous(), staff, "UNAUTHENTICATED"),
        (shop.somebody("vera@example.com").await, own, missing),
        (shop.customer(), staff, "FORBIDDEN"),
        (shop.staff(&[Permission::PRODUCTS_READ]), staff, "FORBIDDEN"),
        (shop.other_tenant(), staff, missing),
    ] {
        assert_eq!(code(papers::invoice(&ctx, reader).await.unwrap_err()), refused);
    }
    let slip = http::answer(&guest.ctx, Reader::Token(&order.token), "packing-slip").await;
    assert_eq!(slip.unwrap_err().code().to_string(), missing);
    assert_eq!(shop.number("SELECT count(*) FROM paper").await, 0);
    shop.holds().await;
}

async fn a_packing_slip_says_what_is_in_the_parcel_and_no_prices(shop: Shop) {
    let (boss, mug) = (shop.boss(), shop.product("Mug", "10.00", 50).await);
    let order = shop.guest(mug, 3).await.order("manual").await;
    order::mark_paid(&boss, order.id).await.unwrap();
    let pieces =
        |slip: &paper::Slip| (slip.lines.iter().map(|line| line.quantity).sum::<i64>(), slip.elsewhere);
    assert_eq!(pieces(&papers::slip(&boss, order.id, None).await.unwrap()), (3, 0));
    let some = [Piece { line: order.lines[0].id, quantity: 1 }];
    order::ship_pieces(&boss, order.id, &some, &Tracking::default()).await.unwrap();
    assert_eq!(pieces(&papers::slip(&boss, order.id, Some(1)).await.unwrap()), (1, 2));
    assert_eq!(pieces(&papers::slip(&boss, order.id, None).await.unwrap()), (2, 1));
    order::ship(&boss, order.id, &Tracking::default()).await.unwrap();
    let last = papers::slip(&boss, order.id, None).await.unwrap();
    assert_eq!((pieces(&last), last.parcel), ((2, 1), Some(2)));
    assert_eq!(refusal(papers::slip(&boss, order.id, Some(3)).await).0, "NOT_FOUND");
    let (_, page) = body(&boss, Reader::Staff(order.id), "packing-slip-1").await;
    let page = String::from_utf8(page).unwrap();
    assert!(page.contains("Mug") && !page.contains("10.00") && !page.contains('€'), "{page}");
    assert_eq!(
        body(&boss, Reader::Staff(order.id), "packing-slip.pdf").await.0,
        format!("inline; filename=\"packing-slip-{}-2.pdf\"", order.number)
    );
    shop.holds().await;
}

on_both!(
    an_invoice_gets_its_number_once_and_stays_as_it_is,
    money_that_goes_back_makes_credit_notes_that_end_at_the_invoice,
    an_order_that_is_given_up_takes_its_invoice_back,
    papers_are_for_whoever_may_see_the_order,
    a_packing_slip_says_what_is_in_the_parcel_and_no_prices,
);
