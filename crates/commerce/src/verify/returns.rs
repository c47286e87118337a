//! What orders count as coming back and as given back, against their returns and the ledger.

use std::collections::HashMap;

use platform::verify::{Finding, Report};
use platform::{Result, TenantDb};
use sea_orm::ColumnTrait;
use uuid::Uuid;

use crate::entity::{money_ledger, order_line, return_line, return_request};
use crate::returns::ReturnState;

const REMEDY: &str = "see in the history of its order which of them is right, then set returned and refunded of order_line, \
                      or restore the return from a backup";

/// The returns of some orders.
pub(super) struct Returns {
    returns: HashMap<Uuid, Vec<return_request::Model>>,
    lines: HashMap<Uuid, Vec<return_line::Model>>,
    /// What the ledger has for returns, by its fact.
    back: HashMap<String, i64>,
}

impl Returns {
    pub async fn read(db: &TenantDb, orders: &[Uuid]) -> Result<Self> {
        let found = db.find::<return_request::Entity>();
        let of = return_request::Column::OrderId.is_in(orders.iter().copied());
        let found = found.filter(of).order_by_asc(return_request::Column::Number).all().await?;
        let (mut lines, mut back): (HashMap<_, Vec<_>>, HashMap<_, _>) = Default::default();
        let ids: Vec<Uuid> = found.iter().map(|row| row.id).collect();
        for ids in ids.chunks(1_000) {
            let rows = db.find::<return_line::Entity>();
            let of = return_line::Column::ReturnId.is_in(ids.iter().copied());
            for line in rows.filter(of).all().await? {
                lines.entry(line.return_id).or_default().push(line);
            }
        }
        let keys: Vec<&str> =
            found.iter().map(|row| row.refund_key.as_str()).filter(|key| !key.is_empty()).collect();
        for keys in keys.chunks(1_000) {
            let rows = db.find::<money_ledger::Entity>().filter(money_ledger::Column::Kind.eq("refund"));
            let of = money_ledger::Column::Fact.is_in(keys.iter().copied());
            for row in rows.filter(of).all().await? {
                back.insert(row.fact, row.amount_minor);
            }
        }
        let mut returns: HashMap<Uuid, Vec<return_request::Model>> = HashMap::new();
        for row in found {
            returns.entry(row.order_id).or_default().push(row);
        }
        Ok(Self { returns, lines, back })
    }

    pub fn verify(&self, order: Uuid, lines: &[order_line::Model], about: &str, report: &mut Report) {
        let (none, no_lines) = (Vec::new(), Vec::new());
        let returns = self.returns.get(&order).unwrap_or(&none);
        let (mut coming, mut given): (HashMap<Uuid, i64>, HashMap<Uuid, i64>) = Default::default();
        for row in returns {
            let state = ReturnState::parse(&row.state).unwrap_or(ReturnState::Closed);
            for line in self.lines.get(&row.id).unwrap_or(&no_lines) {
                // A return that was closed before anything came holds nothing, as its lines say.
                let held = match state {
                    ReturnState::Requested | ReturnState::Approved => line.quantity,
                    ReturnState::Received | ReturnState::Refunded | ReturnState::Closed => line.received,
                    ReturnState::Declined | ReturnState::Withdrawn => 0,
                };
                *coming.entry(line.order_line_id).or_default() += held;
                if state == ReturnState::Refunded {
                    *given.entry(line.order_line_id).or_default() += line.received;
                }
            }
            let back = self.back.get(&row.refund_key).copied();
            let given = row.given_minor;
            let text = match (state, back) {
                (ReturnState::Refunded, None) if given == 0 => {
                    "it is refunded, and the ledger has nothing for it".to_owned()
                }
                (ReturnState::Refunded, back) if back.unwrap_or(0) + given != row.refund_minor => {
                    let (sum, back) = (row.refund_minor, back.unwrap_or(0));
                    match given {
                        0 => format!("it is refunded with {sum}, the ledger has {back} for it"),
                        _ => format!(
                            "it is refunded with {sum}, the ledger has {back} for it and gift cards and store credit \
                             got {given}"
                        ),
                    }
                }
                (state, _)
                    if 0 < given && !matches!(state, ReturnState::Received | ReturnState::Refunded) =>
                {
                    format!("it is {}, and gift cards and store credit got {given} for it", state.as_str())
                }
                (state, Some(back)) if state != ReturnState::Refunded => {
                    format!("it is {}, and the ledger has {back} for it", state.as_str())
                }
                _ => continue,
            };
            let about = format!("return {} of {about}", row.number);
            report.find(Finding { check: "return.money", about, text, remedy: REMEDY });
        }
        for line in lines {
            let at = line.position + 1;
            let sum = |of: &HashMap<Uuid, i64>| of.get(&line.id).copied().unwrap_or(0);
            let (coming, given) = (sum(&coming), sum(&given));
            for (said, says, text) in [
                (
                    line.returned,
                    coming,
                    format!(
                        "{} pieces of line {at} count as coming back, its returns hold {coming}",
                        line.returned
                    ),
                ),
                (
                    line.refunded,
                    given,
                    format!(
                        "{} pieces of line {at} count as given back, its returns say {given}",
                        line.refunded
                    ),
                ),
            ] {
                if said != says {
                    report.find(Finding {
                        check: "return.pieces",
                        about: about.to_owned(),
                        text,
                        remedy: REMEDY,
                    });
                }
            }
        }
        if !returns.is_empty() {
            report.looked("returns", returns.len());
        }
    }
}
