//! Rows of this room.

use platform::tenant_table;

tenant_table! {
    /// A provider of sign-in that a shop trusts.
    oidc_provider, "oidc_provider", "sign-in provider", Id,
    key { id: Uuid }
    columns {
        name: String,
        issuer: String,
        client_id: String,
        secret: Vec<u8>,
        domains: String,
        enabled: bool,
        version: i64,
        created_at: i64,
        updated_at: i64,
    }
    audit { name, issuer, client_id, domains, enabled }
}

tenant_table! {
    /// An account at a provider that belongs to a person here.
    oidc_link, "oidc_link", "linked sign-in", Id,
    key { id: Uuid }
    columns {
        provider_id: Uuid,
        user_id: Uuid,
        subject: String,
        email: String,
        created_at: i64,
        last_used_at: i64,
    }
    audit { provider_id, user_id }
}

tenant_table! {
    /// A sign-in that is under way at a provider.
    oidc_flow, "oidc_flow", "sign-in", Id,
    key { id: Uuid }
    columns {
        provider_id: Uuid,
        state_hash: Vec<u8>,
        browser_hash: Vec<u8>,
        redirect_uri: String,
        return_to: String,
        session_id: Option<Uuid>,
        created_at: i64,
        expires_at: i64,
    }
    audit none
}
