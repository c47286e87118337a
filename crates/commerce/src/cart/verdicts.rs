//! What became of promotions and codes in a cart, in words: who may read what.
//!
//! Shoppers read of promotions that need no code and run now, and of those whose code they have. Nothing tells them that
//! another one exists.

use std::collections::HashMap;

use platform::{Context, Ctx, Error, TenantDb};
use pricing::{Action, Outcome, Promotion, Quote, Reason, Verdict};
use primitives::{Money, Permission, PromotionId, Timestamp};
use sea_orm::Value;
use uuid::Uuid;

use super::read::Basket;
use crate::error::Result;
use crate::view::{CartOutcome, CartPromotionView, CodeView, HintView, WhyNot};

/// Promotions that a cart says something is missing for.
const MAX_HINTS: usize = 3;

/// What a code opened until it was over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    /// As it stands in the cart.
    pub code: String,
    pub promotion: PromotionId,
    pub name: String,
    /// The first moment after it.
    pub at: Timestamp,
}

/// Which of these codes open something that is over. One statement. What is switched off was perhaps never given out: of
/// that, nothing is said.
pub(super) async fn ended(rows: &TenantDb, codes: &[String], now: Timestamp) -> Result<Vec<Ended>> {
    let sql = format!(
        "SELECT c.code AS code, p.id AS id, p.name AS name, p.ends_at AS ends_at FROM promotion_code c \
         JOIN promotion p ON p.tenant_id = c.tenant_id AND p.id = c.promotion_id \
         WHERE c.tenant_id = {{tenant}} AND c.code IN ({}) AND p.active AND p.ends_at <= ?",
        platform::db::holes(codes.len())
    );
    let mut values: Vec<Value> = codes.iter().map(|code| code.as_str().into()).collect();
    values.push(now.millis().into());
    let found = rows.raw_all(&sql, values).await.context("looking up what codes have opened")?;
    let read = |row: &sea_orm::QueryResult| -> Result<Ended, sea_orm::DbErr> {
        Ok(Ended {
            code: row.try_get("", "code")?,
            promotion: PromotionId::from_uuid(row.try_get::<Uuid>("", "id")?),
            name: row.try_get("", "name")?,
            at: Timestamp::from_millis(row.try_get("", "ends_at")?),
        })
    };
    Ok(found.iter().map(read).collect::<Result<_, _>>().map_err(Error::from)?)
}

impl Basket {
    /// The codes that open none of the promotions that are kept in memory.
    pub(super) fn unknown_codes(&self) -> Result<Vec<String>> {
        let mut codes = self.codes()?;
        codes.retain(|code| self.opened(code).is_none());
        Ok(codes)
    }

    /// Each code with what it does, or why it does nothing.
    pub(super) fn code_views(&self, quote: &Quote) -> Result<Vec<CodeView>> {
        let views = self.codes()?.into_iter().map(|code| {
            let outcome = self.opened(&code).and_then(|promotion| {
                let outcome = quote.promotions.iter().find(|outcome| outcome.promotion == promotion.id)?;
                Some((outcome, promotion))
            });
            let over = self.ended.iter().find(|ended| ended.code == code);
            let (name, problem) = match (outcome, over) {
                (Some((outcome, promotion)), _) => {
                    let problem = match &outcome.verdict {
                        Verdict::Applied { .. } => None,
                        Verdict::Not(reason) => Some(why_not(reason, promotion, quote)),
                    };
                    (outcome.name.clone(), problem)
                }
                (None, Some(over)) => (over.name.clone(), Some(over.why_not())),
                (None, None) => (String::new(), Some(WhyNot::NoSuchCode)),
            };
            CodeView { code, name, problem }
        });
        Ok(views.collect())
    }

    /// What is missing for promotions that need no code.
    pub(super) fn hints(&self, quote: &Quote) -> Vec<HintView> {
        let open = |id: PromotionId| {
            self.book.promotions.iter().any(|promotion| promotion.id == id && promotion.codes.is_empty())
        };
        let near = quote.promotions.iter().filter(|outcome| open(outcome.promotion));
        let hints = near.filter_map(|outcome| {
            let (amount, pieces) = match &outcome.verdict {
                Verdict::Not(Reason::Missing { amount }) => (Some(*amount), None),
                Verdict::Not(Reason::Pieces { missing }) => (None, Some(*missing)),
                _ => return None,
            };
            Some(HintView { name: outcome.name.clone(), amount, pieces })
        });
        hints.take(MAX_HINTS).collect()
    }

    /// What became of the promotions that are its shopper's business, those that apply first.
    pub(super) fn promotion_views(&self, quote: &Quote) -> Result<Vec<CartPromotionView>> {
        let codes = self.codes()?;
        let known = self.known();
        let seen = quote.promotions.iter().filter_map(|outcome| {
            let promotion = *known.get(&outcome.promotion)?;
            let code = codes.iter().find(|code| promotion.codes.contains(code));
            let theirs = match promotion.codes.is_empty() {
                true => runs(&outcome.verdict),
                false => code.is_some(),
            };
            theirs.then(|| outcome_view(outcome, promotion, quote, code))
        });
        let mut views: Vec<CartPromotionView> = seen.collect();
        for over in &self.ended {
            if views.iter().all(|view| view.promotion != over.promotion) {
                views.push(CartPromotionView {
                    promotion: over.promotion,
                    name: over.name.clone(),
                    code: Some(over.code.clone()),
                    outcome: CartOutcome::Not(over.why_not()),
                });
            }
        }
        Ok(applied_first(views))
    }

    /// What became of every promotion that runs now, for the staff; nothing where the shop's own do not count. Codes are
    /// named to whoever may read promotions.
    pub fn promotions_for_staff(&self, ctx: &Ctx, quote: &Quote) -> Vec<CartPromotionView> {
        if self.agreed.alone {
            return Vec::new();
        }
        let may_read = ctx.allows(Permission::PROMOTIONS_READ);
        let known = self.known();
        let tried = quote.promotions.iter().filter(|outcome| runs(&outcome.verdict)).filter_map(|outcome| {
            let promotion = *known.get(&outcome.promotion)?;
            let view = outcome_view(outcome, promotion, quote, None);
            Some(match (&outcome.verdict, promotion.codes.first()) {
                (Verdict::Not(Reason::NeedsCode), Some(code)) if may_read => {
                    let needs = WhyNot::NeedsCode { code: code.clone(), n_codes: promotion.codes.len() };
                    CartPromotionView { outcome: CartOutcome::Not(needs), ..view }
                }
                _ => view,
            })
        });
        let mut views: Vec<CartPromotionView> = tried.collect();
        // What applies alone is not tried beside what was agreed.
        if let Some(agreed) = self.agreed.discounts.first() {
            let now = ctx.now();
            let alone = self.book.promotions.iter().filter(|one| one.exclusive && is_on(one, now));
            views.extend(alone.map(|promotion| CartPromotionView {
                promotion: promotion.id,
                name: promotion.name.clone(),
                code: None,
                outcome: CartOutcome::Not(WhyNot::Priced(Reason::ExcludedBy { name: agreed.name.clone() })),
            }));
        }
        applied_first(views)
    }

    fn opened(&self, code: &str) -> Option<&Promotion> {
        self.book.promotions.iter().find(|promotion| promotion.codes.iter().any(|own| own == code))
    }

    /// The shop's own promotions; what was agreed is none of them.
    fn known(&self) -> HashMap<PromotionId, &Promotion> {
        self.book.promotions.iter().map(|promotion| (promotion.id, promotion)).collect()
    }
}

impl Ended {
    fn why_not(&self) -> WhyNot {
        WhyNot::Priced(Reason::Expired { at: self.at })
    }
}

/// Whether it is switched on and its time is now; memory may be a second behind.
fn runs(verdict: &Verdict) -> bool {
    !matches!(verdict, Verdict::Not(Reason::Off | Reason::NotYet { .. } | Reason::Expired { .. }))
}

fn is_on(promotion: &Promotion, now: Timestamp) -> bool {
    let (begun, over) = (promotion.from.is_none_or(|from| from <= now), promotion.until);
    promotion.active && begun && over.is_none_or(|until| now < until)
}

fn outcome_view(
    outcome: &Outcome,
    promotion: &Promotion,
    quote: &Quote,
    code: Option<&String>,
) -> CartPromotionView {
    CartPromotionView {
        promotion: outcome.promotion,
        name: outcome.name.clone(),
        code: code.cloned(),
        outcome: match &outcome.verdict {
            Verdict::Applied { amount } => CartOutcome::Applied(Money::new(*amount, quote.currency)),
            Verdict::Not(reason) => CartOutcome::Not(why_not(reason, promotion, quote)),
        },
    }
}

/// Before a delivery is chosen, there is nothing that could be taken off it.
fn why_not(reason: &Reason, promotion: &Promotion, quote: &Quote) -> WhyNot {
    let of_delivery = matches!(promotion.action, Action::FreeShipping { .. });
    let to_choose = quote.requires_shipping && quote.shipping.is_none();
    match reason {
        Reason::NothingToTakeOff if of_delivery && to_choose => WhyNot::NoDelivery,
        reason => WhyNot::Priced(reason.clone()),
    }
}

/// Else in the order in which they were tried.
fn applied_first(mut views: Vec<CartPromotionView>) -> Vec<CartPromotionView> {
    views.sort_by_key(|view| !view.applied());
    views
}
