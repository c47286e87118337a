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
    /// Currencies that the shop offers beside its own.
    currency_rate, "currency_rate", "currency", Currency,
    key { currency: String }
    columns {
        rate: String,
        step_minor: i64,
        ending_minor: i64,
        version: i64,
        created_at: i64,
        updated_at: i64,
    }
    audit { currency, rate }
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
        tenders: String,
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
        seen_currency: String,
        created_at: i64,
    }
    audit none
}

tenant_table! {
    /// What shoppers have put aside.
    saved_line, "saved_line", "saved line", Id,
    key { id: Uuid }
    columns {
        user_id: Option<Uuid>,
        cart_id: Option<Uuid>,
        variant_id: Uuid,
        quantity: i64,
        unit_seen_minor: i64,
        seen_currency: String,
        created_at: i64,
    }
    audit none
}

tenant_table! {
    /// What customers wish for; theirs alone, so that the audit log does not say it.
    wish, "wish", "wish", VariantId,
    key { user_id: Uuid, variant_id: Uuid }
    columns { product_id: Uuid, at: i64 }
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
    /// What customers say about products.
    review, "review", "review", Id,
    key { id: Uuid }
    columns {
        product_id: Uuid,
        user_id: Option<Uuid>,
        author: String,
        rating: i64,
        title: String,
        body: String,
        state: String,
        reason: String,
        verified: bool,
        answer: String,
        answered_at: Option<i64>,
        version: i64,
        created_at: i64,
        written_at: i64,
        updated_at: i64,
    }
    // What people wrote and how they call themselves is theirs: it goes when they go.
    // What staff wrote may name a person.
    audit { state }
}

tenant_table! {
    /// Who may review, and whether somebody looks first: one row per shop.
    review_settings, "review_settings", "settings", Id,
    key { id: Uuid }
    columns { writers: String, look_first: bool, version: i64, updated_at: i64 }
    audit { writers }
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
        tax_exempt: bool,
        tax_number: String,
        tax_reason: String,
        erased_at: Option<i64>,
        marketing: bool,
    }
}

tenant_table! {
    /// What the staff writes down about customers.
    customer_note, "customer_note", "note", Id,
    key { id: Uuid }
    columns { customer_id: Uuid, user_id: Option<Uuid>, body: String, at: i64 }
}

tenant_table! {
    /// Who wanted letters, when, and where that was asked; append-only.
    customer_consent, "customer_consent", "consent", Id,
    key { id: Uuid }
    columns { customer_id: Uuid, given: bool, source: String, user_id: Option<Uuid>, at: i64 }
    audit { source }
}

tenant_table! {
    /// Groups of customers.
    customer_group, "customer_group", "customer group", Id,
    key { id: Uuid }
    columns {
        name: String,
        name_key: String,
        tax_exempt: bool,
        tax_reason: String,
        version: i64,
        created_at: i64,
        updated_at: i64,
    }
    audit { name, tax_reason }
}

tenant_table! {
    /// Who is in which group.
    customer_group_member, "customer_group_member", "customer group", GroupId,
    key { group_id: Uuid, customer_id: Uuid }
    columns { at: i64 }
}

tenant_table! {
    /// Which groups a promotion names; what a group that is to be deleted is asked about.
    promotion_group, "promotion_group", "promotion", PromotionId,
    key { promotion_id: Uuid, group_id: Uuid }
    columns {}
    audit none
}

tenant_table! {
    /// Lists of prices.
    price_list, "price_list", "price list", Id,
    key { id: Uuid }
    columns {
        name: String,
        currency: String,
        includes_tax: bool,
        countries: String,
        starts_at: Option<i64>,
        ends_at: Option<i64>,
        priority: i32,
        active: bool,
        archived_at: Option<i64>,
        version: i64,
        created_at: i64,
        updated_at: i64,
    }
    audit { name, currency, countries }
}

tenant_table! {
    /// Which groups a price list is for.
    price_list_group, "price_list_group", "price list", ListId,
    key { list_id: Uuid, group_id: Uuid }
    columns {}
}

tenant_table! {
    /// Prices of a list, from some number of pieces on.
    price_list_price, "price_list_price", "price list", ListId,
    key { list_id: Uuid, variant_id: Uuid, min_quantity: i32 }
    columns {
        price_minor: i64,
        compare_at_minor: Option<i64>,
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
        is_default: bool,
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
    /// Who sells, as papers say it: one document per shop.
    seller, "seller", "settings", Id,
    key { id: Uuid }
    columns { document: String, version: i64, updated_at: i64 }
    audit { document }
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
    /// The keys of a shop at a provider of payments, sealed.
    payment_provider, "payment_provider", "payment provider", Id,
    key { id: Uuid }
    columns { provider: String, api_secret: Vec<u8>, webhook_secret: Vec<u8>, key_hint: String, updated_at: i64 }
    audit { provider, key_hint }
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
