//! Rows of this room.

use platform::tenant_table;

tenant_table! {
    /// A refresh token that a session was handed.
    refresh_token, "refresh_token", "refresh token", Id,
    key { id: Uuid }
    columns {
        session_id: Uuid,
        generation: i64,
        token_hash: Vec<u8>,
        created_at: i64,
        expires_at: i64,
        ends_at: i64,
        used_at: Option<i64>,
    }
    audit none
}

tenant_table! {
    /// A browser from which a person has signed in.
    known_device, "known_device", "device", Id,
    key { id: Uuid }
    columns {
        user_id: Uuid,
        token_hash: Vec<u8>,
        session_id: Uuid,
        created_at: i64,
        last_used_at: i64,
        expires_at: i64,
    }
    audit none
}

tenant_table! {
    /// The second step of a person, perhaps not confirmed yet.
    two_step, "two_step", "second step", UserId,
    key { user_id: Uuid }
    columns {
        secret: Vec<u8>,
        confirmed_at: Option<i64>,
        last_step: i64,
        failures: i64,
        failed_at: i64,
        created_at: i64,
    }
}

tenant_table! {
    /// A code that stands in for the second step, once.
    recovery_code, "recovery_code", "recovery code", Id,
    key { id: Uuid }
    columns {
        user_id: Uuid,
        code_hash: Vec<u8>,
        created_at: i64,
        used_at: Option<i64>,
    }
}

tenant_table! {
    /// Somebody who has shown the password and owes the code.
    challenge, "sign_in_challenge", "sign-in", Id,
    key { id: Uuid }
    columns {
        user_id: Uuid,
        token_hash: Vec<u8>,
        password_digest: Vec<u8>,
        failures: i64,
        created_at: i64,
        expires_at: i64,
    }
    audit none
}
