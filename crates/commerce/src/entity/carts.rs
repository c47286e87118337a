//! Carts, and what shoppers keep and say.

use platform::tenant_table;

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
