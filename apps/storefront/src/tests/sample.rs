//! What the pages of these tests show: products, carts and orders of a shop with everything in it.

use crate::routes::product;
use crate::shop::Shop;
use crate::shop::tests::shop_with;
use catalog::view::{
    Availability, CollectionLink, CollectionView, FacetValue, Facets, ListPage, ListSort, OptionFacet,
    OptionGroup, OptionValue, Picture, ProductCard, ProductPage, Rating, Swatch, VariantView,
};
use commerce::returns::{ReturnReason, ReturnState};
use commerce::review::{ReviewDraft, ReviewSort, ReviewState, ReviewView, Shown};
use commerce::view::{
    Address, CartLineView, CartView, CheckoutView, ContactView, ExchangeView, FreeShipping,
    FulfilmentLineView, FulfilmentView, LineProblem, OrderLineView, OrderState, OrderView, PaymentChoice,
    PaymentState, ReturnLineView, ReturnView, SavedLineView, ShippingChoice, TaxShare, Totals,
};
use content::SafeHtml;
use primitives::{Country, Currency, Money, Rate, Timestamp};
use serde_json::json;
use std::sync::Arc;

pub fn id<T: std::str::FromStr>(n: u8) -> T {
    format!("01890000-0000-7000-8000-0000000000{n:02}").parse().ok().expect("an id")
}

pub fn eur(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}

pub fn shop() -> Shop {
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

pub fn picture(name: &str) -> Picture {
    Picture {
        url_base: format!("/media/hearth/{name}"),
        widths: vec![480, 800],
        width: 800,
        height: 1000,
        alt: format!("A {name}"),
    }
}

pub fn card() -> ProductCard {
    ProductCard {
        id: id(1),
        slug: "wool-throw".into(),
        title: "Lambswool <throw>".into(),
        vendor: "Loom 9, Porto".into(),
        product_type: "Throw".into(),
        price: eur(9_800),
        price_max: eur(12_800),
        compare_at: Some(eur(12_800)),
        lowest_before: None,
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

pub fn throw() -> ProductPage {
    let variant = |n, colour: &str, price, availability, picture| VariantView {
        id: id(n),
        title: colour.into(),
        sku: format!("THROW-{n}"),
        options: vec![colour.into()],
        price: eur(price),
        compare_at: (price < 12_800).then_some(eur(12_800)),
        lowest_before: None,
        tiers: Vec::new(),
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
        lowest_before: None,
        availability: Availability::InStock,
        collections: vec![CollectionLink { id: id(20), slug: "living".into(), title: "Living".into() }],
        rating: Some(Rating { stars: [0, 0, 1, 0, 6], version: 3 }),
        published_at: None,
        updated_at: Timestamp::from_millis(0),
    }
}

pub fn said(n: u8, rating: i64, state: ReviewState) -> ReviewView {
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
pub fn around(cards: &[Arc<ProductCard>]) -> product::Around {
    let reviews = vec![said(71, 5, ReviewState::Published), said(72, 3, ReviewState::Published)];
    let shown = Shown { reviews, sort: ReviewSort::Highest, page: 2, buyers_only: false };
    product::Around { related: cards.to_vec(), reviews: Some(shown) }
}

pub fn room() -> Arc<CollectionView> {
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

pub fn list_page(cards: Vec<Arc<ProductCard>>) -> ListPage {
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

pub fn totals(subtotal: i64, shipping: Option<i64>, tax: i64) -> Totals {
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

pub fn full_cart() -> CartView {
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
        listed: None,
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
        promotions: Vec::new(),
        gifts: Vec::new(),
        saved: vec![saved(41, Some(eur(9_000)), false), saved(42, None, true)],
        ready: false,
    }
}

pub fn saved(n: u8, was: Option<Money>, gone: bool) -> SavedLineView {
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

pub fn checkout_view() -> CheckoutView {
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
            pickup_place: None,
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

pub fn order_view(state: OrderState) -> OrderView {
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
        pickup_place: None,
        lines: Vec::new(),
        totals: totals(19_600, Some(490), 3_487),
        paid: eur(0),
        refunded: eur(0),
        balance_due: eur(20_090),
        exchange_rate: String::new(),
        tenders: Vec::new(),
        due: eur(20_090),
        released: eur(0),
        capturable: eur(0),
        disputes: Vec::new(),
        pay_url: None,
        promised: false,
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
        note: String::new(),
        exchanges: Vec::new(),
        attention: None,
        notes: Vec::new(),
        tags: Vec::new(),
        customer: None,
        moves: Vec::new(),
        version: 1,
    }
}

/// What came back was worth `refunded`, and paid for `value` of another order.
pub fn exchanged(state: OrderState, refunded: i64, value: i64) -> OrderView {
    let order = partly_sent();
    let back = ReturnView {
        state: ReturnState::Refunded,
        refunded: Some(eur(refunded)),
        exchange: true,
        ..order.returns[0].clone()
    };
    let exchange = ExchangeView {
        found: back.id,
        number: back.number.clone(),
        from: (order.id, order.number),
        to: (id(61), 1043),
        value: eur(value),
        at: order.placed_at,
    };
    OrderView { state, refunded: eur(refunded), returns: vec![back], exchanges: vec![exchange], ..order }
}

/// A part of it has arrived, a part is still to come, and a part comes back.
pub fn partly_sent() -> OrderView {
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
        exchange: false,
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
