//! Sums of an order as they are shown.

use crate::gql::orders::{OrderLine, Totals};

/// Which variant of its product a line is about.
pub fn variant_of(line: &OrderLine) -> String {
    match line.variant_title.as_str() {
        "" | "Default Title" => line.sku.clone(),
        variant if line.sku.is_empty() => variant.to_owned(),
        variant => format!("{variant} · {}", line.sku),
    }
}

/// The delivery before promotions took something off it, in minor units; nothing while none is chosen.
///
/// The discounts are those of goods and delivery together, and `discount` is that of the goods alone. So subtotal and
/// this, less every discount, plus tax where prices are shown without it, is the total.
pub fn full_shipping(totals: &Totals) -> Option<i64> {
    let shipping = totals.shipping.as_ref()?.minor.0;
    if totals.discounts.is_empty() {
        return Some(shipping);
    }
    let all =
        totals.discounts.iter().fold(0_i64, |sum, discount| sum.saturating_add(discount.amount.minor.0));
    Some(shipping.saturating_add(all.saturating_sub(totals.discount.minor.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gql::orders::Discount;
    use crate::gql::{Long, Money};

    fn euro(minor: i64) -> Money {
        Money { minor: Long(minor), currency: "EUR".into(), decimal: String::new(), formatted: String::new() }
    }

    fn totals(goods_off: i64, shipping: Option<i64>, discounts: &[i64]) -> Totals {
        let discount = |minor: &i64| Discount { name: "X".into(), amount: euro(*minor), words: "X".into() };
        Totals {
            subtotal: euro(10_000),
            discount: euro(goods_off),
            discounts: discounts.iter().map(discount).collect(),
            shipping: shipping.map(euro),
            tax: euro(0),
            taxes: Vec::new(),
            total: euro(10_000 - goods_off + shipping.unwrap_or_default()),
            includes_tax: true,
            exemption: None,
        }
    }

    #[test]
    fn puts_back_what_was_taken_off_the_delivery() {
        for (goods_off, shipping, discounts, full) in [
            (0, Some(500), &[][..], Some(500)),
            (1_000, Some(500), &[1_000], Some(500)),
            (1_000, Some(0), &[700, 300, 500], Some(500)),
            (0, Some(200), &[300], Some(500)),
            (100, None, &[100], None),
            (100, Some(500), &[], Some(500)),
        ] {
            let totals = totals(goods_off, shipping, discounts);
            assert_eq!(full_shipping(&totals), full);
            if let Some(full) = full.filter(|_| !discounts.is_empty()) {
                let shown = totals.subtotal.minor.0 + full - discounts.iter().sum::<i64>();
                assert_eq!(shown, totals.total.minor.0, "the rows sum to the total");
            }
        }
    }
}
