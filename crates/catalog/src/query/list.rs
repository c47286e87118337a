//! Lists of published products: pages with numbers, keyset pages, facets.

use std::sync::Arc;

use platform::db::holes;
use platform::{Access, Context, Ctx, Error, TenantDb};
use primitives::{Cursor, Direction, Money, PageArgs, ProductId};
use sea_orm::{DbBackend, QueryResult};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Slice;
use super::cache::{Caches, Counted, SliceKey};
use super::page::collections;
use super::sql::{self, Sql};
use crate::error::{CatalogError, Result};
use crate::text::{fold, is_colour_option, swatch};
use crate::view::{FacetValue, Facets, ListPage, ListQuery, ListSort, OptionFacet, ProductCard, ProductPage};

/// Products on one page.
pub const PAGE_SIZE: u32 = 24;
/// Options that are offered as facets, the most frequent ones.
const MAX_FACETS: usize = 8;
/// Values of one facet, the most frequent ones and the chosen ones.
const MAX_FACET_VALUES: usize = 24;

/// One page of 24 with facets; pages behind the end are empty. At most three statements, none when remembered.
pub async fn list(ctx: &Ctx, query: &ListQuery) -> Result<Arc<ListPage>> {
    let query = sql::normal(query);
    let caches = Caches::of(ctx.app());
    let load = Box::pin(async { Ok(Arc::new(Box::pin(load_page(ctx, &query)).await?)) });
    Ok(caches.list(ctx, query.clone(), load).await?)
}

/// One keyset page; `query.page` does not count. At most four statements, none when remembered.
///
/// # Errors
/// `BAD_USER_INPUT` for a cursor of another list.
pub async fn products(ctx: &Ctx, query: &ListQuery, page: &PageArgs) -> Result<Arc<Slice<Arc<ProductCard>>>> {
    let query = ListQuery { page: 1, ..sql::normal(query) };
    let caches = Caches::of(ctx.app());
    let load = Box::pin(async { Ok(Arc::new(Box::pin(load_slice(ctx, &query, page)).await?)) });
    Ok(caches.slice(ctx, SliceKey::new(query.clone(), page), load).await?)
}

/// As [`products`], with everything that the products' pages know; two more statements for all of them together.
pub async fn products_with_pages(
    ctx: &Ctx,
    query: &ListQuery,
    page: &PageArgs,
) -> Result<Arc<Slice<Arc<ProductPage>>>> {
    let query = ListQuery { page: 1, ..sql::normal(query) };
    let caches = Caches::of(ctx.app());
    let load = Box::pin(async {
        let cards = products(ctx, &query, page).await?;
        let ids: Vec<ProductId> = cards.items.iter().map(|(_, card)| card.id).collect();
        let pages = super::pages(ctx, &ids).await?;
        // A product that was taken back since the list was made has no page.
        let items =
            cards.items.iter().filter_map(|(at, card)| Some((at.clone(), Arc::clone(pages.get(&card.id)?))));
        Ok(Arc::new(Slice {
            items: items.collect(),
            total: cards.total,
            has_next: cards.has_next,
            has_previous: cards.has_previous,
        }))
    });
    Ok(caches.full_slice(ctx, SliceKey::new(query.clone(), page), load).await?)
}

/// Number of products and facets for a query; page and sort do not count.
pub async fn facets(ctx: &Ctx, query: &ListQuery) -> Result<(u64, Arc<Facets>)> {
    let query = ListQuery { page: 1, sort: ListSort::Featured, ..sql::normal(query) };
    let counted = Box::pin(counted(ctx, &query)).await?;
    Ok((counted.total, counted.facets))
}

async fn counted(ctx: &Ctx, query: &ListQuery) -> Result<Counted> {
    let query = countable(query);
    let caches = Caches::of(ctx.app());
    let load = Box::pin(async { Ok(Box::pin(load_counts(ctx, &query)).await?) });
    Ok(caches.counts(ctx, query.clone(), load).await?)
}

/// What of a query its counts depend on.
fn countable(query: &ListQuery) -> ListQuery {
    ListQuery { page: 1, sort: ListSort::Featured, ..query.clone() }
}

async fn load_page(ctx: &Ctx, query: &ListQuery) -> Result<ListPage> {
    let collection = match &query.collection {
        Some(slug) => collections(ctx).await?.by_slug(slug),
        None => None,
    };
    let unknown = query.collection.is_some() && collection.is_none();
    let id = collection.as_ref().map(|collection| collection.id.uuid());
    let (counted, cards) = match ctx.app().db().backend() {
        _ if unknown => (counted(ctx, query).await?, Vec::new()),
        DbBackend::Postgres => Box::pin(in_one_way(ctx, query, id)).await?,
        // Readers of SQLite are at hand: neither waits for the other.
        _ => {
            let cards = async {
                let db = ctx.read(Access::Public).await?;
                cards(&db, query, id).await
            };
            tokio::try_join!(Box::pin(counted(ctx, query)), Box::pin(cards))?
        }
    };
    Ok(ListPage {
        cards,
        total: counted.total,
        facets: counted.facets,
        page: query.page,
        pages: u32::try_from(counted.total.div_ceil(u64::from(PAGE_SIZE))).unwrap_or(u32::MAX).max(1),
        sort: query.sort,
        collection,
    })
}

/// Counts and cards in one statement, where each is a way to the database and back, and one more to say whose rows are to be
/// seen; only the cards where the counts are remembered.
async fn in_one_way(
    ctx: &Ctx,
    query: &ListQuery,
    collection: Option<Uuid>,
) -> Result<(Counted, Vec<Arc<ProductCard>>)> {
    let countable = countable(query);
    let mut seen = None;
    let load = async {
        let db = ctx.read(Access::Public).await?;
        let mut select = counts_of(db.backend(), &countable, collection);
        select.fields.push(", (", []);
        select.fields.append(cards_of(query, collection));
        select.fields.push(") AS cards", []);
        let row = select.row(&db).await?;
        seen = Some(read_cards(&row)?);
        Ok(read_counts(ctx, &countable, &row)?)
    };
    let counted = Caches::of(ctx.app()).counts(ctx, countable.clone(), Box::pin(load)).await?;
    let cards = match seen {
        Some(cards) => cards,
        None => cards(&*ctx.read(Access::Public).await?, query, collection).await?,
    };
    Ok((counted, cards))
}

async fn load_slice(ctx: &Ctx, query: &ListQuery, page: &PageArgs) -> Result<Slice<Arc<ProductCard>>> {
    let collection = match &query.collection {
        Some(slug) => match collections(ctx).await?.by_slug(slug) {
            Some(collection) => Some(collection.id.uuid()),
            None => return Ok(Slice::of(Vec::new(), page, 0)),
        },
        None => None,
    };
    let order = format!("products:{}", query.sort);
    let after = match page.cursor() {
        None => None,
        Some(cursor) => {
            let key: (Key, Uuid) =
                cursor.decode(&order).map_err(|e| CatalogError::field("after", e.to_string()))?;
            let text = query.sort == ListSort::Name;
            if text != matches!(key.0, Key::Text(_)) {
                return Err(CatalogError::field("after", "cursor is not valid for this list"));
            }
            Some(key)
        }
    };
    let db = ctx.read(Access::Public).await?;
    let limit = i64::from(page.limit()) + 1;
    let rows = Box::pin(keyset(&db, query, collection, after, page.direction(), limit, 0)).await?;
    let total = count(&db, query, collection).await?;
    let items = rows
        .into_iter()
        .map(|(key, id, card)| Ok((Cursor::encode(&order, &(key, id)).map_err(Error::internal)?, card)))
        .collect::<Result<Vec<_>>>()?;
    Ok(Slice::of(items, page, total))
}

/// A sort key in a cursor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Key {
    Number(i64),
    Text(String),
}

impl From<Key> for sea_orm::Value {
    fn from(key: Key) -> Self {
        match key {
            Key::Number(number) => number.into(),
            Key::Text(text) => text.into(),
        }
    }
}

impl Key {
    pub fn read(row: &QueryResult, column: &str, text: bool) -> Result<Self> {
        Ok(if text {
            Self::Text(row.try_get("", column).map_err(Error::from)?)
        } else {
            Self::Number(row.try_get("", column).map_err(Error::from)?)
        })
    }
}

async fn keyset(
    db: &TenantDb,
    query: &ListQuery,
    collection: Option<Uuid>,
    after: Option<(Key, Uuid)>,
    direction: Direction,
    limit: i64,
    skip: i64,
) -> Result<Vec<(Key, Uuid, Arc<ProductCard>)>> {
    let (key, largest_first) = sql::sort_key(query, collection.is_some());
    let descending = largest_first != (direction == Direction::Backward);
    let mut select = Sql::new("SELECT d.product_id, d.card, ");
    select.append(key.clone());
    select.push(" AS sort_key", []);
    select.append(sql::published(query, collection, None));
    if let Some((at, id)) = after {
        // (key, id) beyond (at, id), written out: row values do not take expressions everywhere.
        let beyond = if descending { "<" } else { ">" };
        select.push(" AND (", []);
        select.append(key.clone());
        select.push(&format!(" {beyond} ? OR ("), [at.clone().into()]);
        select.append(key);
        select.push(&format!(" = ? AND d.product_id {beyond} ?))"), [at.into(), id.into()]);
    }
    let order = if descending { "DESC" } else { "ASC" };
    select.push(
        &format!(" ORDER BY sort_key {order}, d.product_id {order} LIMIT ? OFFSET ?"),
        [limit.into(), skip.into()],
    );
    let rows = db.raw_all(&select.text, select.values).await.context("listing products")?;
    let text = query.sort == ListSort::Name;
    rows.iter()
        .map(|row| {
            let card: String = row.try_get("", "card").map_err(Error::from)?;
            let card: ProductCard = serde_json::from_str(&card).map_err(Error::internal)?;
            let id = row.try_get("", "product_id").map_err(Error::from)?;
            Ok((Key::read(row, "sort_key", text)?, id, Arc::new(card)))
        })
        .collect()
}

/// The cards of one page, in one row: whoever waits for rows wakes for each of them.
async fn cards(db: &TenantDb, query: &ListQuery, collection: Option<Uuid>) -> Result<Vec<Arc<ProductCard>>> {
    let select = cards_of(query, collection);
    let rows = db.raw_all(&select.text, select.values).await.context("listing products")?;
    rows.first().map_or(Ok(Vec::new()), read_cards)
}

fn cards_of(query: &ListQuery, collection: Option<Uuid>) -> Sql {
    let (key, descending) = sql::sort_key(query, collection.is_some());
    let order = if descending { "DESC" } else { "ASC" };
    let order = format!(" ORDER BY sort_key {order}, product_id {order}");
    let mut select = Sql::new(format!(
        "SELECT string_agg(card, ','{order}) AS cards FROM (SELECT d.product_id AS product_id, \
         CAST(d.card AS text) AS card, "
    ));
    select.append(key);
    select.push(" AS sort_key", []);
    select.append(sql::published(query, collection, None));
    let skip = i64::from(query.page - 1) * i64::from(PAGE_SIZE);
    let window = [i64::from(PAGE_SIZE).into(), skip.into()];
    select.push(&format!("{order} LIMIT ? OFFSET ?) page"), window);
    select
}

fn read_cards(row: &QueryResult) -> Result<Vec<Arc<ProductCard>>> {
    let cards = row.try_get::<Option<String>>("", "cards").map_err(Error::from)?.unwrap_or_default();
    Ok(serde_json::from_str(&format!("[{cards}]")).map_err(Error::internal)?)
}

async fn count(db: &TenantDb, query: &ListQuery, collection: Option<Uuid>) -> Result<u64> {
    let mut select = Sql::new("SELECT COUNT(*) AS found");
    select.append(sql::published(query, collection, None));
    let rows = db.raw_all(&select.text, select.values).await.context("counting products")?;
    let found: i64 = match rows.first() {
        Some(row) => row.try_get("", "found").map_err(Error::from)?,
        None => 0,
    };
    Ok(u64::try_from(found).unwrap_or(0))
}

async fn load_counts(ctx: &Ctx, query: &ListQuery) -> Result<Counted> {
    let collection = match &query.collection {
        Some(slug) => match collections(ctx).await?.by_slug(slug) {
            Some(collection) => Some(collection.id.uuid()),
            None => return Ok(Counted { total: 0, facets: Arc::default() }),
        },
        None => None,
    };
    let db = ctx.read(Access::Public).await?;
    let row = counts_of(db.backend(), query, collection).row(&db).await?;
    read_counts(ctx, query, &row)
}

/// One row: what is selected, and from where.
struct OneRow {
    fields: Sql,
    from: Sql,
}

impl OneRow {
    async fn row(self, db: &TenantDb) -> Result<QueryResult> {
        let Self { fields: mut select, from } = self;
        select.append(from);
        let mut rows = db.raw_all(&select.text, select.values).await.context("counting products")?;
        Ok(rows.pop().ok_or_else(|| Error::internal("a count without a row"))?)
    }
}

fn counts_of(backend: DbBackend, query: &ListQuery, collection: Option<Uuid>) -> OneRow {
    let mut fields = Sql::new("SELECT (");
    fields.append(values(backend, query, collection));
    fields.push(") AS options, ", []);
    let figures = figures(query, collection);
    fields.append(figures.fields);
    OneRow { fields, from: figures.from }
}

fn read_counts(ctx: &Ctx, query: &ListQuery, row: &QueryResult) -> Result<Counted> {
    let count = |column: &str| -> Result<u64> {
        Ok(u64::try_from(row.try_get::<i64>("", column).map_err(Error::from)?).unwrap_or(0))
    };
    let price = |column: &str| row.try_get::<Option<i64>>("", column).map_err(Error::from);
    let money = |minor| Money::new(minor, ctx.tenant().currency);
    let options: Option<String> = row.try_get("", "options").map_err(Error::from)?;
    let options = serde_json::from_str(options.as_deref().unwrap_or("[]")).map_err(Error::internal)?;
    let facets = Facets {
        price: price("low")?.zip(price("high")?).map(|(low, high)| (money(low), money(high))),
        all: count("products")?,
        in_stock: count("in_stock")?,
        options: option_facets(query, options),
    };
    Ok(Counted { total: count("found")?, facets: Arc::new(facets) })
}

/// Total, price bounds and stock counts: what is selected, and from where. Each is counted as if its own condition were not
/// there, in one look over what the others leave.
fn figures(query: &ListQuery, collection: Option<Uuid>) -> OneRow {
    let others = ListQuery { price_min: None, price_max: None, in_stock: false, ..query.clone() };
    let available = if query.in_stock { "d.in_stock" } else { "1 = 1" };
    let mut select = Sql::new(format!(
        "MIN(CASE WHEN {available} THEN d.price_min END) AS low, \
         MAX(CASE WHEN {available} THEN d.price_min END) AS high"
    ));
    for (condition, name) in [(available, "found"), ("1 = 1", "products"), ("d.in_stock", "in_stock")] {
        select.push(&format!(", CAST(COUNT(CASE WHEN {condition}"), []);
        sql::priced(&mut select, query);
        select.push(&format!(" THEN 1 END) AS bigint) AS {name}"), []);
    }
    OneRow { fields: select, from: sql::published(&others, collection, None) }
}

/// A value of an option: keys of both, names of both, products.
type Found = (String, String, String, String, u64);

/// Values with counts, each group as if nothing were chosen in it, as one JSON text.
fn values(backend: DbBackend, query: &ListQuery, collection: Option<Uuid>) -> Sql {
    let mut select = Sql::new(match backend {
        DbBackend::Postgres => {
            "SELECT CAST(json_agg(json_build_array(name_key, value_key, name, value, products)) AS text) FROM ("
        }
        _ => "SELECT json_group_array(json_array(name_key, value_key, name, value, products)) FROM (",
    });
    let part = |select: &mut Sql, condition: Sql, without: Option<&str>| {
        select.push(
            "SELECT f.name_key, f.value_key, MIN(f.name) AS name, MIN(f.value) AS value, COUNT(*) AS products",
            [],
        );
        select.append(sql::facets(query, collection, without));
        select.append(condition);
        select.push(" GROUP BY f.name_key, f.value_key", []);
    };
    let mut others = Sql::default();
    if !query.options.is_empty() {
        let names = query.options.iter().map(|filter| filter.name.as_str().into());
        others.push(&format!(" AND f.name_key NOT IN ({})", holes(query.options.len())), names);
    }
    part(&mut select, others, None);
    for filter in &query.options {
        select.push(" UNION ALL ", []);
        let mut only = Sql::default();
        only.push(" AND f.name_key = ?", [filter.name.as_str().into()]);
        part(&mut select, only, Some(&filter.name));
    }
    select.push(") f", []);
    select
}

fn option_facets(query: &ListQuery, found: Vec<Found>) -> Vec<OptionFacet> {
    let chosen: Vec<&str> = query.options.iter().map(|filter| filter.name.as_str()).collect();
    let mut groups: Vec<(String, u64, OptionFacet)> = Vec::new();
    for (key, value_key, name, value, count) in found {
        let selected = query.options.iter().any(|f| f.name == key && f.values.contains(&value_key));
        let swatch = if is_colour_option(&name) { swatch(&value).map(str::to_owned) } else { None };
        let value = FacetValue { value, swatch, count, selected };
        match groups.iter_mut().find(|(there, ..)| *there == key) {
            Some((_, sum, facet)) => {
                *sum += count;
                facet.values.push(value);
            }
            None => groups.push((key, count, OptionFacet { name, values: vec![value] })),
        }
    }
    trimmed(groups, &chosen)
}

/// The most useful groups and values, in the order in which they are shown.
fn trimmed(mut groups: Vec<(String, u64, OptionFacet)>, chosen: &[&str]) -> Vec<OptionFacet> {
    groups
        .sort_by_key(|(key, sum, _)| (!chosen.contains(&key.as_str()), std::cmp::Reverse(*sum), key.clone()));
    groups.truncate(MAX_FACETS.max(chosen.len()));
    groups.sort_by(|a, b| a.0.cmp(&b.0));
    let mut facets: Vec<OptionFacet> = groups.into_iter().map(|(_, _, facet)| facet).collect();
    for facet in &mut facets {
        facet.values.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| fold(&a.value).cmp(&fold(&b.value))));
        let mut place = 0;
        facet.values.retain(|value| {
            place += 1;
            place <= MAX_FACET_VALUES || value.selected
        });
    }
    facets
}
