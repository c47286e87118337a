//! One way to declare a table of a tenant.

/// Declares the rows of one table of a tenant as a module with `Model`, `Entity`, `Column` and `ActiveModel`: name of
/// the module, of the table, of the thing in error texts, the column that [`TenantDb::get`](crate::TenantDb::get) looks
/// in; then the key beside `tenant_id`, then the other columns; last the text columns that the audit log may show
/// ([`TenantOwned::SHOWN`](crate::TenantOwned::SHOWN)), or `audit none`. Left out, the log shows no text.
///
/// ```
/// platform::tenant_table! {
///     /// What visitors wrote.
///     note, "note", "note", Id,
///     key { id: Uuid }
///     columns { text: String, created_at: i64 }
///     audit { text }
/// }
/// # fn main() {}
/// ```
///
/// A column that sounds like a secret cannot be shown:
///
/// ```compile_fail,E0080
/// platform::tenant_table! {
///     key, "key", "key", Id,
///     key { id: Uuid }
///     columns { token: String }
///     audit { token }
/// }
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! tenant_table {
    ($(#[$doc:meta])* $name:ident, $table:literal, $kind:literal, $id:ident,
     key { $($key:ident: $key_type:ty),* } columns { $($column:ident: $type:ty),* $(,)? }
     $(audit $shown:tt)?) => {
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
                const SHOWN: Option<&'static [&'static str]> = $crate::shown_columns!($($shown)?);
            }

            $($crate::shown_columns_exist!(Model, $shown);)?
            const _: () = assert!(match <Entity as $crate::TenantOwned>::SHOWN {
                Some(columns) => $crate::audit::are_no_secrets(columns),
                None => true,
            }, "the audit log never shows secrets");
        }
    };
}

/// What [`tenant_table!`] makes of its `audit` part.
#[doc(hidden)]
#[macro_export]
macro_rules! shown_columns {
    () => { Some(&[]) };
    (none) => { None };
    ({ $($column:ident),* $(,)? }) => { Some(&[$(stringify!($column)),*]) };
}

/// A name that is no column of the table does not compile.
#[doc(hidden)]
#[macro_export]
macro_rules! shown_columns_exist {
    ($model:ident, none) => {};
    ($model:ident, { $($column:ident),* $(,)? }) => {
        const _: fn(&$model) = |row| { $(let _ = &row.$column;)* };
    };
}
