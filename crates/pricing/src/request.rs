//! What is priced: the lines of a cart, who buys, where it goes, and what the merchant configured.

use std::collections::BTreeSet;

use primitives::{
    CollectionId, Country, Currency, CustomerGroupId, ProductId, Quantity, Timestamp, VariantId,
};

use crate::{Promotion, ShippingMethod, TaxCategory, TaxZone};

/// A cart to price, with everything that decides what it costs.
///
/// All amounts are minor units of [`currency`](Request::currency). What merchants configure is borrowed;
/// its amounts are minor units of the same currency, which the caller sees to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// The one currency of the cart.
    pub currency: Currency,
    /// The mode of the cart: whether its amounts are shown with tax. Prices of the other mode are converted; amounts
    /// of promotions and prices of shipping are meant in this mode as they are.
    pub includes_tax: bool,
    /// Where tax is rounded.
    pub rounding: Rounding,
    /// The moment that decides what runs and which tax rates are in force.
    pub at: Timestamp,
    /// Where it goes.
    pub destination: Destination,
    /// Who buys.
    pub shopper: Shopper,
    /// What is bought, in the order of the cart. The lines of the quote follow this order.
    pub lines: Vec<Line>,
    /// Priced lines that promotions with [`Action::FreeGift`](crate::Action::FreeGift) may add, found by their variant
    /// (the first with it); their quantity is ignored, the promotion says how many. A gift that is not here is out of
    /// stock.
    pub gifts: Vec<Line>,
    /// Codes as the shopper gave them. Compared with the codes of promotions after trimming and upper-casing both;
    /// empty ones count for nothing.
    pub codes: Vec<String>,
    /// The tax zone of the destination, found by [`TaxZone::find`]. Without one nothing is taxed.
    pub zone: Option<&'a TaxZone>,
    /// Every promotion that the quote shall speak about; their order does not matter.
    pub promotions: &'a [Promotion],
    /// The chosen way of shipping.
    pub shipping: Option<&'a ShippingMethod>,
}

/// Where tax is rounded to minor units; countries differ. Halves go away from zero everywhere.
///
/// The amount that is taxed is always what is `left` of a line after its discounts, in minor units.
/// Shipping is not touched by this: each of its parts is taxed and rounded on its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// Once per line.
    #[default]
    Line,
    /// Once per piece: `left` is spread over the pieces (`left mod quantity` pieces have one minor unit more), the tax
    /// of each piece is rounded and summed.
    Unit,
    /// Once per rate: the lines are added up by rate (whatever its name), the tax of the sum is rounded, and spread
    /// over those lines by largest remainder with what is left of each as its weight. Net and gross follow from it.
    Order,
}

/// Where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The country.
    pub country: Country,
    /// State, province or region, as the address has it.
    pub region: Option<String>,
    /// Postal code, as the address has it.
    pub postal_code: Option<String>,
}

impl Destination {
    /// A country of which no more is known.
    pub fn country(country: Country) -> Destination {
        Destination { country, region: None, postal_code: None }
    }
}

/// Who buys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shopper {
    /// The groups the customer is in.
    pub groups: BTreeSet<CustomerGroupId>,
    /// How many orders the customer placed before this one.
    pub orders_before: u32,
    /// Pays no tax (a business of another country, say). Goods then cost their net: what a shopper with tax would pay
    /// without the tax. Where prices are shown with tax, the tax that falls away is the *relief* of the line.
    pub exempt: bool,
}

/// A line of the cart, or a gift that may be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What is bought.
    pub variant: VariantId,
    /// Its product.
    pub product: ProductId,
    /// Every collection the product is in.
    pub collections: Vec<CollectionId>,
    /// The tags of the product, compared exactly.
    pub tags: Vec<String>,
    /// Price of one piece from the price list that [`choose`](crate::choose) chose, in minor units, not negative.
    pub unit: i64,
    /// Whether `unit` includes tax. Where this differs from the cart's mode, the amount of the line is the exact
    /// `unit × quantity`, times or divided by one plus the line's rate, rounded once.
    pub unit_includes_tax: bool,
    /// Pieces, 1 to 10,000.
    pub quantity: Quantity,
    /// What kind of goods this is for the tax office.
    pub tax_category: TaxCategory,
    /// Weight of one piece in grams; below zero counts as zero.
    pub grams: i64,
    /// Whether it has to be sent: counted in the weight, the value and the pieces of a shipping table.
    pub requires_shipping: bool,
    /// Whether promotions may take something off. If not, no action touches the line; conditions still see it.
    pub discountable: bool,
}
