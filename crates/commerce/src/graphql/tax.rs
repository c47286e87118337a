//! What goods can be for the tax office.

use async_graphql::{Context, Object, Result};
use platform::graphql::{ctx_of, failure};

use crate::settings;

/// Kinds of goods on the query root.
#[derive(Default)]
pub struct TaxQuery;

#[Object]
impl TaxQuery {
    /// What a variant can be for the tax office: `standard`, every category that the shop has a rate for, and `none`.
    async fn tax_categories(&self, context: &Context<'_>) -> Result<Vec<String>> {
        let categories = settings::categories(ctx_of(context)?).await.map_err(failure)?;
        Ok(categories.into_iter().map(|category| category.to_string()).collect())
    }
}
