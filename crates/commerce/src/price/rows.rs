//! The prices of a list.

use std::collections::BTreeSet;

use platform::db::holes;
use platform::{Context, Ctx, Error, TenantDb};
use pricing::ListPrice;
use primitives::{
    Currency, Cursor, Direction, FieldError, Money, PageArgs, Permission, PriceListId, ProductId, VariantId,
};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition as Where, Order};
use uuid::Uuid;

use events::Emit;

use crate::entity::{price_list, price_list_price};
use crate::error::{CommerceError, Result};
use crate::event::CommerceEvent;
use crate::page::Page;
use crate::promotion::book;

/// Most prices that one call puts or takes away.
pub const MAX_AT_ONCE: usize = 1_000;
/// Most prices of a list.
pub const MAX_PRICES: u64 = 100_000;
/// Things of one statement.
const SOME: usize = 200;

/// A price to put into a list, or to take out of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceEntry {
    /// Of what.
    pub variant: VariantId,
    /// From so many pieces on, 1 to 10,000.
    pub min_quantity: u32,
    /// Price of one piece as decimal text in the list's currency; `None` takes it out.
    pub price: Option<String>,
    /// What it is compared with, as decimal text.
    pub compare_at: Option<String>,
}

/// A price of a list with what it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceRowView {
    /// The variant.
    pub variant: VariantId,
    /// Name of its product.
    pub title: String,
    /// Name of the variant, empty for a product without options.
    pub variant_title: String,
    /// May be empty.
    pub sku: String,
    /// From so many pieces on.
    pub min_quantity: u32,
    /// Price of one piece.
    pub price: Money,
    /// What it is compared with.
    pub compare_at: Option<Money>,
    /// What it costs where no list holds.
    pub base: Money,
}

/// The prices of a list, by variant and number of pieces.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn prices(ctx: &Ctx, id: PriceListId, page: &PageArgs) -> Result<Page<PriceRowView>> {
    const ORDER: &str = "price-list-prices";
    use price_list_price::Column::{ListId, MinQuantity, VariantId as Variant};
    let rows = ctx.read(Permission::PRICES_READ).await?;
    let list = rows.get::<price_list::Entity>(id.uuid()).await?;
    let currency = Currency::parse(&list.currency).map_err(Error::internal)?;
    let of_list = || rows.find::<price_list_price::Entity>().filter(ListId.eq(id.uuid()));
    let total = of_list().count().await?;
    let ascending = page.direction() == Direction::Forward;
    let mut wanted = of_list();
    if let Some(cursor) = page.cursor() {
        let (variant, pieces): (Uuid, i32) = cursor.decode(ORDER).map_err(crate::page::bad_cursor)?;
        let same = Where::all().add(Variant.eq(variant));
        wanted = wanted.filter(match ascending {
            true => Where::any().add(Variant.gt(variant)).add(same.add(MinQuantity.gt(pieces))),
            false => Where::any().add(Variant.lt(variant)).add(same.add(MinQuantity.lt(pieces))),
        });
    }
    let order = if ascending { Order::Asc } else { Order::Desc };
    let found = wanted
        .order_by(Variant, order.clone())
        .order_by(MinQuantity, order)
        .limit(u64::from(page.limit()) + 1)
        .all()
        .await?;
    let cursor_of =
        |row: &price_list_price::Model| Cursor::encode(ORDER, &(row.variant_id, row.min_quantity));
    let (found, cursors, more) = crate::page::cut(found, page, cursor_of)?;
    let ids: Vec<VariantId> = found.iter().map(|row| VariantId::from_uuid(row.variant_id)).collect();
    let offers = catalog::query::offers(&rows, &ids).await?;
    let views = found.into_iter().map(|row| {
        let variant = VariantId::from_uuid(row.variant_id);
        let offer = offers.get(&variant).ok_or_else(|| CommerceError::not_found(VariantId::KIND))?;
        Ok(PriceRowView {
            variant,
            title: offer.title.clone(),
            variant_title: offer.variant_title.clone(),
            sku: offer.sku.clone(),
            min_quantity: pieces(row.min_quantity),
            price: Money::new(row.price_minor, currency),
            compare_at: row.compare_at_minor.map(|minor| Money::new(minor, currency)),
            base: offer.price,
        })
    });
    Ok(Page::new(views.collect::<Result<_>>()?, cursors, page, more, total))
}

/// Puts prices into a list and takes others out, all or none; gives back how many the list has then. The same prices again
/// change nothing.
///
/// # Errors
/// `BAD_USER_INPUT` with every wrong field, for none or more than [`MAX_AT_ONCE`], and for one more than [`MAX_PRICES`];
/// `NOT_FOUND` for a list or variant that the shop does not have; `CONFLICT` for a list that is archived.
pub async fn set_prices(ctx: &Ctx, id: PriceListId, entries: &[PriceEntry]) -> Result<u64> {
    use price_list_price::Column;
    if entries.is_empty() || MAX_AT_ONCE < entries.len() {
        return Err(CommerceError::field("prices", format!("name 1 to {MAX_AT_ONCE} prices")));
    }
    let now = ctx.now();
    ctx.write(Permission::PRICES_UPDATE, async |tx| {
        // Held until the commit: an archived list gets no prices, none in another currency, and two who write prices come
        // one after the other.
        let held = tx
            .update_many::<price_list::Entity>()
            .set(price_list::Column::UpdatedAt, now.millis())
            .filter(price_list::Column::Id.eq(id.uuid()))
            .filter(price_list::Column::ArchivedAt.is_null())
            .exec()
            .await?;
        let list = super::open(tx, id).await?;
        if held == 0 {
            return Err(super::stale());
        }
        let listed = read(id, Currency::parse(&list.currency).map_err(Error::internal)?, entries)?;
        let variants: BTreeSet<VariantId> = entries.iter().map(|entry| entry.variant).collect();
        catalog::query::must_exist(tx, &BTreeSet::new(), &variants, &BTreeSet::new()).await?;
        let (mut put, mut taken) = (Vec::new(), Vec::new());
        for (entry, price) in entries.iter().zip(&listed) {
            if entry.price.is_some() { put.push(price) } else { taken.push(price) }
        }
        for some in taken.chunks(SOME) {
            let each = some.iter().fold(Where::any(), |each, entry| {
                let one = Where::all()
                    .add(Column::VariantId.eq(entry.variant.uuid()))
                    .add(Column::MinQuantity.eq(stored(entry.min_quantity)));
                each.add(one)
            });
            tx.delete_many::<price_list_price::Entity>()
                .filter(Column::ListId.eq(id.uuid()))
                .filter(each)
                .exec()
                .await?;
        }
        let put = put.into_iter().map(|price| price_list_price::ActiveModel {
            list_id: Set(id.uuid()),
            variant_id: Set(price.variant.uuid()),
            min_quantity: Set(stored(price.min_quantity)),
            price_minor: Set(price.price),
            compare_at_minor: Set(price.compare_at),
            ..Default::default()
        });
        tx.upsert_many(
            put.collect(),
            &[Column::TenantId, Column::ListId, Column::VariantId, Column::MinQuantity],
            &[Column::PriceMinor, Column::CompareAtMinor],
        )
        .await
        .context("writing prices of a list")?;
        let there =
            tx.find::<price_list_price::Entity>().filter(Column::ListId.eq(id.uuid())).count().await?;
        if MAX_PRICES < there {
            let message = format!("a list has at most {MAX_PRICES} prices");
            return Err(CommerceError::field("prices", message));
        }
        tx.about("price_list", id.uuid());
        tx.emit(CommerceEvent::PriceListUpdated { price_list_id: id }).await?;
        book::bump(tx);
        Ok(there)
    })
    .await
}

/// The prices that entries mean, one for each, with every wrong field; one that is taken out costs nothing here.
fn read(id: PriceListId, currency: Currency, entries: &[PriceEntry]) -> Result<Vec<ListPrice>> {
    let mut errors = Vec::new();
    let mut listed = Vec::with_capacity(entries.len());
    for (i, entry) in entries.iter().enumerate() {
        let mut minor = |field: &str, text: Option<&str>| {
            let wrong = match Money::parse_decimal(text?, currency) {
                Ok(amount) if amount.minor <= catalog::product::MAX_PRICE => return Some(amount.minor),
                Ok(_) => "is too high".to_owned(),
                Err(error) => error.to_string(),
            };
            errors.push(FieldError::new(format!("prices.{i}.{field}"), wrong));
            None
        };
        let price = minor("price", entry.price.as_deref()).unwrap_or_default();
        let compare_at = minor("compareAtPrice", entry.compare_at.as_deref());
        let (variant, min_quantity) = (entry.variant, entry.min_quantity);
        listed.push(ListPrice { variant, list: id, min_quantity, price, compare_at });
    }
    errors.extend(ListPrice::errors(&listed).into_iter().map(|error| {
        let field =
            error.field.replace("min_quantity", "minQuantity").replace("compare_at", "compareAtPrice");
        FieldError::new(format!("prices.{field}"), error.message)
    }));
    if errors.is_empty() { Ok(listed) } else { Err(CommerceError::Invalid(errors)) }
}

/// The prices of some variants in some lists. One statement for some hundred variants.
pub(crate) async fn of_variants(
    rows: &TenantDb,
    lists: &[PriceListId],
    variants: &[VariantId],
) -> Result<Vec<ListPrice>> {
    let ids: Vec<Uuid> = variants.iter().map(|id| id.uuid()).collect();
    listed(rows, lists, "FROM price_list_price p WHERE p.tenant_id = {tenant} AND p.variant_id", &ids).await
}

/// The prices of all variants of some products in some lists. One statement for some hundred products.
pub(crate) async fn of_products(
    rows: &TenantDb,
    lists: &[PriceListId],
    products: &[ProductId],
) -> Result<Vec<ListPrice>> {
    let ids: Vec<Uuid> = products.iter().map(|id| id.uuid()).collect();
    let from = "FROM variant v JOIN price_list_price p ON p.tenant_id = v.tenant_id AND p.variant_id = v.id \
                WHERE v.tenant_id = {tenant} AND v.product_id";
    listed(rows, lists, from, &ids).await
}

async fn listed(rows: &TenantDb, lists: &[PriceListId], from: &str, ids: &[Uuid]) -> Result<Vec<ListPrice>> {
    let mut found = Vec::new();
    if lists.is_empty() {
        return Ok(found);
    }
    for some in ids.chunks(500) {
        let sql = format!(
            "SELECT p.list_id, p.variant_id, p.min_quantity, p.price_minor, p.compare_at_minor {from} IN ({}) \
             AND p.list_id IN ({})",
            holes(some.len()),
            holes(lists.len())
        );
        let values = some.iter().copied().chain(lists.iter().map(|id| id.uuid()));
        let rows = rows.raw_all(&sql, values.map(Into::into).collect()).await;
        for row in rows.context("loading prices of lists")? {
            found.push(ListPrice {
                list: PriceListId::from_uuid(row.try_get_by_index(0).map_err(Error::from)?),
                variant: VariantId::from_uuid(row.try_get_by_index(1).map_err(Error::from)?),
                min_quantity: pieces(row.try_get_by_index(2).map_err(Error::from)?),
                price: row.try_get_by_index(3).map_err(Error::from)?,
                compare_at: row.try_get_by_index(4).map_err(Error::from)?,
            });
        }
    }
    Ok(found)
}

fn pieces(stored: i32) -> u32 {
    u32::try_from(stored).unwrap_or(1)
}

fn stored(pieces: u32) -> i32 {
    i32::try_from(pieces).unwrap_or(i32::MAX)
}
