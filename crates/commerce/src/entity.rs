//! Rows. They stay in this crate; readers get [`crate::view`]s.

use platform::tenant_table;

tenant_table! {
    /// Taxes, deliveries, ways to pay: one document per shop.
    commerce_settings, "commerce_settings", "settings", Id,
    key { id: Uuid }
    columns { document: String, version: i64, updated_at: i64 }
    audit { document }
}

tenant_table! {
    /// Carts.
    cart, "cart", "cart", Id,
    key { id: Uuid }
    columns {
        token_hash: Option<Vec<u8>>,
        user_id: Option<Uuid>,
        state: String,
        version: i64,
        created_at: i64,
        updated_at: i64,
        abandoned_at: Option<i64>,
        codes: String,
    }
    audit none
}

tenant_table! {
    /// Lines of carts.
    cart_line, "cart_line", "cart line", Id,
    key { id: Uuid }
    columns {
        cart_id: Uuid,
        variant_id: Uuid,
        quantity: i64,
        unit_seen_minor: i64,
        created_at: i64,
    }
    audit none
}

tenant_table! {
    /// Promotions: conditions and action as one document, what is counted beside it.
    promotion, "promotion", "promotion", Id,
    key { id: Uuid }
    columns {
        name: String,
        document: String,
        currency: String,
        active: bool,
        starts_at: Option<i64>,
        ends_at: Option<i64>,
        priority: i64,
        use_limit: Option<i64>,
        shopper_limit: Option<i64>,
        budget_minor: Option<i64>,
        uses: i64,
        spent_minor: i64,
        version: i64,
        created_at: i64,
        updated_at: i64,
    }
    audit { name, document, currency }
}

tenant_table! {
    /// Codes that open promotions.
    promotion_code, "promotion_code", "promotion", PromotionId,
    key { code: String }
    columns { promotion_id: Uuid }
    audit { code }
}

tenant_table! {
    /// Which order used which promotion.
    promotion_use, "promotion_use", "promotion", PromotionId,
    key { promotion_id: Uuid, order_id: Uuid }
    columns {
        customer_id: Uuid,
        amount_minor: i64,
        at: i64,
        released_at: Option<i64>,
    }
}

tenant_table! {
    /// People who buy, with or without an account.
    customer, "customer", "customer", Id,
    key { id: Uuid }
    columns {
        user_id: Option<Uuid>,
        email: String,
        name: String,
        created_at: i64,
        updated_at: i64,
    }
}

tenant_table! {
    /// Where customers had things sent.
    customer_address, "customer_address", "address", Id,
    key { id: Uuid }
    columns {
        customer_id: Uuid,
        fingerprint: Vec<u8>,
        document: String,
        used_at: i64,
    }
}

tenant_table! {
    /// Orders.
    orders, "orders", "order", Id,
    key { id: Uuid }
    columns {
        number: i64,
        token: String,
        cart_id: Uuid,
        principal: Vec<u8>,
        checkout_key: String,
        fingerprint: Vec<u8>,
        state: String,
        version: i64,
        customer_id: Uuid,
        user_id: Option<Uuid>,
        email: String,
        name: String,
        address: String,
        country: String,
        shipping_method: String,
        shipping_name: String,
        provider: String,
        provider_name: String,
        currency: String,
        includes_tax: bool,
        n_items: i64,
        subtotal_minor: i64,
        discount_minor: i64,
        shipping_minor: i64,
        tax_minor: i64,
        discounts: String,
        taxes: String,
        total_minor: i64,
        paid_minor: i64,
        refunded_minor: i64,
        attention: Option<String>,
        cancel_reason: String,
        hold_until: Option<i64>,
        placed_at: i64,
        paid_at: Option<i64>,
        updated_at: i64,
    }
    audit {
        state, country, shipping_method, shipping_name, provider, provider_name, currency, taxes, discounts, attention, cancel_reason
    }
}

tenant_table! {
    /// Lines of orders, as they were.
    order_line, "order_line", "order line", Id,
    key { id: Uuid }
    columns {
        order_id: Uuid,
        position: i64,
        variant_id: Uuid,
        product_id: Uuid,
        slug: String,
        title: String,
        variant_title: String,
        sku: String,
        picture: Option<String>,
        quantity: i64,
        unit_minor: i64,
        net_minor: i64,
        tax_minor: i64,
        gross_minor: i64,
        rate_ppm: i64,
        discount_minor: i64,
        discounts: String,
        gift: bool,
    }
    audit { slug, title, variant_title, sku, discounts }
}

tenant_table! {
    /// Notes of the staff.
    order_note, "order_note", "note", Id,
    key { id: Uuid }
    columns { order_id: Uuid, user_id: Option<Uuid>, body: String, at: i64 }
    audit { body }
}

tenant_table! {
    /// Parcels.
    fulfilment, "fulfilment", "fulfilment", Id,
    key { id: Uuid }
    columns {
        order_id: Uuid,
        carrier: String,
        tracking_number: String,
        tracking_url: String,
        shipped_at: i64,
        delivered_at: Option<i64>,
    }
    audit { carrier, tracking_number, tracking_url }
}

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
        gateway_id: String,
        attempt: i64,
        next_at: Option<i64>,
        last_error: String,
        version: i64,
        created_at: i64,
        updated_at: i64,
    }
    audit { provider, step, status, currency, back_reason, last_error }
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
        order_id: Uuid,
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
    /// Read model: orders in lists.
    order_row, "order_row", "order", Id,
    key { id: Uuid }
    columns {
        number: i64,
        state: String,
        payment: String,
        customer_id: Uuid,
        email: String,
        name: String,
        search: String,
        n_items: i64,
        currency: String,
        total_minor: i64,
        paid_minor: i64,
        refunded_minor: i64,
        country: String,
        shipping_name: String,
        provider: String,
        attention: Option<String>,
        placed_at: i64,
        paid_day: Option<i64>,
        updated_at: i64,
    }
    audit none
}
