//! What a shop has set.

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
    /// Who may review, and whether somebody looks first: one row per shop.
    review_settings, "review_settings", "settings", Id,
    key { id: Uuid }
    columns { writers: String, look_first: bool, version: i64, updated_at: i64 }
    audit { writers }
}

tenant_table! {
    /// Who sells, as papers say it: one document per shop.
    seller, "seller", "settings", Id,
    key { id: Uuid }
    columns { document: String, version: i64, updated_at: i64 }
    audit { document }
}

tenant_table! {
    /// The keys of a shop at a provider of payments, sealed.
    payment_provider, "payment_provider", "payment provider", Id,
    key { id: Uuid }
    columns { provider: String, api_secret: Vec<u8>, webhook_secret: Vec<u8>, key_hint: String, updated_at: i64 }
    audit { provider, key_hint }
}
