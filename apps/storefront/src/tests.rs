//! What pages look like: reviewed snapshots of whole views, and the promises that hold for all of them.

#![expect(clippy::expect_used, reason = "a fixture that cannot be made is a broken test")]

use crate::page::{Head, Page, scene};
use crate::parts::form::Problems;
use crate::query::ListAddress;
use crate::routes::{access, cart, checkout, errors, home, list, order, product, signin};
use crate::shop::Shop;
use crate::shop::tests::{shop_with, shop_without};
use catalog::view::{
    Availability, CollectionLink, CollectionView, FacetValue, Facets, ListPage, ListSort, OptionFacet,
    OptionGroup, OptionValue, Picture, ProductCard, ProductPage, Swatch, VariantView,
};
use commerce::view::{
    Address, CartLineView, CartView, CheckoutView, ContactView, FreeShipping, FulfilmentView, LineProblem,
    OrderState, OrderView, PaymentChoice, PaymentState, ShippingChoice, TaxShare, Totals,
};
use content::SafeHtml;
use leptos::prelude::*;
use primitives::{Country, Currency, FieldError, Money, Rate, Timestamp};
use serde_json::json;
use std::sync::Arc;

fn id<T: std::str::FromStr>(n: u8) -> T {
    format!("01890000-0000-7000-8000-0000000000{n:02}").parse().ok().expect("an id")
}

fn eur(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}

fn shop() -> Shop {
    shop_with(
        json!({
            "mark": "arch",
            "announcement": {"text": "Free delivery from €75", "link": {"label": "New in", "href": "/products?sort=newest"}},
            "menu": [
                {"label": "New in", "href": "/products?sort=newest"},
                {"label": "Kitchen", "href": "/collections/kitchen", "groups": [
                    {"title": "Cook", "links": [{"label": "Pan", "href": "/products/pan"}]}
                ]}
            ],
            "list": {"title": "All homeware", "one": "thing", "many": "things"},
            "swatches": {"oat": "#d9cbb2"}
        }),
        "/t/hearth",
    )
}

fn picture(name: &str) -> Picture {
    Picture {
        url_base: format!("/media/hearth/{name}"),
        widths: vec![480, 800],
        width: 800,
        height: 1000,
        alt: format!("A {name}"),
    }
}

fn card() -> ProductCard {
    ProductCard {
        id: id(1),
        slug: "wool-throw".into(),
        title: "Lambswool <throw>".into(),
        vendor: "Loom 9, Porto".into(),
        product_type: "Throw".into(),
        price: eur(9_800),
        price_max: eur(12_800),
        compare_at: Some(eur(12_800)),
        pictures: vec![picture("throw"), picture("throw-2")],
        swatches: vec![
            Swatch { name: "Oat".into(), color: "#d9cbb2".into() },
            Swatch { name: "Ink".into(), color: "#2f3440".into() },
        ],
        availability: Availability::Low { left: 3 },
        variant_count: 3,
        only_variant: None,
        published_at: Some(Timestamp::from_millis(0)),
        updated_at: Timestamp::from_millis(0),
    }
}

fn throw() -> ProductPage {
    let variant = |n, colour: &str, price, availability, picture| VariantView {
        id: id(n),
        title: colour.into(),
        sku: format!("THROW-{n}"),
        options: vec![colour.into()],
        price: eur(price),
        compare_at: (price < 12_800).then_some(eur(12_800)),
        availability,
        picture,
        weight_grams: 980,
        requires_shipping: true,
    };
    let value = |value: &str, available| OptionValue { value: value.into(), swatch: None, available };
    ProductPage {
        id: id(1),
        slug: "wool-throw".into(),
        title: "Lambswool throw".into(),
        vendor: "Loom 9, Porto".into(),
        product_type: "Throw".into(),
        tags: vec!["wool".into()],
        body: SafeHtml::clean("<p>Heavy enough to stay put.</p><p>Woven in Porto.</p>"),
        summary: "Heavy enough to stay put.".into(),
        seo_title: String::new(),
        seo_description: "A throw.".into(),
        pictures: vec![picture("throw"), picture("throw-ink")],
        options: vec![OptionGroup {
            name: "Colour".into(),
            values: vec![value("Oat", true), value("Ink", true), value("Moss", false)],
        }],
        variants: vec![
            variant(11, "Oat", 9_800, Availability::InStock, Some(0)),
            variant(12, "Ink", 12_800, Availability::Low { left: 1 }, Some(1)),
            variant(13, "Moss", 9_800, Availability::SoldOut, None),
        ],
        price: eur(9_800),
        price_max: eur(12_800),
        compare_at: Some(eur(12_800)),
        availability: Availability::InStock,
        collections: vec![CollectionLink { id: id(20), slug: "living".into(), title: "Living".into() }],
        published_at: None,
        updated_at: Timestamp::from_millis(0),
    }
}

fn room() -> Arc<CollectionView> {
    Arc::new(CollectionView {
        id: id(20),
        slug: "living".into(),
        title: "Living".into(),
        body: SafeHtml::clean(""),
        seo_title: String::new(),
        seo_description: String::new(),
        picture: Some(picture("chair")),
        product_count: 9,
        updated_at: Timestamp::from_millis(0),
    })
}

fn list_page(cards: Vec<Arc<ProductCard>>) -> ListPage {
    ListPage {
        total: cards.len() as u64,
        pages: 1,
        page: 1,
        sort: ListSort::Featured,
        collection: None,
        facets: Arc::new(Facets {
            options: vec![OptionFacet {
                name: "Colour".into(),
                values: vec![FacetValue { value: "Oat".into(), swatch: None, count: 1, selected: true }],
            }],
            price: Some((eur(2_400), eur(38_900))),
            in_stock: 1,
            all: 2,
        }),
        cards,
    }
}

fn totals(subtotal: i64, shipping: Option<i64>, tax: i64) -> Totals {
    Totals {
        subtotal: eur(subtotal),
        discount: eur(0),
        discounts: Vec::new(),
        shipping: shipping.map(eur),
        tax: eur(tax),
        taxes: vec![TaxShare {
            name: "VAT".into(),
            rate: Rate::percent(21),
            net: eur(subtotal - tax),
            tax: eur(tax),
        }],
        total: eur(subtotal + shipping.unwrap_or(0)),
        includes_tax: true,
    }
}

fn full_cart() -> CartView {
    let line = |n, quantity: u32, problems| CartLineView {
        id: id(n),
        variant: id(11),
        product: id(1),
        slug: "wool-throw".into(),
        title: "Lambswool throw".into(),
        variant_title: "Oat / 130 × 180 cm".into(),
        sku: "THROW-11".into(),
        picture: None,
        quantity,
        unit: eur(9_800),
        compare_at: Some(eur(12_800)),
        total: eur(9_800 * i64::from(quantity)),
        discounts: Vec::new(),
        left: eur(9_800 * i64::from(quantity)),
        problems,
    };
    CartView {
        id: Some(id(30)),
        lines: vec![
            line(31, 2, vec![LineProblem::OnlyLeft { left: 1 }]),
            line(32, 1, vec![LineProblem::SoldOut]),
        ],
        n_items: 3,
        totals: totals(19_600, None, 3_402),
        free_shipping: Some(FreeShipping {
            from: eur(7_500),
            missing: eur(0),
            percent: 100,
            country: Country::parse("BE").expect("a country"),
        }),
        codes: Vec::new(),
        hints: Vec::new(),
        gifts: Vec::new(),
        ready: false,
    }
}

fn checkout_view() -> CheckoutView {
    let country = |code| Country::parse(code).expect("a country");
    let mut cart = full_cart();
    cart.lines.truncate(1);
    cart.lines[0].problems.clear();
    cart.ready = true;
    cart.totals = totals(19_600, Some(490), 3_487);
    CheckoutView {
        cart,
        countries: vec![country("BE"), country("NL")],
        country: country("BE"),
        needs_delivery: true,
        methods: vec![ShippingChoice {
            id: "home".into(),
            name: "To your door".into(),
            note: "One to two days".into(),
            price: eur(490),
            full_price: eur(490),
            free_from: None,
        }],
        method: Some("home".into()),
        payments: vec![
            PaymentChoice { id: "http".into(), name: "Card".into(), note: String::new() },
            PaymentChoice {
                id: "manual".into(),
                name: "Bank transfer".into(),
                note: "We hold your things".into(),
            },
        ],
        contact: ContactView::default(),
        signed_in: false,
        idempotency_key: "fresh-key".into(),
    }
}

fn order_view(state: OrderState) -> OrderView {
    let address = Address {
        name: "Maud Verhaegen".into(),
        line1: "Coupure Links 118".into(),
        postal_code: "9000".into(),
        city: "Ghent".into(),
        country: "BE".into(),
        ..Address::default()
    };
    OrderView {
        id: id(40),
        number: 1042,
        token: "the-token".into(),
        state,
        payment: PaymentState::Unpaid,
        payment_provider: "manual".into(),
        payment_name: "Bank transfer".into(),
        payment_instructions: "Send it to BE00 0000.".into(),
        email: "maud@example.com".into(),
        address,
        shipping_name: "To your door".into(),
        lines: Vec::new(),
        totals: totals(19_600, Some(490), 3_487),
        paid: eur(0),
        refunded: eur(0),
        fulfilments: vec![FulfilmentView {
            id: id(41),
            carrier: "Bpost".into(),
            tracking_number: "123".into(),
            tracking_url: "javascript:alert(1)".into(),
            shipped_at: Timestamp::from_millis(1_700_000_000_000),
            delivered_at: None,
        }],
        timeline: Vec::new(),
        placed_at: Timestamp::from_millis(1_700_000_000_000),
        pay_until: Some(Timestamp::from_millis(1_700_259_200_000)),
        cancel_reason: String::new(),
        attention: None,
        notes: Vec::new(),
        customer: None,
        moves: Vec::new(),
        version: 1,
    }
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

/// The document of every page that there is, by name.
fn pages() -> Vec<(&'static str, String)> {
    let shop = shop();
    let html = |page: Page| page.into_html(&shop).replace(platform::nonce::mark(), "{nonce}");
    scene(|| views().into_iter().map(|(name, page)| (name, html(page))).collect())
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
        ("product", product::page(&shop, &throw(), &cards, &product::Chosen::default())),
        ("cart", cart::page(&shop, &full_cart(), None, &cards)),
        (
            "cart-empty",
            cart::page(&shop, &CartView { lines: Vec::new(), n_items: 0, ..full_cart() }, None, &[]),
        ),
        ("checkout", checkout::page(&shop, &checkout_view(), &typed, &problems)),
        ("order", order::page(&shop, &order_view(OrderState::PendingPayment), order::Seen::JustPlaced)),
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
        orders: Vec::new(),
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
                ("product", product::page(&shop, &throw(), &cards, &product::Chosen::default())),
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
    let html = scene(|| product::page(&shop, &throw(), &[], &chosen).into_html(&shop));
    let moss = html.split("<label").find(|part| part.contains("value=\"Moss\"")).expect("moss");
    let moss = moss.split("</label>").next().expect("its label");
    assert!(moss.contains("data-sold-out") && moss.contains("checked") && !moss.contains("disabled"));
    assert!(html.contains("aria-disabled=\"true\""));
}

#[test]
fn the_chosen_variant_is_shown_first() {
    let shop = shop();
    let chosen = product::Chosen { options: vec![("Colour", "Ink")], ..Default::default() };
    let html = scene(|| product::page(&shop, &throw(), &[], &chosen).into_html(&shop));
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
