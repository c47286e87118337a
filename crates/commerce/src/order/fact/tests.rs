use super::*;
use events::stream::{fold, schema_version};
use primitives::Timestamp;

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn placed() -> PlacedOrder {
    PlacedOrder {
        number: 1001,
        cart_id: CartId::from_uuid(id(1)),
        customer_id: CustomerId::from_uuid(id(2)),
        user_id: None,
        shipping_method: "standard".into(),
        provider: "manual".into(),
        currency: "EUR".into(),
        exchange_rate: String::new(),
        includes_tax: true,
        n_items: 2,
        subtotal: 2_500,
        discount: 0,
        shipping: 500,
        tax: 521,
        total: 3_000,
        tendered: 0,
        placed_at: 10,
        hold_until: Some(99),
        lines: vec![PlacedLine {
            variant_id: VariantId::from_uuid(id(3)),
            product_id: ProductId::from_uuid(id(4)),
            sku: "SKU-1".into(),
            quantity: 2,
            unit: 1_250,
            net: 2_066,
            tax: 434,
            gross: 2_500,
            rate_ppm: 210_000,
        }],
    }
}

fn standing() -> Standing {
    Standing {
        state: OrderState::Paid,
        paid: 3_000,
        refunded: 0,
        attention: Some("look".into()),
        cancel_reason: String::new(),
        hold_until: None,
        paid_at: Some(20),
        released: 0,
        edited: 0,
    }
}

fn edited() -> EditedOrder {
    let PlacedOrder { n_items, subtotal, discount, shipping, tax, total, lines, .. } = placed();
    let before = Sums { n_items, subtotal, discount, shipping, tax, total };
    let line = PlacedLine { quantity: 1, net: 1_033, tax: 217, gross: 1_250, ..lines[0].clone() };
    EditedOrder {
        edit_id: id(12),
        reason: "why".into(),
        currency: "EUR".into(),
        before,
        after: Sums { n_items: 1, subtotal: 1_250, tax: 304, total: 1_750, ..before },
        changes: vec![LineChange {
            variant_id: line.variant_id,
            title: "Mug".into(),
            before: 2,
            after: 1,
            discount: Some(0),
        }],
        lines: vec![line],
        address: false,
        contact: false,
        refund: 1_250,
        due: 0,
        received: 0,
        edited: -1_250,
        shipped: true,
    }
}

fn every_fact() -> Vec<OrderFact> {
    let return_id = ReturnId::from_uuid(id(9));
    let (payment_id, fulfilment_id) = (PaymentId::from_uuid(id(5)), FulfilmentId::from_uuid(id(6)));
    let why = || "why".to_owned();
    vec![
        OrderFact::Placed(placed()),
        OrderFact::Adopted { placed: PlacedOrder { hold_until: None, ..placed() }, standing: standing() },
        OrderFact::PaymentAuthorised { payment_id, amount: 3_000 },
        OrderFact::PaymentCaptured { payment_id, amount: 3_000 },
        OrderFact::PaymentFailed { payment_id, step: "capture".into(), reason: why() },
        OrderFact::PaymentRefunded { payment_id, amount: 3_000, reason: why() },
        OrderFact::Paid { amount: 3_000 },
        OrderFact::Shipped { fulfilment_id, carrier: "DHL".into() },
        OrderFact::Delivered { fulfilment_id: Some(fulfilment_id) },
        OrderFact::ParcelSent { fulfilment_id, carrier: String::new() },
        OrderFact::ParcelArrived { fulfilment_id },
        OrderFact::ParcelTracked { fulfilment_id, carrier: "DHL".into() },
        OrderFact::ReturnMoved { return_id, number: 2, state: ReturnState::Received },
        OrderFact::Cancelled { reason: why() },
        OrderFact::Refunded { amount: 3_000, reason: why() },
        OrderFact::NoteAdded { note_id: id(7) },
        OrderFact::AttentionAsked { why: why() },
        OrderFact::AttentionCleared {},
        OrderFact::WaitsUntil { until: Some(99) },
        OrderFact::Corrected { standing: standing() },
        OrderFact::TenderTaken { account_id: id(9), tender: TenderKind::GiftCard, amount: 500 },
        OrderFact::TenderReturned {
            account_id: id(10),
            tender: TenderKind::StoreCredit,
            amount: 500,
            reason: why(),
        },
        OrderFact::Placed(PlacedOrder { tendered: 500, ..placed() }),
        OrderFact::Tagged { n_tags: 2 },
        OrderFact::PaymentReleased { payment_id, amount: 500, reason: why() },
        OrderFact::Corrected { standing: Standing { released: 500, ..standing() } },
        OrderFact::PaymentDisputed {
            payment_id,
            dispute_id: DisputeId::from_uuid(id(11)),
            state: DisputeState::Lost,
            amount: 3_000,
            taken_back: 2_500,
            reason: why(),
        },
        OrderFact::Drafted { draft_id: DraftOrderId::from_uuid(id(12)) },
        OrderFact::Exchanged {
            return_id,
            number: 1,
            order_id: OrderId::from_uuid(id(13)),
            order_number: 1002,
            amount: 2_000,
        },
        OrderFact::InExchange {
            return_id,
            number: 1,
            order_id: OrderId::from_uuid(id(14)),
            order_number: 1001,
            amount: 2_000,
        },
        OrderFact::Edited(edited()),
        OrderFact::Edited(EditedOrder {
            address: true,
            contact: true,
            refund: 0,
            due: 500,
            received: 100,
            edited: 0,
            shipped: false,
            ..edited()
        }),
    ]
}

#[test]
fn the_stored_form_stays_as_it_is() {
    let lines: Vec<_> = every_fact().iter().map(|fact| serde_json::to_string(fact).unwrap()).collect();
    insta::assert_snapshot!("order_facts", lines.join("\n"));
    for (fact, line) in every_fact().iter().zip(&lines) {
        assert_eq!(serde_json::from_str::<OrderFact>(line).unwrap(), *fact);
    }
    assert_eq!(schema_version::<OrderFact>(), 1);
}

/// Whoever changes the state raises `STATE_VERSION`, so that snapshots from before are not believed.
#[test]
fn the_form_of_the_state_has_a_version() {
    let story = OrderStory { placed: placed(), standing: standing(), edited: None };
    let form = format!("{} {}", OrderStory::STATE_VERSION, serde_json::to_string(&story).unwrap());
    insta::assert_snapshot!("order_state", form);
}

#[test]
fn nothing_stays_unsaid() {
    let before = Standing { attention: None, paid: 0, paid_at: None, hold_until: Some(99), ..standing() };
    let before = Standing { state: OrderState::PendingPayment, ..before };
    let payment_id = PaymentId::from_uuid(id(5));
    let said = [OrderFact::PaymentCaptured { payment_id, amount: 3_000 }, OrderFact::Paid { amount: 3_000 }];
    let look = OrderFact::AttentionAsked { why: "look".into() };
    let unsaid = OrderFact::unsaid(&before, said.iter(), &standing(), 20);
    assert_eq!(unsaid, std::slice::from_ref(&look));
    let later = Standing { hold_until: Some(120), ..before.clone() };
    let none = || [].iter();
    assert_eq!(OrderFact::unsaid(&before, none(), &later, 20), [OrderFact::WaitsUntil { until: Some(120) }]);
    assert_eq!(
        OrderFact::unsaid(&before, none(), &standing(), 20),
        [look, OrderFact::WaitsUntil { until: None }, OrderFact::Corrected { standing: standing() }]
    );
    assert_eq!(OrderFact::unsaid(&before, none(), &before, 20), []);
}

#[test]
fn a_story_ends_where_its_order_does() {
    let recorded = |(n, fact): (i64, OrderFact)| Recorded {
        version: n,
        fact,
        event: None,
        actor_kind: "system".into(),
        actor: None,
        at: Timestamp::from_millis(n * 10),
    };
    let payment_id = PaymentId::from_uuid(id(5));
    let facts = [
        OrderFact::Placed(placed()),
        OrderFact::PaymentCaptured { payment_id, amount: 3_000 },
        OrderFact::Paid { amount: 3_000 },
        OrderFact::AttentionAsked { why: "a refund was refused".into() },
        OrderFact::PaymentRefunded { payment_id, amount: 3_000, reason: "broken".into() },
        OrderFact::Refunded { amount: 3_000, reason: "broken".into() },
    ];
    let facts: Vec<_> = (1..).zip(facts).map(recorded).collect();
    let story = fold::<OrderStory>(None, &facts).unwrap().unwrap();
    let end = Standing {
        state: OrderState::Refunded,
        refunded: 3_000,
        attention: None,
        paid_at: Some(30),
        ..standing()
    };
    assert_eq!((story.state.standing, story.version), (end, 6));
    assert!(matches!(fold::<OrderStory>(None, &facts[1..]), Err(events::stream::Broken::NoBeginning { .. })));
}

#[test]
fn every_event_of_an_order_has_its_fact() {
    let order_id = OrderId::from_uuid(id(8));
    let (payment_id, fulfilment_id) = (PaymentId::from_uuid(id(5)), FulfilmentId::from_uuid(id(6)));
    let (currency, why) = (|| "EUR".to_owned(), || "why".to_owned());
    use CommerceEvent::*;
    let told = [
        PaymentAuthorised { payment_id, order_id, amount: 3_000, currency: currency() },
        PaymentCaptured { payment_id, order_id, amount: 3_000, currency: currency() },
        PaymentFailed { payment_id, order_id, step: "capture".into(), reason: why() },
        PaymentRefunded { payment_id, order_id, amount: 3_000, currency: currency(), reason: why() },
        OrderPaid { order_id, amount: 3_000, currency: currency() },
        FulfilmentShipped { fulfilment_id, order_id, carrier: "DHL".into(), last: true },
        OrderDelivered { order_id, fulfilment_id: Some(fulfilment_id) },
        FulfilmentShipped { fulfilment_id, order_id, carrier: String::new(), last: false },
        FulfilmentDelivered { fulfilment_id, order_id, last: false },
        FulfilmentUpdated { fulfilment_id, order_id, carrier: "DHL".into() },
        ReturnMoved {
            return_id: ReturnId::from_uuid(id(9)),
            order_id,
            number: 2,
            state: ReturnState::Received,
        },
        OrderCancelled { order_id, reason: why() },
        OrderRefunded { order_id, amount: 3_000, currency: currency(), reason: why() },
        OrderNoteAdded { order_id, note_id: id(7) },
        OrderEdited { order_id, attention: Some(why()) },
        OrderEdited { order_id, attention: None },
    ];
    let facts: Vec<_> = told.iter().filter_map(OrderFact::told_by).collect();
    assert_eq!(facts, every_fact()[2..18]);
    let tagged = OrderTagged { order_id, n_tags: 2 };
    assert_eq!(OrderFact::told_by(&tagged), Some(OrderFact::Tagged { n_tags: 2 }));
    let released = PaymentReleased { payment_id, order_id, amount: 500, currency: currency(), reason: why() };
    assert_eq!(OrderFact::told_by(&released), every_fact().get(24).cloned());
    let disputed = PaymentDisputed {
        payment_id,
        order_id,
        dispute_id: DisputeId::from_uuid(id(11)),
        state: DisputeState::Lost,
        amount: 3_000,
        taken_back: 2_500,
        currency: currency(),
        reason: why(),
    };
    assert_eq!(OrderFact::told_by(&disputed), every_fact().get(26).cloned());
    let drafted = OrderDrafted { order_id, draft_id: DraftOrderId::from_uuid(id(12)) };
    let return_id = ReturnId::from_uuid(id(9));
    let exchanged = OrderExchanged {
        order_id,
        return_id,
        number: 1,
        into_order_id: OrderId::from_uuid(id(13)),
        into_number: 1002,
        amount: 2_000,
        currency: currency(),
    };
    let placed = OrderInExchange {
        order_id,
        return_id,
        number: 1,
        from_order_id: OrderId::from_uuid(id(14)),
        from_number: 1001,
        amount: 2_000,
        currency: currency(),
    };
    let told = [drafted, exchanged, placed].iter().filter_map(OrderFact::told_by).collect::<Vec<_>>();
    assert_eq!(told, every_fact()[27..30]);
    for silent in [
        OrderShipped { order_id, fulfilment_id },
        FulfilmentCreated { fulfilment_id, order_id, n_items: 1 },
        FulfilmentDelivered { fulfilment_id, order_id, last: true },
        OrderCompleted { order_id, total: 2_000, currency: currency() },
    ] {
        assert_eq!(OrderFact::told_by(&silent), None);
    }
}
