//! Promotions: the table, the editor, and trying one on orders of the past.

use super::catalog::IdVariablesFields;
use super::{DateTime, Long, Money, PageInfo, schema};

/// How a promotion stands now.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum PromotionState {
    Off,
    Scheduled,
    Running,
    Over,
    UsedUp,
}

impl PromotionState {
    /// Tone of the dot and the word.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Off => ("off", "Off"),
            Self::Scheduled => ("info", "Scheduled"),
            Self::Running => ("good", "Running"),
            Self::Over => ("off", "Over"),
            Self::UsedUp => ("warning", "Used up"),
        }
    }
}

/// Which promotion of a group applies.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupPick {
    /// The first that can.
    First,
    /// The one that takes off most.
    Best,
}

/// Kinds of conditions.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum PromotionConditionKind {
    Has,
    Subtotal,
    FirstOrder,
    Countries,
    Groups,
}

/// Kinds of actions.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum PromotionActionKind {
    Percent,
    Fixed,
    FixedPrice,
    BuyGet,
    CheapestFree,
    OrderPercent,
    OrderFixed,
    FreeGift,
    FreeShipping,
}

/// Variables of [`Promotions`].
#[derive(cynic::QueryVariables, Debug)]
#[allow(missing_docs)]
pub struct PromotionsVariables {
    pub first: Option<i32>,
    pub after: Option<String>,
    pub last: Option<i32>,
    pub before: Option<String>,
    pub q: String,
    pub active: Option<bool>,
}

/// One page of the table.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "PromotionsVariables")]
pub struct Promotions {
    /// The rows.
    #[arguments(first: $first, after: $after, last: $last, before: $before, q: $q, active: $active)]
    pub promotions: PromotionConnection,
}

/// The rows of a page.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct PromotionConnection {
    /// In order.
    pub nodes: Vec<Promotion>,
    /// Where the page stands.
    pub page_info: PageInfo,
    /// Rows that fit.
    pub total_count: i32,
}

/// One promotion, to edit.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "IdVariables")]
pub struct PromotionById {
    /// The promotion.
    #[arguments(id: $id)]
    pub promotion: Promotion,
}

/// A promotion with everything that can be changed, and what it has done.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Promotion {
    pub id: cynic::Id,
    pub name: String,
    pub active: bool,
    pub state: PromotionState,
    pub starts_at: Option<DateTime>,
    pub ends_at: Option<DateTime>,
    pub priority: i32,
    pub exclusive: bool,
    pub group: Option<String>,
    pub group_pick: Option<GroupPick>,
    pub codes: Vec<String>,
    pub conditions: Vec<PromotionCondition>,
    pub action: PromotionAction,
    pub gift: Option<PromotionGift>,
    pub use_limit: Option<Long>,
    pub shopper_limit: Option<Long>,
    pub budget: Option<Money>,
    pub uses: Long,
    pub spent: Money,
    pub version: Long,
    pub created_at: DateTime,
    pub updated_at: DateTime,
}

/// What a promotion gives away, as it is called now.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct PromotionGift {
    pub title: String,
    pub variant_title: String,
}

impl PromotionGift {
    /// Product and variant.
    pub fn name(&self) -> String {
        match self.variant_title.as_str() {
            "" => self.title.clone(),
            variant => format!("{}, {variant}", self.title),
        }
    }
}

impl Promotion {
    /// Every amount in it that somebody typed.
    pub fn amounts(&self) -> impl Iterator<Item = &Money> {
        let conditions = self.conditions.iter().filter_map(|condition| condition.amount.as_ref());
        self.action.amount.iter().chain(conditions).chain(&self.budget)
    }
}

/// Which things are meant; all of them when nothing is named.
#[derive(cynic::QueryFragment, Clone, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct Selection {
    pub products: Vec<cynic::Id>,
    pub variants: Vec<cynic::Id>,
    pub collections: Vec<cynic::Id>,
    pub tags: Vec<String>,
    pub not_products: Vec<cynic::Id>,
    pub not_collections: Vec<cynic::Id>,
    pub not_tags: Vec<String>,
}

/// Something that has to hold.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct PromotionCondition {
    pub kind: PromotionConditionKind,
    pub of: Option<Selection>,
    pub pieces: Option<i32>,
    pub amount: Option<Money>,
    pub countries: Vec<String>,
    pub groups: Vec<cynic::Id>,
}

/// What a promotion does.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct PromotionAction {
    pub kind: PromotionActionKind,
    pub of: Option<Selection>,
    pub get_of: Option<Selection>,
    pub percent: Option<String>,
    pub amount: Option<Money>,
    pub once: bool,
    pub buy: Option<i32>,
    pub get: Option<i32>,
    pub most: Option<i32>,
    pub variant_id: Option<cynic::Id>,
    pub methods: Vec<String>,
}

/// A promotion as it shall be. Amounts and per cents are decimal text.
#[derive(cynic::InputObject, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct PromotionInput {
    pub name: String,
    pub active: bool,
    pub starts_at: Option<DateTime>,
    pub ends_at: Option<DateTime>,
    pub priority: i32,
    pub exclusive: bool,
    pub group: Option<String>,
    pub group_pick: Option<GroupPick>,
    pub codes: Vec<String>,
    pub conditions: Vec<PromotionConditionInput>,
    pub action: PromotionActionInput,
    pub use_limit: Option<Long>,
    pub shopper_limit: Option<Long>,
    pub budget: Option<String>,
}

/// Which things are meant; all of them when nothing is named.
#[derive(cynic::InputObject, Clone, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct SelectionInput {
    pub products: Vec<cynic::Id>,
    pub variants: Vec<cynic::Id>,
    pub collections: Vec<cynic::Id>,
    pub tags: Vec<String>,
    pub not_products: Vec<cynic::Id>,
    pub not_collections: Vec<cynic::Id>,
    pub not_tags: Vec<String>,
}

/// Something that has to hold.
#[derive(cynic::InputObject, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct PromotionConditionInput {
    pub kind: PromotionConditionKind,
    pub of: Option<SelectionInput>,
    pub pieces: Option<i32>,
    pub amount: Option<String>,
    pub countries: Vec<String>,
    pub groups: Vec<cynic::Id>,
}

/// What a promotion does.
#[derive(cynic::InputObject, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct PromotionActionInput {
    pub kind: PromotionActionKind,
    pub of: Option<SelectionInput>,
    pub get_of: Option<SelectionInput>,
    pub percent: Option<String>,
    pub amount: Option<String>,
    pub once: bool,
    pub buy: Option<i32>,
    pub get: Option<i32>,
    pub most: Option<i32>,
    pub variant_id: Option<cynic::Id>,
    pub methods: Vec<String>,
}

/// The promotion as it is after a change.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct PromotionPayload {
    /// With its new version.
    pub promotion: Promotion,
}

super::mutations! {
    /// Makes a promotion.
    PromotionCreate("PromotionCreateVariables", PromotionCreateVariables: PromotionInput)
        -> promotion_create: PromotionPayload;
}

/// Variables of [`PromotionUpdate`].
#[derive(cynic::QueryVariables)]
#[allow(missing_docs)]
pub struct PromotionUpdateVariables {
    pub id: cynic::Id,
    pub version: Long,
    pub input: PromotionInput,
}

/// Changes a promotion; what it has done stays counted.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Mutation", variables = "PromotionUpdateVariables")]
pub struct PromotionUpdate {
    /// What came of it.
    #[arguments(id: $id, version: $version, input: $input)]
    pub promotion_update: PromotionPayload,
}

/// Variables of [`PromotionDelete`].
#[derive(cynic::QueryVariables)]
#[allow(missing_docs)]
pub struct PromotionDeleteVariables {
    pub id: cynic::Id,
    pub version: Long,
}

/// Deletes a promotion that no order has used.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Mutation", variables = "PromotionDeleteVariables")]
pub struct PromotionDelete {
    /// Always true.
    #[arguments(id: $id, version: $version)]
    pub promotion_delete: bool,
}

/// Variables of [`PromotionTried`].
#[derive(cynic::QueryVariables)]
#[allow(missing_docs)]
pub struct PromotionTriedVariables {
    pub input: PromotionInput,
    pub days: i32,
}

/// Tries a promotion on the orders of the last days.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "PromotionTriedVariables")]
pub struct PromotionTried {
    /// What it would have done.
    #[arguments(input: $input, days: $days)]
    pub promotion_trial: PromotionTrial,
}

/// What a promotion would have done.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct PromotionTrial {
    pub n_orders: i32,
    pub n_applied: i32,
    pub goods: Money,
    pub discount: Money,
    pub reasons: Vec<TrialReason>,
    pub orders: Vec<TrialOrder>,
}

/// A reason not to apply.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub struct TrialReason {
    /// In words.
    pub reason: String,
    /// How many orders.
    pub orders: i32,
}

/// An order that would have been cheaper.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct TrialOrder {
    pub id: cynic::Id,
    pub number: Long,
    pub goods: Money,
    pub discount: Money,
    pub placed_at: DateTime,
}

/// A product with its variants by name, for pickers.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "IdVariables")]
pub struct ProductNameById {
    /// The product.
    #[arguments(id: $id)]
    pub admin_product: ProductName,
}

/// A product by name.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "AdminProduct")]
pub struct ProductName {
    /// Its name.
    pub title: String,
    /// What can be chosen.
    pub variants: Vec<VariantName>,
}

/// A variant by name.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "AdminVariant")]
#[allow(missing_docs)]
pub struct VariantName {
    pub id: cynic::Id,
    pub title: String,
    pub sku: String,
}
