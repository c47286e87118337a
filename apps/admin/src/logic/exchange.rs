//! What a return is exchanged for, while it is being chosen, and what that costs.

use crate::gql::drafts::DraftOrderInput;
use crate::gql::orders::{Order, Totals};
use crate::gql::returns::ReturnExchangeLineInput;
use crate::logic::draft_order::{Draft, Line};
use crate::logic::price_list::{one_more, pieces};

/// Adds a variant: one piece more of it, where it was chosen already.
pub fn add(rows: &mut Vec<Line>, variant: String, name: String) {
    match rows.iter_mut().find(|row| row.variant == variant) {
        Some(row) => one_more(&mut row.pieces),
        None => rows.push(Line::new(variant, name)),
    }
}

/// What the rows ask for; nothing while one of them is not typed right, or there is none.
pub fn wanted(rows: &[Line]) -> Option<Vec<ReturnExchangeLineInput>> {
    let line = |row: &Line| {
        let quantity = pieces(&row.pieces)?;
        Some(ReturnExchangeLineInput { variant_id: cynic::Id::new(&row.variant), quantity })
    };
    let lines: Vec<_> = rows.iter().map(line).collect::<Option<_>>()?;
    (!lines.is_empty()).then_some(lines)
}

/// The new order as a draft, which can be priced: for the same customer, to where the first one goes, with the delivery
/// that is paid, if one is chosen. Nothing while the rows are not typed right.
pub fn priced_as(order: &Order, rows: &[Line], delivery: &str) -> Option<DraftOrderInput> {
    wanted(rows)?;
    let draft = Draft {
        customer: order.customer_id.as_ref().map(|id| (id.inner().to_owned(), String::new())),
        email: order.email.clone(),
        address: order.address.clone(),
        shipping_method: delivery.to_owned(),
        lines: rows.to_vec(),
        ..Draft::new()
    };
    Some(draft.input(2))
}

/// What is in the price of the new order, and what is not.
pub fn about(totals: &Totals, customer_pays_delivery: bool) -> &'static str {
    match (customer_pays_delivery, totals.shipping.is_some()) {
        (false, _) => "With the promotions and taxes of today. The delivery is free.",
        (true, true) => "With the promotions and taxes of today, and the delivery.",
        (true, false) => "With the promotions and taxes of today. The delivery comes on top.",
    }
}

/// What is left between the new order and what came back, in minor units.
pub fn rest(total: i64, worth: i64) -> (&'static str, i64) {
    match total.saturating_sub(worth) {
        due if 0 < due => ("Is still to be paid, about", due),
        back => ("Goes back, about", back.saturating_neg()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_for_whole_pieces_alone() {
        let mut rows = Vec::new();
        assert!(wanted(&rows).is_none());
        for variant in ["1", "2", "1"] {
            add(&mut rows, variant.into(), "Mug".into());
        }
        let lines = wanted(&rows).unwrap();
        let lines: Vec<_> = lines.iter().map(|line| (line.variant_id.inner(), line.quantity)).collect();
        assert_eq!(lines, [("1", 2), ("2", 1)]);
        for typed in ["", "0", "1.5", "10001"] {
            rows[0].pieces = typed.into();
            assert!(wanted(&rows).is_none(), "{typed}");
        }
    }

    #[test]
    fn says_which_way_the_rest_goes() {
        assert_eq!(rest(1500, 1000), ("Is still to be paid, about", 500));
        assert_eq!(rest(800, 1000), ("Goes back, about", 200));
        assert_eq!(rest(1000, 1000), ("Goes back, about", 0));
    }
}
