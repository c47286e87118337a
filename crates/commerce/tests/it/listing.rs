//! Price lists: who gets which price of them, and what is shown of it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use catalog::product::input::{NewProduct, VariantInput};
use catalog::view::ListQuery;
use commerce::customer::{self, GroupDraft};
use commerce::price::{self, PriceEntry, PriceListDraft, Question};
use commerce::promotion::{self, PromotionDraft};
use commerce::settings::{self, CommerceSettings, TaxRule};
use commerce::view::{CartLineView, LineProblem};
use commerce::{cart, checkout};
use platform::Ctx;
use platform::db::count_statements;
use pricing::{Action, TaxCategory};
use primitives::{
    Country, Currency, CustomerGroupId, PageArgs, Permission, PriceListId, Rate, Timestamp, VariantId,
};
use testkit::on_both;

use crate::people::{known, member};
use crate::promoting;
use crate::shop::{Shop, refusal};

fn merchant(shop: &Shop) -> Ctx {
    shop.staff(&[Permission::PRICES_MANAGE, Permission::CUSTOMERS_MANAGE])
}

fn draft(name: &str) -> PriceListDraft {
    PriceListDraft {
        name: name.to_owned(),
        currency: Currency::EUR,
        includes_tax: true,
        groups: None,
        countries: None,
        from: None,
        until: None,
        priority: 0,
        active: true,
    }
}

fn entry(variant: VariantId, min_quantity: u32, price: &str) -> PriceEntry {
    PriceEntry { variant, min_quantity, price: Some(price.to_owned()), compare_at: None }
}

/// A list with prices.
async fn listed(shop: &Shop, draft: &PriceListDraft, prices: &[PriceEntry]) -> PriceListId {
    let made = price::create(&merchant(shop), draft).await.unwrap();
    price::set_prices(&merchant(shop), made.id, prices).await.unwrap();
    made.id
}

async fn group(shop: &Shop, members: &[primitives::CustomerId]) -> CustomerGroupId {
    let trade = GroupDraft { name: "Trade".to_owned(), ..GroupDraft::default() };
    let made = customer::create_group(&merchant(shop), &trade).await.unwrap();
    customer::add_members(&merchant(shop), made.id, members).await.unwrap();
    made.id
}

/// Price of one piece and what is wrong with the line.
fn unit(line: &CartLineView) -> (i64, Vec<LineProblem>) {
    (line.unit.minor, line.problems.clone())
}

async fn lists_are_made_changed_filled_and_put_away(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 50).await;
    let staff = merchant(&shop);
    let wrong = PriceListDraft {
        groups: Some(BTreeSet::new()),
        from: Some(Timestamp::from_millis(9)),
        until: Some(Timestamp::from_millis(9)),
        ..draft("  ")
    };
    let (code, fields) = refusal(price::create(&staff, &wrong).await);
    assert_eq!(
        (code.as_str(), fields),
        ("BAD_USER_INPUT", ["name", "groupIds", "endsAt"].map(String::from).to_vec())
    );
    let stranger = PriceListDraft { groups: Some([CustomerGroupId::new()].into()), ..draft("Trade") };
    assert_eq!(refusal(price::create(&staff, &stranger).await).0, "NOT_FOUND");
    let made = price::create(&staff, &draft(" Volume ")).await.unwrap();
    assert_eq!((made.draft.name.as_str(), made.n_prices, made.version), ("Volume", 0, 1));
    let bad = [
        entry(mug, 0, "1.00"),
        PriceEntry { compare_at: Some("x".to_owned()), ..entry(mug, 2, "1.005") },
        entry(mug, 3, "-1"),
        entry(mug, 3, "99999999999"),
    ];
    let (code, fields) = refusal(price::set_prices(&staff, made.id, &bad).await);
    assert_eq!(code, "BAD_USER_INPUT");
    for field in [
        "prices.0.minQuantity",
        "prices.1.price",
        "prices.1.compareAtPrice",
        "prices.2.price",
        "prices.3.price",
    ] {
        assert!(fields.contains(&field.to_owned()), "{field} in {fields:?}");
    }
    assert_eq!(refusal(price::set_prices(&staff, made.id, &[]).await).1, ["prices"]);
    assert_eq!(
        refusal(price::set_prices(&staff, made.id, &[entry(VariantId::new(), 1, "1")]).await).0,
        "NOT_FOUND"
    );
    let both = [entry(mug, 10, "11.00"), entry(mug, 50, "9.00")];
    assert_eq!(price::set_prices(&staff, made.id, &both).await.unwrap(), 2);
    assert_eq!(price::set_prices(&staff, made.id, &both).await.unwrap(), 2);
    let out = PriceEntry { price: None, ..entry(mug, 50, "") };
    assert_eq!(price::set_prices(&staff, made.id, &[out, entry(mug, 10, "10.50")]).await.unwrap(), 1);
    let rows = price::prices(&staff, made.id, &PageArgs::first(10)).await.unwrap();
    let seen: Vec<_> =
        rows.items.iter().map(|row| (row.min_quantity, row.price.minor, row.base.minor)).collect();
    assert_eq!((seen, rows.total), (vec![(10, 1_050, 1_250)], 1));
    let dollars = PriceListDraft { currency: Currency::USD, ..draft("Volume") };
    assert_eq!(refusal(price::update(&staff, made.id, 1, &dollars).await).1, ["currency"]);
    let changed =
        price::update(&staff, made.id, 1, &PriceListDraft { priority: 7, ..draft("Volume") }).await.unwrap();
    assert_eq!((changed.draft.priority, changed.version, changed.n_prices), (7, 2, 1));
    assert_eq!(refusal(price::update(&staff, made.id, 1, &draft("Late")).await).0, "CONFLICT");
    for (ctx, code) in [
        (shop.other_tenant(), "NOT_FOUND"),
        (shop.customer(), "FORBIDDEN"),
        (shop.anonymous(), "UNAUTHENTICATED"),
    ] {
        assert_eq!(refusal(price::get(&ctx, made.id).await).0, code);
        assert_eq!(refusal(price::update(&ctx, made.id, 2, &draft("Theirs")).await).0, code);
        assert_eq!(refusal(price::archive(&ctx, made.id, 2).await).0, code);
        assert_eq!(refusal(price::set_prices(&ctx, made.id, &both).await).0, code);
    }
    let gone = price::archive(&staff, made.id, 2).await.unwrap();
    assert!(gone.archived_at.is_some() && !gone.draft.active);
    assert_eq!(refusal(price::archive(&staff, made.id, 3).await).0, "CONFLICT");
    assert_eq!(refusal(price::set_prices(&staff, made.id, &both).await).0, "CONFLICT");
    let names = async |q: &str, archived| {
        let page = price::list(&staff, q, archived, &PageArgs::first(5)).await.unwrap();
        page.items.into_iter().map(|list| list.draft.name).collect::<Vec<_>>()
    };
    assert_eq!((names("vol", None).await.len(), names("", Some(false)).await.len()), (1, 0));
    assert_eq!(names("", Some(true)).await, ["Volume"]);
    let told = shop.told().await;
    assert_eq!((told["price_list.created"], told["price_list.updated"]), (1, 5));
    shop.holds().await;
}

async fn more_pieces_cost_less_each_and_the_order_keeps_it(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 50).await;
    let plate = shop.product("Plate", "8.00", 50).await;
    listed(&shop, &draft("Volume"), &[entry(mug, 10, "10.00"), entry(mug, 3, "11.00")]).await;
    let guest = shop.guest(mug, 2).await;
    let line = async || cart::view(&guest.ctx, Some(&guest.token)).await.unwrap().lines.remove(0);
    assert_eq!(unit(&line().await), (1_250, vec![]));
    cart::add(&guest.ctx, Some(&guest.token), &[(mug, 8), (plate, 1)]).await.unwrap();
    let ten = line().await;
    assert_eq!((unit(&ten), ten.total.minor), ((1_000, vec![]), 10_000));
    let listed = ten.listed.clone().unwrap();
    assert_eq!((listed.name.as_str(), listed.min_quantity), ("Volume", 10));
    cart::update(&guest.ctx, Some(&guest.token), &[(ten.id, 9)]).await.unwrap();
    assert_eq!(unit(&line().await), (1_100, vec![]));
    cart::update(&guest.ctx, Some(&guest.token), &[(ten.id, 2)]).await.unwrap();
    assert_eq!((unit(&line().await), line().await.listed), ((1_250, vec![]), None));
    cart::update(&guest.ctx, Some(&guest.token), &[(ten.id, 10)]).await.unwrap();
    let placed = guest.order("manual").await;
    let lines: Vec<_> = placed.lines.iter().map(|line| (line.unit.minor, line.full.minor)).collect();
    assert_eq!(lines, [(1_000, 10_000), (800, 800)]);
    assert_eq!(placed.totals.subtotal.minor, 10_800);
    shop.holds().await;
}

async fn a_total_that_a_list_changed_is_not_charged(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 50).await;
    let guest = shop.guest(mug, 1).await;
    let form = guest.form("manual").await;
    let sale = listed(&shop, &draft("Sale"), &[entry(mug, 1, "10.00")]).await;
    let (code, fields) = refusal(checkout::place_order(&guest.ctx, form).await);
    assert_eq!((code.as_str(), fields.len()), ("CONFLICT", 2));
    let was = primitives::Money::new(1_250, Currency::EUR);
    let seen = cart::view(&guest.ctx, Some(&guest.token)).await.unwrap().lines.remove(0);
    assert_eq!(unit(&seen), (1_000, vec![LineProblem::PriceChanged { was }]));
    let placed = guest.order("manual").await;
    assert_eq!(placed.lines[0].unit.minor, 1_000);
    price::archive(&merchant(&shop), sale, 1).await.unwrap();
    assert_eq!(unit(&shop.guest(mug, 1).await.cart().await.lines[0]).0, 1_250);
    shop.holds().await;
}

async fn a_group_has_prices_of_its_own(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 50).await;
    let (maud, id) = known(&shop, mug).await;
    let trade = group(&shop, &[id]).await;
    let for_trade = PriceListDraft { groups: Some([trade].into()), ..draft("Trade") };
    let prices =
        [PriceEntry { compare_at: Some("12.50".to_owned()), ..entry(mug, 1, "9.00") }, entry(mug, 6, "8.00")];
    let list = listed(&shop, &for_trade, &prices).await;
    let guest = shop.guest(mug, 6).await;
    assert_eq!(unit(&guest.cart().await.lines[0]).0, 1_250);
    assert_eq!(unit(&member(&maud, mug, 1).await.cart().await.lines[0]), (900, vec![]));
    shop.settle().await;
    // Pages and lists look different to her, and nobody else is shown what she saw.
    let rows = maud.read(platform::Access::Public).await.unwrap();
    let product = catalog::query::offers(&rows, &[mug]).await.unwrap()[&mug].product;
    drop(rows);
    let plain = catalog::query::product_by_id(&maud, product).await.unwrap().unwrap();
    let hers = price::pages(&maud, vec![plain.clone()]).await.unwrap().remove(0);
    let variant = &hers.variants[0];
    assert_eq!((variant.price.minor, variant.compare_at.map(|one| one.minor)), (900, Some(1_250)));
    let tiers: Vec<_> = variant.tiers.iter().map(|tier| (tier.from, tier.unit.minor)).collect();
    assert_eq!((tiers, hers.price.minor, hers.price_max.minor), (vec![(6, 800)], 900, 900));
    let anybody = price::pages(&shop.anonymous(), vec![plain.clone()]).await.unwrap().remove(0);
    assert!(Arc::ptr_eq(&plain, &anybody));
    let cards = catalog::query::list(&maud, &ListQuery::default()).await.unwrap().cards.clone();
    let hers = price::cards(&maud, &cards).await.unwrap().unwrap();
    assert_eq!((hers[0].price.minor, hers[0].compare_at.map(|one| one.minor)), (900, Some(1_250)));
    assert_eq!(price::cards(&shop.anonymous(), &cards).await.unwrap(), None);
    assert!(price::of_group(&shop.anonymous()).await.unwrap());
    let kept = async |ctx: &Ctx| price::may_be_kept(ctx).await.unwrap();
    assert_eq!((kept(&maud).await, kept(&shop.anonymous()).await), (false, true));
    // The group stays as long as the list is for it.
    let seen = customer::group(&merchant(&shop), trade).await.unwrap();
    assert_eq!(refusal(customer::delete_group(&merchant(&shop), trade, seen.version).await).0, "CONFLICT");
    price::archive(&merchant(&shop), list, 1).await.unwrap();
    assert_eq!(
        (kept(&maud).await, unit(&member(&maud, mug, 1).await.cart().await.lines[0]).0),
        (true, 1_250)
    );
    customer::delete_group(&merchant(&shop), trade, seen.version).await.unwrap();
    shop.holds().await;
}

/// Promotions change with every order that uses them up, and no page shows them: only what is in a cart asks for them.
async fn a_page_loads_price_lists_and_no_promotions(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 50).await;
    shop.settle().await;
    let guest = shop.anonymous();
    let found = catalog::query::list(&guest, &ListQuery::default()).await.unwrap();
    let product = catalog::query::product_by_id(&guest, found.cards[0].id).await.unwrap().unwrap();
    settings::current(&guest).await.unwrap();
    // As the storefront makes them: a list, a product, and whether either may be kept.
    let look = async || {
        let looked = async {
            price::cards(&guest, &found.cards).await.unwrap();
            price::pages(&guest, vec![product.clone()]).await.unwrap();
            price::may_be_kept(&guest).await.unwrap()
        };
        count_statements(looked).await.1
    };
    let promote = async |n: usize| {
        let codes = vec![format!("SUMMER{n}")];
        let action = Action::OrderPercent { off: Rate::percent(10) };
        let one = PromotionDraft { codes, shopper_limit: Some(1), ..promoting::draft("Sale", action) };
        promotion::create(&shop.staff(&[Permission::PROMOTIONS_MANAGE]), &one).await.unwrap();
    };
    let list = listed(&shop, &draft("Always"), &[entry(mug, 1, "11.00")]).await;
    look().await;
    let known = look().await;
    // Which lists there are stays known when a promotion changes, which carts ask for again.
    promote(1).await;
    assert_eq!((look().await, look().await), (known, known));
    price::archive(&merchant(&shop), list, 1).await.unwrap();
    assert_eq!((look().await, look().await), (1, 0), "which lists there are, and nothing beside it");
    promote(2).await;
    assert_eq!((look().await, look().await), (0, 0));
    shop.holds().await;
}

async fn dates_countries_and_priorities_decide(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 50).await;
    let now = shop.anonymous().now();
    let hour = Duration::from_secs(3_600);
    let soon =
        PriceListDraft { from: Some(now + hour), until: Some(now + 2 * hour), priority: 5, ..draft("Night") };
    listed(&shop, &soon, &[entry(mug, 1, "7.00")]).await;
    let dutch = PriceListDraft {
        countries: Some([Country::parse("NL").unwrap()].into()),
        priority: 9,
        ..draft("NL")
    };
    listed(&shop, &dutch, &[entry(mug, 1, "6.00")]).await;
    listed(&shop, &draft("Always"), &[entry(mug, 1, "11.00")]).await;
    let costs = async || shop.guest(mug, 1).await.cart().await.lines[0].unit.minor;
    assert_eq!(costs().await, 1_100);
    let kept = async || price::may_be_kept(&shop.anonymous()).await.unwrap();
    assert!(kept().await);
    shop.advance(hour - Duration::from_secs(300));
    // A page that is made now would be shown when the night has begun.
    assert!(!kept().await);
    shop.advance(Duration::from_secs(300));
    assert_eq!((costs().await, kept().await), (700, true));
    shop.advance(hour);
    assert_eq!(costs().await, 1_100);
    let staff = merchant(&shop);
    let asked = Question {
        variant: mug,
        quantity: 1,
        country: None,
        groups: BTreeSet::new(),
        at: None,
        currency: None,
    };
    let said = price::explain(&staff, &asked).await.unwrap();
    let words: Vec<_> = said
        .lists
        .iter()
        .map(|list| (list.name.as_str(), list.words.split(" at ").next().unwrap()))
        .collect();
    assert_eq!(words, [("Night", "ended"), ("NL", "for other countries"), ("Always", "chosen")]);
    let there = Question { country: Country::parse("NL").ok(), at: Some(now + hour), ..asked.clone() };
    let said = price::explain(&staff, &there).await.unwrap();
    assert_eq!((said.price.minor, said.lists[2].words.as_str()), (600, "lower priority than NL"));
    assert_eq!(refusal(price::explain(&staff, &Question { quantity: 0, ..asked }).await).1, ["quantity"]);
    shop.holds().await;
}

async fn a_list_without_tax_is_shown_with_it(shop: Shop) {
    assert!(shop.tenant().prices_include_tax);
    let mug = shop.product("Mug", "12.50", 50).await;
    let net = PriceListDraft { includes_tax: false, ..draft("Net") };
    listed(&shop, &net, &[entry(mug, 1, "10.03")]).await;
    let rate = settings::current(&shop.boss()).await.unwrap().settings.taxes[0].rate;
    assert_eq!(rate, Rate::percent(21));
    let guest = shop.guest(mug, 3).await;
    let seen = guest.cart().await;
    // 10.03 × 1.21 = 12.1363; three of them are 36.4089, rounded once.
    assert_eq!((unit(&seen.lines[0]), seen.lines[0].total.minor), ((1_214, vec![]), 3_641));
    assert_eq!((seen.totals.subtotal.minor, seen.totals.tax.minor), (3_641, 632));
    let placed = guest.order("manual").await;
    assert_eq!((placed.lines[0].unit.minor, placed.totals.subtotal.minor), (1_214, 3_641));
    shop.holds().await;
}

async fn goods_are_taxed_as_what_they_are(shop: Shop) {
    let boss = shop.boss();
    let current = settings::current(&boss).await.unwrap();
    let home = boss.tenant().country;
    let food = TaxCategory::parse("food").unwrap();
    let mut taxes = current.settings.taxes.clone();
    taxes.push(TaxRule { category: food, ..TaxRule::of_country(home, "VAT", Rate::percent(6)) });
    settings::update(&boss, current.version, CommerceSettings { taxes, ..current.settings.clone() })
        .await
        .unwrap();
    let names: Vec<_> = settings::categories(&boss).await.unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(names, ["standard", "food", "none"]);
    let make = async |title: &str, category: &str, taxable: bool| {
        let variant = VariantInput {
            price: Some("10.00".to_owned()),
            on_hand: Some(9),
            tax_category: Some(category.to_owned()),
            taxable: Some(taxable),
            ..VariantInput::default()
        };
        let new = NewProduct {
            title: title.to_owned(),
            variants: vec![variant],
            publish: true,
            ..NewProduct::default()
        };
        catalog::product::create(&boss, &new).await.unwrap().variants[0].id
    };
    let (mug, jam) = (make("Mug", "standard", true).await, make("Jam", "food", true).await);
    // One without a rate is taxed as usual, one that is not taxable not at all.
    let (book, stamp) = (make("Book", "books", true).await, make("Stamp", "food", false).await);
    let guest = shop.guest(mug, 1).await;
    cart::add(&guest.ctx, Some(&guest.token), &[(jam, 1), (book, 1), (stamp, 1)]).await.unwrap();
    let seen = guest.cart().await.totals;
    let taxes: Vec<_> =
        seen.taxes.iter().map(|share| (share.rate, share.net.minor, share.tax.minor)).collect();
    // 10.00 holds 1.74 at 21 % and 0.57 at 6 %.
    assert_eq!(taxes, [(Rate::percent(21), 1_652, 348), (Rate::percent(6), 943, 57)]);
    let placed = guest.order("manual").await;
    let rates: Vec<_> = placed.lines.iter().map(|line| line.rate).collect();
    assert_eq!(rates, [Rate::percent(21), Rate::percent(6), Rate::percent(21), Rate::ZERO]);
    shop.holds().await;
}

on_both!(
    lists_are_made_changed_filled_and_put_away,
    more_pieces_cost_less_each_and_the_order_keeps_it,
    a_total_that_a_list_changed_is_not_charged,
    a_group_has_prices_of_its_own,
    a_page_loads_price_lists_and_no_promotions,
    dates_countries_and_priorities_decide,
    a_list_without_tax_is_shown_with_it,
    goods_are_taxed_as_what_they_are,
);
