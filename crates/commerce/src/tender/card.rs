//! Gift cards for staff: issuing, finding, switching off.

use events::Emit;
use identity::idempotency::{self, Answer, Begun, Key};
use mail::{Letter, Link, To};
use platform::{Ctx, Error, TenantDb};
use primitives::{
    Currency, Cursor, Direction, Email, FieldError, GiftCardId, Money, PageArgs, Permission, Timestamp,
};
use sea_orm::{ActiveModelTrait, ColumnTrait, Condition, IntoActiveModel, Order};
use uuid::Uuid;

use super::account::{self, Moving};
use super::code;
use super::credit::movements;
use super::view::{GiftCardState, GiftCardView, MovementKind, TenderKind};
use super::{MAX_AMOUNT, MAX_NOTE};
use crate::entity::tender_account;
use crate::error::{CommerceError, Result};
use crate::event::CommerceEvent;
use crate::page::{Page, bad_cursor, contains, cut, escape_like, place_after, searched};

/// A gift card as staff issues it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GiftCardDraft {
    /// Minor units of the shop's currency, 1 to [`MAX_AMOUNT`].
    pub amount: i64,
    /// The first moment at which it pays no more; `None`: it pays for good.
    pub expires_at: Option<Timestamp>,
    /// Whom its code is mailed to; empty: nobody.
    pub recipient: String,
    /// For the staff, up to [`MAX_NOTE`] characters.
    pub note: String,
}

/// A gift card a moment after it was issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// The card.
    pub card: GiftCardView,
    /// Its code, in the first answer and never again.
    pub code: Option<String>,
}

/// Which gift cards.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GiftCardFilter {
    /// The last four characters or the whole of a code; part of a recipient or a note.
    pub q: String,
    /// Only those that stand like this.
    pub state: Option<GiftCardState>,
}

/// Issues a gift card, and mails its code when there is somebody to mail it to. The second time under the same key it
/// gives the first card again, without its code.
///
/// # Errors
/// `BAD_USER_INPUT` at `amount`, `expiresAt`, `recipient`, `note`, `idempotencyKey`; `IDEMPOTENCY_KEY_REUSED` for a key of
/// another card; `SERVICE_UNAVAILABLE` when too many mails wait.
pub async fn issue(ctx: &Ctx, key: &str, draft: &GiftCardDraft) -> Result<Issued> {
    let (recipient, note) = checked(ctx, draft)?;
    let key = Key::new(ctx, None, key)?;
    let asked = (draft.amount, draft.expires_at, &recipient.as_ref().map(Email::as_str), &note);
    let print = idempotency::fingerprint("giftCardIssue", &asked)?;
    let shown = code::fresh();
    let normal = code::normal(&shown).ok_or_else(|| Error::internal("a fresh code is no code"))?;
    let (id, now, currency) = (GiftCardId::new(), ctx.now(), ctx.tenant().currency);
    let row = tender_account::Model {
        tenant_id: ctx.tenant_id().uuid(),
        id: id.uuid(),
        kind: TenderKind::GiftCard.as_str().to_owned(),
        code_hash: Some(code::hash(&normal).to_vec()),
        last_four: code::last_four(&normal),
        customer_id: None,
        currency: currency.code().to_owned(),
        issued_minor: draft.amount,
        balance_minor: draft.amount,
        enabled: true,
        expires_at: draft.expires_at.map(Timestamp::millis),
        recipient: recipient.as_ref().map_or_else(String::new, |email| email.as_str().to_owned()),
        note: note.clone(),
        version: 1,
        created_at: now.millis(),
        updated_at: now.millis(),
    };
    let (card, fresh) = ctx
        .write(Permission::PAYMENTS_CREATE, async |tx| {
            if let Begun::Replay(answer) = idempotency::begin(tx, &key, &print).await? {
                let first = GiftCardId::from_uuid(answer.read()?);
                return Ok((one(tx, first, now).await?, false));
            }
            tx.insert(row.clone().into_active_model().reset_all()).await?;
            let moving = Moving {
                account: row.id,
                kind: TenderKind::GiftCard,
                what: MovementKind::Issue,
                amount: draft.amount,
                currency: currency.code(),
                order: None,
                reason: "",
            };
            account::opened(tx, &moving, now).await?;
            let currency_code = currency.code().to_owned();
            tx.emit(CommerceEvent::GiftCardIssued {
                gift_card_id: id,
                amount: draft.amount,
                currency: currency_code,
            })
            .await?;
            if let Some(email) = &recipient {
                let letter = Letter::GiftCard {
                    code: Link::new(shown.clone()),
                    amount: Money::new(draft.amount, currency).format(&ctx.tenant().locale),
                    until: draft.expires_at,
                    shop: Link::new(mail::address_of(ctx.app().config(), ctx.tenant())),
                };
                mail::send(tx, To::Somebody(email), ctx.tenant().locale, &letter).await?;
            }
            // Never its code: that is nowhere but in this one answer and in the letter.
            idempotency::complete(tx, &key, &Answer::ok(&row.id)?).await?;
            Ok::<_, CommerceError>((one(tx, id, now).await?, true))
        })
        .await?;
    Ok(Issued { card, code: fresh.then_some(shown) })
}

fn checked(ctx: &Ctx, draft: &GiftCardDraft) -> Result<(Option<Email>, String)> {
    let mut errors = Vec::new();
    if !(1..=MAX_AMOUNT).contains(&draft.amount) {
        errors.push(FieldError::new("amount", "must be more than zero, and not more than anybody has"));
    }
    if draft.expires_at.is_some_and(|at| at <= ctx.now()) {
        errors.push(FieldError::new("expiresAt", "must be later than now"));
    }
    let typed = draft.recipient.trim();
    let recipient = match (typed.is_empty(), Email::parse(typed)) {
        (true, _) => None,
        (false, Ok(email)) => Some(email),
        (false, Err(error)) => {
            errors.push(FieldError::new("recipient", error.to_string()));
            None
        }
    };
    let note = draft.note.trim().to_owned();
    if MAX_NOTE < note.chars().count() || note.contains('\0') {
        errors.push(FieldError::new("note", format!("must be at most {MAX_NOTE} characters of text")));
    }
    if errors.is_empty() { Ok((recipient, note)) } else { Err(CommerceError::Invalid(errors)) }
}

/// Gift cards of the shop, newest first.
pub async fn list(ctx: &Ctx, filter: &GiftCardFilter, page: &PageArgs) -> Result<Page<GiftCardView>> {
    const ORDER: &str = "gift-cards";
    use tender_account::Column::{self, CreatedAt, Id};
    let rows = ctx.read(Permission::PAYMENTS_LIST).await?;
    let now = ctx.now();
    let mut wanted = Condition::all().add(Column::Kind.eq(TenderKind::GiftCard.as_str()));
    let q = searched(&filter.q);
    if !q.is_empty() {
        let pattern = format!("%{}%", escape_like(&q));
        let mut any = Condition::any()
            .add(Column::LastFour.eq(q.to_uppercase()))
            .add(contains(Column::Recipient, &pattern))
            .add(contains(Column::Note, &pattern));
        if let Some(normal) = code::normal(&q) {
            any = any.add(Column::CodeHash.eq(code::hash(&normal).to_vec()));
        }
        wanted = wanted.add(any);
    }
    if let Some(state) = filter.state {
        wanted = wanted.add(stands(state, now));
    }
    let total = rows.find::<tender_account::Entity>().filter(wanted.clone()).count().await?;
    let ascending = page.direction() == Direction::Backward;
    if let Some(cursor) = page.cursor() {
        let (at, id): (i64, Uuid) = cursor.decode(ORDER).map_err(bad_cursor)?;
        wanted = wanted.add(place_after(CreatedAt, at.into(), Id, id, ascending));
    }
    let order = if ascending { Order::Asc } else { Order::Desc };
    let found = rows
        .find::<tender_account::Entity>()
        .filter(wanted)
        .order_by(CreatedAt, order.clone())
        .order_by(Id, order)
        .limit(u64::from(page.limit()) + 1)
        .all()
        .await?;
    let cursor_of = |row: &tender_account::Model| Cursor::encode(ORDER, &(row.created_at, row.id));
    let (found, cursors, more) = cut(found, page, cursor_of)?;
    let views = found.into_iter().map(|row| view(row, now)).collect::<Result<_>>()?;
    Ok(Page::new(views, cursors, page, more, total))
}

/// Which rows stand like this, as [`view`] says it.
fn stands(state: GiftCardState, now: Timestamp) -> Condition {
    use tender_account::Column::{BalanceMinor, Enabled, ExpiresAt};
    let lasts = || Condition::any().add(ExpiresAt.is_null()).add(ExpiresAt.gt(now.millis()));
    let on = Condition::all().add(Enabled.eq(true));
    match state {
        GiftCardState::Disabled => Condition::all().add(Enabled.eq(false)),
        GiftCardState::Expired => on.add(ExpiresAt.lte(now.millis())),
        GiftCardState::Empty => on.add(lasts()).add(BalanceMinor.eq(0)),
        GiftCardState::Active => on.add(lasts()).add(BalanceMinor.gt(0)),
    }
}

/// One gift card with its movements.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn get(ctx: &Ctx, id: GiftCardId) -> Result<GiftCardView> {
    let rows = ctx.read(Permission::PAYMENTS_READ).await?;
    one(&rows, id, ctx.now()).await
}

/// What of a gift card is to be another; what is left out stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GiftCardChange {
    /// Whether it is switched on.
    pub enabled: Option<bool>,
    /// The first moment at which it pays no more; `Some(None)`: it pays for good.
    pub expires_at: Option<Option<Timestamp>>,
}

/// Switches a gift card on or off, or gives it another end; what is on it stays.
///
/// # Errors
/// `NOT_FOUND`; `BAD_USER_INPUT` at `expiresAt` for another end that is not later than now; `CONFLICT` when `version` is
/// not the present one.
pub async fn update(
    ctx: &Ctx,
    id: GiftCardId,
    version: i64,
    change: &GiftCardChange,
) -> Result<GiftCardView> {
    let now = ctx.now();
    ctx.write(Permission::PAYMENTS_UPDATE, async |tx| {
        let before = row_of(tx, id).await?;
        let stale = || Error::conflict("somebody else has changed this gift card: look at it again");
        if before.version != version {
            return Err(stale().into());
        }
        let enabled = change.enabled.unwrap_or(before.enabled);
        let end = change.expires_at.map(|end| end.map(Timestamp::millis)).unwrap_or(before.expires_at);
        if end != before.expires_at && end.is_some_and(|at| at <= now.millis()) {
            return Err(CommerceError::field("expiresAt", "must be later than now"));
        }
        if (enabled, end) != (before.enabled, before.expires_at) {
            let changed = tx
                .update_many::<tender_account::Entity>()
                .set(tender_account::Column::Enabled, enabled)
                .set(tender_account::Column::ExpiresAt, end)
                .set(tender_account::Column::Version, version.saturating_add(1))
                .set(tender_account::Column::UpdatedAt, now.millis())
                .filter(tender_account::Column::Id.eq(id.uuid()))
                .filter(tender_account::Column::Version.eq(version))
                .exec()
                .await?;
            if changed == 0 {
                return Err(stale().into());
            }
            tx.emit(CommerceEvent::GiftCardUpdated { gift_card_id: id, enabled }).await?;
        }
        one(tx, id, now).await
    })
    .await
}

async fn row_of(rows: &TenantDb, id: GiftCardId) -> Result<tender_account::Model> {
    let found = rows
        .find::<tender_account::Entity>()
        .filter(tender_account::Column::Id.eq(id.uuid()))
        .filter(tender_account::Column::Kind.eq(TenderKind::GiftCard.as_str()));
    found.one().await?.ok_or_else(|| CommerceError::not_found(GiftCardId::KIND))
}

async fn one(rows: &TenantDb, id: GiftCardId, now: Timestamp) -> Result<GiftCardView> {
    let mut card = view(row_of(rows, id).await?, now)?;
    card.movements = movements(rows, id.uuid(), card.balance.currency, true).await?;
    Ok(card)
}

fn view(row: tender_account::Model, now: Timestamp) -> Result<GiftCardView> {
    let currency = Currency::parse(&row.currency).map_err(Error::internal)?;
    let state = if !row.enabled {
        GiftCardState::Disabled
    } else if row.expires_at.is_some_and(|at| at <= now.millis()) {
        GiftCardState::Expired
    } else if row.balance_minor == 0 {
        GiftCardState::Empty
    } else {
        GiftCardState::Active
    };
    Ok(GiftCardView {
        id: GiftCardId::from_uuid(row.id),
        last_four: row.last_four,
        state,
        issued: Money::new(row.issued_minor, currency),
        balance: Money::new(row.balance_minor, currency),
        enabled: row.enabled,
        expires_at: row.expires_at.map(Timestamp::from_millis),
        recipient: row.recipient,
        note: row.note,
        version: row.version,
        created_at: Timestamp::from_millis(row.created_at),
        movements: Vec::new(),
    })
}
