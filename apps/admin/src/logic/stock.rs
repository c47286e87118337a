//! What is kept back on shelves, and how deliveries are told.

use crate::gql::catalog::StockShelf;
use crate::gql::deliveries::{StockDelivery, StockDeliveryState};
use crate::gql::stock::InventorySetItem;
use crate::logic::moment;

/// Most pieces of a number, either way.
const MOST: i32 = 1_000_000_000;

/// A whole number of pieces that somebody typed; below zero with either kind of minus.
pub fn pieces(text: &str) -> Option<i32> {
    let text = text.trim().replace([',', ' '], "").replace('−', "-");
    text.parse().ok().filter(|n| (-MOST..=MOST).contains(n))
}

/// A shelf with what is typed about what it keeps back; the empty text is nothing.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct KeptBack {
    pub shelf: StockShelf,
    pub typed: String,
}

impl KeptBack {
    /// A shelf as it is.
    pub fn of(shelf: StockShelf) -> Self {
        let typed = shelf.threshold.to_string();
        Self { shelf, typed }
    }

    /// The number, when it is one.
    pub fn threshold(&self) -> Option<i32> {
        if self.typed.trim().is_empty() { Some(0) } else { pieces(&self.typed) }
    }

    /// What of it can be bought then, in words.
    pub fn effect(&self) -> String {
        let shelf = &self.shelf;
        let there = format!("{} on the shelf, {} promised", shelf.on_hand, shelf.reserved);
        let free = |kept: i32| i64::from(shelf.on_hand) - i64::from(shelf.reserved) - i64::from(kept);
        // A location that is switched off sells nothing, whatever lies there.
        let off = shelf.available == 0 && 0 < free(shelf.threshold);
        match self.threshold() {
            Some(_) if off => format!("{there}: none can be bought, the location is switched off"),
            Some(kept) => format!("{there}: {} can be bought", free(kept).max(0)),
            None => there,
        }
    }
}

/// What to send of these shelves, with the rows that it is about in their order; nothing while a number is none.
pub fn kept_items(variant: &cynic::Id, rows: &[KeptBack]) -> Option<(Vec<InventorySetItem>, Vec<usize>)> {
    let (mut items, mut sent) = (Vec::new(), Vec::new());
    for (at, row) in rows.iter().enumerate() {
        let threshold = row.threshold()?;
        if threshold != row.shelf.threshold {
            items.push(InventorySetItem {
                variant_id: variant.clone(),
                location_id: Some(row.shelf.location_id.clone()),
                on_hand: None,
                expected: None,
                threshold: Some(threshold),
            });
            sent.push(at);
        }
    }
    Some((items, sent))
}

/// The row of a field that the server refused, like `items.1.threshold`.
pub fn row_of(field: &str, sent: &[usize]) -> Option<usize> {
    let (at, _) = field.strip_prefix("items.")?.split_once('.')?;
    sent.get(at.parse::<usize>().ok()?).copied()
}

/// "2 kept back", "sold down to −5"; nothing where nothing is.
pub fn kept_words(threshold: i32) -> Option<String> {
    match threshold {
        0 => None,
        n if 0 < n => Some(format!("{n} kept back")),
        n => Some(format!("sold down to −{}", n.unsigned_abs())),
    }
}

/// Pieces of a delivery that are still to come.
pub fn to_come(delivery: &StockDelivery) -> i32 {
    match delivery.state {
        StockDeliveryState::Announced => delivery.quantity - delivery.received,
        StockDeliveryState::Received | StockDeliveryState::Cancelled => 0,
    }
}

/// Tone and words of a delivery's status; it is late from the day after it was expected.
pub fn status(delivery: &StockDelivery, reader: moment::Reader) -> (&'static str, &'static str) {
    let expected = delivery.expected_at.as_ref().and_then(|at| moment::millis(&at.0));
    let late = expected.is_some_and(|at| reader.date(at) < reader.today());
    match delivery.state {
        StockDeliveryState::Announced if late => ("warning", "Late"),
        StockDeliveryState::Announced => ("info", "To come"),
        StockDeliveryState::Received => ("good", "Received"),
        StockDeliveryState::Cancelled => ("neutral", "Called off"),
    }
}

/// "10", "3 of 10 came".
pub fn pieces_words(delivery: &StockDelivery) -> String {
    match delivery.received {
        0 => delivery.quantity.to_string(),
        came if came == delivery.quantity => came.to_string(),
        came => format!("{came} of {} came", delivery.quantity),
    }
}

/// RFC 3339 text of the noon of a day that somebody chose, so that it is that day for every colleague nearby.
pub fn noon(day: &str, zone: moment::Zone) -> Option<String> {
    moment::from_local(&format!("{}T12:00", day.trim()), zone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gql::DateTime;

    fn shelf(id: &str, on_hand: i32, reserved: i32, threshold: i32) -> StockShelf {
        let available = (on_hand - reserved - threshold).max(0);
        StockShelf { location_id: cynic::Id::new(id), on_hand, reserved, threshold, available }
    }

    fn typed(shelf: StockShelf, text: &str) -> KeptBack {
        KeptBack { typed: text.to_owned(), ..KeptBack::of(shelf) }
    }

    fn delivery(state: StockDeliveryState, received: i32, expected: Option<&str>) -> StockDelivery {
        StockDelivery {
            id: cynic::Id::new("d"),
            variant: None,
            location_id: cynic::Id::new("l"),
            quantity: 10,
            received,
            expected_at: expected.map(|at| DateTime(at.to_owned())),
            note: String::new(),
            state,
            version: 1,
        }
    }

    #[test]
    fn reads_numbers_as_people_write_them() {
        assert_eq!(
            [pieces(" 1,200 "), pieces("-5"), pieces("−5"), pieces("0")],
            [Some(1_200), Some(-5), Some(-5), Some(0)]
        );
        assert_eq!([pieces(""), pieces("2.5"), pieces("many"), pieces("2000000000")], [None; 4]);
    }

    #[test]
    fn sends_what_is_kept_back_where_it_differs() {
        let rows = [
            typed(shelf("a", 9, 0, 2), "2"),
            typed(shelf("b", 3, 1, 0), "-4"),
            typed(shelf("c", 3, 1, 5), " "),
        ];
        let (items, sent) = kept_items(&cynic::Id::new("v"), &rows).unwrap();
        assert_eq!(sent, [1, 2]);
        let told: Vec<_> = items
            .iter()
            .map(|it| (it.location_id.as_ref().unwrap().inner(), it.on_hand, it.threshold))
            .collect();
        assert_eq!(told, [("b", None, Some(-4)), ("c", None, Some(0))]);
        assert_eq!((row_of("items.1.threshold", &sent), row_of("items.2.threshold", &sent)), (Some(2), None));
        assert_eq!(row_of("note", &sent), None);
        let illegible = [typed(shelf("a", 9, 0, 2), "two")];
        assert!(kept_items(&cynic::Id::new("v"), &illegible).is_none());
    }

    #[test]
    fn says_what_can_be_bought_then() {
        assert_eq!(typed(shelf("a", 9, 1, 0), "3").effect(), "9 on the shelf, 1 promised: 5 can be bought");
        assert_eq!(typed(shelf("a", 0, 0, 0), "-4").effect(), "0 on the shelf, 0 promised: 4 can be bought");
        assert_eq!(typed(shelf("a", 2, 0, 0), "5").effect(), "2 on the shelf, 0 promised: 0 can be bought");
        assert_eq!(typed(shelf("a", 2, 0, 0), "x").effect(), "2 on the shelf, 0 promised");
        let off = StockShelf { available: 0, ..shelf("a", 9, 0, 0) };
        assert!(typed(off, "1").effect().ends_with("the location is switched off"));
        assert_eq!(kept_words(2).as_deref(), Some("2 kept back"));
        assert_eq!(kept_words(-5).as_deref(), Some("sold down to −5"));
        assert_eq!(kept_words(0), None);
    }

    #[test]
    fn tells_how_a_delivery_stands() {
        use StockDeliveryState::{Announced, Cancelled, Received};
        let reader = moment::Reader { now: moment::millis("2026-11-21T09:00:00Z").unwrap(), offset: 60 };
        let word = |state, expected| status(&delivery(state, 0, expected), reader).1;
        assert_eq!(word(Announced, None), "To come");
        assert_eq!(word(Announced, Some("2026-11-21T11:00:00Z")), "To come");
        assert_eq!(word(Announced, Some("2026-11-20T11:00:00Z")), "Late");
        assert_eq!(word(Received, Some("2026-11-20T11:00:00Z")), "Received");
        assert_eq!(word(Cancelled, None), "Called off");
        let said = |received| pieces_words(&delivery(Announced, received, None));
        assert_eq!([said(0), said(3), said(10)], ["10", "3 of 10 came", "10"]);
        assert_eq!(to_come(&delivery(Announced, 3, None)), 7);
        assert_eq!(to_come(&delivery(Received, 3, None)), 0);
        assert_eq!(noon("2026-12-24", |_| 60).as_deref(), Some("2026-12-24T11:00:00Z"));
        assert_eq!((noon("", |_| 0), noon("soon", |_| 0)), (None, None));
    }
}
