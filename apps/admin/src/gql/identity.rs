//! Who is asking, and which shop this is.

use super::modules::Capabilities;
use super::schema;
use super::security::SignInChallenge;

/// The person and the shop, asked for at the start.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query")]
pub struct Start {
    /// Nobody when not signed in.
    pub me: Option<Me>,
    /// The shop of this address.
    pub shop: Shop,
    /// What it has.
    pub capabilities: Capabilities,
}

/// The signed-in person.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub struct Me {
    /// The account.
    pub user: Person,
    /// Staff or customer.
    pub kind: ActorKind,
    /// Everything this person may do.
    pub permissions: Vec<String>,
}

/// Which door a person came through.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActorKind {
    /// Works for the shop.
    Staff,
    /// Buys in the shop.
    Customer,
}

/// An account.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "User")]
pub struct Person {
    /// Signs in with it.
    pub email: String,
    /// May be empty.
    pub name: String,
    /// System roles.
    pub roles: Vec<String>,
}

/// The shop.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub struct Shop {
    /// Name of the tenant in addresses.
    pub slug: String,
    /// For people.
    pub name: String,
    /// Language of the shop.
    pub locale: String,
    /// ISO 4217 code of every price.
    pub currency: String,
    /// ISO 3166-1 code of where it stands.
    pub country: String,
    /// Whether prices hold the tax already.
    pub prices_include_tax: bool,
}

/// Variables of [`SignIn`].
#[derive(cynic::QueryVariables)]
pub struct SignInVariables {
    /// Address and password.
    pub input: SignInInput,
}

/// Address and password.
#[derive(cynic::InputObject)]
pub struct SignInInput {
    /// The account's address.
    pub email: String,
    /// In clear; sent over TLS only outside of localhost.
    pub password: String,
}

/// Starts a session; the answer sets the cookie.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Mutation", variables = "SignInVariables")]
pub struct SignIn {
    /// Who signed in.
    #[arguments(input: $input)]
    pub sign_in: SignInPayload,
}

/// Who signed in, or what is still owed.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct SignInPayload {
    /// The person.
    pub me: Option<Me>,
    /// The second step, for who has one.
    pub challenge: Option<SignInChallenge>,
}

/// Ends the session.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Mutation")]
pub struct SignOut {
    /// Whether there was one.
    pub sign_out: SignOutPayload,
}

/// Whether there was a session.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct SignOutPayload {
    /// It is gone now.
    pub signed_out: bool,
}

/// Variables of [`UpdateShop`].
#[derive(cynic::QueryVariables)]
pub struct UpdateShopVariables {
    /// What changes.
    pub input: UpdateShopInput,
}

/// Settings of the shop; what is absent stays.
#[derive(cynic::InputObject, Default)]
pub struct UpdateShopInput {
    /// For people.
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// ISO 3166-1 code of where it stands.
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Whether prices hold the tax already.
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub prices_include_tax: Option<bool>,
}

/// Changes the shop's settings.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Mutation", variables = "UpdateShopVariables")]
pub struct UpdateShop {
    /// The shop as it is now.
    #[arguments(input: $input)]
    pub update_shop: UpdateShopPayload,
}

/// The shop as it is now.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct UpdateShopPayload {
    /// With the change.
    pub shop: Shop,
}
