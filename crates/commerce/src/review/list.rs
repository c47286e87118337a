//! Reviews in lists: for whoever thinks of buying, and for staff.

use platform::{Access, Ctx, TenantDb};
use primitives::{Cursor, Direction, PageArgs, Permission, ProductId, ReviewId, Timestamp, UserId};
use sea_orm::sea_query::{Expr, ExprTrait, SimpleExpr};
use sea_orm::{ColumnTrait, Condition as Where, Order};
use uuid::Uuid;

use super::policy::{self, Writers};
use super::{ReviewPolicy, ReviewState, ReviewView, view};
use crate::entity::review;
use crate::error::Result;
use crate::page::{Page, bad_cursor, contains, cut, escape_like, place_after, searched};

/// Reviews on one page of a product.
pub const PER_PAGE: u32 = 5;

/// Order of a product's reviews.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReviewSort {
    /// Written last first.
    #[default]
    Newest,
    /// Most stars first, then the newest.
    Highest,
    /// Fewest stars first, then the newest.
    Lowest,
}

impl ReviewSort {
    /// In the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Newest, Self::Highest, Self::Lowest];

    /// The value in an address.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::Highest => "highest",
            Self::Lowest => "lowest",
        }
    }

    /// Reads [`ReviewSort::as_str`]; anything else is the usual order.
    pub fn parse(text: &str) -> Self {
        Self::ALL.into_iter().find(|sort| sort.as_str() == text).unwrap_or_default()
    }

    /// What the largest of comes first: milliseconds need 43 bits until the year 2248, stars stand above them.
    fn key(self) -> &'static str {
        match self {
            Self::Newest => "written_at",
            Self::Highest => "(rating * 8796093022208 + written_at)",
            Self::Lowest => "((6 - rating) * 8796093022208 + written_at)",
        }
    }

    fn key_of(self, row: &review::Model) -> i64 {
        const STAR: i64 = 1 << 43;
        match self {
            Self::Newest => row.written_at,
            Self::Highest => row.rating * STAR + row.written_at,
            Self::Lowest => (6 - row.rating) * STAR + row.written_at,
        }
    }
}

/// One page of a product's reviews, as its page shows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// At most [`PER_PAGE`].
    pub reviews: Vec<ReviewView>,
    /// How they are ordered.
    pub sort: ReviewSort,
    /// From 1.
    pub page: u32,
    /// Only who has bought it may write.
    pub buyers_only: bool,
}

/// A page of the published reviews of a product; a page behind the end is empty. `None` where the shop has no reviews. Two
/// statements.
pub async fn shown(ctx: &Ctx, product: ProductId, sort: ReviewSort, page: u32) -> Result<Option<Shown>> {
    let rows = ctx.read(Access::Public).await?;
    let ReviewPolicy { writers, .. } = policy::load(&rows).await?;
    if writers == Writers::Nobody {
        return Ok(None);
    }
    let page = Ord::max(page, 1);
    let found = rows
        .find::<review::Entity>()
        .filter(review::Column::ProductId.eq(product.uuid()))
        .filter(review::Column::State.eq(ReviewState::Published.as_str()))
        .order_by(Expr::cust(sort.key()), Order::Desc)
        .order_by_desc(review::Column::Id)
        .limit(PER_PAGE.into())
        .offset(u64::from(page - 1).saturating_mul(PER_PAGE.into()))
        .all()
        .await?;
    let reviews = found.into_iter().map(view).collect::<Result<_>>()?;
    Ok(Some(Shown { reviews, sort, page, buyers_only: writers == Writers::Buyers }))
}

/// The published reviews of a product; none where the shop has no reviews.
///
/// # Errors
/// `NOT_FOUND` for a product that shoppers do not see, `BAD_USER_INPUT` for a cursor of another list.
pub async fn published(
    ctx: &Ctx,
    product: ProductId,
    sort: ReviewSort,
    page: &PageArgs,
) -> Result<Page<ReviewView>> {
    if catalog::query::product_by_id(ctx, product).await?.is_none() {
        return Err(crate::error::CommerceError::not_found(ProductId::KIND));
    }
    let rows = ctx.read(Access::Public).await?;
    if policy::load(&rows).await?.writers == Writers::Nobody {
        return Ok(Page::new(Vec::new(), Vec::new(), page, false, 0));
    }
    let mut wanted = Where::all()
        .add(review::Column::ProductId.eq(product.uuid()))
        .add(review::Column::State.eq(ReviewState::Published.as_str()));
    let total = rows.find::<review::Entity>().filter(wanted.clone()).count().await?;
    let list = format!("reviews:{}", sort.as_str());
    let ascending = page.direction() == Direction::Backward;
    if let Some(cursor) = page.cursor() {
        let (key, id): (i64, Uuid) = cursor.decode(&list).map_err(bad_cursor)?;
        let column = || -> SimpleExpr { Expr::cust(sort.key()) };
        let tie = Where::all().add(column().eq(key));
        let beyond = match ascending {
            true => Where::any().add(column().gt(key)).add(tie.add(review::Column::Id.gt(id))),
            false => Where::any().add(column().lt(key)).add(tie.add(review::Column::Id.lt(id))),
        };
        wanted = wanted.add(beyond);
    }
    let order = if ascending { Order::Asc } else { Order::Desc };
    let found = rows
        .find::<review::Entity>()
        .filter(wanted)
        .order_by(Expr::cust(sort.key()), order.clone())
        .order_by(review::Column::Id, order)
        .limit(u64::from(page.limit()) + 1)
        .all()
        .await?;
    let cursor_of = |row: &review::Model| Cursor::encode(&list, &(sort.key_of(row), row.id));
    let (found, cursors, more) = cut(found, page, cursor_of)?;
    let views = found.into_iter().map(view).collect::<Result<_>>()?;
    Ok(Page::new(views, cursors, page, more, total))
}

/// A review as staff sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffReview {
    /// What was written and what became of it.
    pub review: ReviewView,
    /// The author's account, while it is one.
    pub user: Option<UserId>,
    /// The name of the product.
    pub title: String,
    /// Last part of the product's address.
    pub slug: String,
    /// For the next change.
    pub version: i64,
    /// When it was first written.
    pub created_at: Timestamp,
}

/// Which reviews to list; what is left out does not narrow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReviewFilter {
    /// Part of the title, the text or the author's name, in any case.
    pub q: String,
    /// In this state.
    pub state: Option<ReviewState>,
    /// With so many stars.
    pub rating: Option<i64>,
    /// Of buyers, or not.
    pub verified: Option<bool>,
    /// With an answer of the shop, or without.
    pub answered: Option<bool>,
    /// Of this product.
    pub product: Option<ProductId>,
}

/// Reviews of all products, written last first.
pub async fn list(ctx: &Ctx, filter: &ReviewFilter, page: &PageArgs) -> Result<Page<StaffReview>> {
    const ORDER: &str = "staff-reviews";
    use review::Column::{
        AnsweredAt, Author, Body, Id, ProductId as Product, Rating, State, Title, Verified, WrittenAt,
    };
    let rows = ctx.read(Permission::COMMENTS_LIST).await?;
    let q = searched(&filter.q);
    let mut wanted = Where::all();
    if !q.is_empty() {
        let pattern = format!("%{}%", escape_like(&q));
        let anywhere = [Title, Body, Author].map(|column| contains(column, &pattern));
        wanted = wanted.add(anywhere.into_iter().fold(Where::any(), Where::add));
    }
    if let Some(state) = filter.state {
        wanted = wanted.add(State.eq(state.as_str()));
    }
    if let Some(rating) = filter.rating {
        wanted = wanted.add(Rating.eq(rating));
    }
    if let Some(verified) = filter.verified {
        wanted = wanted.add(Verified.eq(verified));
    }
    match filter.answered {
        Some(true) => wanted = wanted.add(AnsweredAt.is_not_null()),
        Some(false) => wanted = wanted.add(AnsweredAt.is_null()),
        None => {}
    }
    if let Some(product) = filter.product {
        wanted = wanted.add(Product.eq(product.uuid()));
    }
    let total = rows.find::<review::Entity>().filter(wanted.clone()).count().await?;
    let ascending = page.direction() == Direction::Backward;
    if let Some(cursor) = page.cursor() {
        let (at, id): (i64, Uuid) = cursor.decode(ORDER).map_err(bad_cursor)?;
        wanted = wanted.add(place_after(WrittenAt, at.into(), Id, id, ascending));
    }
    let order = if ascending { Order::Asc } else { Order::Desc };
    let found = rows
        .find::<review::Entity>()
        .filter(wanted)
        .order_by(WrittenAt, order.clone())
        .order_by(Id, order)
        .limit(u64::from(page.limit()) + 1)
        .all()
        .await?;
    let cursor_of = |row: &review::Model| Cursor::encode(ORDER, &(row.written_at, row.id));
    let (found, cursors, more) = cut(found, page, cursor_of)?;
    Ok(Page::new(staff_views(&rows, found).await?, cursors, page, more, total))
}

/// How many reviews are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReviewCounts {
    /// Waiting for a look.
    pub pending: u64,
    /// Read by everybody.
    pub published: u64,
    /// Turned down.
    pub rejected: u64,
}

/// How many reviews of the shop are in which state.
pub async fn counts(ctx: &Ctx) -> Result<ReviewCounts> {
    let rows = ctx.read(Permission::COMMENTS_LIST).await?;
    let found = rows
        .raw_all(
            "SELECT state, COUNT(*) AS reviews FROM review WHERE tenant_id = {tenant} GROUP BY state",
            Vec::new(),
        )
        .await?;
    let mut counts = ReviewCounts::default();
    for row in found {
        let state: String = row.try_get("", "state").map_err(platform::Error::from)?;
        let reviews: i64 = row.try_get("", "reviews").map_err(platform::Error::from)?;
        *match ReviewState::parse(&state)? {
            ReviewState::Pending => &mut counts.pending,
            ReviewState::Published => &mut counts.published,
            ReviewState::Rejected => &mut counts.rejected,
        } = reviews.unsigned_abs();
    }
    Ok(counts)
}

pub(super) async fn staff_views(rows: &TenantDb, found: Vec<review::Model>) -> Result<Vec<StaffReview>> {
    let products: Vec<ProductId> = super::products(&found).into_iter().collect();
    let names = catalog::query::names_of(rows, &products).await?;
    let read = |row: review::Model| {
        let name = names.get(&ProductId::from_uuid(row.product_id));
        Ok(StaffReview {
            user: row.user_id.map(UserId::from_uuid),
            title: name.map(|name| name.title.clone()).unwrap_or_default(),
            slug: name.map(|name| name.slug.clone()).unwrap_or_default(),
            version: row.version,
            created_at: Timestamp::from_millis(row.created_at),
            review: view(row)?,
        })
    };
    found.into_iter().map(read).collect()
}

/// One review, for staff.
///
/// # Errors
/// `NOT_FOUND` for one that is unknown or another shop's.
pub async fn get(ctx: &Ctx, id: ReviewId) -> Result<StaffReview> {
    let rows = ctx.read(Permission::COMMENTS_READ).await?;
    let row = rows.get::<review::Entity>(id.uuid()).await?;
    let view = staff_views(&rows, vec![row]).await?.pop();
    view.ok_or_else(|| crate::error::CommerceError::not_found(ReviewId::KIND))
}
