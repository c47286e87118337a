//! Rows of what shops have switched.

use platform::tenant_table;

tenant_table! {
    /// A module that a shop has switched on or off.
    tenant_module, "tenant_module", "module", Module,
    key { module: String }
    columns {
        enabled: bool,
        changed_at: i64,
        changed_by: Option<Uuid>,
    }
}

tenant_table! {
    /// A feature that a shop has switched on or off.
    tenant_feature, "tenant_feature", "feature", Feature,
    key { feature: String }
    columns {
        enabled: bool,
        changed_at: i64,
        changed_by: Option<Uuid>,
    }
}
