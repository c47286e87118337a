//! One way to declare a table of a tenant.

/// Declares the rows of one table of a tenant as a module with `Model`, `Entity`, `Column` and `ActiveModel`: name of
/// the module, of the table, of the thing in error texts, the column that [`TenantDb::get`](crate::TenantDb::get) looks
/// in; then the key beside `tenant_id`, then the other columns.
///
/// ```
/// platform::tenant_table! {
///     /// What visitors wrote.
///     note, "note", "note", Id,
///     key { id: Uuid }
///     columns { text: String, created_at: i64 }
/// }
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! tenant_table {
    ($(#[$doc:meta])* $name:ident, $table:literal, $kind:literal, $id:ident,
     key { $($key:ident: $key_type:ty),* } columns { $($column:ident: $type:ty),* $(,)? }) => {
        $(#[$doc])*
        pub(crate) mod $name {
            use sea_orm::entity::prelude::*;

            #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
            #[sea_orm(table_name = $table)]
            pub struct Model {
                #[sea_orm(primary_key, auto_increment = false)]
                pub tenant_id: Uuid,
                $(#[sea_orm(primary_key, auto_increment = false)]
                pub $key: $key_type,)*
                $(pub $column: $type,)*
            }

            #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
            pub enum Relation {}

            impl ActiveModelBehavior for ActiveModel {}

            impl $crate::TenantOwned for Entity {
                const TENANT: Column = Column::TenantId;
                const ID: Column = Column::$id;
                const KIND: &'static str = $kind;
            }
        }
    };
}
