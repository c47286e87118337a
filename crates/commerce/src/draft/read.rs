//! Drafts as staff sees them.

use std::collections::HashMap;

use catalog::view::Picture;
use platform::{Access, Ctx, Error};
use primitives::{
    Cursor, CustomerId, Direction, DraftLineId, DraftOrderId, FieldError, Money, OrderId, PageArgs,
    Permission, ProductId, Timestamp, UserId, VariantId,
};
use sea_orm::{ColumnTrait, Condition, Order};
use uuid::Uuid;

use super::input::{Reduction, reduction};
use super::{lines_of, price};
use crate::entity::{draft_line, draft_order, orders};
use crate::error::Result;
use crate::page::{Page, bad_cursor, cut};
use crate::view::{
    Address, CartLineView, CartPromotionView, DiscountView, LineProblem, PaymentChoice, ShippingChoice,
    Totals,
};

/// Whether a draft can still be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DraftState {
    /// It is being written.
    Open,
    /// It was placed.
    Completed,
}

impl DraftState {
    /// Every state.
    pub const ALL: [Self; 2] = [Self::Open, Self::Completed];

    /// The stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Completed => "completed",
        }
    }

    /// Reads the stored word; the database holds no other.
    pub(super) fn parse(text: &str) -> Self {
        if text == "open" { Self::Open } else { Self::Completed }
    }
}

/// A draft at today's prices; one that was placed, at those of today, too: what it cost then, its order says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftView {
    /// Identity.
    pub id: DraftOrderId,
    /// Whether it can still be changed.
    pub state: DraftState,
    /// Whose it is.
    pub customer: Option<CustomerId>,
    /// E-mail address; may be empty.
    pub email: String,
    /// Where it goes, as far as that is written.
    pub address: Address,
    /// Id of the chosen delivery; may be empty.
    pub shipping_method: String,
    /// How it is to be paid; may be empty.
    pub payment_provider: String,
    /// For the customer.
    pub customer_note: String,
    /// For the staff.
    pub internal_note: String,
    /// Tags of the order, in alphabetical order.
    pub tags: Vec<String>,
    /// Off all of it.
    pub discount: Option<Reduction>,
    /// Whether the shop's own promotions count, too.
    pub use_promotions: bool,
    /// What it is about.
    pub lines: Vec<DraftLineView>,
    /// Sums over the lines that can be bought, with the chosen delivery.
    pub totals: Totals,
    /// What became of the shop's promotions that run now, those that apply first; none where they do not count.
    pub promotions: Vec<CartPromotionView>,
    /// Deliveries to its address.
    pub deliveries: Vec<ShippingChoice>,
    /// Ways to pay that are offered now.
    pub payments: Vec<PaymentChoice>,
    /// What stands in the way of placing it, each at its field; empty for one that was placed.
    pub problems: Vec<FieldError>,
    /// The order that was made of it, with its number.
    pub order: Option<(OrderId, i64)>,
    /// Who of the staff began it; `None` for an API key.
    pub made_by: Option<UserId>,
    /// When.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When its customer was written to last, and about which version.
    pub sent: Option<(Timestamp, i64)>,
    /// For the next change.
    pub version: i64,
}

/// What a draft would cost, and what would stand in the way of placing it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftPreview {
    /// What it is about, in the order in which it was asked.
    pub lines: Vec<DraftLineView>,
    /// Sums over the lines that can be bought, with the chosen delivery.
    pub totals: Totals,
    /// As in [`DraftView`].
    pub promotions: Vec<CartPromotionView>,
    /// Deliveries to its address.
    pub deliveries: Vec<ShippingChoice>,
    /// Ways to pay that are offered now.
    pub payments: Vec<PaymentChoice>,
    /// What stands in the way, each at its field.
    pub problems: Vec<FieldError>,
}

/// One line of a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftLineView {
    /// Identity.
    pub id: DraftLineId,
    /// What it is.
    pub variant: VariantId,
    /// Its product.
    pub product: ProductId,
    /// Name of the product.
    pub title: String,
    /// Name of the variant, may be empty.
    pub variant_title: String,
    /// May be empty.
    pub sku: String,
    /// Its picture.
    pub picture: Option<Picture>,
    /// 1 to 10,000.
    pub quantity: u32,
    /// Price of one piece that counts.
    pub unit: Money,
    /// The price that staff wrote, if any.
    pub price: Option<Money>,
    /// Why.
    pub price_reason: String,
    /// Off this line, by hand.
    pub discount: Option<Reduction>,
    /// What is taken off it, by promotions and by hand.
    pub discounts: Vec<DiscountView>,
    /// Before that.
    pub total: Money,
    /// After that.
    pub left: Money,
    /// Why it cannot be sold as it is.
    pub problems: Vec<LineProblem>,
}

/// A draft in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftRowView {
    /// Identity.
    pub id: DraftOrderId,
    /// Whether it can still be changed.
    pub state: DraftState,
    /// Whose it is.
    pub customer: Option<CustomerId>,
    /// E-mail address; may be empty.
    pub email: String,
    /// Name of whoever receives it; may be empty.
    pub name: String,
    /// Pieces over all lines.
    pub n_items: i64,
    /// The order that was made of it, with its number.
    pub order: Option<(OrderId, i64)>,
    /// Who of the staff began it.
    pub made_by: Option<UserId>,
    /// When.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When its customer was written to last, and about which version.
    pub sent: Option<(Timestamp, i64)>,
    /// For the next change.
    pub version: i64,
}

/// Which drafts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DraftFilter {
    /// Only those in this state.
    pub state: Option<DraftState>,
    /// Of one customer.
    pub customer: Option<CustomerId>,
}

/// A page of the shop's drafts, the newest first. Four statements.
///
/// # Errors
/// `BAD_USER_INPUT` at `after` for another list's cursor.
pub async fn list(ctx: &Ctx, filter: &DraftFilter, page: &PageArgs) -> Result<Page<DraftRowView>> {
    const NAME: &str = "drafts";
    use draft_order::Column;
    let rows = ctx.read(Permission::ORDERS_LIST).await?;
    let mut wanted = Condition::all();
    if let Some(state) = filter.state {
        wanted = wanted.add(Column::State.eq(state.as_str()));
    }
    if let Some(customer) = filter.customer {
        wanted = wanted.add(Column::CustomerId.eq(customer.uuid()));
    }
    let total = rows.find::<draft_order::Entity>().filter(wanted.clone()).count().await?;
    let ascending = page.direction() == Direction::Backward;
    if let Some(cursor) = page.cursor() {
        let id: Uuid = cursor.decode(NAME).map_err(bad_cursor)?;
        wanted = wanted.add(if ascending { Column::Id.gt(id) } else { Column::Id.lt(id) });
    }
    let found = rows
        .find::<draft_order::Entity>()
        .filter(wanted)
        .order_by(Column::Id, if ascending { Order::Asc } else { Order::Desc })
        .limit(u64::from(page.limit()) + 1)
        .all()
        .await?;
    let (found, cursors, more) = cut(found, page, |row| Cursor::encode(NAME, &row.id))?;
    let ids: Vec<Uuid> = found.iter().map(|row| row.id).collect();
    let mut pieces: HashMap<Uuid, i64> = HashMap::new();
    if !ids.is_empty() {
        let lines = rows.find::<draft_line::Entity>().filter(draft_line::Column::DraftId.is_in(ids));
        let columns = [draft_line::Column::DraftId, draft_line::Column::Quantity];
        for (draft, quantity) in lines.columns::<(Uuid, i64)>(columns).await? {
            let sum = pieces.entry(draft).or_default();
            *sum = sum.saturating_add(quantity);
        }
    }
    let placed: Vec<Uuid> = found.iter().filter_map(|row| row.order_id).collect();
    let mut known: HashMap<Uuid, (i64, i64)> = HashMap::new();
    if !placed.is_empty() {
        let orders = rows.find::<orders::Entity>().filter(orders::Column::Id.is_in(placed));
        let columns = [orders::Column::Id, orders::Column::Number, orders::Column::Version];
        let found = orders.columns::<(Uuid, i64, i64)>(columns).await?;
        known.extend(found.into_iter().map(|(id, number, version)| (id, (number, version))));
    }
    let view = |row: draft_order::Model| {
        let address: Address = serde_json::from_str(&row.address).map_err(Error::internal)?;
        let order = row.order_id.and_then(|id| Some((OrderId::from_uuid(id), *known.get(&id)?)));
        Ok(DraftRowView {
            id: DraftOrderId::from_uuid(row.id),
            state: DraftState::parse(&row.state),
            customer: row.customer_id.map(CustomerId::from_uuid),
            name: address.name,
            n_items: pieces.get(&row.id).copied().unwrap_or_default(),
            order: order.map(|(id, (number, _))| (id, number)),
            made_by: row.user_id.map(UserId::from_uuid),
            created_at: Timestamp::from_millis(row.created_at),
            updated_at: Timestamp::from_millis(row.updated_at),
            sent: sent(&row, order.map(|(_, (_, version))| version)),
            version: row.version,
            email: row.email,
        })
    };
    let nodes = found.into_iter().map(view).collect::<Result<_>>()?;
    Ok(Page::new(nodes, cursors, page, more, total))
}

/// A draft with everything that staff sees.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn by_id(ctx: &Ctx, id: DraftOrderId) -> Result<DraftView> {
    view(ctx, id, Permission::ORDERS_READ.into()).await
}

/// The draft after a change of the staff, who have passed that change's door.
pub(super) async fn after(ctx: &Ctx, id: DraftOrderId) -> Result<DraftView> {
    view(ctx, id, Access::Public).await
}

async fn view(ctx: &Ctx, id: DraftOrderId, access: Access) -> Result<DraftView> {
    ctx.require(access)?;
    let rows = ctx.read(access).await?;
    let row = rows.get::<draft_order::Entity>(id.uuid()).await?;
    let lines = lines_of(&rows, row.id).await?;
    let order = match row.order_id {
        Some(order) => Some(rows.get::<orders::Entity>(order).await?),
        None => None,
    };
    let sent = sent(&row, order.as_ref().map(|order| order.version));
    let order = order.map(|order| (OrderId::from_uuid(order.id), order.number));
    // One connection at a time: what follows opens its own.
    drop(rows);
    let address: Address = serde_json::from_str(&row.address).map_err(Error::internal)?;
    let priced = foretold(ctx, &row, &lines, &address).await?;
    Ok(DraftView {
        id,
        state: DraftState::parse(&row.state),
        customer: row.customer_id.map(CustomerId::from_uuid),
        discount: reduction(row.discount_minor, row.discount_ppm, &row.discount_reason),
        lines: priced.lines,
        totals: priced.totals,
        promotions: priced.promotions,
        deliveries: priced.deliveries,
        payments: priced.payments,
        problems: if order.is_some() { Vec::new() } else { priced.problems },
        order,
        made_by: row.user_id.map(UserId::from_uuid),
        created_at: Timestamp::from_millis(row.created_at),
        updated_at: Timestamp::from_millis(row.updated_at),
        sent,
        version: row.version,
        tags: serde_json::from_str(&row.tags).map_err(Error::internal)?,
        use_promotions: row.use_promotions,
        address,
        email: row.email,
        shipping_method: row.shipping_method,
        payment_provider: row.provider,
        customer_note: row.customer_note,
        internal_note: row.internal_note,
    })
}

/// When it was sent, and which version: that of now, or an earlier one. One that was placed is sent anew whenever its order
/// has another version.
fn sent(row: &draft_order::Model, order: Option<i64>) -> Option<(Timestamp, i64)> {
    let (at, sent) = (Timestamp::from_millis(row.sent_at?), row.sent_version?);
    let version = match order {
        Some(order) if order == sent => row.version,
        Some(_) => row.version - 1,
        None => sent,
    };
    Some((at, version))
}

/// What these rows cost now, stored or not.
pub(super) async fn foretold(
    ctx: &Ctx,
    row: &draft_order::Model,
    lines: &[draft_line::Model],
    address: &Address,
) -> Result<DraftPreview> {
    let priced = Box::pin(price::priced(ctx, row, lines, address)).await?;
    let currency = ctx.tenant().currency;
    let line = |(row, shown): (&draft_line::Model, CartLineView)| DraftLineView {
        id: DraftLineId::from_uuid(row.id),
        variant: shown.variant,
        product: shown.product,
        title: shown.title,
        variant_title: shown.variant_title,
        sku: shown.sku,
        picture: shown.picture,
        quantity: shown.quantity,
        unit: shown.unit,
        price: row.unit_minor.map(|minor| Money::new(minor, currency)),
        price_reason: row.unit_reason.clone(),
        discount: reduction(row.discount_minor, row.discount_ppm, &row.discount_reason),
        discounts: shown.discounts,
        total: shown.total,
        left: shown.left,
        problems: shown.problems,
    };
    Ok(DraftPreview {
        lines: lines.iter().zip(priced.view.lines).map(line).collect(),
        totals: priced.view.totals,
        promotions: priced.view.promotions,
        deliveries: priced.deliveries,
        payments: priced.payments,
        problems: priced.problems,
    })
}
