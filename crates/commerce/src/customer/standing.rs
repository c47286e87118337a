//! What prices have to know of a customer: the groups, and whether tax is asked for.
//!
//! Both are advantages, so they count for whoever has signed in to the account of the record: an e-mail address is typed
//! by anybody.

use std::collections::BTreeSet;

use platform::{Ctx, Error, TenantDb};
use primitives::{CustomerGroupId, CustomerId, FieldError, UserId};
use sea_orm::QueryResult;
use serde::{Deserialize, Serialize};

use crate::entity::customer;
use crate::error::{CommerceError, Result};
use crate::promotion::book;
use crate::view::CustomerView;

/// Most characters of a tax number.
const MAX_NUMBER: usize = 40;
/// Most characters of a reason.
const MAX_REASON: usize = 200;

/// Why somebody pays no tax.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exemption {
    /// In words, for cart, order and invoice.
    pub reason: String,
    /// The customer's tax number; may be empty.
    pub number: String,
}

/// What prices have to know of a customer; the default is that of a stranger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The groups the customer is in.
    pub groups: BTreeSet<CustomerGroupId>,
    /// Why no tax is asked for, if none is.
    pub exemption: Option<Exemption>,
}

/// A group that a customer is in, as far as prices care.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The group.
    pub group: CustomerGroupId,
    /// Why its members pay no tax, if they pay none.
    pub exempt: Option<String>,
}

/// What staff says about a customer's taxes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaxDraft {
    /// Pays no tax.
    pub exempt: bool,
    /// Tax number as it is written on invoices, up to 40 characters; may be empty.
    pub number: String,
    /// Why no tax is asked for, up to 200 characters; shoppers read it. Needed with `exempt`.
    pub reason: String,
}

/// The groups that promotions and price lists ask for.
pub fn groups_of(memberships: &[Membership]) -> BTreeSet<CustomerGroupId> {
    memberships.iter().map(|one| one.group).collect()
}

/// Why no tax is asked for: what is said about the customer comes before what is said about a group, and of groups the
/// first that says so counts.
pub fn exemption_of(own: Option<&str>, number: &str, memberships: &[Membership]) -> Option<Exemption> {
    let by_group = || memberships.iter().find_map(|one| one.exempt.as_deref());
    let reason = own.or_else(by_group)?;
    Some(Exemption { reason: reason.to_owned(), number: number.to_owned() })
}

/// The standing of an account's customer, in one statement.
pub(crate) async fn standing(rows: &TenantDb, user: UserId) -> Result<Standing> {
    found(rows, "user_id", user.uuid()).await
}

/// The standing of a customer whom staff knows, in one statement.
pub(crate) async fn standing_of(rows: &TenantDb, id: CustomerId) -> Result<Standing> {
    found(rows, "id", id.uuid()).await
}

async fn found(rows: &TenantDb, column: &'static str, id: uuid::Uuid) -> Result<Standing> {
    let found = rows
        .raw_all(
            &format!("SELECT c.tax_exempt, c.tax_number, c.tax_reason, g.id AS group_id, g.tax_exempt AS group_exempt, \
               g.tax_reason AS group_reason \
             FROM customer c \
             LEFT JOIN customer_group_member m ON m.tenant_id = c.tenant_id AND m.customer_id = c.id \
             LEFT JOIN customer_group g ON g.tenant_id = m.tenant_id AND g.id = m.group_id \
             WHERE c.tenant_id = {{tenant}} AND c.{column} = ? ORDER BY g.name_key, g.id"),
            vec![id.into()],
        )
        .await?;
    read(&found).map_err(|error| Error::from(error).into())
}

fn read(found: &[QueryResult]) -> Result<Standing, sea_orm::DbErr> {
    let Some(first) = found.first() else { return Ok(Standing::default()) };
    let mut memberships = Vec::new();
    for row in found {
        // A customer without a group is one row without one.
        let Some(group) = row.try_get::<Option<uuid::Uuid>>("", "group_id")? else { continue };
        let exempt: Option<bool> = row.try_get("", "group_exempt")?;
        let reason: Option<String> = row.try_get("", "group_reason")?;
        let exempt = reason.filter(|_| exempt == Some(true));
        memberships.push(Membership { group: CustomerGroupId::from_uuid(group), exempt });
    }
    let (exempt, number): (bool, String) =
        (first.try_get("", "tax_exempt")?, first.try_get("", "tax_number")?);
    let reason: String = first.try_get("", "tax_reason")?;
    let own = exempt.then_some(reason.as_str());
    Ok(Standing { groups: groups_of(&memberships), exemption: exemption_of(own, &number, &memberships) })
}

/// Whether anybody in the shop pays no tax: if not, nobody has to be asked.
pub(crate) async fn anybody_is_exempt(rows: &TenantDb) -> Result<bool> {
    let found = rows
        .raw_all(
            "SELECT 1 FROM customer WHERE tenant_id = {tenant} AND tax_exempt \
             UNION ALL SELECT 1 FROM customer_group WHERE tenant_id = {tenant} AND tax_exempt LIMIT 1",
            Vec::new(),
        )
        .await?;
    Ok(!found.is_empty())
}

/// Says whether a customer pays tax, and under which number.
///
/// # Errors
/// `BAD_USER_INPUT` with every wrong field; `NOT_FOUND`; `CONFLICT` for a customer that is forgotten.
pub async fn set_tax(ctx: &Ctx, id: CustomerId, draft: &TaxDraft) -> Result<CustomerView> {
    let mut errors = Vec::new();
    let number = draft.number.trim();
    if MAX_NUMBER < number.chars().count() || number.chars().any(char::is_control) {
        errors.push(FieldError::new("number", format!("use at most {MAX_NUMBER} visible characters")));
    }
    let reason = reason(draft.exempt, "reason", &draft.reason, &mut errors);
    if !errors.is_empty() {
        return Err(CommerceError::Invalid(errors));
    }
    let to = vec![
        (customer::Column::TaxExempt, draft.exempt.into()),
        (customer::Column::TaxNumber, number.into()),
        (customer::Column::TaxReason, reason.into()),
    ];
    let customer = super::change(ctx, id, to).await?;
    book::forget(ctx).await;
    Ok(customer)
}

/// The reason as it is kept: none without an exemption.
pub(super) fn reason(exempt: bool, field: &str, typed: &str, errors: &mut Vec<FieldError>) -> String {
    let reason = typed.trim();
    if !exempt {
        return String::new();
    }
    if reason.is_empty() {
        errors.push(FieldError::new(field, "say why no tax is asked for: it stands on orders"));
    } else if MAX_REASON < reason.chars().count() || reason.chars().any(char::is_control) {
        errors.push(FieldError::new(field, format!("use at most {MAX_REASON} visible characters")));
    }
    reason.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(exempt: Option<&str>) -> Membership {
        Membership { group: CustomerGroupId::new(), exempt: exempt.map(str::to_owned) }
    }

    #[test]
    fn the_customers_own_reason_comes_first_and_then_the_first_group_that_has_one() {
        let groups = [member(None), member(Some("Diplomats")), member(Some("Charity"))];
        let reason = |own, groups: &[Membership]| exemption_of(own, "BE 1", groups).map(|it| it.reason);
        assert_eq!(reason(Some("Reverse charge"), &groups).as_deref(), Some("Reverse charge"));
        assert_eq!(reason(None, &groups).as_deref(), Some("Diplomats"));
        assert_eq!(reason(None, &groups[..1]), None);
        assert_eq!(exemption_of(None, "BE 1", &groups).map(|it| it.number).as_deref(), Some("BE 1"));
        assert_eq!(groups_of(&groups), groups.iter().map(|one| one.group).collect());
    }

    #[test]
    fn an_exemption_needs_a_reason() {
        let said = |exempt, typed: &str| {
            let mut errors = Vec::new();
            (reason(exempt, "reason", typed, &mut errors), errors.len())
        };
        assert_eq!(said(false, "left over"), (String::new(), 0));
        assert_eq!(said(true, " Export "), ("Export".to_owned(), 0));
        assert_eq!(said(true, "  ").1, 1);
        assert_eq!(said(true, &"x".repeat(201)).1, 1);
    }
}
