//! Rows of roles.

use platform::tenant_table;

tenant_table! {
    /// A role that the shop has made.
    custom_role, "custom_role", "role", Id,
    key { id: Uuid }
    columns {
        name: String,
        name_key: String,
        description: String,
        permissions: String,
        version: i64,
        created_at: i64,
        updated_at: i64,
    }
    audit { name, description, permissions }
}

tenant_table! {
    /// Somebody holds such a role.
    holder, "user_custom_role", "role", RoleId,
    key { user_id: Uuid, role_id: Uuid }
    columns { granted_at: i64 }
}
