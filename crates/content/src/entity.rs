//! Rows of this module.

pub(crate) mod media {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "media")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub state: String,
        pub source_url: String,
        pub file_name: String,
        pub hash: Option<String>,
        pub mime: String,
        pub url_base: String,
        pub width: i32,
        pub height: i32,
        pub widths: String,
        pub alt: String,
        pub error: String,
        pub created_at: i64,
        pub updated_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl platform::TenantOwned for Entity {
        const TENANT: Column = Column::TenantId;
        const ID: Column = Column::Id;
        const KIND: &'static str = "media";
    }
}

/// Pictures to fetch. Domain code adds rows for its tenant; the job reads them across tenants.
pub(crate) mod media_fetch {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "media_fetch")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub media_id: Uuid,
        pub attempts: i32,
        pub next_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl platform::TenantOwned for Entity {
        const TENANT: Column = Column::TenantId;
        const ID: Column = Column::MediaId;
        const KIND: &'static str = "media";
    }
}
