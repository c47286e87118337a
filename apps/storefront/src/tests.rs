//! What pages look like: reviewed snapshots of whole views, and the promises that hold for all of them.

#![expect(clippy::expect_used, reason = "a fixture that cannot be made is a broken test")]

use crate::page::{Head, Page, scene};
use crate::parts::form::Problems;
use crate::query::ListAddress;
use crate::routes::{access, cart, checkout, errors, home, list, order, product, review, signin};
use crate::shop::Shop;
use crate::shop::tests::{shop_with, shop_without};
use catalog::view::{
    Availability, CollectionLink, CollectionView, FacetValue, Facets, ListPage, ListSort, OptionFacet,
    OptionGroup, OptionValue, Picture, ProductCard, ProductPage, Rating, Swatch, VariantView,
};
use commerce::returns::{ReturnReason, ReturnState};
use commerce::review::{OwnReview, ReviewDraft, ReviewSort, ReviewState, ReviewView, Shown};
use commerce::view::{
    Address, CartLineView, CartView, CheckoutView, ContactView, FreeShipping, FulfilmentLineView,
    FulfilmentView, LineProblem, OrderLineView, OrderState, OrderView, PaymentChoice, PaymentState,
    ReturnLineView, ReturnView, SavedLineView, ShippingChoice, TaxShare, Totals,
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
        rating: None,
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
        rating: Some(Rating { stars: [0, 0, 1, 0, 6], version: 3 }),
        published_at: None,
        updated_at: Timestamp::from_millis(0),
    }
}

fn said(n: u8, rating: i64, state: ReviewState) -> ReviewView {
    ReviewView {
        id: id(n),
        product: id(1),
        draft: ReviewDraft {
            rating,
            title: "The dog has <b>claimed</b> it".into(),
            body: "Bought one for the sofa.\nAnd a second for us; </script>".into(),
            author: "Annelies".into(),
        },
        state,
        reason: String::new(),
        verified: rating == 5,
        answer: (rating < 5).then(|| ("It is the dog’s now.".to_owned(), Timestamp::from_millis(86_400_000))),
        written_at: Timestamp::from_millis(0),
    }
}

/// What stands below a product, with the second of two pages of reviews.
fn around(cards: &[Arc<ProductCard>]) -> product::Around {
    let reviews = vec![said(71, 5, ReviewState::Published), said(72, 3, ReviewState::Published)];
    let shown = Shown { reviews, sort: ReviewSort::Highest, page: 2, buyers_only: false };
    product::Around { related: cards.to_vec(), reviews: Some(shown) }
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
        exemption: None,
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
        saved: vec![saved(41, Some(eur(9_000)), false), saved(42, None, true)],
        ready: false,
    }
}

fn saved(n: u8, was: Option<Money>, gone: bool) -> SavedLineView {
    SavedLineView {
        id: id(n),
        variant: id(11),
        product: id(1),
        slug: if gone { String::new() } else { "wool-throw".into() },
        title: "Lambswool throw".into(),
        variant_title: "Ink / 130 × 180 cm".into(),
        picture: None,
        quantity: 2,
        unit: eur(9_800),
        was,
        gone,
        sold_out: false,
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
        tenders: Vec::new(),
        due: eur(20_090),
        store_credit: None,
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
        tenders: Vec::new(),
        due: eur(20_090),
        fulfilments: vec![FulfilmentView {
            id: id(41),
            carrier: "Bpost".into(),
            tracking_number: "123".into(),
            tracking_url: "javascript:alert(1)".into(),
            shipped_at: Timestamp::from_millis(1_700_000_000_000),
            delivered_at: None,
            lines: Vec::new(),
        }],
        partly_shipped: false,
        returns: Vec::new(),
        return_until: None,
        timeline: Vec::new(),
        placed_at: Timestamp::from_millis(1_700_000_000_000),
        pay_until: Some(Timestamp::from_millis(1_700_259_200_000)),
        cancel_reason: String::new(),
        attention: None,
        notes: Vec::new(),
        tags: Vec::new(),
        customer: None,
        moves: Vec::new(),
        version: 1,
    }
}

/// A part of it has arrived, a part is still to come, and a part comes back.
fn partly_sent() -> OrderView {
    let line = |n, sent, to_send, returnable| OrderLineView {
        id: id(n),
        variant: id(11),
        product: id(1),
        slug: "wool-throw".into(),
        title: "Lambswool throw".into(),
        variant_title: "Oat / 130 × 180 cm".into(),
        sku: "THROW-11".into(),
        picture: None,
        quantity: sent + to_send,
        unit: eur(9_800),
        full: eur(9_800),
        discounts: Vec::new(),
        total: eur(9_800),
        gift: false,
        net: eur(8_099),
        tax: eur(1_701),
        gross: eur(9_800),
        rate: Rate::percent(21),
        sent,
        to_send,
        returnable,
    };
    let at = Timestamp::from_millis(1_700_000_000_000);
    let order = order_view(OrderState::Paid);
    let parcel = FulfilmentView {
        tracking_url: "https://track.example/123".into(),
        delivered_at: Some(at),
        lines: vec![FulfilmentLineView { line: id(51), quantity: 2 }],
        ..order.fulfilments[0].clone()
    };
    let back = ReturnView {
        id: id(60),
        number: "R-1042-1".into(),
        order: order.id,
        order_number: order.number,
        customer_name: "Maud Verhaegen".into(),
        state: ReturnState::Approved,
        reason: ReturnReason::DoesNotFit,
        words: String::new(),
        answer: "Send it to Coupure 1 in Ghent.".into(),
        lines: vec![ReturnLineView {
            line: id(51),
            title: "Lambswool throw".into(),
            variant_title: "Oat / 130 × 180 cm".into(),
            quantity: 1,
            received: 0,
            restocked: 0,
            location: None,
        }],
        offer: None,
        refunded: None,
        money_is_coming: false,
        requested_at: at,
        updated_at: at,
        moves: Vec::new(),
        version: 1,
    };
    OrderView {
        payment: PaymentState::Paid,
        lines: vec![line(51, 2, 0, 1), line(52, 0, 1, 0)],
        fulfilments: vec![parcel],
        partly_shipped: true,
        returns: vec![back],
        return_until: Some(Timestamp::from_millis(1_702_592_000_000)),
        ..order
    }
}

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
