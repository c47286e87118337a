//! What staff writes, and what of it can be.

use std::collections::BTreeSet;

use platform::{Ctx, Error};
use primitives::{CustomerId, Email, FieldError, Quantity, Rate, VariantId};
use uuid::Uuid;

use super::DraftState;
use crate::cart::MAX_LINES;
use crate::entity::draft_order;
use crate::error::{CommerceError, Result};
use crate::order::{MAX_NOTE, checked_text, tag};
use crate::view::Address;

/// Longest reason of a price or a discount, characters.
pub const MAX_REASON: usize = 200;
/// Longest note to a customer, characters.
const MAX_CUSTOMER_NOTE: usize = 2_000;
/// Longest field of an address, characters; what exactly it must be is said when the order is placed.
const MAX_FIELD: usize = 200;
/// Most minor units of a price or a discount.
const MAX_AMOUNT: i64 = 1_000_000_000_000;

/// An order as staff writes it; what is missing is asked for when it is placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Whose it is: the prices, groups and taxes of this customer count. `None`: whoever has the address.
    pub customer: Option<CustomerId>,
    /// E-mail address; may be empty.
    pub email: String,
    /// Where it goes; may be empty.
    pub address: Address,
    /// Id of the delivery; may be empty.
    pub shipping_method: String,
    /// `manual`, `http`, `stripe`; empty: by hand, where the shop offers that.
    pub payment_provider: String,
    /// What the customer reads on the order, up to 2,000 characters.
    pub customer_note: String,
    /// What the staff reads, up to 4,000 characters.
    pub internal_note: String,
    /// Tags of the order.
    pub tags: Vec<String>,
    /// Off all of it, after everything else.
    pub discount: Option<Reduction>,
    /// Whether the shop's own promotions count, too.
    pub use_promotions: bool,
    /// What it is about, at most 100 variants.
    pub lines: Vec<DraftLine>,
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            customer: None,
            email: String::new(),
            address: Address::default(),
            shipping_method: String::new(),
            payment_provider: String::new(),
            customer_note: String::new(),
            internal_note: String::new(),
            tags: Vec::new(),
            discount: None,
            use_promotions: true,
            lines: Vec::new(),
        }
    }
}

/// So many pieces of a variant, and what was agreed about them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftLine {
    /// The variant, once in a draft.
    pub variant: VariantId,
    /// 1 to 10,000.
    pub quantity: i64,
    /// Price of one piece as the shop writes prices, minor units, instead of its own.
    pub price: Option<i64>,
    /// Why, up to 200 characters, for the staff; may be empty.
    pub price_reason: String,
    /// Off this line.
    pub discount: Option<Reduction>,
}

/// Something that is taken off by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reduction {
    /// How much.
    pub off: Off,
    /// Why, 1 to 200 characters; the customer reads it.
    pub reason: String,
}

/// How much is taken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Off {
    /// Minor units, above zero, as the shop writes prices.
    Amount(i64),
    /// Above 0 %, at most 100 %.
    Share(Rate),
}

/// A draft that can be stored.
#[derive(Clone, Debug)]
pub(super) struct Checked {
    pub draft: Draft,
    tags: BTreeSet<String>,
}

impl Checked {
    /// The columns that staff writes.
    pub fn row(&self, ctx: &Ctx) -> draft_order::Model {
        let draft = &self.draft;
        let (discount_minor, discount_ppm, discount_reason) = columns(draft.discount.as_ref());
        draft_order::Model {
            tenant_id: ctx.tenant_id().uuid(),
            id: Uuid::nil(),
            state: DraftState::Open.as_str().to_owned(),
            customer_id: draft.customer.map(CustomerId::uuid),
            email: draft.email.clone(),
            // Texts alone: there is no value that cannot be written.
            address: serde_json::to_string(&draft.address).unwrap_or_else(|_| "{}".to_owned()),
            shipping_method: draft.shipping_method.clone(),
            provider: draft.payment_provider.clone(),
            customer_note: draft.customer_note.clone(),
            internal_note: draft.internal_note.clone(),
            tags: serde_json::to_string(&self.tags).unwrap_or_else(|_| "[]".to_owned()),
            currency: ctx.tenant().currency.code().to_owned(),
            discount_minor,
            discount_ppm,
            discount_reason,
            use_promotions: draft.use_promotions,
            order_id: None,
            complete_key: String::new(),
            fingerprint: None,
            user_id: None,
            version: 1,
            created_at: 0,
            updated_at: 0,
            sent_at: None,
            sent_version: None,
        }
    }
}

/// A reduction as it is stored: amount, share, reason.
pub(super) fn columns(reduction: Option<&Reduction>) -> (Option<i64>, Option<i64>, String) {
    match reduction {
        None => (None, None, String::new()),
        Some(Reduction { off: Off::Amount(minor), reason }) => (Some(*minor), None, reason.clone()),
        Some(Reduction { off: Off::Share(rate), reason }) => (None, Some(rate.ppm()), reason.clone()),
    }
}

/// The reduction that is stored.
pub(super) fn reduction(minor: Option<i64>, ppm: Option<i64>, reason: &str) -> Option<Reduction> {
    let off = minor.map(Off::Amount).or_else(|| ppm.map(|ppm| Off::Share(Rate::from_ppm(ppm))))?;
    Some(Reduction { off, reason: reason.to_owned() })
}

/// Trims and checks; all wrong fields at once. `known` are variants that the draft has already: they may be gone.
pub(super) async fn checked(ctx: &Ctx, draft: &Draft, known: &[Uuid]) -> Result<Checked> {
    let mut errors = Vec::new();
    let mut text = |field: &str, text: &str, max: usize| match checked_text(field, text, max, false) {
        Ok(text) => text,
        Err(CommerceError::Invalid(wrong)) => {
            errors.extend(wrong);
            String::new()
        }
        Err(_) => String::new(),
    };
    let address = &draft.address;
    let mut part = |name: &str, value: &str| text(&format!("address.{name}"), value, MAX_FIELD);
    let address = Address {
        name: part("name", &address.name),
        company: part("company", &address.company),
        line1: part("line1", &address.line1),
        line2: part("line2", &address.line2),
        postal_code: part("postalCode", &address.postal_code),
        city: part("city", &address.city),
        region: part("region", &address.region),
        country: part("country", &address.country).to_uppercase(),
        phone: part("phone", &address.phone),
    };
    let mut lines = Vec::with_capacity(draft.lines.len().min(MAX_LINES));
    for (n, line) in draft.lines.iter().enumerate().take(MAX_LINES) {
        let price_reason = text(&format!("lines.{n}.priceReason"), &line.price_reason, MAX_REASON);
        let mut line = DraftLine { price_reason, ..line.clone() };
        if line.price.is_none() {
            line.price_reason.clear();
        }
        lines.push(line);
    }
    let mut clean = Draft {
        customer: draft.customer,
        email: draft.email.trim().to_owned(),
        address,
        shipping_method: text("shippingMethod", &draft.shipping_method, 100),
        payment_provider: text("paymentProvider", &draft.payment_provider, 100),
        customer_note: text("customerNote", &draft.customer_note, MAX_CUSTOMER_NOTE),
        internal_note: text("internalNote", &draft.internal_note, MAX_NOTE),
        tags: Vec::new(),
        discount: draft.discount.clone(),
        use_promotions: draft.use_promotions,
        lines,
    };
    if !clean.email.is_empty() && Email::parse(&clean.email).is_err() {
        errors.push(FieldError::new("email", "enter an address such as maud@example.com, or none yet"));
    }
    if MAX_LINES < draft.lines.len() {
        errors.push(FieldError::new("lines", format!("an order has at most {MAX_LINES} different things")));
    }
    let mut seen = BTreeSet::new();
    for (n, line) in clean.lines.iter_mut().enumerate() {
        let at = |field: &str| format!("lines.{n}.{field}");
        if let Err(error) = Quantity::new(line.quantity) {
            errors.push(FieldError::new(at("quantity"), error.to_string()));
        }
        if !seen.insert(line.variant) {
            errors.push(FieldError::new(at("variantId"), "is there already: raise its quantity instead"));
        }
        if line.price.is_some_and(|minor| !(0..=MAX_AMOUNT).contains(&minor)) {
            errors
                .push(FieldError::new(at("price"), "must not be below zero, and not more than anybody pays"));
        }
        check_reduction(&at("discount"), line.discount.as_mut(), &mut errors);
    }
    check_reduction("discount", clean.discount.as_mut(), &mut errors);
    let tags = match tag::checked(&draft.tags) {
        Ok(tags) => tags,
        Err(CommerceError::Invalid(wrong)) => {
            errors.extend(wrong);
            BTreeSet::new()
        }
        Err(error) => return Err(error),
    };
    if !errors.is_empty() {
        return Err(CommerceError::Invalid(errors));
    }
    clean.tags = tags.iter().cloned().collect();
    all_are_sold(ctx, &clean, known).await?;
    Ok(Checked { draft: clean, tags })
}

fn check_reduction(field: &str, reduction: Option<&mut Reduction>, errors: &mut Vec<FieldError>) {
    let Some(reduction) = reduction else { return };
    match reduction.off {
        Off::Amount(minor) if !(1..=MAX_AMOUNT).contains(&minor) => {
            errors.push(FieldError::new(format!("{field}.amount"), "must be more than zero"));
        }
        Off::Share(rate) if !(1..=Rate::ONE).contains(&rate.ppm()) => {
            errors.push(FieldError::new(format!("{field}.percent"), "must be more than 0 and at most 100"));
        }
        Off::Amount(_) | Off::Share(_) => {}
    }
    match checked_text(&format!("{field}.reason"), &reduction.reason, MAX_REASON, true) {
        Ok(text) => reduction.reason = text,
        Err(CommerceError::Invalid(wrong)) => errors.extend(wrong),
        Err(_) => {}
    }
}

/// Refuses variants that are not there; one that was deleted since it was written down is shown as gone.
async fn all_are_sold(ctx: &Ctx, draft: &Draft, known: &[Uuid]) -> Result<()> {
    let fresh = draft.lines.iter().map(|line| line.variant).filter(|id| !known.contains(&id.uuid()));
    let fresh: Vec<VariantId> = fresh.collect();
    if fresh.is_empty() {
        return Ok(());
    }
    let rows = ctx.read(platform::Access::Public).await?;
    let offers = catalog::query::offers(&rows, &fresh).await?;
    match fresh.iter().all(|id| offers.contains_key(id)) {
        true => Ok(()),
        false => Err(Error::not_found(VariantId::KIND).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_off_is_read_back_as_it_was_written() {
        for off in [Off::Amount(250), Off::Share(Rate::percent(10))] {
            let written = Reduction { off, reason: "Regular".into() };
            let (minor, ppm, reason) = columns(Some(&written));
            assert_eq!(reduction(minor, ppm, &reason), Some(written));
        }
        assert_eq!(columns(None), (None, None, String::new()));
        assert_eq!(reduction(None, None, ""), None);
    }

    #[test]
    fn every_wrong_reduction_says_where() {
        let wrong = |off, reason: &str| {
            let (mut errors, mut one) = (Vec::new(), Reduction { off, reason: reason.into() });
            check_reduction("discount", Some(&mut one), &mut errors);
            errors.into_iter().map(|error| error.field).collect::<Vec<_>>()
        };
        assert_eq!(wrong(Off::Amount(0), " "), ["discount.amount", "discount.reason"]);
        assert_eq!(wrong(Off::Share(Rate::from_ppm(1_000_001)), "x"), ["discount.percent"]);
        assert!(wrong(Off::Share(Rate::percent(100)), "x").is_empty());
    }
}
