//! Orders and what belongs to them.

use platform::tenant_table;

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
        n_sent: i64,
        subtotal_minor: i64,
        discount_minor: i64,
        shipping_minor: i64,
        tax_minor: i64,
        discounts: String,
        taxes: String,
        total_minor: i64,
        paid_minor: i64,
        refunded_minor: i64,
        tendered_minor: i64,
        attention: Option<String>,
        cancel_reason: String,
        hold_until: Option<i64>,
        placed_at: i64,
        paid_at: Option<i64>,
        updated_at: i64,
        relief_minor: i64,
        tax_number: String,
        exempt_reason: String,
        released_minor: i64,
        customer_note: String,
        edited_minor: i64,
        exchange_rate: String,
        pickup_place: Option<String>,
    }
    audit {
        state, country, shipping_method, shipping_name, provider, provider_name, currency, taxes, discounts, attention
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
        relief_minor: i64,
        sent: i64,
        returned: i64,
        refunded: i64,
    }
    audit { slug, title, variant_title, sku, discounts }
}

tenant_table! {
    /// Edits of orders, each once by its key. What they did stands in the orders' streams.
    order_edit, "order_edit", "order edit", Id,
    key { id: Uuid }
    columns { order_id: Uuid, edit_key: String, fingerprint: Vec<u8>, at: i64 }
    audit none
}

tenant_table! {
    /// Notes of the staff. The audit log, which nobody can change, says that there was one and not what it said: it may
    /// name a person.
    order_note, "order_note", "note", Id,
    key { id: Uuid }
    columns { order_id: Uuid, user_id: Option<Uuid>, body: String, at: i64 }
}

tenant_table! {
    /// Orders that staff writes. What is said in them may name a person.
    draft_order, "draft_order", "draft order", Id,
    key { id: Uuid }
    columns {
        state: String,
        customer_id: Option<Uuid>,
        email: String,
        address: String,
        shipping_method: String,
        provider: String,
        customer_note: String,
        internal_note: String,
        tags: String,
        currency: String,
        discount_minor: Option<i64>,
        discount_ppm: Option<i64>,
        discount_reason: String,
        use_promotions: bool,
        order_id: Option<Uuid>,
        complete_key: String,
        fingerprint: Option<Vec<u8>>,
        user_id: Option<Uuid>,
        version: i64,
        created_at: i64,
        updated_at: i64,
        sent_at: Option<i64>,
        sent_version: Option<i64>,
    }
    audit { state, shipping_method, provider, currency, sent_version }
}

tenant_table! {
    /// What such an order is about.
    draft_line, "draft_line", "draft line", Id,
    key { id: Uuid }
    columns {
        draft_id: Uuid,
        position: i64,
        variant_id: Uuid,
        quantity: i64,
        currency: String,
        unit_minor: Option<i64>,
        unit_reason: String,
        discount_minor: Option<i64>,
        discount_ppm: Option<i64>,
        discount_reason: String,
    }
    audit { currency }
}

tenant_table! {
    /// Returns that were exchanged for other goods.
    exchange, "exchange", "exchange", ReturnId,
    key { return_id: Uuid }
    columns {
        from_order_id: Uuid,
        to_order_id: Uuid,
        exchange_key: String,
        fingerprint: Vec<u8>,
        value_minor: i64,
        currency: String,
        user_id: Option<Uuid>,
        at: i64,
    }
    audit { currency }
}

tenant_table! {
    /// Tags of orders. As with notes, the audit log does not say which word it was: it may name a person.
    order_tag, "order_tag", "order", OrderId,
    key { order_id: Uuid, tag: String }
    columns {}
}

tenant_table! {
    /// Invoices and credit notes as they were issued; written once but for the buyer, who can be forgotten.
    paper, "paper", "invoice", Id,
    key { id: Uuid }
    columns {
        order_id: Uuid,
        kind: String,
        number: i64,
        currency: String,
        total_minor: i64,
        document: String,
        buyer: String,
        issued_at: i64,
    }
    audit { kind, currency }
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
    /// What lies in parcels; one without lines carries the whole order.
    fulfilment_line, "fulfilment_line", "fulfilment", FulfilmentId,
    key { fulfilment_id: Uuid, order_line_id: Uuid }
    columns { quantity: i64 }
}

tenant_table! {
    /// What customers send back.
    return_request, "return_request", "return", Id,
    key { id: Uuid }
    columns {
        order_id: Uuid,
        number: i64,
        request_key: String,
        state: String,
        open: i64,
        reason: String,
        words: String,
        answer: String,
        currency: String,
        refund_key: String,
        refund_minor: i64,
        given_minor: i64,
        version: i64,
        requested_at: i64,
        updated_at: i64,
        exchange: bool,
    }
    // Words may hold what has to be forgotten.
    audit { state, reason, currency }
}

tenant_table! {
    /// The pieces of returns.
    return_line, "return_line", "return", ReturnId,
    key { return_id: Uuid, order_line_id: Uuid }
    columns {
        quantity: i64,
        received: i64,
        restocked: i64,
        location_id: Option<Uuid>,
    }
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
        n_sent: i64,
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
        worth_minor: i64,
        value_minor: i64,
    }
    audit none
}
