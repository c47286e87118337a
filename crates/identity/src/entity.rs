//! Rows of this module.

use platform::TenantOwned;

macro_rules! rows {
    ($($(#[$doc:meta])* $module:ident $table:literal $kind:literal { $($(#[$attr:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        pub(crate) mod $module {
            use sea_orm::entity::prelude::*;

            #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
            #[sea_orm(table_name = $table)]
            pub struct Model {
                #[sea_orm(primary_key, auto_increment = false)]
                pub tenant_id: Uuid,
                #[sea_orm(primary_key, auto_increment = false)]
                pub id: Uuid,
                $($(#[$attr])* pub $field: $type,)*
            }

            #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
            pub enum Relation {}

            impl ActiveModelBehavior for ActiveModel {}
        }

        impl TenantOwned for $module::Entity {
            const TENANT: $module::Column = $module::Column::TenantId;
            const ID: $module::Column = $module::Column::Id;
            const KIND: &'static str = $kind;
        }
    )*};
}

rows! {
    /// A host name that leads to a shop.
    domain "tenant_domain" "domain" {
        host: String,
        created_at: i64,
    }

    /// A person, customer or staff.
    user "user_account" "user" {
        email: String,
        name: String,
        locale: String,
        password_hash: String,
        status: String,
        created_at: i64,
        updated_at: i64,
        last_sign_in_at: Option<i64>,
    }

    /// A role that a person holds.
    role "user_role" "role" {
        user_id: Uuid,
        role: String,
        granted_at: i64,
    }

    /// A signed-in browser or API client.
    session "session" "session" {
        user_id: Uuid,
        kind: String,
        token_hash: Option<Vec<u8>>,
        user_agent: String,
        created_at: i64,
        expires_at: i64,
        revoked_at: Option<i64>,
    }
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
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

impl TenantOwned for tenant::Entity {
    const TENANT: tenant::Column = tenant::Column::Id;
    const ID: tenant::Column = tenant::Column::Id;
    const KIND: &'static str = "tenant";
}
