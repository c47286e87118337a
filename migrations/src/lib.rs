//! The schema of both databases, one file per module.
//!
//! Statements are plain SQL; [`dsl`] supplies the few types that differ between SQLite and PostgreSQL,
//! the composite keys and, on PostgreSQL, forced row level security.

pub mod dsl;
mod m01_platform;
mod m02_identity;
mod m03_content;
mod m04_catalog;
mod m05_commerce;
pub mod m06_planner;
mod m07_young_tables;
mod m08_queue;
mod m09_mail;
mod m10_tokens;
mod m11_roles;
mod m12_audit;
mod m13_modules;
pub mod m14_tenant_life;
mod m15_oidc;
mod m16_streams;
mod m17_stock;
mod m18_promotions;
mod m19_tender;
mod m20_customers;
mod m21_fulfilment;
mod m23_reviews;
mod m24_saved;
mod m25_order_tags;
mod m26_payments;
mod m27_prices;
mod m28_papers;
mod m29_drafts;
mod m31_order_edits;
mod m32_currencies;
mod m33_product_text;
mod m34_quotes;
mod m35_credit_currencies;
mod m36_shared_row;
mod m37_pickup;
mod m38_price_actors;

pub use m36_shared_row::BUSY;
use sea_orm_migration::prelude::*;
pub use sea_orm_migration::{self, MigratorTrait, SchemaManager};

/// Runs the migrations in order; the table `seaql_migrations` remembers which have run.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        // Tenants come first: every tenant table points at them.
        vec![
            Box::new(m02_identity::Migration),
            Box::new(m01_platform::Migration),
            Box::new(m03_content::Migration),
            Box::new(m04_catalog::Migration),
            Box::new(m05_commerce::Migration),
            Box::new(m06_planner::Migration),
            Box::new(m07_young_tables::Migration),
            Box::new(m08_queue::Migration),
            Box::new(m09_mail::Migration),
            Box::new(m10_tokens::Migration),
            Box::new(m11_roles::Migration),
            Box::new(m12_audit::Migration),
            Box::new(m13_modules::Migration),
            Box::new(m14_tenant_life::Migration),
            Box::new(m15_oidc::Migration),
            Box::new(m16_streams::Migration),
            Box::new(m17_stock::Migration),
            Box::new(m18_promotions::Migration),
            Box::new(m19_tender::Migration),
            Box::new(m20_customers::Migration),
            Box::new(m21_fulfilment::Migration),
            Box::new(m23_reviews::Migration),
            Box::new(m24_saved::Migration),
            Box::new(m25_order_tags::Migration),
            Box::new(m26_payments::Migration),
            Box::new(m27_prices::Migration),
            Box::new(m28_papers::Migration),
            Box::new(m29_drafts::Migration),
            Box::new(m31_order_edits::Migration),
            Box::new(m32_currencies::Migration),
            Box::new(m33_product_text::Migration),
            Box::new(m34_quotes::Migration),
            Box::new(m35_credit_currencies::Migration),
            Box::new(m36_shared_row::Migration),
            Box::new(m37_pickup::Migration),
            Box::new(m38_price_actors::Migration),
        ]
    }
}
