//! What pages look like: reviewed snapshots of whole views, and the promises that hold for all of them.

#![expect(clippy::expect_used, reason = "a fixture that cannot be made is a broken test")]

mod sample;

use crate::page::{Head, Page, scene};
use crate::parts::form::Problems;
use crate::parts::lines;
use crate::query::ListAddress;
use crate::routes::{access, cart, checkout, errors, home, list, order, product, review, signin};
use crate::shop::tests::shop_without;
use crate::shop::{Currencies, Shop};
use catalog::view::{OptionGroup, OptionValue, VariantView};
use commerce::review::{OwnReview, ReviewState, ReviewView};
use commerce::view::{
    CartView, CheckoutView, CodeView, OrderRowView, OrderState, OrderView, PromotionReason, WhyNot,
};
use leptos::prelude::*;
use primitives::{Currency, FieldError, Timestamp};
use sample::{
    around, card, checkout_view, eur, exchanged, full_cart, list_page, order_view, partly_sent, room, said,
    shop, throw,
};
use serde_json::json;
use std::sync::Arc;

#[test]
fn what_somebody_types_into_a_return_comes_back_with_it() {
    let shop = shop();
    let typed =
        order::back::Typed::read("key=k&pieces-01890000-0000-7000-8000-000000000051=two&words=Too+small");
    let problems = typed.ask().expect_err("no number, no reason");
    let html = scene(|| order::back::form_page(&shop, &partly_sent(), &typed, &problems).into_html(&shop));
    assert_eq!(html.matches("aria-invalid=\"true\"").count(), 2);
    assert!(html.contains("value=\"two\"") && html.contains(">Too small</textarea>"));
    let typed = order::back::Typed { words: "</textarea><h1>x".into(), ..typed };
    let html = scene(|| order::back::form_page(&shop, &partly_sent(), &typed, &problems).into_html(&shop));
    assert!(html.contains(">&lt;/textarea&gt;&lt;h1&gt;x</textarea>") && !html.contains("<h1>x"), "{html}");
    let fine = order::back::Typed::read("key=k&pieces-01890000-0000-7000-8000-000000000051=1&reason=damaged");
    let ask = fine.ask().expect("all there");
    assert_eq!((ask.lines.len(), ask.lines[0].quantity, ask.key.as_str()), (1, 1, "k"));
}

#[test]
fn nobody_who_has_signed_in_is_asked_to() {
    let shop = shop();
    let asked = |signed_in| {
        let view = CheckoutView { signed_in, ..checkout_view() };
        let page = scene(|| {
            checkout::page(&shop, &view, &checkout::Typed::default(), &Problems::default()).into_html(&shop)
        });
        page.contains("Have an account?")
    };
    assert_eq!((asked(false), asked(true)), (true, false));
}

#[test]
fn what_is_fetched_asks_for_no_address() {
    let shop = shop();
    let place = "Kouter 12, 9000 Ghent, Tuesday to Saturday";
    let mut view = checkout_view();
    let asked = |view: &CheckoutView| {
        scene(|| {
            checkout::page(&shop, view, &checkout::Typed::default(), &Problems::default()).into_html(&shop)
        })
    };
    let sent = asked(&view);
    view.methods[0].pickup_place = Some(place.to_owned());
    let fetched = asked(&view);
    assert!(sent.contains("Delivery address") && !sent.contains("Who fetches it"));
    assert!(fetched.contains("Who fetches it") && fetched.contains(place));
    assert!(!fetched.contains("Delivery address") && fetched.contains("An address for the invoice"));
    let mut order = order_view(OrderState::Paid);
    order.pickup_place = Some(place.to_owned());
    let page = scene(|| order::page(&shop, &order, order::Seen::InAccount).into_html(&shop));
    assert!(page.contains("Fetch it at") && page.contains(place) && page.contains("Ready to be fetched"));
    assert!(!page.contains("Delivered to") && !page.contains("On its way"));
}

#[test]
fn currencies_can_be_chosen_where_there_are_some() {
    let of = |shop: &Shop| scene(|| Page::new(Head::default(), "/products", ().into_any()).into_html(shop));
    assert!(!of(&shop()).contains("/currency\""));
    let offered = vec![Currency::EUR, Currency::parse("CHF").expect("a currency")];
    let notice = Some("Prices are in EUR now: this shop does not offer USD.".to_owned());
    let page = of(&shop().with_currencies(Currencies { current: offered[1], offered, notice }));
    assert!(page.contains("action=\"/t/hearth/currency\" method=\"post\""), "{page}");
    assert!(
        page.contains("name=\"to\" value=\"/products\"") && page.contains("this shop does not offer USD")
    );
    assert!(page.contains(">EUR €</option>") && page.contains(">CHF</option>"));
    assert_eq!(page.matches(" selected").count(), 1);
}

#[test]
fn whoever_chooses_a_currency_comes_back_to_where_they_were() {
    let offered = vec![Currency::EUR, Currency::USD];
    let known = Currencies { current: Currency::EUR, offered, notice: None };
    let shop = shop().with_currencies(known);
    let to = |shop: &Shop, page: fn(&Shop) -> Page| {
        let html = scene(|| page(shop).into_html(shop));
        let to = html.split("name=\"to\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        to.expect("a way back").to_owned()
    };
    let later: fn(&Shop) -> Page = |shop| order::page(shop, &partly_sent(), order::Seen::Later);
    let own: fn(&Shop) -> Page = |shop| order::page(shop, &partly_sent(), order::Seen::InAccount);
    let form: fn(&Shop) -> Page =
        |shop| order::back::form_page(shop, &partly_sent(), &Default::default(), &Problems::default());
    let gone: fn(&Shop) -> Page = |shop| errors::not_found_page(shop, &[], &[]);
    let read = shop.clone().seen_at("/products?q=mug&price_max=40");
    for page in [later, own, form, gone] {
        assert_eq!(to(&read, page), "/products?q=mug&amp;price_max=40");
    }
    // The answer to a form: the page that it stood on, where there is one.
    assert_eq!(to(&shop, later), "/orders/the-token");
    assert_eq!(to(&shop, own), format!("/account/orders/{}", partly_sent().id));
    assert_eq!(to(&shop, form), "/orders/the-token/return");
    assert_eq!(to(&shop, gone), "");
    assert_eq!(to(&shop.clone().seen_at("//elsewhere.example"), later), "/orders/the-token");
}

#[test]
fn whoever_wanted_a_currency_that_is_gone_can_choose_what_is_left() {
    let notice = Some("Prices are in EUR now: this shop does not offer USD.".to_owned());
    let shop = shop().with_currencies(Currencies { notice, ..Currencies::only(Currency::EUR) });
    let page = scene(|| Page::new(Head::default(), "/products", ().into_any()).into_html(&shop));
    assert!(page.contains("this shop does not offer USD"), "{page}");
    assert!(page.contains("action=\"/t/hearth/currency\"") && page.contains(">EUR €</option>"), "{page}");
}

#[test]
fn goods_for_what_came_back_are_no_money() {
    let shop = shop();
    let page = |order: &OrderView| scene(|| order::page(&shop, order, order::Seen::Later).into_html(&shop));
    let all = page(&exchanged(OrderState::Refunded, 9_800, 9_800));
    assert!(all.contains("Exchanged, see order 1043.") && all.contains("It was exchanged."), "{all}");
    for money in ["went back to you", "Given back", "on its way back", "Refunded"] {
        assert!(!all.contains(money), "{money}: {all}");
    }
    let part = page(&exchanged(OrderState::Refunded, 9_800, 6_000));
    for said in ["Exchanged, see order 1043.", "€38.00 went back to you.", "Your money is on its way back."]
    {
        assert!(part.contains(said), "{said}: {part}");
    }
    assert!(part.contains("<dt>Given back</dt><dd>€38.00</dd>"), "{part}");
    // Of the order that was placed for them, all that goes back is money.
    let mut new = exchanged(OrderState::Refunded, 9_800, 9_800);
    new.exchanges[0].from = (sample::id(62), 1041);
    new.returns.clear();
    let new = page(&new);
    assert!(new.contains("<dt>Given back</dt><dd>€98.00</dd>"), "{new}");
    assert!(new.contains("Your money is on its way back."), "{new}");
}

#[test]
fn a_list_of_orders_says_what_was_exchanged() {
    let shop = shop();
    let (old, words) =
        (exchanged(OrderState::Refunded, 9_800, 9_800), |row: &OrderRowView| order::row_words(row).1);
    let row = OrderRowView {
        id: old.id,
        number: old.number,
        state: old.state,
        payment: old.payment,
        email: old.email.clone(),
        name: old.address.name.clone(),
        n_items: 2,
        partly_shipped: false,
        exchanged: old.is_exchanged(),
        total: old.totals.total,
        country: old.address.country.clone(),
        shipping_name: old.shipping_name.clone(),
        payment_provider: old.payment_provider.clone(),
        attention: None,
        placed_at: old.placed_at,
        updated_at: old.placed_at,
    };
    assert_eq!(words(&row), "Exchanged");
    assert_eq!(words(&OrderRowView { exchanged: false, ..row.clone() }), "Refunded");
    let account = crate::data::Account {
        name: "Ada".into(),
        email: "ada@example.com".into(),
        verified: true,
        address: None,
        letters: None,
        orders: vec![row],
        beside: (None, Some("older".to_owned())),
        credit: None,
    };
    let page = scene(|| crate::routes::account::page(&shop, &account, false).into_html(&shop));
    assert!(page.contains(">Exchanged</p>") && !page.contains("Refunded"), "{page}");
    assert!(page.contains("/account?after=older#orders") && !page.contains("Newer orders"), "{page}");
}

#[test]
fn only_what_was_bought_in_the_shops_currency_can_be_exchanged() {
    let shop = shop();
    let form = |order: &OrderView| {
        let (typed, problems) = (order::back::Typed::default(), Problems::default());
        scene(|| order::back::form_page(&shop, order, &typed, &problems).into_html(&shop))
    };
    assert!(form(&partly_sent()).contains("name=\"exchange\""));
    let foreign = OrderView { exchange_rate: "1.10".into(), ..partly_sent() };
    let page = form(&foreign);
    assert!(page.contains("name=\"words\"") && !page.contains("name=\"exchange\""), "{page}");
}

/// The document of every page that there is, by name.
fn pages() -> Vec<(&'static str, String)> {
    let shop = shop();
    let html = |page: Page| page.into_html(&shop).replace(platform::nonce::mark(), "{nonce}");
    scene(|| views().into_iter().map(|(name, page)| (name, html(page))).collect())
}

/// A review that was turned down and came back with something missing.
fn review_page(shop: &Shop) -> Page {
    let before = ReviewView { reason: "It names the neighbour".into(), ..said(71, 4, ReviewState::Rejected) };
    let own =
        OwnReview { review: Some(before), verified: true, refused: None, name: "Annelies Claes".into() };
    let typed = review::Typed {
        rating: "4".into(),
        title: String::new(),
        body: "\r\nBought <one> & kept it".into(),
        author: "Annelies".into(),
    };
    let missing = FieldError { field: "title".into(), message: "use 1 to 120 characters".into() };
    let problems = Problems { message: String::new(), fields: vec![missing] };
    review::page(shop, &throw(), &own, &typed, &problems, false)
}

/// Every page that there is, by name; only inside a scene.
fn views() -> Vec<(&'static str, Page)> {
    let shop = shop();
    let address =
        ListAddress::parse("/products".into(), None, "option.Colour=Oat&price_max=400", Currency::EUR);
    let problems = Problems {
        message: String::new(),
        fields: vec![FieldError { field: "postal_code".into(), message: "four digits".into() }],
    };
    let typed = checkout::Typed { key: String::new(), ..checkout::Typed::default() };
    let cards = vec![Arc::new(card())];
    vec![
        ("home", home::page(&shop, &[home::Filled::Collections(Default::default(), vec![room()])])),
        ("list", list::page(&shop, &address, None, &list_page(cards.clone()), &[room()])),
        ("list-empty", list::page(&shop, &address, Some(&room()), &list_page(Vec::new()), &[room()])),
        ("search", list::search_page(&shop, &[room()])),
        ("product", product::page(&shop, &throw(), &around(&cards), &product::Chosen::default())),
        ("review", review_page(&shop)),
        ("cart", cart::page(&shop, &full_cart(), None, &cards)),
        (
            "cart-empty",
            cart::page(&shop, &CartView { lines: Vec::new(), n_items: 0, ..full_cart() }, None, &[]),
        ),
        ("checkout", checkout::page(&shop, &checkout_view(), &typed, &problems)),
        ("order", order::page(&shop, &order_view(OrderState::PendingPayment), order::Seen::JustPlaced)),
        ("order-in-parts", order::page(&shop, &partly_sent(), order::Seen::Later)),
        ("return", order::back::form_page(&shop, &partly_sent(), &Default::default(), &Problems::default())),
        ("sign-in", signin::page(&shop, &signin::Typed::default(), &Problems::message("no"), None)),
        (
            "register",
            signin::page(
                &shop,
                &signin::Typed { form: signin::Form::Register, ..Default::default() },
                &problems,
                None,
            ),
        ),
        ("forgot-password", access::page(&shop, &access::Form::Forgot, &Default::default(), &problems)),
        (
            "reset-password",
            access::page(&shop, &access::Form::Reset, &Default::default(), &Problems::default()),
        ),
        ("not-found", errors::not_found_page(&shop, &[room()], &cards)),
    ]
}

/// One element per line, so that a changed snapshot can be read; island names without their hashes.
fn readable(html: &str) -> String {
    let mut out = html.replace("><", ">\n<").replace("<!>", "");
    for island in ["BuyBox_", "CartCount_", "CartDrawer_", "Live_"] {
        while let Some(at) = out.find(island) {
            let end = out[at..].find('"').map_or(out.len(), |length| at + length);
            out.replace_range(at + island.len() - 1..end, "");
        }
    }
    out
}

fn main_of(html: &str) -> &str {
    let start = html.find("<main").expect("a main element");
    let end = html.rfind("</main>").expect("the end of main");
    &html[start..end]
}

#[test]
fn looks_as_reviewed() {
    let shop = shop();
    for (name, html) in pages() {
        insta::assert_snapshot!(name, readable(main_of(&html)));
    }
    let html = scene(|| Page::new(Head::default(), "/products", ().into_any()).into_html(&shop));
    let html = html.replace(platform::nonce::mark(), "{nonce}");
    insta::assert_snapshot!("shell", readable(&html).replace(&shop.assets.boot, "boot.js"));
}

#[test]
fn every_link_and_form_stays_below_the_shops_prefix() {
    for (name, html) in pages() {
        let (_, body) = html.split_once("<body>").expect("a body");
        for attribute in [" href=\"/", " action=\"/", " formaction=\"/"] {
            for part in body.split(attribute).skip(1) {
                let path = part.split('"').next().unwrap_or_default();
                let own = path.starts_with("t/hearth") || path.starts_with("media/");
                assert!(own, "{name}: {attribute}{path}");
            }
        }
    }
}

#[test]
fn no_page_carries_inline_scripts_styles_or_handlers() {
    for (name, html) in pages() {
        assert!(!html.contains(" style=") && !html.contains("<style"), "{name} has inline style");
        assert!(!html.contains("javascript:") && !html.contains(" onclick="), "{name} has inline script");
        for part in html.split("<script").skip(1) {
            let fine = part.starts_with(" type=\"module\" src=")
                || part.starts_with(" type=\"application/ld+json\">");
            assert!(fine, "{name}: {part:.60}");
        }
    }
}

#[test]
fn every_page_has_one_main_heading_and_no_id_twice() {
    for (name, html) in pages() {
        assert_eq!(html.matches("<h1").count(), 1, "{name}: main headings");
        let mut ids: Vec<&str> =
            html.split(" id=\"").skip(1).filter_map(|part| part.split('"').next()).collect();
        let n_ids = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), n_ids, "{name}: an id stands twice");
    }
}

#[test]
fn every_field_has_a_label() {
    for (name, html) in pages() {
        for field in html.split("<input").skip(1).chain(html.split("<select").skip(1)) {
            let tag = field.split('>').next().unwrap_or_default();
            if tag.contains("type=\"hidden\"") || tag.contains("aria-label=") {
                continue;
            }
            let labelled = tag
                .split(" id=\"")
                .nth(1)
                .and_then(|rest| rest.split('"').next())
                .is_some_and(|id| html.contains(&format!("for=\"{id}\"")));
            let inside = html[..html.find(field).unwrap_or(0)]
                .rfind("<label")
                .is_some_and(|open| !html[open..html.find(field).unwrap_or(open)].contains("</label>"));
            assert!(labelled || inside, "{name}: field without label: {tag}");
        }
    }
}

#[test]
fn pages_of_one_visitor_are_never_kept() {
    let shop = shop();
    let answers = scene(|| {
        views().into_iter().map(|(name, page)| (name, page.into_response(&shop))).collect::<Vec<_>>()
    });
    for (name, response) in answers {
        let kept = response.headers().contains_key(crate::page::DEPENDENCIES);
        let public = matches!(name, "home" | "list" | "list-empty" | "search" | "product");
        assert_eq!(kept, public, "{name}");
    }
}

/// Every page that there still is, in a shop that has switched modules off.
fn pages_without(modules: &[&str]) -> Vec<(&'static str, String)> {
    let shop = shop_without(
        modules,
        json!({
            "menu": [{"label": "Cart", "href": "/cart"}, {"label": "Kitchen", "href": "/collections/kitchen"}],
            "assurances": [{"icon": "truck", "title": "Free delivery"}]
        }),
        "",
    );
    let cards = vec![Arc::new(card())];
    let address = ListAddress::parse("/products".into(), None, "", Currency::EUR);
    let account = crate::data::Account {
        name: "Ada".into(),
        email: "ada@example.com".into(),
        verified: true,
        address: None,
        letters: None,
        orders: Vec::new(),
        beside: (None, None),
        credit: None,
    };
    scene(|| {
        let mut pages = vec![
            ("home", home::page(&shop, &[])),
            ("sign-in", signin::page(&shop, &signin::Typed::default(), &Problems::default(), None)),
            ("account", crate::routes::account::page(&shop, &account, false)),
            ("not-found", errors::not_found_page(&shop, &[], &[])),
        ];
        if shop.shows_products() {
            pages.extend([
                ("list", list::page(&shop, &address, None, &list_page(cards.clone()), &[room()])),
                ("product", product::page(&shop, &throw(), &around(&cards), &product::Chosen::default())),
            ]);
        }
        pages.into_iter().map(|(name, page)| (name, page.into_html(&shop))).collect()
    })
}

#[test]
fn a_shop_that_sells_nothing_shows_what_it_has() {
    for (name, html) in pages_without(&["commerce"]) {
        for gone in
            ["/cart", "cart-drawer", "€", "Add to cart", "Sold out", "\"offers\"", "Price, ", "delivery"]
        {
            assert!(!html.contains(gone), "{name} still has {gone}");
        }
        assert!(html.contains("href=\"/collections/kitchen\"") && html.contains("role=\"search\""), "{name}");
        assert!(name != "product" || html.contains("Heavy enough to stay put."));
    }
}

#[test]
fn a_shop_without_products_leads_to_none() {
    for (name, html) in pages_without(&["commerce", "catalog"]) {
        for gone in ["/cart", "/products", "/collections", "/search", "role=\"search\""] {
            assert!(!html.contains(gone), "{name} still has {gone}");
        }
    }
}

#[test]
fn a_sold_out_choice_stays_in_the_row_and_can_be_chosen() {
    let shop = shop();
    let chosen = product::Chosen { options: vec![("colour", "MOSS")], ..Default::default() };
    let html =
        scene(|| product::page(&shop, &throw(), &product::Around::default(), &chosen).into_html(&shop));
    let moss = html.split("<label").find(|part| part.contains("value=\"Moss\"")).expect("moss");
    let moss = moss.split("</label>").next().expect("its label");
    assert!(moss.contains("data-sold-out") && moss.contains("checked") && !moss.contains("disabled"));
    assert!(html.contains("aria-disabled=\"true\""));
}

#[test]
fn the_chosen_variant_is_shown_first() {
    let shop = shop();
    let chosen = product::Chosen { options: vec![("Colour", "Ink")], ..Default::default() };
    let html =
        scene(|| product::page(&shop, &throw(), &product::Around::default(), &chosen).into_html(&shop));
    let (ink, oat) = (html.find("id=\"picture-1\""), html.find("id=\"picture-0\""));
    assert!(ink < oat && ink.is_some());
    assert!(html.contains("<strong>€128</strong>"));
}

#[test]
fn tracking_leads_only_to_web_addresses() {
    let shop = shop();
    let html =
        scene(|| order::page(&shop, &order_view(OrderState::Shipped), order::Seen::Later).into_html(&shop));
    assert!(html.contains("Bpost") && !html.contains("javascript:"));
}

#[test]
fn an_order_can_be_bought_again_once_it_is_paid() {
    let shop = shop();
    let page = |state, seen| scene(|| order::page(&shop, &order_view(state), seen).into_html(&shop));
    let by_link = "action=\"/t/hearth/orders/the-token/again\" method=\"post\"";
    for state in [OrderState::Paid, OrderState::Shipped, OrderState::Delivered, OrderState::Cancelled] {
        assert!(page(state, order::Seen::Later).contains(by_link), "{state:?}");
    }
    assert!(!page(OrderState::PendingPayment, order::Seen::JustPlaced).contains("/again"));
    let own = format!("action=\"/t/hearth/account/orders/{}/again\"", order_view(OrderState::Paid).id);
    let in_account = page(OrderState::Paid, order::Seen::InAccount);
    assert!(in_account.contains(&own) && !in_account.contains(by_link));
}

#[test]
fn a_code_says_why_it_does_nothing() {
    let shop = shop();
    let at = |text| Timestamp::parse(text).expect("a moment");
    let priced = |reason| Some(WhyNot::Priced(reason));
    let midnight = at("2026-08-01T00:00:00Z");
    for (name, problem, said) in [
        ("Summer", None, "Summer"),
        ("Summer", priced(PromotionReason::Missing { amount: eur(240) }), "Summer: €2.40 more"),
        ("Summer", priced(PromotionReason::Expired { at: midnight }), "Summer: ended on 31 July 2026"),
        (
            "Summer",
            priced(PromotionReason::NotYet { from: midnight }),
            "Summer: begins on 1 August 2026, 00:00 UTC",
        ),
        (
            "Summer",
            priced(PromotionReason::ExcludedBy { name: "Sale <b>".into() }),
            "Summer: excluded by Sale &lt;b&gt;",
        ),
        ("Summer", priced(PromotionReason::UsedUpByShopper), "Summer: you have used it already"),
        ("Post", Some(WhyNot::NoDelivery), "Post: no delivery is chosen yet"),
        ("", Some(WhyNot::NoSuchCode), "there is no such code"),
    ] {
        let code = CodeView { code: "SUN".into(), name: name.into(), problem };
        let html = scene(|| lines::code_status(&shop, &code).to_html());
        assert!(html.contains(said), "{said}: {html}");
        // The cart and the checkout say the same.
        let cart = CartView { codes: vec![code], ..full_cart() };
        let at_checkout = CheckoutView { cart: cart.clone(), ..checkout_view() };
        let (typed, problems) = (checkout::Typed::default(), Problems::default());
        let pages = [
            scene(|| cart::page(&shop, &cart, None, &[]).into_html(&shop)),
            scene(|| checkout::page(&shop, &at_checkout, &typed, &problems).into_html(&shop)),
        ];
        for page in pages {
            assert!(page.contains(said), "{said}");
        }
    }
}

#[test]
fn the_cart_says_what_of_an_order_is_not_in_it() {
    let one = |title: &str, variant: &str, sold_out| commerce::cart::Missing {
        title: title.into(),
        variant_title: variant.into(),
        sold_out,
    };
    let missing = [one("Bowl", "", false), one("Mug <b>", "Oat / Large", true), one("Vase", "", false)];
    let words = order::again::words(&missing).expect("words");
    let said = "Some of that order is not in your cart. Not sold any more: Bowl; Vase. Sold out now: Mug <b> (Oat, Large).";
    assert_eq!(words, said);
    assert_eq!(order::again::words(&[]), None);
    let shop = shop();
    let said = Some(cart::Said { tone: "warning", text: &words });
    for lines in [full_cart().lines, Vec::new()] {
        let html = scene(|| {
            cart::page(&shop, &CartView { lines: lines.clone(), ..full_cart() }, said, &[]).into_html(&shop)
        });
        assert!(html.contains("data-tone=\"warning\" role=\"status\" class=\"notice\""), "{html}");
        assert!(html.contains("Mug &lt;b&gt; (Oat, Large)"), "{html}");
    }
}

#[test]
fn the_same_offer_in_thousands_of_variants_stays_small() {
    let shop = shop();
    let mut product = throw();
    product.options = ["Size", "Colour", "Length"]
        .map(|name| OptionGroup {
            name: name.into(),
            values: (0..13)
                .map(|n| OptionValue { value: format!("{name} {n}"), swatch: None, available: true })
                .collect(),
        })
        .into();
    let first = product.variants[0].clone();
    product.variants = (0..2_000)
        .map(|n| VariantView {
            options: vec![
                format!("Size {}", n % 13),
                format!("Colour {}", n / 13 % 13),
                format!("Length {}", n / 169),
            ],
            ..first.clone()
        })
        .collect();
    let offer = product::offer(&shop, &product, &product::Chosen::default());
    let json = serde_json::to_string(&offer).expect("JSON");
    assert!(json.len() < 60_000, "{} bytes", json.len());
    assert_eq!((offer.prices.len(), offer.stocks.len()), (1, 1));
}
