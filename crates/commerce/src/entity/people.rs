//! Customers and their groups.

use platform::tenant_table;

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
