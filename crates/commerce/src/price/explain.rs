//! Why a variant costs what it costs somebody: every list with what became of it.

use std::collections::BTreeSet;

use platform::Ctx;
use pricing::Destination;
use primitives::{
    Country, Currency, CustomerGroupId, Exchange, Money, Permission, PriceListId, Quantity, Timestamp,
    VariantId,
};

use super::ask::Asking;
use super::rows;
use crate::currency;
use crate::customer;
use crate::error::{CommerceError, Result};
use crate::settings;

/// Who would buy what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The variant.
    pub variant: VariantId,
    /// How many pieces, 1 to 10,000.
    pub quantity: i64,
    /// Where it goes; `None`: the shop's own country.
    pub country: Option<Country>,
    /// The groups of the customer.
    pub groups: BTreeSet<CustomerGroupId>,
    /// When; `None`: now.
    pub at: Option<Timestamp>,
    /// In which currency; `None`: the shop's own.
    pub currency: Option<Currency>,
}

/// What one piece costs, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// What one piece costs, as the shop writes prices.
    pub price: Money,
    /// What that is compared with.
    pub compare_at: Option<Money>,
    /// The list and the number of pieces from which on it holds; `None`: the variant's own price.
    pub list: Option<(PriceListId, u32)>,
    /// How it was converted, `12.00 EUR × 1.10 = 13.20 USD`; `None` for a price that was written in that currency.
    pub converted: Option<String>,
    /// Every list that is not archived, as [`pricing::ListOutcome`] says it.
    pub lists: Vec<ExplainedList>,
}

/// What became of one list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplainedList {
    /// The list.
    pub id: PriceListId,
    /// Its name.
    pub name: String,
    /// Whether its price holds.
    pub chosen: bool,
    /// Why, or why not, in English.
    pub words: String,
}

/// Says why a variant costs what it costs.
///
/// # Errors
/// `BAD_USER_INPUT` for a quantity outside 1 to 10,000, and for a currency that the shop does not offer; `NOT_FOUND` for a variant or group that the shop does not have.
pub async fn explain(ctx: &Ctx, question: &Question) -> Result<Explained> {
    let quantity = Quantity::new(question.quantity);
    let quantity = quantity.map_err(|error| CommerceError::field("quantity", error.to_string()))?.get();
    let settings = settings::current(ctx).await?;
    let exchange = match question.currency {
        None => Exchange::none(ctx.tenant().currency),
        Some(wanted) => currency::exchange(&currency::named(ctx, wanted.code()).await?).await?,
    };
    let rows = ctx.read(Permission::PRICES_READ).await?;
    let offers = catalog::query::offers(&rows, &[question.variant]).await?;
    let offer = offers.get(&question.variant).ok_or_else(|| CommerceError::not_found(VariantId::KIND))?;
    customer::groups_all_there(&rows, &question.groups).await?;
    let lists = super::lists(&rows, None).await?;
    let ids: Vec<PriceListId> = lists.iter().map(|list| list.id).collect();
    let prices = rows::of_variants(&rows, &ids, &[question.variant]).await?;
    let destination = Destination::country(question.country.unwrap_or(ctx.tenant().country));
    let asking = Asking {
        tenant: ctx.tenant(),
        settings: &settings,
        lists: &lists,
        prices: &prices,
        groups: &question.groups,
        destination: &destination,
        at: question.at.unwrap_or(ctx.now()),
        exchange,
    };
    let unit = asking.unit(offer, quantity)?;
    let considered = asking.choose(offer, quantity)?.map(|chosen| chosen.considered).unwrap_or_default();
    let said = considered.into_iter().zip(&lists).map(|(one, list)| ExplainedList {
        id: one.list,
        name: list.name.clone(),
        chosen: one.outcome == pricing::ListOutcome::Chosen,
        words: one.outcome.to_string(),
    });
    Ok(Explained {
        price: unit.shown,
        compare_at: unit.compare_at,
        list: unit.listed.map(|listed| (listed.list, listed.min_quantity)),
        converted: unit.converted.map(|written| exchange.words(written)).transpose()?,
        lists: said.collect(),
    })
}
