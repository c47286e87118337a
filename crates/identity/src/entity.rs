//! Rows of this module.

use platform::{TenantOwned, tenant_table};

tenant_table! {
    /// A host name that leads to a shop.
    domain, "tenant_domain", "domain", Id,
    key { id: Uuid }
    columns {
        host: String,
        created_at: i64,
        token: String,
        verified_at: Option<i64>,
    }
    audit { host }
}

tenant_table! {
    /// A person, customer or staff.
    user, "user_account", "user", Id,
    key { id: Uuid }
    columns {
        email: String,
        name: String,
        locale: String,
        password_hash: String,
        status: String,
        created_at: i64,
        updated_at: i64,
        last_sign_in_at: Option<i64>,
        email_verified_at: Option<i64>,
    }
    audit { locale, status }
}

tenant_table! {
    /// Somebody who was asked to work for the shop.
    invitation, "invitation", "invitation", Id,
    key { id: Uuid }
    columns {
        email: String,
        name: String,
        locale: String,
        roles: String,
        invited_by: Option<Uuid>,
        created_at: i64,
        sent_at: i64,
        expires_at: i64,
        accepted_at: Option<i64>,
        revoked_at: Option<i64>,
    }
    audit { locale, roles }
}

tenant_table! {
    /// A token that a mail carries.
    one_time_token, "one_time_token", "token", Id,
    key { id: Uuid }
    columns {
        purpose: String,
        user_id: Option<Uuid>,
        invitation_id: Option<Uuid>,
        email: String,
        token_hash: Vec<u8>,
        bound: Vec<u8>,
        created_at: i64,
        expires_at: i64,
        used_at: Option<i64>,
    }
    audit { purpose }
}

tenant_table! {
    /// A role that a person holds.
    role, "user_role", "role", Id,
    key { id: Uuid }
    columns {
        user_id: Uuid,
        role: String,
        granted_at: i64,
    }
    audit { role }
}

tenant_table! {
    /// A signed-in browser or API client.
    session, "session", "session", Id,
    key { id: Uuid }
    columns {
        user_id: Uuid,
        kind: String,
        token_hash: Option<Vec<u8>>,
        user_agent: String,
        created_at: i64,
        expires_at: i64,
        revoked_at: Option<i64>,
    }
    audit { kind }
}

/// One shop. It owns itself: the column that holds its tenant is its id.
pub(crate) mod tenant {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "tenant")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub slug: String,
        pub name: String,
        pub locale: String,
        pub currency: String,
        pub country: String,
        pub prices_include_tax: bool,
        pub theme: String,
        pub storefront: String,
        pub settings: String,
        pub status: String,
        pub revision: i64,
        pub created_at: i64,
        pub updated_at: i64,
        pub life: String,
        pub purge_at: Option<i64>,
        /// The database's own; see `migrations/src/m14_tenant_life.rs`.
        pub changed: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

impl TenantOwned for tenant::Entity {
    const TENANT: tenant::Column = tenant::Column::Id;
    const ID: tenant::Column = tenant::Column::Id;
    const KIND: &'static str = "tenant";
    const SHOWN: Option<&'static [&'static str]> =
        Some(&["slug", "name", "locale", "currency", "country", "theme", "storefront", "settings", "status"]);
}
