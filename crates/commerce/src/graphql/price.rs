//! Price lists for staff, and what variants cost whoever asks.

use std::collections::BTreeSet;

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use platform::graphql::{DateTime, Long, Money, ctx_of, failure, parse_id};
use platform::{Ctx, Error};
use primitives::{Country, Currency, CustomerGroupId, FieldError, PriceListId, VariantId};

use super::currency::in_currency;
use super::{connection, nodes, page_args};
use crate::price::{self, PriceEntry, PriceListDraft, PriceListView, PriceRowView, Question};
use crate::view;

/// Most variants of one question.
const MAX_VARIANTS: usize = 100;

/// Prices, for staff and shoppers.
#[derive(Default)]
pub struct PriceListsQuery;

#[Object]
impl PriceListsQuery {
    /// Price lists of the shop, newest first. `q` looks in names; without `archived` all of them.
    #[graphql(complexity = "10 + nodes(first, last) * child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection and its filter")]
    async fn price_lists(
        &self,
        context: &Context<'_>,
        #[graphql(default)] q: String,
        archived: Option<bool>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<PriceListConnection> {
        let ctx = ctx_of(context)?;
        let page = page_args(first, after, last, before)?;
        let found = price::list(ctx, &q, archived, &page).await.map_err(failure)?;
        Ok(PriceListConnection::of(found, PriceList::of))
    }

    /// One price list.
    async fn price_list(&self, context: &Context<'_>, id: ID) -> Result<PriceList> {
        let ctx = ctx_of(context)?;
        let id = parse_id(&id, PriceListId::KIND)?;
        Ok(PriceList::of(price::get(ctx, id).await.map_err(failure)?))
    }

    /// The prices of a list, by variant and number of pieces.
    #[graphql(complexity = "10 + nodes(first, last) * child_complexity")]
    async fn price_list_prices(
        &self,
        context: &Context<'_>,
        id: ID,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<ListedPriceRowConnection> {
        let ctx = ctx_of(context)?;
        let id = parse_id(&id, PriceListId::KIND)?;
        let page = page_args(first, after, last, before)?;
        let found = price::prices(ctx, id, &page).await.map_err(failure)?;
        Ok(ListedPriceRowConnection::of(found, |row| ListedPriceRow::of(row, ctx)))
    }

    /// Why a variant costs what it costs somebody: every list with what became of it.
    #[graphql(complexity = "20 + child_complexity")]
    async fn price_explain(
        &self,
        context: &Context<'_>,
        input: PriceExplainInput,
    ) -> Result<PriceExplanation> {
        let ctx = ctx_of(context)?;
        let explained = price::explain(ctx, &input.read()?).await.map_err(failure)?;
        let (list, from) = explained.list.unzip();
        Ok(PriceExplanation {
            price: Money::of(explained.price, ctx.locale()),
            compare_at_price: explained.compare_at.map(|amount| Money::of(amount, ctx.locale())),
            list_id: list.map(|id| ID(id.to_string())),
            min_quantity: from,
            converted: explained.converted,
            lists: explained
                .lists
                .into_iter()
                .map(|one| ExplainedList {
                    list_id: ID(one.id.to_string()),
                    name: one.name,
                    chosen: one.chosen,
                    words: one.words,
                })
                .collect(),
        })
    }

    /// What variants cost the caller: in the shop's own currency where a price list says so, and variants that no list has a
    /// price for are left out; in another currency all of them. At most 100.
    #[graphql(complexity = "20 + variant_ids.len() * child_complexity")]
    async fn listed_prices(
        &self,
        context: &Context<'_>,
        variant_ids: Vec<ID>,
        #[graphql(desc = "Instead of the currency of the session")] currency: Option<String>,
    ) -> Result<Vec<VariantPrice>> {
        let ctx = &in_currency(context, currency).await?;
        if MAX_VARIANTS < variant_ids.len() {
            return Err(failure(Error::invalid(
                "variantIds",
                format!("name at most {MAX_VARIANTS} variants"),
            )));
        }
        let ids = variant_ids.iter().map(|id| parse_id(id, VariantId::KIND));
        let ids: Vec<VariantId> = ids.collect::<Result<_>>()?;
        let mut found = Box::pin(price::of_variants(ctx, &ids)).await.map_err(failure)?;
        let money = |amount| Money::of(amount, ctx.locale());
        // In the order of asking, each once.
        let shown = ids.into_iter().filter_map(|id| Some((id, found.remove(&id)?)));
        let prices = shown.map(|(id, shown)| VariantPrice {
            variant_id: ID(id.to_string()),
            price: money(shown.price),
            compare_at_price: shown.compare_at.map(money),
            listed: shown.listed.map(ListedPrice::of),
            tiers: shown
                .tiers
                .into_iter()
                .map(|tier| PriceTier { from: tier.from, unit: money(tier.unit) })
                .collect(),
        });
        Ok(prices.collect())
    }
}

/// Making and changing price lists, for staff.
#[derive(Default)]
pub struct PriceListsMutation;

#[Object]
impl PriceListsMutation {
    /// Makes a price list without prices.
    async fn price_list_create(
        &self,
        context: &Context<'_>,
        input: PriceListInput,
    ) -> Result<PriceListPayload> {
        let ctx = ctx_of(context)?;
        let draft = input.draft(ctx)?;
        let view = Box::pin(price::create(ctx, &draft)).await.map_err(failure)?;
        Ok(PriceListPayload { price_list: PriceList::of(view) })
    }

    /// Changes a price list; its prices stay.
    async fn price_list_update(
        &self,
        context: &Context<'_>,
        id: ID,
        version: Long,
        input: PriceListInput,
    ) -> Result<PriceListPayload> {
        let ctx = ctx_of(context)?;
        let id = parse_id(&id, PriceListId::KIND)?;
        let draft = input.draft(ctx)?;
        let view = Box::pin(price::update(ctx, id, version.0, &draft)).await.map_err(failure)?;
        Ok(PriceListPayload { price_list: PriceList::of(view) })
    }

    /// Puts a price list away for good: it counts for nobody any more.
    async fn price_list_archive(
        &self,
        context: &Context<'_>,
        id: ID,
        version: Long,
    ) -> Result<PriceListPayload> {
        let ctx = ctx_of(context)?;
        let id = parse_id(&id, PriceListId::KIND)?;
        let view = Box::pin(price::archive(ctx, id, version.0)).await.map_err(failure)?;
        Ok(PriceListPayload { price_list: PriceList::of(view) })
    }

    /// Puts prices into a list and takes others out, all or none; at most 1,000 at once.
    async fn price_list_prices_set(
        &self,
        context: &Context<'_>,
        input: PriceListPricesSetInput,
    ) -> Result<PriceListPricesPayload> {
        let ctx = ctx_of(context)?;
        let id = parse_id(&input.id, PriceListId::KIND)?;
        let entries = input.prices.into_iter().map(ListPriceInput::entry).collect::<Result<Vec<_>>>()?;
        let n_prices = Box::pin(price::set_prices(ctx, id, &entries)).await.map_err(failure)?;
        Ok(PriceListPricesPayload { n_prices })
    }
}

connection!(PriceListConnection, PriceListEdge, PriceList);
connection!(ListedPriceRowConnection, ListedPriceRowEdge, ListedPriceRow);

/// A list of prices for some customers, countries or days.
#[derive(Clone, SimpleObject)]
pub struct PriceList {
    /// Identity.
    id: ID,
    /// What it is called; shoppers read it beside a price of it.
    name: String,
    /// The currency of its prices.
    currency: String,
    /// Whether its prices include tax.
    includes_tax: bool,
    /// Only for members of these groups; none: for everybody.
    groups: Vec<PriceListGroup>,
    /// Only for these countries; none: for all.
    countries: Vec<String>,
    /// From then on.
    starts_at: Option<DateTime>,
    /// Until then, exclusive.
    ends_at: Option<DateTime>,
    /// The higher one wins.
    priority: i32,
    /// Whether it is switched on.
    active: bool,
    /// How many prices are in it.
    n_prices: u64,
    /// Since when it counts for nobody.
    archived_at: Option<DateTime>,
    /// For the next change.
    version: Long,
    /// When it was made.
    created_at: DateTime,
    /// When it or a price in it was changed.
    updated_at: DateTime,
}

/// A group that a price list is for.
#[derive(Clone, SimpleObject)]
pub struct PriceListGroup {
    /// The group.
    id: ID,
    /// What staff calls it.
    name: String,
}

impl PriceList {
    fn of(view: PriceListView) -> Self {
        let group =
            |group: view::GroupName| PriceListGroup { id: ID(group.id.to_string()), name: group.name };
        Self {
            id: ID(view.id.to_string()),
            name: view.draft.name,
            currency: view.draft.currency.code().to_owned(),
            includes_tax: view.draft.includes_tax,
            groups: view.groups.into_iter().map(group).collect(),
            countries: view.draft.countries.iter().flatten().map(|one| one.as_str().to_owned()).collect(),
            starts_at: view.draft.from.map(DateTime),
            ends_at: view.draft.until.map(DateTime),
            priority: view.draft.priority,
            active: view.draft.active,
            n_prices: view.n_prices,
            archived_at: view.archived_at.map(DateTime),
            version: Long(view.version),
            created_at: DateTime(view.created_at),
            updated_at: DateTime(view.updated_at),
        }
    }
}

/// A price of a list.
#[derive(Clone, SimpleObject)]
pub struct ListedPriceRow {
    /// The variant.
    variant_id: ID,
    /// Name of its product.
    title: String,
    /// Name of the variant, may be empty.
    variant_title: String,
    /// May be empty.
    sku: String,
    /// From so many pieces on.
    min_quantity: u32,
    /// Price of one piece.
    price: Money,
    /// What it is compared with.
    compare_at_price: Option<Money>,
    /// What it costs where no list holds.
    base_price: Money,
}

impl ListedPriceRow {
    fn of(row: PriceRowView, ctx: &Ctx) -> Self {
        let money = |amount| Money::of(amount, ctx.locale());
        Self {
            variant_id: ID(row.variant.to_string()),
            title: row.title,
            variant_title: row.variant_title,
            sku: row.sku,
            min_quantity: row.min_quantity,
            price: money(row.price),
            compare_at_price: row.compare_at.map(money),
            base_price: money(row.base),
        }
    }
}

/// The list that a price is from.
#[derive(Clone, SimpleObject)]
pub struct ListedPrice {
    /// What the list is called.
    name: String,
    /// From so many pieces on.
    min_quantity: u32,
}

impl ListedPrice {
    pub(super) fn of(listed: view::ListedPrice) -> Self {
        Self { name: listed.name, min_quantity: listed.min_quantity }
    }
}

/// What a variant costs whoever asks.
#[derive(Clone, SimpleObject)]
pub struct VariantPrice {
    /// The variant.
    variant_id: ID,
    /// What one piece costs.
    price: Money,
    /// What that is compared with.
    compare_at_price: Option<Money>,
    /// The list that it is from; nothing for the variant's own price.
    listed: Option<ListedPrice>,
    /// What a piece costs from more pieces on.
    tiers: Vec<PriceTier>,
}

/// What a piece costs from some number of pieces on.
#[derive(Clone, SimpleObject)]
pub struct PriceTier {
    /// From so many pieces on.
    from: u32,
    /// What one of them costs.
    unit: Money,
}

/// What one piece costs somebody, and why.
#[derive(SimpleObject)]
pub struct PriceExplanation {
    /// What one piece costs.
    price: Money,
    /// What that is compared with.
    compare_at_price: Option<Money>,
    /// The list that it is from; nothing for the variant's own price.
    list_id: Option<ID>,
    /// From so many pieces on.
    min_quantity: Option<u32>,
    /// How it was converted, `12.00 EUR × 1.10 = 13.20 USD`; nothing for a price that was written in its currency.
    converted: Option<String>,
    /// Every list that is not archived.
    lists: Vec<ExplainedList>,
}

/// What became of one list.
#[derive(SimpleObject)]
pub struct ExplainedList {
    /// The list.
    list_id: ID,
    /// Its name.
    name: String,
    /// Whether its price holds.
    chosen: bool,
    /// Why, or why not.
    words: String,
}

/// Who would buy what.
#[derive(InputObject)]
pub struct PriceExplainInput {
    /// The variant.
    variant_id: ID,
    /// How many pieces.
    #[graphql(default = 1)]
    quantity: i32,
    /// Where it goes; the shop's own country when it is left out.
    country: Option<String>,
    /// The groups of the customer.
    #[graphql(default)]
    group_ids: Vec<ID>,
    /// When; now when it is left out.
    at: Option<DateTime>,
    /// In which currency; the shop's own when it is left out.
    currency: Option<String>,
}

impl PriceExplainInput {
    fn read(self) -> Result<Question> {
        let country = self.country.as_deref().map(Country::parse).transpose();
        let groups = self.group_ids.iter().map(|id| parse_id(id, CustomerGroupId::KIND));
        let currency = self.currency.as_deref().map(Currency::parse).transpose();
        Ok(Question {
            variant: parse_id(&self.variant_id, VariantId::KIND)?,
            quantity: i64::from(self.quantity),
            country: country.map_err(|error| failure(Error::invalid("country", error.to_string())))?,
            groups: groups.collect::<Result<_>>()?,
            at: self.at.map(|DateTime(at)| at),
            currency: currency.map_err(|error| failure(Error::invalid("currency", error.to_string())))?,
        })
    }
}

/// A price list as staff writes it.
#[derive(InputObject)]
pub struct PriceListInput {
    /// What it is called, 1 to 100 characters; shoppers read it beside a price of it.
    name: String,
    /// The currency of its prices; the shop's when it is left out.
    currency: Option<String>,
    /// Whether its prices include tax; as the shop writes prices when it is left out.
    includes_tax: Option<bool>,
    /// Only for members of one of these groups; for everybody when it is left out.
    group_ids: Option<Vec<ID>>,
    /// Only for these countries; for all when it is left out.
    countries: Option<Vec<String>>,
    /// From then on.
    starts_at: Option<DateTime>,
    /// Until then, exclusive.
    ends_at: Option<DateTime>,
    /// The higher one wins.
    #[graphql(default)]
    priority: i32,
    /// Whether it is switched on.
    #[graphql(default = true)]
    active: bool,
}

impl PriceListInput {
    fn draft(self, ctx: &Ctx) -> Result<PriceListDraft> {
        let mut errors = Vec::new();
        let tenant = ctx.tenant();
        let currency = match self.currency.as_deref().map(Currency::parse) {
            None => tenant.currency,
            Some(Ok(currency)) => currency,
            Some(Err(error)) => {
                errors.push(FieldError::new("currency", error.to_string()));
                tenant.currency
            }
        };
        let mut countries = BTreeSet::new();
        for (i, code) in self.countries.iter().flatten().enumerate() {
            match Country::parse(code) {
                Ok(country) => drop(countries.insert(country)),
                Err(error) => errors.push(FieldError::new(format!("countries.{i}"), error.to_string())),
            }
        }
        if !errors.is_empty() {
            return Err(failure(Error::invalid_fields(errors)));
        }
        let groups =
            self.group_ids.map(|ids| ids.iter().map(|id| parse_id(id, CustomerGroupId::KIND)).collect());
        Ok(PriceListDraft {
            name: self.name,
            currency,
            includes_tax: self.includes_tax.unwrap_or(tenant.prices_include_tax),
            groups: groups.transpose()?,
            countries: self.countries.map(|_| countries),
            from: self.starts_at.map(|DateTime(at)| at),
            until: self.ends_at.map(|DateTime(at)| at),
            priority: self.priority,
            active: self.active,
        })
    }
}

/// Prices to put into a list and to take out of it.
#[derive(InputObject)]
pub struct PriceListPricesSetInput {
    /// The list.
    id: ID,
    /// 1 to 1,000 of them.
    prices: Vec<ListPriceInput>,
}

/// A price of a list.
#[derive(InputObject)]
pub struct ListPriceInput {
    /// Of what.
    variant_id: ID,
    /// From so many pieces on.
    #[graphql(default = 1)]
    min_quantity: u32,
    /// Decimal text in the currency of the list; left out, the price is taken out.
    price: Option<String>,
    /// Decimal text: what the price is compared with.
    compare_at_price: Option<String>,
}

impl ListPriceInput {
    fn entry(self) -> Result<PriceEntry> {
        Ok(PriceEntry {
            variant: parse_id(&self.variant_id, VariantId::KIND)?,
            min_quantity: self.min_quantity,
            price: self.price,
            compare_at: self.compare_at_price,
        })
    }
}

/// A price list after a change.
#[derive(SimpleObject)]
pub struct PriceListPayload {
    /// The list.
    price_list: PriceList,
}

/// How many prices a list has after a change.
#[derive(SimpleObject)]
pub struct PriceListPricesPayload {
    /// So many.
    n_prices: u64,
}
