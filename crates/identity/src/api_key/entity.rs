//! Rows of API keys.

use platform::tenant_table;

tenant_table! {
    /// A key of a program.
    api_key, "api_key", "API key", Id,
    key { id: Uuid }
    columns {
        name: String,
        prefix: String,
        secret_hash: Vec<u8>,
        permissions: String,
        created_by: Uuid,
        created_at: i64,
        expires_at: Option<i64>,
        revoked_at: Option<i64>,
        revoked_by: Option<Uuid>,
        last_used_at: Option<i64>,
    }
    audit { name, prefix, permissions }
}
