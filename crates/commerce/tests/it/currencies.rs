//! Several currencies by session: what staff keeps of them, what is converted and what is not, and that everything agrees.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use catalog::view::ListQuery;
use commerce::checkout::{self, CheckoutInput, Wish};
use commerce::currency::{self, CurrencyDraft};
use commerce::order::{self, BackTo, Refund};
use commerce::price::{self, PriceEntry, PriceListDraft, Question};
use commerce::promotion;
use commerce::tender;
use commerce::view::{CartView, LineProblem, OrderState};
use commerce::{cart, dashboard};
use platform::{Actor, Ctx};
use pricing::{Action, Condition, Per, Selector};
use primitives::{Country, Currency, Money, Permission, VariantId};
use testkit::on_both;

use crate::promoting::draft;
use crate::shop::{Guest, Shop, product_of, refusal};
use crate::tendering::{balance, issued, with_card};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn code(code: &str) -> Currency {
    Currency::parse(code).unwrap()
}

/// Offers a currency in the shop of whoever acts.
async fn offer(ctx: &Ctx, currency: &str, rate: &str, step: &str, ending: &str) {
    let draft = CurrencyDraft {
        currency: currency.into(),
        rate: rate.into(),
        step: Some(step.into()),
        ending: Some(ending.into()),
    };
    currency::set(ctx, 0, &draft).await.unwrap();
}

pub async fn offered(shop: &Shop) {
    offer(&shop.boss(), "USD", "1.10", "", "").await;
    offer(&shop.boss(), "CHF", "0.941", "0.05", "").await;
    offer(&shop.boss(), "JPY", "163.5", "10", "").await;
    offer(&shop.boss(), "KWD", "0.3331", "", "").await;
}

impl Guest {
    /// The same guest after choosing a currency.
    fn speaking(&self, currency: &str) -> Guest {
        Guest { ctx: self.ctx.in_currency(Some(code(currency))), token: self.token.clone() }
    }
}

/// Every amount is in the currency, and the sums are what they say.
fn agrees(cart: &CartView, currency: Currency) {
    let totals = &cart.totals;
    let shipping = totals.shipping.unwrap_or(Money::zero(currency));
    for money in [totals.subtotal, totals.discount, totals.tax, totals.total, shipping] {
        assert_eq!(money.currency, currency);
    }
    let on_top = if totals.includes_tax { 0 } else { totals.tax.minor };
    assert_eq!(
        totals.total.minor,
        totals.subtotal.minor - totals.discount.minor + shipping.minor + on_top,
        "{totals:?}"
    );
    assert_eq!(totals.taxes.iter().map(|share| share.tax.minor).sum::<i64>(), totals.tax.minor);
    assert_eq!(cart.lines.iter().map(|line| line.total.minor).sum::<i64>(), totals.subtotal.minor);
    for line in &cart.lines {
        assert_eq!(line.total.minor, line.unit.minor * i64::from(line.quantity));
        assert_eq!((line.unit.currency, line.left.currency), (currency, currency));
    }
    if let Some(free) = &cart.free_shipping {
        assert_eq!((free.from.currency, free.missing.currency), (currency, currency));
    }
}

async fn staff_keeps_what_is_offered(shop: Shop) {
    let staff = shop.boss();
    let draft = |currency: &str, rate: &str| CurrencyDraft {
        currency: currency.into(),
        rate: rate.into(),
        ..CurrencyDraft::default()
    };
    assert_eq!(refusal(currency::set(&staff, 0, &draft("EUR", "0")).await).1, ["currency", "rate"]);
    assert_eq!(refusal(currency::set(&shop.customer(), 0, &draft("USD", "1.1")).await).0, "FORBIDDEN");
    let made = currency::set(&staff, 0, &draft("usd", "1.10")).await.unwrap();
    assert_eq!(
        (made.exchange.to(), made.exchange.rate().to_string(), made.version),
        (Currency::USD, "1.10".into(), 1)
    );
    assert_eq!(refusal(currency::set(&staff, 0, &draft("USD", "1.2")).await).0, "CONFLICT");
    let changed = currency::set(&staff, 1, &draft("USD", "1.25")).await.unwrap();
    assert_eq!(refusal(currency::set(&staff, 1, &draft("USD", "1.3")).await).0, "CONFLICT");
    let listed = currency::list(&staff).await.unwrap();
    assert_eq!(listed.iter().map(|one| one.exchange.rate().to_string()).collect::<Vec<_>>(), ["1.25"]);
    let dollars = shop.anonymous().in_currency(Some(Currency::USD));
    let choice = currency::choice(&dollars).await.unwrap();
    assert_eq!(
        (choice.current, choice.missed, choice.offered),
        (Currency::USD, None, vec![Currency::EUR, Currency::USD])
    );
    assert_eq!(refusal(currency::named(&dollars, "GBP").await.map(|_| ())).1, ["currency"]);
    assert_eq!(refusal(currency::remove(&staff, "GBP", 1).await).0, "NOT_FOUND");
    assert_eq!(refusal(currency::remove(&staff, "USD", 1).await).0, "CONFLICT");
    currency::remove(&staff, "USD", changed.version).await.unwrap();
    // A session in it goes on in the shop's own, and is told so.
    let choice = currency::choice(&dollars).await.unwrap();
    assert_eq!((choice.current, choice.missed), (Currency::EUR, Some(Currency::USD)));
    assert_eq!(choice.notice().unwrap(), "Prices are in EUR now: this shop does not offer USD.");
    let mug = shop.product("Mug", "12.50", 5).await;
    let cart = cart::add(&dollars, None, &[(mug, 1)]).await.unwrap().cart;
    assert_eq!(cart.totals.total, Money::new(1250, Currency::EUR));
    // What another shop offers says nothing here.
    assert_eq!(currency::list(&shop.other_tenant()).await.unwrap(), []);
    let noted = shop
        .number("SELECT COUNT(*) FROM audit_entry WHERE CAST(changes AS text) LIKE '%currency_rate%'")
        .await;
    assert_eq!(noted, 3);
    shop.holds().await;
}

/// Goods at odd prices, a fixed promotion with a threshold, delivery; with tax in and on top of prices.
async fn totals_agree_to_the_minor_unit(shop: Shop) {
    let (here, there) = (shop.boss(), shop.other_tenant());
    for ctx in [&here, &there] {
        offer(ctx, "JPY", "163.5", "", "").await;
        offer(ctx, "KWD", "0.3331", "", "").await;
        offer(ctx, "CHF", "0.941", "0.05", "").await;
        offer(ctx, "GBP", "0.8719", "1", "0.99").await;
        let goods = Condition::Subtotal { of: Selector::everything(), at_least: 1_000 };
        let off = draft("Welcome", Action::OrderFixed { off: 333 });
        let off = promotion::PromotionDraft { conditions: vec![goods], ..off };
        let staff = if std::ptr::eq(ctx, &here) {
            shop.staff(&[Permission::PROMOTIONS_MANAGE])
        } else {
            there.clone()
        };
        promotion::create(&staff, &off).await.unwrap();
        let mug = product_of(ctx, "Mug", "12.99", 50).await;
        let pot = product_of(ctx, "Pot", "7.45", 50).await;
        let guest = ctx.with_actor(Actor::Anonymous);
        for one in ["JPY", "KWD", "CHF", "GBP"] {
            let currency = code(one);
            let speaking = guest.in_currency(Some(currency));
            let change = cart::add(&speaking, None, &[(mug, 2), (pot, 3)]).await.unwrap();
            agrees(&change.cart, currency);
            let exchange = currency::exchange(&speaking).await.unwrap();
            let own = ctx.tenant().currency;
            let unit = exchange.price(Money::new(1299, own)).unwrap();
            assert_eq!(change.cart.lines[0].unit, unit);
            assert_eq!(change.cart.lines[0].problems, []);
            let page = checkout::view(&speaking, change.token.as_deref(), Wish::default()).await.unwrap();
            agrees(&page.cart, currency);
            assert_eq!(page.cart.totals.discount.minor, exchange.off(333).unwrap());
            let full = Money::new(exchange.amount(500).unwrap(), currency);
            assert_eq!((page.methods[0].full_price, page.due), (full, page.cart.totals.total));
            assert_eq!(
                page.methods[0].free_from,
                Some(Money::new(exchange.amount(7_500).unwrap(), currency))
            );
        }
    }
    shop.holds().await;
}

fn list(currency: Currency) -> PriceListDraft {
    PriceListDraft {
        name: format!("In {currency}"),
        currency,
        includes_tax: true,
        groups: None,
        countries: None,
        from: None,
        until: None,
        priority: 0,
        active: true,
    }
}

async fn listed(shop: &Shop, draft: &PriceListDraft, variant: VariantId, price: &str) {
    let staff = shop.staff(&[Permission::PRICES_MANAGE]);
    let made = price::create(&staff, draft).await.unwrap();
    let entry = PriceEntry { variant, min_quantity: 1, price: Some(price.into()), compare_at: None };
    price::set_prices(&staff, made.id, &[entry]).await.unwrap();
}

async fn a_fixed_price_beats_a_converted_one(shop: Shop) {
    offered(&shop).await;
    let mug = shop.product("Mug", "12.50", 50).await;
    let pot = shop.product("Pot", "20.00", 50).await;
    // A list of the shop's own currency is converted like everything else, whatever its priority.
    listed(&shop, &PriceListDraft { priority: 9, ..list(Currency::EUR) }, mug, "11.00").await;
    listed(&shop, &list(Currency::USD), mug, "9.99").await;
    let guest = shop.guest(mug, 2).await;
    let unit = async |currency: &str| {
        let line = guest.speaking(currency).cart().await.lines.remove(0);
        (line.unit, line.listed.map(|listed| listed.name))
    };
    assert_eq!(unit("EUR").await, (Money::new(1100, Currency::EUR), Some("In EUR".into())));
    assert_eq!(unit("USD").await, (Money::new(999, Currency::USD), Some("In USD".into())));
    assert_eq!(unit("JPY").await, (Money::new(1800, Currency::JPY), Some("In EUR".into())));
    // Pages and cards say the same.
    shop.settle().await;
    let dollars = shop.anonymous().in_currency(Some(Currency::USD));
    let cards = catalog::query::list(&dollars, &ListQuery { page: 1, ..ListQuery::default() }).await.unwrap();
    let cards = price::cards(&dollars, &cards.cards).await.unwrap().unwrap();
    let mut prices: Vec<Money> = cards.iter().map(|card| card.price).collect();
    prices.sort_by_key(|price| price.minor);
    assert_eq!(prices, [Money::new(999, Currency::USD), Money::new(2200, Currency::USD)]);
    let pages =
        catalog::query::pages(&dollars, &cards.iter().map(|card| card.id).collect::<Vec<_>>()).await.unwrap();
    let pages = price::pages(&dollars, pages.values().map(Arc::clone).collect()).await.unwrap();
    let mut prices: Vec<Money> = pages.iter().flat_map(|page| &page.variants).map(|one| one.price).collect();
    prices.sort_by_key(|price| price.minor);
    assert_eq!(prices, [Money::new(999, Currency::USD), Money::new(2200, Currency::USD)]);
    let shown = price::of_variants(&dollars, &[mug, pot]).await.unwrap();
    assert_eq!((shown[&mug].price.minor, shown[&pot].price.minor), (999, 2200));
    assert_eq!(shown[&pot].listed, None);
    // Why.
    let staff = shop.staff(&[Permission::PRICES_MANAGE]);
    let asked = Question {
        variant: pot,
        quantity: 1,
        country: None,
        groups: [].into(),
        at: None,
        currency: Some(Currency::USD),
    };
    let explained = price::explain(&staff, &asked).await.unwrap();
    assert_eq!(explained.converted.as_deref(), Some("20.00 EUR × 1.10 = 22.00 USD"));
    let explained = price::explain(&staff, &Question { variant: mug, ..asked.clone() }).await.unwrap();
    assert_eq!((explained.price.minor, explained.converted), (999, None));
    let yen = Question { variant: mug, currency: Some(Currency::JPY), ..asked.clone() };
    let explained = price::explain(&staff, &yen).await.unwrap();
    let words = "11.00 EUR × 163.50 = 1799 JPY, rounded to 1800 JPY";
    assert_eq!(explained.converted.as_deref(), Some(words));
    let pounds = Question { currency: Some(Currency::GBP), ..asked };
    assert_eq!(refusal(price::explain(&staff, &pounds).await).1, ["currency"]);
    shop.holds().await;
}

async fn a_cart_that_is_switched_says_what_changed(shop: Shop) {
    offered(&shop).await;
    let mug = shop.product("Mug", "12.50", 50).await;
    let guest = shop.guest(mug, 2).await;
    let form = guest.form("manual").await;
    let (euros, dollars) = (Money::new(1250, Currency::EUR), Money::new(1375, Currency::USD));
    let (there, cart) = currency::switch(&guest.ctx, Some(&guest.token), "usd").await.unwrap();
    assert_eq!(there.wanted_currency(), Some(Currency::USD));
    agrees(&cart, Currency::USD);
    assert_eq!(
        (cart.lines[0].unit, cart.lines[0].problems.clone()),
        (dollars, vec![LineProblem::PriceChanged { was: euros }])
    );
    assert!(cart.ready);
    // The number that was seen in euros is no total in dollars, be it the same number.
    let same = CheckoutInput {
        expected_currency: Some(Currency::EUR),
        ..guest.speaking("USD").form("manual").await
    };
    assert_eq!(refusal(checkout::place_order(&there, same).await).0, "CONFLICT");
    assert_eq!(refusal(checkout::place_order(&there, form).await).0, "CONFLICT");
    // What is seen now counts as seen, also beside the cart and back.
    let line = cart.lines[0].id;
    let seen = cart::update(&there, Some(&guest.token), &[(line, 3)]).await.unwrap().cart;
    assert_eq!(seen.lines[0].problems, []);
    let aside = cart::save_for_later(&there, Some(&guest.token), line).await.unwrap().cart;
    assert_eq!((aside.saved[0].unit, aside.saved[0].was), (dollars, None));
    let home = cart::view(&guest.ctx, Some(&guest.token)).await.unwrap();
    assert_eq!((home.saved[0].unit, home.saved[0].was), (euros, Some(dollars)));
    let back = cart::take_back(&guest.ctx, Some(&guest.token), home.saved[0].id).await.unwrap().cart;
    agrees(&back, Currency::EUR);
    assert_eq!(back.lines[0].problems, [LineProblem::PriceChanged { was: dollars }]);
    assert_eq!(refusal(currency::switch(&guest.ctx, None, "GBP").await.map(|_| ())).1, ["currency"]);
    let order = guest.order("manual").await;
    assert_eq!((order.totals.total.currency, order.exchange_rate.as_str()), (Currency::EUR, ""));
    shop.holds().await;
}

async fn an_order_lives_in_its_currency(shop: Shop) {
    offered(&shop).await;
    let mug = shop.product("Mug", "12.50", 50).await;
    // A budget of 5.00 in the shop's currency.
    let staff = shop.staff(&[Permission::PROMOTIONS_MANAGE]);
    let off = draft("Welcome", Action::OrderFixed { off: 300 });
    let off = promotion::PromotionDraft { budget_minor: Some(500), ..off };
    let welcome = promotion::create(&staff, &off).await.unwrap();
    let guest = shop.guest(mug, 4).await.speaking("USD");
    let order = guest.order("http").await;
    let dollars = |minor| Money::new(minor, Currency::USD);
    // 4 × 13.75, less 3.30, and 5.50 for the delivery.
    assert_eq!(
        (order.state, order.totals.subtotal, order.totals.discount),
        (OrderState::Paid, dollars(5_500), dollars(330))
    );
    assert_eq!(
        (order.totals.total, order.paid, order.exchange_rate.as_str()),
        (dollars(5_720), dollars(5_720), "1.10")
    );
    let asked = &shop.gateway.calls()[0];
    assert_eq!((asked.body["amount"].as_i64(), asked.body["currency"].as_str()), (Some(5_720), Some("USD")));
    let used = promotion::get(&staff, welcome.id).await.unwrap();
    assert_eq!((used.uses, used.spent), (1, Money::new(300, Currency::EUR)));
    // 2.00 are left of the budget, too little for 3.30 dollars: the counter knows, and from then on the next price does.
    let next = shop.guest(mug, 4).await.speaking("USD");
    assert_eq!(refusal(next.buy("manual").await).1, ["expectedTotal"]);
    assert_eq!(next.cart().await.totals.discount.minor, 0);
    next.order("manual").await;
    // What staff changes later changes no order.
    let draft = CurrencyDraft { currency: "USD".into(), rate: "2".into(), ..CurrencyDraft::default() };
    currency::set(&shop.boss(), 1, &draft).await.unwrap();
    shop.settle().await;
    let figures = async || dashboard::view(&shop.boss(), 1).await.unwrap();
    let seen = figures().await;
    assert_eq!((seen.revenue, seen.n_orders), (Money::new(5_200, Currency::EUR), 1));
    assert_eq!(seen.top_products[0].revenue, Money::new(5_000, Currency::EUR));
    let refund = Refund { amount: Some(1_000), to: BackTo::Original, reason: "a scratch" };
    let back = order::refund_part(&shop.boss(), order.id, &refund).await.unwrap();
    assert_eq!((back.refunded, back.state), (dollars(1_000), OrderState::Paid));
    shop.settle().await;
    // 47.20 dollars at 1.10.
    assert_eq!(figures().await.revenue, Money::new(4_291, Currency::EUR));
    let customers = commerce::customer::list(
        &shop.boss(),
        &commerce::customer::CustomerFilter::default(),
        commerce::customer::CustomerSort::SpentDesc,
        &primitives::PageArgs::first(5),
    )
    .await
    .unwrap();
    assert_eq!(customers.items[0].spent, Money::new(4_291, Currency::EUR));
    // A rebuild finds the same.
    let before = figures().await;
    index::rebuild(&shop.boss(), &*commerce::projections()[0]).await.unwrap();
    assert_eq!(figures().await, before);
    let all = order::refund(&shop.boss(), order.id, "the rest").await.unwrap();
    assert_eq!((all.refunded, all.state), (dollars(5_720), OrderState::Refunded));
    shop.settle().await;
    let seen = figures().await;
    assert_eq!((seen.revenue, seen.top_products.len()), (Money::zero(Currency::EUR), 0));
    assert_eq!(shop.number("SELECT COUNT(*) FROM money_ledger WHERE currency <> 'USD'").await, 0);
    let kept =
        shop.number("SELECT COUNT(*) FROM orders WHERE exchange_rate = '1.10' AND currency = 'USD'").await;
    assert_eq!(kept, 2);
    // Staff types amounts of an order in the order's currency, which has its own decimals.
    let yen = shop.guest(mug, 1).await.speaking("JPY").order("manual").await;
    let door = Permission::ORDERS_REFUND;
    assert_eq!(order::amount(&shop.boss(), door, yen.id, "1000").await.unwrap(), 1_000);
    assert_eq!(refusal(order::amount(&shop.boss(), door, yen.id, "10.50").await).1, ["amount"]);
    assert_eq!(order::amount(&shop.boss(), door, order.id, "10").await.unwrap(), 1_000);
    shop.holds().await;
}

async fn tenders_pay_in_the_currency_that_they_were_issued_in(shop: Shop) {
    offered(&shop).await;
    let mug = shop.product("Mug", "12.50", 50).await;
    let card = issued(&shop, 5_000).await;
    let guest = shop.guest(mug, 2).await;
    let there = guest.speaking("USD");
    let typed =
        tender::add_gift_card(&there.ctx, Some(&there.token), &card.code.clone().unwrap(), HERE).await;
    let said = "code: this gift card is in EUR and your cart in USD: it can be used when you buy in EUR";
    assert_eq!(typed.unwrap_err().to_string(), said);
    with_card(&guest, &card).await;
    // Chosen in euros, it waits in dollars.
    let page = checkout::view(&there.ctx, Some(&there.token), Wish::default()).await.unwrap();
    assert_eq!((page.tenders[0].amount, page.due), (Money::zero(Currency::USD), page.cart.totals.total));
    let problem = "is in another currency than USD and cannot be used in it";
    assert_eq!(page.tenders[0].problem.as_deref(), Some(problem));
    let order = there.order("http").await;
    assert_eq!((order.paid, order.tenders.len()), (Money::new(3_300, Currency::USD), 0));
    assert_eq!(balance(&shop, &card).await, 5_000);
    shop.holds().await;
}

async fn what_is_taken_off_is_no_price(shop: Shop) {
    offer(&shop.boss(), "USD", "1.10", "1.00", "").await;
    let staff = shop.staff(&[Permission::PROMOTIONS_MANAGE]);
    let each = Action::Fixed { off: 30, of: Selector::everything(), per: Per::Piece };
    promotion::create(&staff, &draft("Each", each)).await.unwrap();
    promotion::create(&staff, &draft("All", Action::OrderFixed { off: 100 })).await.unwrap();
    let mug = shop.product("Mug", "12.50", 50).await;
    let cart = shop.guest(mug, 2).await.speaking("USD").cart().await;
    agrees(&cart, Currency::USD);
    // 0.33 off each piece, then 1.10; the prices alone keep to the step.
    assert_eq!((cart.lines[0].unit.minor, cart.totals.discount.minor), (1_400, 2 * 33 + 110));
    shop.holds().await;
}

async fn store_credit_is_kept_in_each_currency(shop: Shop) {
    offered(&shop).await;
    let mug = shop.product("Mug", "12.50", 50).await;
    let (maud, customer) = crate::people::known(&shop, mug).await;
    let boss = shop.boss();
    let first = order::my_orders(&maud, &primitives::PageArgs::first(1)).await.unwrap().items[0].id;
    order::cancel(&boss, first, "only to be known").await.unwrap();
    let to_credit = |amount| Refund { amount: Some(amount), to: BackTo::StoreCredit, reason: "a scratch" };
    for (currency, back) in [("USD", 330), ("EUR", 200), ("USD", 220)] {
        let ctx = maud.in_currency(Some(code(currency)));
        cart::add(&ctx, None, &[(mug, 1)]).await.unwrap();
        let order = Guest { ctx, token: String::new() }.order("http").await;
        order::refund_part(&boss, order.id, &to_credit(back)).await.unwrap();
    }
    let own = tender::mine(&maud).await.unwrap();
    assert_eq!(own.balance, Money::new(200, Currency::EUR));
    let accounts = "SELECT COUNT(*) FROM tender_account WHERE kind = 'store_credit'";
    assert_eq!(shop.number(accounts).await, 2);
    let file = commerce::customer::data(&boss, customer).await.unwrap();
    let elsewhere = &file.store_credit_elsewhere;
    assert_eq!(file.store_credit.unwrap().balance, "2.00");
    assert_eq!((elsewhere.len(), elsewhere[0].balance.as_str()), (1, "5.50"));
    // Each pays where it belongs.
    for (currency, paid) in [("USD", 550), ("EUR", 200)] {
        let ctx = maud.in_currency(Some(code(currency)));
        cart::add(&ctx, None, &[(mug, 1)]).await.unwrap();
        tender::use_store_credit(&ctx, None).await.unwrap();
        let order = Guest { ctx, token: String::new() }.order("http").await;
        assert_eq!(order.tenders.iter().map(|one| one.amount.minor).collect::<Vec<_>>(), [paid]);
    }
    assert_eq!(shop.number("SELECT CAST(SUM(balance_minor) AS bigint) FROM tender_account").await, 0);
    shop.holds().await;
}

async fn products_without_a_price_there_stay_converted(shop: Shop) {
    offered(&shop).await;
    let mug = shop.product("Mug", "12.50", 50).await;
    listed(
        &shop,
        &PriceListDraft { countries: Some([Country::parse("US").unwrap()].into()), ..list(Currency::USD) },
        mug,
        "9.99",
    )
    .await;
    let cart = shop.guest(mug, 1).await.speaking("USD").cart().await;
    assert_eq!((cart.lines[0].unit.minor, cart.lines[0].listed.clone()), (1375, None));
    // Prices that only look different in another currency are still the same for everybody in it.
    let dollars = shop.anonymous().in_currency(Some(Currency::USD));
    assert!(price::may_be_kept(&dollars).await.unwrap());
    shop.holds().await;
}

on_both!(staff_keeps_what_is_offered);
on_both!(totals_agree_to_the_minor_unit);
on_both!(a_fixed_price_beats_a_converted_one);
on_both!(a_cart_that_is_switched_says_what_changed);
on_both!(an_order_lives_in_its_currency);
on_both!(tenders_pay_in_the_currency_that_they_were_issued_in);
on_both!(products_without_a_price_there_stay_converted);
on_both!(what_is_taken_off_is_no_price);
on_both!(store_credit_is_kept_in_each_currency);
