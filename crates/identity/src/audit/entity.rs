//! Rows of the audit log.

use platform::tenant_table;

tenant_table! {
    /// What somebody did. `position` and `hash` come from the sealer, once.
    entry, "audit_entry", "audit entry", Id,
    key { id: Uuid }
    columns {
        at: i64,
        actor_kind: String,
        actor_id: Option<Uuid>,
        actor_part: String,
        action: String,
        subject_kind: String,
        subject_id: Option<Uuid>,
        changes: String,
        address: String,
        user_agent: String,
        request_id: String,
        position: Option<i64>,
        hash: Option<Vec<u8>>,
    }
    audit none
}

tenant_table! {
    /// Where the chain stood, signed.
    checkpoint, "audit_checkpoint", "checkpoint", Position,
    key { position: i64, key_id: String }
    columns {
        hash: Vec<u8>,
        at: i64,
        signature: Vec<u8>,
    }
    audit none
}

/// The last entry that was cleared away when its time was over, signed: one row per shop, or none.
pub(crate) mod start {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "audit_start")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        pub position: i64,
        pub hash: Vec<u8>,
        pub at: i64,
        pub key_id: String,
        pub signature: Vec<u8>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl platform::TenantOwned for Entity {
        const TENANT: Column = Column::TenantId;
        const ID: Column = Column::TenantId;
        const KIND: &'static str = "audit start";
        const SHOWN: Option<&'static [&'static str]> = None;
    }
}
