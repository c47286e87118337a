//! A price list as it is being edited, and a price of it; what was typed is kept as it was typed.

use std::collections::BTreeMap;

use primitives::{Country, Quantity};

use crate::gql::DateTime;
use crate::gql::prices::{ListPriceInput, ListedPriceRow, PriceList, PriceListInput};
use crate::logic::amount;
use crate::logic::moment::{self, Zone};

/// The list. `from` and `until` are the clock of the reader, empty for none.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Draft {
    pub name: String,
    pub active: bool,
    pub currency: String,
    pub includes_tax: bool,
    /// Ids and names; none: for everybody.
    pub groups: Vec<(String, String)>,
    /// Codes; none: for all.
    pub countries: Vec<String>,
    pub from: String,
    pub until: String,
    pub priority: String,
}

impl Draft {
    /// A new one: for everybody, everywhere, from now on.
    pub fn new(currency: String, includes_tax: bool) -> Self {
        Self {
            name: String::new(),
            active: true,
            currency,
            includes_tax,
            groups: Vec::new(),
            countries: Vec::new(),
            from: String::new(),
            until: String::new(),
            priority: "0".to_owned(),
        }
    }

    /// What is saved, on the reader's clock.
    pub fn of(saved: &PriceList, zone: Zone) -> Self {
        let local = |at: &Option<DateTime>| {
            at.as_ref().and_then(|at| moment::to_local(&at.0, zone)).unwrap_or_default()
        };
        let groups = saved.groups.iter().map(|group| (group.id.inner().to_owned(), group.name.clone()));
        Self {
            name: saved.name.clone(),
            active: saved.active,
            currency: saved.currency.clone(),
            includes_tax: saved.includes_tax,
            groups: groups.collect(),
            countries: saved.countries.clone(),
            from: local(&saved.starts_at),
            until: local(&saved.ends_at),
            priority: saved.priority.to_string(),
        }
    }

    /// Names of what differs.
    pub fn changes(&self, saved: &Self) -> Vec<String> {
        let parts = [
            ("name", self.name != saved.name),
            (if self.active { "switched on" } else { "switched off" }, self.active != saved.active),
            ("time", (&self.from, &self.until) != (&saved.from, &saved.until)),
            ("its prices", (&self.currency, self.includes_tax) != (&saved.currency, saved.includes_tax)),
            ("who pays them", (&self.groups, &self.countries) != (&saved.groups, &saved.countries)),
            ("priority", self.priority.trim() != saved.priority.trim()),
        ];
        parts.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name.to_owned()).collect()
    }

    /// What cannot be sent, by the path that the server would name too.
    pub fn faults(&self, zone: Zone) -> BTreeMap<String, String> {
        let mut faults = BTreeMap::new();
        let mut fault = |path: &str, text: &str| {
            faults.insert(path.to_owned(), text.to_owned());
        };
        if self.name.trim().is_empty() {
            fault("name", "Give it a name");
        }
        if self.priority.trim().parse::<i32>().is_err() {
            fault("priority", "Write a whole number; 0 is the usual one");
        }
        let moment = |typed: &str| moment::from_local(typed, zone);
        for (path, typed) in [("startsAt", &self.from), ("endsAt", &self.until)] {
            if !typed.is_empty() && moment(typed).is_none() {
                fault(path, "Choose a day and a time");
            }
        }
        if let (Some(from), Some(until)) = (moment(&self.from), moment(&self.until))
            && until <= from
        {
            fault("endsAt", "This must be after the beginning");
        }
        faults
    }

    /// What is sent.
    pub fn input(&self, zone: Zone) -> PriceListInput {
        let at = |typed: &str| moment::from_local(typed, zone).map(DateTime);
        let groups = self.groups.iter().map(|(id, _)| cynic::Id::new(id)).collect();
        PriceListInput {
            name: self.name.trim().to_owned(),
            currency: Some(self.currency.clone()),
            includes_tax: Some(self.includes_tax),
            group_ids: Some(groups).filter(|groups: &Vec<_>| !groups.is_empty()),
            countries: Some(self.countries.clone()).filter(|countries| !countries.is_empty()),
            starts_at: at(&self.from),
            ends_at: at(&self.until),
            priority: self.priority.trim().parse().unwrap_or_default(),
            active: self.active,
        }
    }
}

/// Where a list stands at a moment in milliseconds: tone and word.
pub fn state(list: &PriceList, now: i64) -> (&'static str, &'static str) {
    let at = |at: &Option<DateTime>| at.as_ref().and_then(|at| moment::millis(&at.0));
    match () {
        () if list.archived_at.is_some() => ("off", "Put away"),
        () if !list.active => ("off", "Off"),
        () if at(&list.ends_at).is_some_and(|end| end <= now) => ("off", "Over"),
        () if at(&list.starts_at).is_some_and(|start| now < start) => ("info", "Scheduled"),
        () => ("good", "Holds"),
    }
}

/// For whom: "Everybody", "Trade in Belgium and 2 more countries".
pub fn for_whom(list: &PriceList) -> String {
    let named = |names: Vec<&str>, many: &str| match names.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [one, other] => format!("{one}, {other}"),
        [one, rest @ ..] => format!("{one} and {} more {many}", rest.len()),
    };
    let groups = named(list.groups.iter().map(|group| group.name.as_str()).collect(), "groups");
    let country = |code: &String| Country::parse(code).map_or("?", Country::name);
    let countries = named(list.countries.iter().map(country).collect(), "countries");
    let who = if groups.is_empty() { "Everybody".to_owned() } else { groups };
    if countries.is_empty() { who } else { format!("{who} in {countries}") }
}

/// A price of a list as it is being edited.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct RowDraft {
    /// Id and name.
    pub variant: Option<(String, String)>,
    pub pieces: String,
    pub price: String,
    pub compare_at: String,
}

impl RowDraft {
    /// An empty one, from the first piece on.
    pub fn new() -> Self {
        Self { pieces: "1".to_owned(), ..Self::default() }
    }

    /// What is saved.
    pub fn of(row: &ListedPriceRow) -> Self {
        Self {
            variant: Some((row.variant_id.inner().to_owned(), row.called())),
            pieces: row.min_quantity.to_string(),
            price: row.price.decimal.clone(),
            compare_at: row.compare_at_price.as_ref().map(|price| price.decimal.clone()).unwrap_or_default(),
        }
    }

    /// What is sent: the price, behind what takes `before` out when it stood for another number of pieces.
    ///
    /// # Errors
    /// Every wrong field by name.
    pub fn entries(
        &self,
        before: Option<&ListedPriceRow>,
        exponent: u32,
    ) -> Result<Vec<ListPriceInput>, BTreeMap<&'static str, String>> {
        let mut faults = BTreeMap::new();
        let pieces = self.pieces.trim().parse().ok().filter(|n| (1..=Quantity::MAX as i32).contains(n));
        if pieces.is_none() {
            faults.insert("minQuantity", format!("Write a whole number from 1 to {}", Quantity::MAX));
        }
        if self.variant.is_none() {
            faults.insert("variantId", "Choose what it is the price of".to_owned());
        }
        let mut money = |field, typed: &str| match amount::wire(typed, exponent) {
            Ok(text) => Some(text).filter(|text| !text.is_empty()),
            Err(error) => {
                faults.insert(field, error.to_string());
                None
            }
        };
        let (price, compare_at_price) =
            (money("price", &self.price), money("compareAtPrice", &self.compare_at));
        if price.is_none() {
            faults.entry("price").or_insert_with(|| "Write a price; 0 is one".to_owned());
        }
        match (&self.variant, pieces) {
            (Some((variant, _)), Some(min_quantity)) if faults.is_empty() => {
                let moved = before.filter(|before| before.min_quantity != min_quantity).map(taken_out);
                let variant_id = cynic::Id::new(variant);
                let entry = ListPriceInput { variant_id, min_quantity, price, compare_at_price };
                Ok(moved.into_iter().chain([entry]).collect())
            }
            _ => Err(faults),
        }
    }
}

/// What takes a price out of its list.
pub fn taken_out(row: &ListedPriceRow) -> ListPriceInput {
    ListPriceInput {
        variant_id: row.variant_id.clone(),
        min_quantity: row.min_quantity,
        price: None,
        compare_at_price: None,
    }
}

/// A whole number of pieces somebody would buy.
pub fn pieces(typed: &str) -> Option<i32> {
    typed.trim().parse().ok().filter(|n| (1..=Quantity::MAX as i32).contains(n))
}

/// Chosen once more: one piece more. What is no number stays as it was typed.
pub fn one_more(typed: &mut String) {
    if let Ok(n) = typed.trim().parse::<u32>() {
        *typed = n.saturating_add(1).to_string();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gql::prices::PriceListGroup;
    use crate::gql::{Long, Money};

    const UTC: Zone = |_| 0;

    fn saved() -> PriceList {
        PriceList {
            id: cynic::Id::new("7"),
            name: "Trade".into(),
            currency: "EUR".into(),
            includes_tax: false,
            groups: vec![PriceListGroup { id: cynic::Id::new("3"), name: "Shops".into() }],
            countries: vec!["BE".into()],
            starts_at: Some(DateTime("2026-07-01T08:00:00Z".into())),
            ends_at: None,
            priority: 5,
            active: true,
            n_prices: 2,
            archived_at: None,
            version: Long(4),
            updated_at: DateTime("2026-07-01T08:00:00Z".into()),
        }
    }

    fn row() -> ListedPriceRow {
        let money = |minor: i64, decimal: &str| Money {
            minor: Long(minor),
            currency: "EUR".into(),
            decimal: decimal.into(),
            formatted: format!("€{decimal}"),
        };
        ListedPriceRow {
            variant_id: cynic::Id::new("9"),
            title: "Mug".into(),
            variant_title: "Blue".into(),
            sku: String::new(),
            min_quantity: 10,
            price: money(1200, "12.00"),
            compare_at_price: None,
            base_price: money(1500, "15.00"),
        }
    }

    #[test]
    fn sends_what_is_saved_when_nothing_changes() {
        let draft = Draft::of(&saved(), UTC);
        assert!(draft.faults(UTC).is_empty() && draft.changes(&draft).is_empty());
        let input = draft.input(UTC);
        assert_eq!(
            (input.group_ids, input.countries),
            (Some(vec![cynic::Id::new("3")]), Some(vec!["BE".into()]))
        );
        assert_eq!((input.starts_at, input.ends_at), (saved().starts_at, None));
        assert_eq!((input.priority, input.includes_tax), (5, Some(false)));
    }

    #[test]
    fn an_empty_choice_means_everybody_everywhere() {
        let mut draft = Draft::of(&saved(), UTC);
        draft.groups.clear();
        draft.countries.clear();
        assert_eq!(draft.changes(&Draft::of(&saved(), UTC)), ["who pays them"]);
        assert_eq!((draft.input(UTC).group_ids, draft.input(UTC).countries), (None, None));
    }

    #[test]
    fn names_what_is_wrong() {
        let mut draft = Draft::new("EUR".into(), true);
        draft.priority = "high".into();
        draft.from = "2026-07-02T10:00".into();
        draft.until = "2026-07-02T10:00".into();
        assert_eq!(draft.faults(UTC).into_keys().collect::<Vec<_>>(), ["endsAt", "name", "priority"]);
    }

    #[test]
    fn says_where_a_list_stands_and_for_whom() {
        let now = moment::millis("2026-07-01T08:00:00Z").unwrap();
        assert_eq!(state(&saved(), now), ("good", "Holds"));
        assert_eq!(state(&saved(), now - 1), ("info", "Scheduled"));
        let over = PriceList { ends_at: saved().starts_at, ..saved() };
        assert_eq!(state(&over, now), ("off", "Over"));
        assert_eq!(state(&PriceList { active: false, ..saved() }, now), ("off", "Off"));
        assert_eq!(for_whom(&saved()), "Shops in Belgium");
        assert_eq!(for_whom(&PriceList { groups: Vec::new(), ..saved() }), "Everybody in Belgium");
    }

    #[test]
    fn a_price_for_another_number_of_pieces_takes_the_old_one_out() {
        let mut draft = RowDraft::of(&row());
        draft.price = "11,5".into();
        let same = draft.entries(Some(&row()), 2).unwrap();
        assert_eq!((same.len(), same[0].price.as_deref()), (1, Some("11.50")));
        draft.pieces = "20".into();
        let moved = draft.entries(Some(&row()), 2).unwrap();
        let moved: Vec<_> = moved.iter().map(|it| (it.min_quantity, it.price.as_deref())).collect();
        assert_eq!(moved, [(10, None), (20, Some("11.50"))]);
    }

    #[test]
    fn a_price_needs_a_variant_pieces_and_an_amount() {
        let mut draft = RowDraft { pieces: "0".into(), ..RowDraft::new() };
        draft.compare_at = "1.999".into();
        let faults = draft.entries(None, 2).unwrap_err();
        let fields: Vec<_> = faults.into_keys().collect();
        assert_eq!(fields, ["compareAtPrice", "minQuantity", "price", "variantId"]);
    }
}
