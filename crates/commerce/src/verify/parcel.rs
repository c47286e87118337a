//! What orders count as sent against what lies in their parcels.

use std::collections::HashMap;

use platform::verify::{Finding, Report};
use platform::{Result, TenantDb};
use sea_orm::ColumnTrait;
use uuid::Uuid;

use crate::entity::{fulfilment, fulfilment_line, order_line, orders};
use crate::order::desk::state_of;
use crate::view::OrderState;

const REMEDY: &str = "see in its history and in the movements of stock which of them is right, then set sent of \
                      order_line and n_sent of orders, or restore the parcel from a backup";

/// The parcels of some orders.
pub(super) struct Parcels {
    parcels: HashMap<Uuid, Vec<fulfilment::Model>>,
    lines: HashMap<Uuid, Vec<fulfilment_line::Model>>,
}

impl Parcels {
    pub async fn read(db: &TenantDb, orders: &[Uuid]) -> Result<Self> {
        let found = db.find::<fulfilment::Entity>();
        let found = found.filter(fulfilment::Column::OrderId.is_in(orders.iter().copied())).all().await?;
        let ids: Vec<Uuid> = found.iter().map(|parcel| parcel.id).collect();
        let (mut parcels, mut lines): (HashMap<_, Vec<_>>, HashMap<_, Vec<_>>) = Default::default();
        for parcel in found {
            parcels.entry(parcel.order_id).or_default().push(parcel);
        }
        for ids in ids.chunks(1_000) {
            let found = db.find::<fulfilment_line::Entity>();
            let of = fulfilment_line::Column::FulfilmentId.is_in(ids.iter().copied());
            for line in found.filter(of).all().await? {
                lines.entry(line.fulfilment_id).or_default().push(line);
            }
        }
        Ok(Self { parcels, lines })
    }

    pub fn verify(&self, row: &orders::Model, lines: &[order_line::Model], about: &str, report: &mut Report) {
        let mut find = |text: String| {
            report.find(Finding { check: "order.sent", about: about.to_owned(), text, remedy: REMEDY });
        };
        let none = Vec::new();
        let parcels = self.parcels.get(&row.id).unwrap_or(&none);
        // Sent before parcels had lines: such a parcel is all there is.
        let whole = parcels.iter().any(|parcel| !self.lines.contains_key(&parcel.id));
        if !whole {
            let mut packed: HashMap<Uuid, i64> = HashMap::new();
            for line in parcels.iter().filter_map(|parcel| self.lines.get(&parcel.id)).flatten() {
                *packed.entry(line.order_line_id).or_default() += line.quantity;
            }
            for line in lines {
                let packed = packed.remove(&line.id).unwrap_or(0);
                if packed != line.sent {
                    let text = format!(
                        "{} pieces of line {} count as sent, its parcels hold {packed}",
                        line.sent,
                        line.position + 1
                    );
                    find(text);
                }
            }
            if !packed.is_empty() {
                find("a parcel of it holds pieces of another order".to_owned());
            }
            let sent: i64 = lines.iter().map(|line| line.sent).sum();
            if sent != row.n_sent {
                find(format!("it counts {} pieces as sent, its lines add up to {sent}", row.n_sent));
            }
        }
        let (left, state) = (row.n_items - row.n_sent, state_of(row));
        let open = parcels.iter().filter(|parcel| parcel.delivered_at.is_none()).count();
        match state {
            OrderState::Paid if left == 0 || whole => {
                find("it is paid, and nothing of it is left to send".to_owned());
            }
            OrderState::Shipped | OrderState::Delivered if 0 < left && !whole => {
                find(format!("it is {}, and {left} pieces are left to send", state.as_str()));
            }
            OrderState::Delivered if 0 < open => {
                find(format!("it is delivered, and {open} of its parcels have not arrived"));
            }
            OrderState::Draft | OrderState::PendingPayment | OrderState::Cancelled if !parcels.is_empty() => {
                find(format!("it is {}, and there is a parcel of it", state.as_str()));
            }
            _ => {}
        }
    }
}
