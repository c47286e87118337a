//! Stock at several locations: which one is taken from, moving between them, counting them, and hot variants.

use std::collections::BTreeMap;
use std::time::Duration;

use catalog::CatalogError;
use catalog::product;
use catalog::product::input::{NewProduct, VariantInput, VariantsEdit};
use catalog::query;
use catalog::stock::{
    self, CountItem, DeliveryState, Location, LocationEdit, MovementFilter, NewDelivery, NewLocation,
    NewTransfer, Place, Reason, TransferState,
};
use catalog::view::{AdminVariant, Availability, StockPolicy};
use platform::{Access, Ctx};
use primitives::{Country, LocationId, PageArgs, Permission, ProductId, Quantity, VariantId};
use testkit::TestApp;
use uuid::Uuid;

use crate::support::{editor, refusal, settle, shared, told, variant};

fn pieces(count: i64) -> Quantity {
    Quantity::new(count).unwrap()
}

fn main_location(ctx: &Ctx) -> LocationId {
    LocationId::from_uuid(ctx.tenant_id().uuid())
}

async fn open(ctx: &Ctx, name: &str, country: Country) -> Location {
    let new = NewLocation { name: name.to_owned(), country, address: String::new() };
    stock::create_location(ctx, &new).await.unwrap()
}

async fn thing(ctx: &Ctx, on_hand: i64, policy: StockPolicy) -> (ProductId, VariantId) {
    let variant = VariantInput { policy: Some(policy), ..variant(&[], "5", on_hand) };
    let input =
        NewProduct { title: "Thing".into(), variants: vec![variant], publish: true, ..NewProduct::default() };
    let made = product::create(ctx, &input).await.unwrap();
    (made.id, made.variants[0].id)
}

async fn put(ctx: &Ctx, variant: VariantId, location: LocationId, on_hand: i64) {
    let item = CountItem { place: Place::At(location), ..CountItem::new(variant, on_hand) };
    stock::set_on_hand(ctx, &[item], "").await.unwrap();
}

async fn only(ctx: &Ctx, product: ProductId) -> AdminVariant {
    product::get(ctx, product).await.unwrap().variants.remove(0)
}

/// On hand and reserved by location.
async fn shelves(ctx: &Ctx, product: ProductId) -> BTreeMap<LocationId, (i64, i64)> {
    only(ctx, product).await.shelves.iter().map(|s| (s.location, (s.on_hand, s.reserved))).collect()
}

async fn promise(
    ctx: &Ctx,
    holder: Uuid,
    lines: &[(VariantId, Quantity)],
    to: Option<Country>,
) -> Result<(), CatalogError> {
    let now = ctx.now();
    ctx.write(Access::Public, async |tx| {
        let promised = stock::promise(tx, holder, lines, to, None, now).await?;
        let mut together = tx.together();
        promised.write(&mut together);
        events::Emit::tell(tx, &mut together, &promised.events)?;
        together.send().await?;
        Ok(())
    })
    .await
}

/// Every movement adds up to what lies there, every promise to what is reserved.
async fn nothing_is_lost(ctx: &Ctx) {
    let reader = ctx.read(Access::Public).await.unwrap();
    for (name, sql) in [
        (
            "movements",
            "SELECT COUNT(*) AS n FROM (SELECT s.variant_id, s.location_id, CAST(SUM(s.on_hand) AS bigint) AS there, \
               (SELECT CAST(COALESCE(SUM(m.delta), 0) AS bigint) FROM stock_movement m WHERE m.tenant_id = s.tenant_id \
                  AND m.variant_id = s.variant_id AND m.location_id = s.location_id) AS moved \
             FROM stock_level s WHERE s.tenant_id = {tenant} GROUP BY s.tenant_id, s.variant_id, s.location_id) x \
             WHERE x.there <> x.moved",
        ),
        (
            "promises",
            "SELECT COUNT(*) AS n FROM stock_level s WHERE s.tenant_id = {tenant} AND s.reserved <> \
               (SELECT CAST(COALESCE(SUM(r.quantity), 0) AS bigint) FROM stock_reservation r \
                WHERE r.tenant_id = s.tenant_id AND r.variant_id = s.variant_id \
                AND r.location_id = s.location_id AND r.bucket = s.bucket)",
        ),
    ] {
        let rows = reader.raw_all(sql, vec![]).await.unwrap();
        assert_eq!(rows[0].try_get::<i64>("", "n").unwrap(), 0, "{name}");
    }
}

async fn every_shop_has_a_location_from_its_first_moment(app: TestApp) {
    let ctx = editor(&app);
    let all = stock::locations(&ctx).await.unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!((all[0].id, all[0].name.as_str()), (main_location(&ctx), "Main location"));
    assert!(all[0].is_default && all[0].active);
    let edit = LocationEdit { active: Some(false), ..LocationEdit::default() };
    assert_eq!(
        refusal(stock::update_location(&ctx, all[0].id, 1, &edit).await),
        ("CONFLICT".into(), vec!["active".into()])
    );
    let edit = LocationEdit { name: Some(" Atelier ".into()), ..LocationEdit::default() };
    let renamed = stock::update_location(&ctx, all[0].id, 1, &edit).await.unwrap();
    assert_eq!((renamed.name.as_str(), renamed.version), ("Atelier", 2));
    assert_eq!(refusal(stock::update_location(&ctx, all[0].id, 1, &edit).await).0, "CONFLICT");
    let new = NewLocation { name: "ATELIER".into(), country: renamed.country, address: String::new() };
    assert_eq!(refusal(stock::create_location(&ctx, &new).await), ("CONFLICT".into(), vec!["name".into()]));
    let reader = app.staff(&[Permission::INVENTORY_READ]);
    assert_eq!(refusal(stock::create_location(&reader, &new).await).0, "FORBIDDEN");
    let second = open(&ctx, "Ghent", renamed.country).await;
    let order = [second.id, renamed.id];
    let names = stock::order_locations(&ctx, &order).await.unwrap();
    assert_eq!(names.iter().map(|l| l.name.as_str()).collect::<Vec<_>>(), ["Ghent", "Atelier"]);
    assert_eq!(refusal(stock::order_locations(&ctx, &[second.id]).await).1, ["ids"]);
    let foreign = LocationId::from_uuid(app.other_tenant().tenant_id().uuid());
    assert_eq!(refusal(stock::location(&ctx, foreign).await).0, "NOT_FOUND");
}

async fn one_location_takes_as_many_statements_as_ever(app: TestApp) {
    let ctx = editor(&app);
    let (_, one) = thing(&ctx, 50, StockPolicy::Deny).await;
    let (_, two) = thing(&ctx, 50, StockPolicy::Deny).await;
    // That there is another place where neither of them lies changes nothing.
    open(&ctx, "Ghent", Country::parse("BE").unwrap()).await;
    let now = ctx.now();
    for (lines, expected) in [(&[(one, pieces(2))][..], 2), (&[(two, pieces(1)), (one, pieces(3))][..], 3)] {
        let n_statements = ctx
            .write(Access::Public, async |tx| {
                let work = async {
                    let promised = stock::promise(tx, Uuid::now_v7(), lines, None, None, now).await?;
                    let mut together = tx.together();
                    promised.write(&mut together);
                    together.send().await?;
                    Ok::<_, CatalogError>(())
                };
                let (result, n_statements) = platform::db::count_statements(work).await;
                result.map(|()| n_statements)
            })
            .await
            .unwrap();
        assert_eq!(n_statements, expected, "one for each line and one for the promises");
    }
    nothing_is_lost(&ctx).await;
}

async fn the_nearest_location_that_has_everything_is_taken_from(app: TestApp) {
    let ctx = editor(&app);
    let (belgium, germany) = (Country::parse("BE").unwrap(), Country::parse("DE").unwrap());
    let (mug_id, mug) = thing(&ctx, 5, StockPolicy::Deny).await;
    let (pot_id, pot) = thing(&ctx, 5, StockPolicy::Deny).await;
    let berlin = open(&ctx, "Berlin", germany).await.id;
    put(&ctx, mug, berlin, 4).await;
    put(&ctx, pot, berlin, 1).await;
    let main = main_location(&ctx);
    let both = [(mug, pieces(1)), (pot, pieces(1))];
    promise(&ctx, Uuid::now_v7(), &both, Some(germany)).await.unwrap();
    assert_eq!(shelves(&ctx, mug_id).await[&berlin], (4, 1));
    assert_eq!(shelves(&ctx, pot_id).await[&berlin], (1, 1));
    // Berlin has no pot left: everything comes from the other one, however near Berlin is.
    promise(&ctx, Uuid::now_v7(), &both, Some(germany)).await.unwrap();
    promise(&ctx, Uuid::now_v7(), &both, Some(belgium)).await.unwrap();
    assert_eq!(shelves(&ctx, mug_id).await, BTreeMap::from([(main, (5, 2)), (berlin, (4, 1))]));
    // Nobody has seven: in the order of the locations. What is left of the pot is not enough for anybody.
    let order = Uuid::now_v7();
    let error = promise(&ctx, order, &[(mug, pieces(6)), (pot, pieces(4))], None).await.unwrap_err();
    match error {
        CatalogError::OutOfStock(short) => {
            assert_eq!(short.iter().map(|s| (s.variant, s.available)).collect::<Vec<_>>(), [(pot, 3)]);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(shelves(&ctx, mug_id).await, BTreeMap::from([(main, (5, 2)), (berlin, (4, 1))]));
    promise(&ctx, order, &[(mug, pieces(6)), (pot, pieces(3))], Some(germany)).await.unwrap();
    assert_eq!(shelves(&ctx, mug_id).await, BTreeMap::from([(main, (5, 5)), (berlin, (4, 4))]));
    let reader = ctx.read(Access::Public).await.unwrap();
    let held: i64 = stock::held(&reader, order).await.unwrap().iter().map(|held| held.quantity).sum();
    assert_eq!(held, 9);
    let offers = query::offers(&reader, &[mug, pot]).await.unwrap();
    assert_eq!((offers[&mug].available, offers[&pot].available), (Some(0), Some(0)));
    drop(reader);
    // Each piece leaves the shelf that it was promised from.
    let now = ctx.now();
    ctx.write(Access::Public, async |tx| {
        stock::ship(tx, order, &[(mug, pieces(6)), (pot, pieces(3))], now).await
    })
    .await
    .unwrap();
    assert_eq!(shelves(&ctx, mug_id).await, BTreeMap::from([(main, (2, 2)), (berlin, (1, 1))]));
    nothing_is_lost(&ctx).await;
}

async fn pieces_at_three_places_go_to_as_many_buyers(app: TestApp) {
    let ctx = editor(&app);
    let (id, variant) = thing(&ctx, 7, StockPolicy::Deny).await;
    for (name, on_hand) in [("Ghent", 5), ("Berlin", 8)] {
        let place = open(&ctx, name, Country::parse(if on_hand == 8 { "DE" } else { "BE" }).unwrap()).await;
        put(&ctx, variant, place.id, on_hand).await;
    }
    let app = shared(app);
    let buyers = (0..60).map(|n| {
        let ctx = app.customer();
        let to = Country::parse(["BE", "DE", "FR"][n % 3]).unwrap();
        tokio::spawn(async move {
            let holder = Uuid::now_v7();
            promise(&ctx, holder, &[(variant, Quantity::ONE)], Some(to)).await
        })
    });
    let (mut won, mut lost) = (0, 0);
    for buyer in buyers.collect::<Vec<_>>() {
        match buyer.await.unwrap() {
            Ok(()) => won += 1,
            Err(CatalogError::OutOfStock(_)) => lost += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!((won, lost), (20, 40));
    let there = shelves(&ctx, id).await;
    assert!(there.values().all(|(on_hand, reserved)| on_hand == reserved), "{there:?}");
    nothing_is_lost(&ctx).await;
}

async fn buyers_of_many_things_do_not_wait_in_a_circle(app: TestApp) {
    let ctx = editor(&app);
    let ghent = open(&ctx, "Ghent", Country::parse("BE").unwrap()).await.id;
    let mut variants = Vec::new();
    for n in 0..4 {
        let (_, variant) = thing(&ctx, 10, StockPolicy::Deny).await;
        if n % 2 == 0 {
            put(&ctx, variant, ghent, 10).await;
        }
        if n == 2 || n == 3 {
            assert!(stock::hot::set(&ctx, variant, true).await.unwrap());
        }
        variants.push(variant);
    }
    let app = shared(app);
    let buyers = (0..40).map(|n| {
        let (ctx, mut lines) = (app.customer(), variants.clone());
        lines.rotate_left(n % 4);
        tokio::spawn(async move {
            let lines: Vec<_> = lines.into_iter().map(|variant| (variant, Quantity::ONE)).collect();
            promise(&ctx, Uuid::now_v7(), &lines, None).await
        })
    });
    let (mut won, mut lost) = (0, 0);
    for buyer in buyers.collect::<Vec<_>>() {
        match buyer.await.unwrap() {
            Ok(()) => won += 1,
            Err(CatalogError::OutOfStock(_)) => lost += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    // Ten of the second and the fourth are all there is.
    assert_eq!((won, lost), (10, 30));
    nothing_is_lost(&ctx).await;
}

async fn a_location_that_is_switched_off_sells_nothing(app: TestApp) {
    let ctx = editor(&app);
    let (id, variant) = thing(&ctx, 0, StockPolicy::Deny).await;
    let ghent = open(&ctx, "Ghent", Country::parse("BE").unwrap()).await;
    put(&ctx, variant, ghent.id, 20).await;
    settle(&app).await;
    let word = async || {
        let page = query::product_by_id(&app.anonymous(), id).await.unwrap().unwrap();
        page.variants[0].availability
    };
    assert_eq!(word().await, Availability::InStock);
    let order = Uuid::now_v7();
    promise(&ctx, order, &[(variant, pieces(2))], None).await.unwrap();
    let switch = async |version: i64, active: bool| {
        let edit = LocationEdit { active: Some(active), ..LocationEdit::default() };
        stock::update_location(&ctx, ghent.id, version, &edit).await
    };
    assert_eq!(refusal(switch(1, false).await), ("CONFLICT".into(), vec!["active".into()]));
    let now = ctx.now();
    ctx.write(Access::Public, async |tx| stock::release(tx, order, now).await).await.unwrap();
    assert!(!switch(1, false).await.unwrap().active);
    settle(&app).await;
    assert_eq!(word().await, Availability::SoldOut);
    let seen = only(&ctx, id).await;
    assert_eq!((seen.on_hand, seen.available, seen.shelves[1].available), (20, 0, 0));
    assert_eq!(refusal(promise(&ctx, order, &[(variant, pieces(1))], None).await).0, "OUT_OF_STOCK");
    assert!(switch(2, true).await.unwrap().active);
    settle(&app).await;
    assert_eq!(word().await, Availability::InStock);
    promise(&ctx, order, &[(variant, pieces(20))], None).await.unwrap();
    assert_eq!(told(&ctx).await.iter().filter(|kind| *kind == "location.updated").count(), 2);
}

async fn counts_are_of_a_place_or_of_the_shop(app: TestApp) {
    let ctx = editor(&app);
    let (id, variant) = thing(&ctx, 10, StockPolicy::Deny).await;
    let (main, ghent) = (main_location(&ctx), open(&ctx, "Ghent", Country::parse("BE").unwrap()).await.id);
    put(&ctx, variant, ghent, 5).await;
    let at = |location, on_hand| CountItem { place: Place::At(location), ..CountItem::new(variant, on_hand) };
    stock::adjust(&ctx, &[at(ghent, -2), at(main, 1)], "broken", None).await.unwrap();
    assert_eq!(shelves(&ctx, id).await, BTreeMap::from([(main, (11, 0)), (ghent, (3, 0))]));
    // The whole shop has twelve: the default location takes what differs.
    let whole = CountItem { expected: Some(14), ..CountItem::new(variant, 12) };
    assert_eq!(stock::set_on_hand(&ctx, &[whole], "").await.unwrap(), 1);
    assert_eq!(shelves(&ctx, id).await[&main], (9, 0));
    let less = CountItem::new(variant, 2);
    assert_eq!(
        refusal(stock::set_on_hand(&ctx, &[less], "").await),
        ("BAD_USER_INPUT".into(), vec!["items.0.onHand".into()])
    );
    let twice = [at(main, 1), CountItem::new(variant, 1)];
    assert_eq!(refusal(stock::set_on_hand(&ctx, &twice, "").await).1, ["items"]);
    // Pieces that one location keeps back are its own.
    let kept = CountItem { threshold: Some(3), ..at(ghent, 3) };
    stock::set_on_hand(&ctx, &[kept], "").await.unwrap();
    let seen = only(&ctx, id).await;
    assert_eq!((seen.on_hand, seen.available), (12, 9));
    // Something else is kept back, whatever the count is by now; what was promised stays promised.
    let keep =
        |location, threshold| CountItem { on_hand: None, threshold: Some(threshold), ..at(location, 0) };
    assert_eq!(stock::set_on_hand(&ctx, &[keep(ghent, -2), keep(main, 4)], "").await.unwrap(), 2);
    let seen = stock::shelves(&ctx, variant).await.unwrap();
    assert_eq!(seen, only(&ctx, id).await.shelves);
    let seen: BTreeMap<_, _> =
        seen.iter().map(|it| (it.location, (it.on_hand, it.threshold, it.available))).collect();
    assert_eq!(seen, BTreeMap::from([(main, (9, 4, 5)), (ghent, (3, -2, 5))]));
    let rows = stock::inventory(&ctx, None, None, &PageArgs::first(5)).await.unwrap();
    assert_eq!((rows.items[0].1.threshold, rows.items[0].1.available), (2, 10));
    let order = Uuid::now_v7();
    promise(&ctx, order, &[(variant, pieces(10))], None).await.unwrap();
    assert_eq!(
        refusal(stock::set_on_hand(&ctx, &[keep(ghent, 0)], "").await),
        ("BAD_USER_INPUT".into(), vec!["items.0.threshold".into()])
    );
    let now = ctx.now();
    ctx.write(Access::Public, async |tx| stock::release(tx, order, now).await).await.unwrap();
    stock::set_on_hand(&ctx, &[keep(ghent, 3), keep(main, 0)], "").await.unwrap();
    assert_eq!(refusal(stock::shelves(&app.other_tenant(), variant).await).0, "NOT_FOUND");
    assert_eq!(refusal(stock::shelves(&app.customer(), variant).await).0, "FORBIDDEN");
    let foreign = LocationId::from_uuid(app.other_tenant().tenant_id().uuid());
    assert_eq!(refusal(stock::set_on_hand(&ctx, &[at(foreign, 1)], "").await).0, "NOT_FOUND");
    // The editor's number is the shop's, too.
    let made = product::get(&ctx, id).await.unwrap();
    let edit = VariantInput { id: Some(variant), on_hand: Some(30), ..VariantInput::default() };
    let edit = VariantsEdit { variants: vec![edit], ..VariantsEdit::default() };
    let saved = product::save_variants(&ctx, id, made.version, &edit).await.unwrap();
    assert_eq!(saved.variants[0].on_hand, 30);
    assert_eq!(shelves(&ctx, id).await, BTreeMap::from([(main, (27, 0)), (ghent, (3, 0))]));
    let filter = MovementFilter {
        variant: Some(variant),
        location: Some(ghent),
        reasons: vec![Reason::Count, Reason::Adjustment],
    };
    let first = stock::movements(&ctx, &filter, &PageArgs::first(1)).await.unwrap();
    assert_eq!((first.total, first.has_next, first.items[0].1.delta), (2, true, -2));
    let after = PageArgs::new(Some(1), Some(first.items[0].0.to_string()), None, None).unwrap();
    let next = stock::movements(&ctx, &filter, &after).await.unwrap();
    assert_eq!((next.has_next, next.items[0].1.delta, next.items[0].1.on_hand_after), (false, 5, 5));
    let rows = stock::inventory(&ctx, Some(ghent), None, &PageArgs::first(5)).await.unwrap();
    let rows: Vec<_> = rows.items.iter().map(|(_, row)| (row.variant, row.on_hand, row.available)).collect();
    assert_eq!(rows, [(variant, 3, 0)]);
    nothing_is_lost(&ctx).await;
}

async fn transfers_lie_on_neither_shelf_while_they_are_under_way(app: TestApp) {
    let ctx = editor(&app);
    let (id, variant) = thing(&ctx, 10, StockPolicy::Deny).await;
    let (other_id, other) = thing(&ctx, 2, StockPolicy::Deny).await;
    let (main, ghent) = (main_location(&ctx), open(&ctx, "Ghent", Country::parse("BE").unwrap()).await.id);
    let new = |lines: Vec<(VariantId, i64)>| NewTransfer { from: main, to: ghent, lines, note: "van".into() };
    let draft = stock::create_transfer(&ctx, &new(vec![(variant, 6), (other, 3)])).await.unwrap();
    assert_eq!((draft.state, draft.version), (TransferState::Draft, 1));
    let short = stock::ship_transfer(&ctx, draft.id, 1).await;
    assert_eq!(refusal(short), ("BAD_USER_INPUT".into(), vec!["lines.1".into()]));
    assert_eq!(shelves(&ctx, id).await[&main], (10, 0), "all lines or none");
    let draft =
        stock::update_transfer(&ctx, draft.id, 1, &new(vec![(variant, 6), (other, 2)])).await.unwrap();
    // What orders were promised stays.
    promise(&ctx, Uuid::now_v7(), &[(variant, pieces(5))], None).await.unwrap();
    let promised = stock::ship_transfer(&ctx, draft.id, 2).await;
    assert_eq!(refusal(promised).1, ["lines.0"]);
    let draft =
        stock::update_transfer(&ctx, draft.id, 2, &new(vec![(variant, 5), (other, 2)])).await.unwrap();
    assert_eq!(refusal(stock::ship_transfer(&ctx, draft.id, 1).await).0, "CONFLICT");
    let sent = stock::ship_transfer(&ctx, draft.id, 3).await.unwrap();
    assert_eq!(sent.state, TransferState::InTransit);
    assert_eq!(only(&ctx, id).await.on_hand, 5);
    let too_many = stock::receive_transfer(&ctx, sent.id, 4, Some(&[(variant, 6)])).await;
    assert_eq!(refusal(too_many), ("BAD_USER_INPUT".into(), vec!["lines.0.quantity".into()]));
    let part = stock::receive_transfer(&ctx, sent.id, 4, Some(&[(variant, 3)])).await.unwrap();
    assert_eq!((part.state, part.lines[0].received), (TransferState::InTransit, 3));
    assert_eq!(shelves(&ctx, id).await, BTreeMap::from([(main, (5, 5)), (ghent, (3, 0))]));
    // The rest never arrives: it is back where it left.
    let done = stock::cancel_transfer(&ctx, sent.id, 5).await.unwrap();
    assert_eq!(done.state, TransferState::Received);
    assert_eq!(shelves(&ctx, id).await, BTreeMap::from([(main, (7, 5)), (ghent, (3, 0))]));
    assert_eq!(shelves(&ctx, other_id).await[&main], (2, 0));
    assert_eq!(refusal(stock::receive_transfer(&ctx, sent.id, 6, None).await).0, "CONFLICT");
    let whole = stock::create_transfer(&ctx, &new(vec![(variant, 2)])).await.unwrap();
    stock::ship_transfer(&ctx, whole.id, 1).await.unwrap();
    let whole = stock::receive_transfer(&ctx, whole.id, 2, None).await.unwrap();
    assert_eq!(whole.state, TransferState::Received);
    let all = stock::transfers(&ctx, &[TransferState::Received], &PageArgs::first(10)).await.unwrap();
    assert_eq!(all.items.iter().map(|(_, t)| t.id).collect::<Vec<_>>(), [whole.id, sent.id]);
    let same = NewTransfer { from: main, to: main, lines: vec![(variant, 1)], note: String::new() };
    assert_eq!(refusal(stock::create_transfer(&ctx, &same).await).1, ["toId"]);
    nothing_is_lost(&ctx).await;
}

async fn a_count_is_applied_at_once_and_keeps_what_was_sold_meanwhile(app: TestApp) {
    let ctx = editor(&app);
    let (id, variant) = thing(&ctx, 10, StockPolicy::Deny).await;
    let (other_id, other) = thing(&ctx, 4, StockPolicy::Deny).await;
    let main = main_location(&ctx);
    let count = stock::begin_count(&ctx, main, None, "year's end").await.unwrap();
    assert_eq!(count.lines.iter().map(|line| line.expected).collect::<Vec<_>>(), [10, 4]);
    assert_eq!(refusal(stock::apply_count(&ctx, count.id, 1).await).1, ["lines"]);
    let count =
        stock::record_count(&ctx, count.id, 1, &[(variant, Some(8)), (other, Some(1))]).await.unwrap();
    assert_eq!((count.n_lines, count.n_counted), (2, 2));
    // Two are sold and sent between counting and applying.
    let order = Uuid::now_v7();
    let line = [(variant, pieces(2))];
    promise(&ctx, order, &line, None).await.unwrap();
    let now = ctx.now();
    ctx.write(Access::Public, async |tx| stock::ship(tx, order, &line, now).await).await.unwrap();
    promise(&ctx, Uuid::now_v7(), &[(other, pieces(2))], None).await.unwrap();
    let refused = stock::apply_count(&ctx, count.id, 2).await;
    assert_eq!(refusal(refused), ("BAD_USER_INPUT".into(), vec!["lines.1".into()]));
    assert_eq!(shelves(&ctx, id).await[&main], (8, 0), "all lines or none");
    let count = stock::record_count(&ctx, count.id, 2, &[(other, None)]).await.unwrap();
    let count = stock::apply_count(&ctx, count.id, count.version).await.unwrap();
    assert_eq!(count.state, stock::CountState::Applied);
    assert_eq!((shelves(&ctx, id).await[&main], shelves(&ctx, other_id).await[&main]), ((6, 0), (4, 2)));
    assert_eq!(refusal(stock::record_count(&ctx, count.id, 4, &[(other, Some(4))]).await).0, "CONFLICT");
    let second = stock::begin_count(&ctx, main, Some(&[other]), "").await.unwrap();
    assert_eq!(stock::cancel_count(&ctx, second.id, 1).await.unwrap().state, stock::CountState::Cancelled);
    let all = stock::counts(&ctx, &PageArgs::first(10)).await.unwrap();
    let sizes: Vec<_> = all.items.iter().map(|(_, c)| (c.id, c.n_lines, c.n_counted)).collect();
    assert_eq!(sizes, [(second.id, 1, 0), (count.id, 2, 1)]);
    nothing_is_lost(&ctx).await;
}

async fn what_suppliers_bring_is_stock_when_it_is_there(app: TestApp) {
    let ctx = editor(&app);
    let (id, variant) = thing(&ctx, 0, StockPolicy::Deny).await;
    let location = main_location(&ctx);
    let new =
        |quantity| NewDelivery { variant, location, quantity, expected_at: None, note: "Kilnworks".into() };
    assert_eq!(refusal(stock::announce(&ctx, &new(0)).await).1, ["quantity"]);
    let delivery = stock::announce(&ctx, &new(12)).await.unwrap();
    let rows = stock::inventory(&ctx, None, None, &PageArgs::first(5)).await.unwrap();
    assert_eq!((rows.items[0].1.incoming, rows.items[0].1.on_hand), (12, 0));
    assert_eq!(refusal(promise(&ctx, Uuid::now_v7(), &[(variant, pieces(1))], None).await).0, "OUT_OF_STOCK");
    let listed = stock::deliveries(&ctx, None, false, &PageArgs::first(5)).await.unwrap();
    assert_eq!((listed.total, &listed.items[0].1), (1, &delivery));
    assert_eq!(delivery.label.as_ref().map(|label| label.title.as_str()), Some("Thing"));
    let part = stock::receive_delivery(&ctx, delivery.id, 1, Some(5), false).await.unwrap();
    assert_eq!((part.received, part.state), (5, DeliveryState::Announced));
    assert_eq!(refusal(stock::receive_delivery(&ctx, delivery.id, 2, Some(8), false).await).1, ["quantity"]);
    assert_eq!(only(&ctx, id).await.on_hand, 5);
    let done = stock::receive_delivery(&ctx, delivery.id, 2, Some(6), true).await.unwrap();
    assert_eq!((done.received, done.state), (11, DeliveryState::Received));
    assert_eq!(refusal(stock::cancel_delivery(&ctx, delivery.id, 3).await).0, "CONFLICT");
    let second = stock::announce(&ctx, &new(3)).await.unwrap();
    assert_eq!(stock::cancel_delivery(&ctx, second.id, 1).await.unwrap().state, DeliveryState::Cancelled);
    let left = stock::deliveries(&ctx, Some(variant), false, &PageArgs::first(5)).await.unwrap();
    assert_eq!((left.total, only(&ctx, id).await.on_hand), (0, 11));
    nothing_is_lost(&ctx).await;
}

async fn a_hot_variant_sells_exactly_what_there_is(app: TestApp) {
    let ctx = editor(&app);
    let (id, variant) = thing(&ctx, 1_000, StockPolicy::Deny).await;
    assert!(stock::hot::set(&ctx, variant, true).await.unwrap());
    assert!(!stock::hot::set(&ctx, variant, true).await.unwrap());
    assert!(only(&ctx, id).await.hot);
    let app = shared(app);
    let takers = (0..64).map(|_| {
        let ctx = app.customer();
        tokio::spawn(async move {
            let mut taken = 0;
            loop {
                match promise(&ctx, Uuid::now_v7(), &[(variant, Quantity::ONE)], None).await {
                    Ok(()) => taken += 1,
                    Err(CatalogError::OutOfStock(_)) => return taken,
                    // Of two who stood in each other's way the database has one begin anew, as a checkout does.
                    Err(CatalogError::Platform(error)) if error.is_retryable() => {}
                    Err(other) => panic!("{other:?}"),
                }
            }
        })
    });
    let mut taken = 0;
    for taker in takers.collect::<Vec<_>>() {
        taken += taker.await.unwrap();
    }
    assert_eq!(taken, 1_000);
    let seen = only(&ctx, id).await;
    assert_eq!((seen.on_hand, seen.reserved, seen.available), (1_000, 1_000, 0));
    nothing_is_lost(&ctx).await;
    assert!(stock::hot::set(&ctx, variant, false).await.unwrap());
    let seen = only(&ctx, id).await;
    assert_eq!((seen.on_hand, seen.reserved, seen.hot), (1_000, 1_000, false));
    nothing_is_lost(&ctx).await;
}

async fn a_variant_becomes_hot_and_cold_while_people_buy(app: TestApp) {
    let ctx = editor(&app);
    let (id, variant) = thing(&ctx, 100, StockPolicy::Deny).await;
    let item = CountItem { threshold: Some(7), ..CountItem::new(variant, 100) };
    stock::set_on_hand(&ctx, &[item], "").await.unwrap();
    let app = shared(app);
    let buyers = (0..30).map(|n| {
        let ctx = app.customer();
        tokio::spawn(async move {
            let holder = Uuid::now_v7();
            let lines = [(variant, pieces(4))];
            match promise(&ctx, holder, &lines, None).await {
                Ok(()) => {}
                Err(CatalogError::OutOfStock(_)) => return 0,
                Err(other) => panic!("{other:?}"),
            }
            let now = ctx.now();
            if n % 3 == 0 {
                let again = || async {
                    let back = async |tx: &platform::Tx| stock::release(tx, holder, now).await;
                    ctx.write(Access::Public, back).await.map_err(platform::Error::from)
                };
                let back = platform::error::retry(again).await.unwrap();
                assert_eq!(back, [(variant, 4)]);
                return 0;
            }
            if n % 3 == 1 {
                let again = || async {
                    let send = async |tx: &platform::Tx| stock::ship(tx, holder, &lines, now).await;
                    ctx.write(Access::Public, send).await.map_err(platform::Error::from)
                };
                platform::error::retry(again).await.unwrap();
            }
            4
        })
    });
    let buyers: Vec<_> = buyers.collect();
    for n in 0..8 {
        let again =
            || async { stock::hot::set(&ctx, variant, n % 2 == 0).await.map_err(platform::Error::from) };
        assert!(platform::error::retry(again).await.unwrap());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let mut kept = 0;
    for buyer in buyers {
        kept += buyer.await.unwrap();
    }
    let seen = only(&ctx, id).await;
    let sent = 100 - seen.on_hand;
    assert_eq!(sent + seen.reserved, kept);
    assert_eq!((seen.hot, seen.available), (false, 93 - kept));
    nothing_is_lost(&ctx).await;
    assert_eq!(
        refusal(stock::hot::set(&app.staff(&[Permission::INVENTORY_UPDATE]), variant, true).await).0,
        "FORBIDDEN"
    );
}

async fn what_a_location_keeps_back_stays_there_and_its_depth_is_sold(app: TestApp) {
    let ctx = editor(&app);
    let (main, ghent) = (main_location(&ctx), open(&ctx, "Ghent", Country::parse("BE").unwrap()).await.id);
    let at = |variant, location, on_hand, threshold| CountItem {
        place: Place::At(location),
        threshold: Some(threshold),
        ..CountItem::new(variant, on_hand)
    };
    let free = async |variant: VariantId| {
        let reader = ctx.read(Access::Public).await.unwrap();
        query::offers(&reader, &[variant]).await.unwrap()[&variant].available
    };
    let short = |asked: Result<(), CatalogError>| match asked {
        Err(CatalogError::OutOfStock(short)) => short[0].available,
        other => panic!("{other:?}"),
    };
    for hot in [false, true] {
        // Two of three are kept back here, one more than there are may be sold there.
        let (id, variant) = thing(&ctx, 3, StockPolicy::Deny).await;
        stock::set_on_hand(&ctx, &[at(variant, main, 3, 2), at(variant, ghent, 4, -1)], "").await.unwrap();
        assert_eq!(stock::hot::set(&ctx, variant, hot).await.unwrap(), hot);
        assert_eq!(free(variant).await, Some(6), "{hot}");
        assert_eq!(short(promise(&ctx, Uuid::now_v7(), &[(variant, pieces(7))], None).await), 6, "{hot}");
        promise(&ctx, Uuid::now_v7(), &[(variant, pieces(6))], None).await.unwrap();
        assert_eq!(shelves(&ctx, id).await, BTreeMap::from([(main, (3, 1)), (ghent, (4, 5))]), "{hot}");
        assert_eq!(short(promise(&ctx, Uuid::now_v7(), &[(variant, Quantity::ONE)], None).await), 0, "{hot}");
        nothing_is_lost(&ctx).await;
    }
    // At one location, piece by piece, from as many rows as a hot variant has.
    for (threshold, offered) in [(2, 1), (-5, 8)] {
        let (id, variant) = thing(&ctx, 3, StockPolicy::Deny).await;
        stock::set_on_hand(&ctx, &[at(variant, main, 3, threshold)], "").await.unwrap();
        assert!(stock::hot::set(&ctx, variant, true).await.unwrap());
        let holder = Uuid::now_v7();
        for n in (1..=offered).rev() {
            assert_eq!(free(variant).await, Some(n), "{threshold}");
            promise(&ctx, holder, &[(variant, Quantity::ONE)], None).await.unwrap();
        }
        assert_eq!(short(promise(&ctx, holder, &[(variant, Quantity::ONE)], None).await), 0, "{threshold}");
        let now = ctx.now();
        let lines = [(variant, pieces(offered))];
        ctx.write(Access::Public, async |tx| stock::ship(tx, holder, &lines, now).await).await.unwrap();
        assert_eq!(shelves(&ctx, id).await, BTreeMap::from([(main, (3 - offered, 0))]), "{threshold}");
        nothing_is_lost(&ctx).await;
    }
}

testkit::on_both!(
    every_shop_has_a_location_from_its_first_moment,
    one_location_takes_as_many_statements_as_ever,
    the_nearest_location_that_has_everything_is_taken_from,
    pieces_at_three_places_go_to_as_many_buyers,
    buyers_of_many_things_do_not_wait_in_a_circle,
    a_location_that_is_switched_off_sells_nothing,
    counts_are_of_a_place_or_of_the_shop,
    what_a_location_keeps_back_stays_there_and_its_depth_is_sold,
    transfers_lie_on_neither_shelf_while_they_are_under_way,
    a_count_is_applied_at_once_and_keeps_what_was_sold_meanwhile,
    what_suppliers_bring_is_stock_when_it_is_there,
    a_hot_variant_sells_exactly_what_there_is,
    a_variant_becomes_hot_and_cold_while_people_buy,
);
