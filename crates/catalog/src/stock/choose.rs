//! From which location pieces come, for a variant that lies in several. Pure.
//!
//! One location that has everything is asked first; the nearest of those, which is one in the country that the parcel
//! goes to, then the one with the smallest priority number. When none has everything, each line is taken from the
//! locations in that order, and what nobody has is ordered at the first of them, if the variant may be ordered so.

use std::collections::{BTreeMap, BTreeSet};

use primitives::{LocationId, VariantId};

use super::Level;
use crate::error::Shortage;

/// A shelf from which orders are sent, with all of its buckets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shelf {
    pub location: LocationId,
    /// Two letters.
    pub country: String,
    pub priority: i32,
    pub level: Level,
    pub n_buckets: usize,
}

/// So many pieces from there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pick {
    pub variant: VariantId,
    pub location: LocationId,
    pub quantity: i64,
}

/// Chooses for all `wanted`; `country` is where the parcel goes, `fixed` are locations that it comes from anyway. The
/// picks are in the order in which they are taken.
///
/// # Errors
/// What there is too little of.
pub(super) fn choose(
    shelves: &BTreeMap<VariantId, Vec<Shelf>>,
    wanted: &BTreeMap<VariantId, i64>,
    country: Option<&str>,
    fixed: &BTreeSet<LocationId>,
) -> Result<Vec<Pick>, Vec<Shortage>> {
    let none = Vec::new();
    let of = |variant: &VariantId| shelves.get(variant).unwrap_or(&none);
    let mut order: BTreeSet<(bool, i32, LocationId)> = BTreeSet::new();
    for shelf in shelves.values().flatten() {
        order.insert((country != Some(shelf.country.as_str()), shelf.priority, shelf.location));
    }
    let order: Vec<LocationId> = order.into_iter().map(|(_, _, location)| location).collect();
    let free = |variant: &VariantId, location: LocationId| {
        of(variant)
            .iter()
            .find(|shelf| shelf.location == location)
            .map_or(0, |shelf| if shelf.level.tracked { shelf.level.free().max(0) } else { i64::MAX })
    };
    let mut whole = order.iter().filter(|location| fixed.iter().all(|fixed| fixed == *location));
    if let Some(location) =
        whole.find(|location| wanted.iter().all(|(variant, quantity)| *quantity <= free(variant, **location)))
    {
        let pick = |(variant, quantity): (&VariantId, &i64)| Pick {
            variant: *variant,
            location: *location,
            quantity: *quantity,
        };
        return Ok(wanted.iter().map(pick).collect());
    }
    let (mut picks, mut short) = (Vec::new(), Vec::new());
    for (variant, quantity) in wanted {
        let mut left = *quantity;
        let mut parts: BTreeMap<LocationId, i64> = BTreeMap::new();
        for location in &order {
            let part = left.min(free(variant, *location));
            if 0 < part {
                left -= part;
                parts.insert(*location, part);
            }
        }
        let limited = of(variant).first().is_none_or(|shelf| shelf.level.limited());
        let first =
            order.iter().find(|location| of(variant).iter().any(|shelf| shelf.location == **location));
        match first {
            Some(first) if 0 < left && !limited => *parts.entry(*first).or_insert(0) += left,
            _ if 0 < left => {
                short.push(Shortage { variant: *variant, wanted: *quantity, available: quantity - left });
            }
            _ => {}
        }
        let pick = |(location, quantity)| Pick { variant: *variant, location, quantity };
        picks.extend(parts.into_iter().map(pick));
    }
    if short.is_empty() { Ok(picks) } else { Err(short) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::StockPolicy;
    use uuid::Uuid;

    fn place(n: u128) -> LocationId {
        LocationId::from_uuid(Uuid::from_u128(n))
    }

    fn thing(n: u128) -> VariantId {
        VariantId::from_uuid(Uuid::from_u128(n))
    }

    /// Location 1 is in Belgium and comes first, 2 in Germany, 3 in Germany and last.
    fn shelf(n: u128, free: i64, policy: StockPolicy) -> Shelf {
        let level = Level { on_hand: free, reserved: 0, threshold: 0, tracked: true, policy };
        let country = if n == 1 { "BE" } else { "DE" };
        let priority = i32::try_from(n).unwrap();
        Shelf { location: place(n), country: country.to_owned(), priority, level, n_buckets: 1 }
    }

    fn shelves(variant: u128, free: [i64; 3], policy: StockPolicy) -> (VariantId, Vec<Shelf>) {
        let shelf = |(n, free)| shelf(n, free, policy);
        (thing(variant), (1..).zip(free).map(shelf).collect())
    }

    /// Variant, location, pieces.
    type Picked = Vec<(u128, u128, i64)>;

    fn chosen(
        there: &[(VariantId, Vec<Shelf>)],
        wanted: &[(u128, i64)],
        country: Option<&str>,
        fixed: &[u128],
    ) -> Result<Picked, Vec<(i64, i64)>> {
        let there = there.iter().cloned().collect();
        let wanted = wanted.iter().map(|(n, quantity)| (thing(*n), *quantity)).collect();
        let fixed = fixed.iter().map(|n| place(*n)).collect();
        choose(&there, &wanted, country, &fixed)
            .map(|picks| {
                let pick = |p: Pick| (p.variant.uuid().as_u128(), p.location.uuid().as_u128(), p.quantity);
                picks.into_iter().map(pick).collect()
            })
            .map_err(|short| short.into_iter().map(|s| (s.wanted, s.available)).collect())
    }

    #[test]
    fn one_location_that_has_everything_comes_first() {
        let there = [shelves(7, [5, 5, 5], StockPolicy::Deny), shelves(8, [1, 4, 9], StockPolicy::Deny)];
        assert_eq!(chosen(&there, &[(7, 1), (8, 1)], None, &[]), Ok(vec![(7, 1, 1), (8, 1, 1)]));
        // The nearest of those that have it.
        assert_eq!(chosen(&there, &[(7, 1), (8, 1)], Some("DE"), &[]), Ok(vec![(7, 2, 1), (8, 2, 1)]));
        assert_eq!(chosen(&there, &[(7, 1), (8, 5)], Some("BE"), &[]), Ok(vec![(7, 3, 1), (8, 3, 5)]));
        // A parcel that leaves location 2 anyway.
        assert_eq!(chosen(&there, &[(8, 1)], Some("BE"), &[2]), Ok(vec![(8, 2, 1)]));
    }

    #[test]
    fn otherwise_lines_are_split_by_priority() {
        let there = [shelves(7, [5, 0, 2], StockPolicy::Deny), shelves(8, [0, 4, 1], StockPolicy::Deny)];
        assert_eq!(chosen(&there, &[(7, 6), (8, 2)], None, &[]), Ok(vec![(7, 1, 5), (7, 3, 1), (8, 2, 2)]));
        assert_eq!(chosen(&there, &[(7, 8), (8, 5)], None, &[]), Err(vec![(8, 7)]));
    }

    #[test]
    fn what_nobody_has_is_ordered_at_the_first() {
        let there = [shelves(7, [1, -3, 2], StockPolicy::Continue)];
        assert_eq!(chosen(&there, &[(7, 5)], Some("DE"), &[]), Ok(vec![(7, 1, 1), (7, 2, 2), (7, 3, 2)]));
        assert_eq!(chosen(&there, &[(7, 2)], Some("DE"), &[]), Ok(vec![(7, 3, 2)]));
    }
}
