//! Payments, gift cards and store credit.

use platform::tenant_table;

tenant_table! {
    /// The payment of an order: which call it stands at, with the keys of all its calls.
    payment, "payment", "payment", Id,
    key { id: Uuid }
    columns {
        order_id: Uuid,
        provider: String,
        step: String,
        status: String,
        amount_minor: i64,
        currency: String,
        authorize_key: String,
        capture_key: String,
        back_key: String,
        back_minor: i64,
        back_reason: String,
        back_id: String,
        gateway_id: String,
        attempt: i64,
        next_at: Option<i64>,
        last_error: String,
        manual: bool,
        take_key: String,
        take_minor: i64,
        rest_minor: i64,
        pay_url: String,
        again_minor: i64,
        version: i64,
        created_at: i64,
        updated_at: i64,
    }
    audit { provider, step, status, currency, last_error }
}

tenant_table! {
    /// Money that customers' banks want back.
    payment_dispute, "payment_dispute", "dispute", Id,
    key { id: Uuid }
    columns {
        payment_id: Uuid,
        order_id: Uuid,
        gateway_id: String,
        state: String,
        amount_minor: i64,
        currency: String,
        reason: String,
        opened_at: i64,
        closed_at: Option<i64>,
        updated_at: i64,
    }
    audit { gateway_id, state, currency, reason }
}

tenant_table! {
    /// What we and the gateway had of a payment when they were compared last.
    payment_check, "payment_check", "payment check", PaymentId,
    key { payment_id: Uuid }
    columns {
        differs: bool,
        currency: String,
        ours_captured_minor: i64,
        ours_refunded_minor: i64,
        theirs_captured_minor: i64,
        theirs_refunded_minor: i64,
        checked_at: i64,
    }
    audit none
}

tenant_table! {
    /// Where the shop's walk through its payments stands: one row per shop.
    payment_round, "payment_round", "payment round", Id,
    key { id: Uuid }
    columns { after_at: i64, after_id: Uuid, next_at: i64 }
    audit none
}

tenant_table! {
    /// What gateways told us, each once.
    payment_event, "payment_event", "payment event", PaymentId,
    key { provider: String, event_id: String }
    columns {
        payment_id: Uuid,
        document: String,
        received_at: i64,
        handled_at: Option<i64>,
        outcome: String,
    }
    audit none
}

tenant_table! {
    /// Money that moved; append-only, double entry.
    money_ledger, "money_ledger", "ledger row", Id,
    key { id: Uuid }
    columns {
        order_id: Option<Uuid>,
        payment_id: Option<Uuid>,
        kind: String,
        from_account: String,
        to_account: String,
        amount_minor: i64,
        currency: String,
        fact: String,
        at: i64,
    }
    audit { kind, from_account, to_account, currency, fact }
}

tenant_table! {
    /// Gift cards and store credit.
    tender_account, "tender_account", "gift card", Id,
    key { id: Uuid }
    columns {
        kind: String,
        code_hash: Option<Vec<u8>>,
        last_four: String,
        customer_id: Option<Uuid>,
        currency: String,
        issued_minor: i64,
        balance_minor: i64,
        enabled: bool,
        expires_at: Option<i64>,
        recipient: String,
        note: String,
        version: i64,
        created_at: i64,
        updated_at: i64,
    }
    // Notes and reasons of the staff may name a person.
    audit { kind, last_four, currency, enabled }
}

tenant_table! {
    /// What moved on gift cards and store credit; append-only.
    tender_movement, "tender_movement", "movement", Id,
    key { id: Uuid }
    columns {
        account_id: Uuid,
        order_id: Option<Uuid>,
        kind: String,
        amount_minor: i64,
        balance_minor: i64,
        currency: String,
        reason: String,
        user_id: Option<Uuid>,
        at: i64,
    }
    audit { kind, currency }
}

tenant_table! {
    /// What an order took from gift cards and store credit.
    order_tender, "order_tender", "order", OrderId,
    key { order_id: Uuid, account_id: Uuid }
    columns {
        position: i64,
        amount_minor: i64,
        returned_minor: i64,
        currency: String,
    }
    audit { currency }
}
