//! Tags of orders: words of the staff, for the staff. They stand in `order_tag` alone, so that they can be forgotten:
//! events, the story of the order and the audit log say how many there were.

use std::collections::BTreeSet;

use platform::{Ctx, TenantDb};
use primitives::Permission;
use sea_orm::{ActiveValue::Set, ColumnTrait};
use uuid::Uuid;

use super::desk::Desk;
use super::{Target, read};
use crate::entity::order_tag;
use crate::error::{CommerceError, Result};
use crate::event::CommerceEvent;
use crate::view::OrderView;

/// Most tags of one order.
pub const MAX_TAGS: usize = 20;
/// Longest tag, characters.
pub const MAX_TAG: usize = 40;
/// Tags that a list of them offers.
const MOST_KNOWN: i64 = 200;

/// Gives an order exactly these tags; none takes them off. They are kept trimmed, and in lower case, so that one word is one
/// tag.
///
/// # Errors
/// `NOT_FOUND`, `BAD_USER_INPUT` at `tags` or `tags.0`, `CONFLICT` on another version.
pub async fn set_tags(ctx: &Ctx, order: impl Into<Target>, tags: &[String]) -> Result<OrderView> {
    let order = order.into();
    let wanted = checked(tags)?;
    ctx.write(Permission::ORDERS_UPDATE, async |tx| {
        let mut desk = Desk::open_at(tx, order, ctx.now()).await?;
        let there: BTreeSet<String> = of(tx, order.id.uuid()).await?.into_iter().collect();
        if there == wanted {
            return Ok(());
        }
        let gone: Vec<&str> = there.difference(&wanted).map(String::as_str).collect();
        if !gone.is_empty() {
            tx.delete_many::<order_tag::Entity>()
                .filter(order_tag::Column::OrderId.eq(order.id.uuid()))
                .filter(order_tag::Column::Tag.is_in(gone))
                .exec()
                .await?;
        }
        let new = wanted.difference(&there).map(|tag| order_tag::ActiveModel {
            order_id: Set(order.id.uuid()),
            tag: Set(tag.clone()),
            ..Default::default()
        });
        tx.insert_many(new.collect()).await?;
        let n_tags = i64::try_from(wanted.len()).unwrap_or(i64::MAX);
        desk.emit(CommerceEvent::OrderTagged { order_id: order.id, n_tags });
        desk.save().await
    })
    .await?;
    read::after(ctx, order.id).await
}

/// The tags that orders of the shop have, the one of most orders first.
///
/// # Errors
/// Those of the door.
pub async fn known_tags(ctx: &Ctx) -> Result<Vec<(String, u64)>> {
    let rows = ctx.read(Permission::ORDERS_LIST).await?;
    let sql = "SELECT tag, CAST(COUNT(*) AS bigint) FROM order_tag WHERE tenant_id = {tenant} \
               GROUP BY tag ORDER BY COUNT(*) DESC, tag LIMIT ?";
    let found = rows.raw_all(sql, vec![MOST_KNOWN.into()]).await?;
    let tag = |row: &sea_orm::QueryResult| {
        let n: i64 = row.try_get_by_index(1)?;
        Ok::<_, sea_orm::DbErr>((row.try_get_by_index(0)?, u64::try_from(n).unwrap_or_default()))
    };
    Ok(found.iter().map(tag).collect::<Result<_, _>>().map_err(platform::Error::from)?)
}

/// The tags of one order, in alphabetical order.
pub(super) async fn of(rows: &TenantDb, order: Uuid) -> Result<Vec<String>> {
    let found = rows.find::<order_tag::Entity>().filter(order_tag::Column::OrderId.eq(order));
    let found: Vec<(String,)> = found.columns([order_tag::Column::Tag]).await?;
    let sorted: BTreeSet<String> = found.into_iter().map(|(tag,)| tag).collect();
    Ok(sorted.into_iter().collect())
}

/// A tag as it is kept and compared.
pub(super) fn tidy(tag: &str) -> String {
    tag.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

pub(crate) fn checked(tags: &[String]) -> Result<BTreeSet<String>> {
    let mut wanted = BTreeSet::new();
    for (n, tag) in tags.iter().enumerate() {
        let tidy = tidy(tag);
        let length = tidy.chars().count();
        if length == 0 || MAX_TAG < length || tidy.chars().any(char::is_control) {
            let text = format!("must be 1 to {MAX_TAG} characters of text");
            return Err(CommerceError::field(format!("tags.{n}"), text));
        }
        wanted.insert(tidy);
    }
    if MAX_TAGS < wanted.len() {
        return Err(CommerceError::field("tags", format!("an order has at most {MAX_TAGS} tags")));
    }
    Ok(wanted)
}

/// The orders that have a tag, for the condition of a list.
pub(super) fn orders_with(tenant: Uuid, tag: &str) -> sea_orm::sea_query::SelectStatement {
    sea_orm::sea_query::Query::select()
        .column(order_tag::Column::OrderId)
        .from(order_tag::Entity)
        .and_where(order_tag::Column::TenantId.eq(tenant))
        .and_where(order_tag::Column::Tag.eq(tidy(tag)))
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_word_is_one_tag() {
        let tags = ["  Gift   wrap ", "gift wrap", "VIP"].map(str::to_owned);
        assert_eq!(checked(&tags).unwrap().into_iter().collect::<Vec<_>>(), ["gift wrap", "vip"]);
        for bad in [vec![String::new()], vec!["x".repeat(41)], vec!["a\u{7}b".to_owned()]] {
            assert!(checked(&bad).is_err(), "{bad:?}");
        }
        let many: Vec<String> = (0..21).map(|n| n.to_string()).collect();
        assert!(checked(&many).is_err() && checked(&many[..20]).is_ok());
    }
}
