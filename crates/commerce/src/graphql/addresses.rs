//! The addresses that an account keeps, for the account itself.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use platform::graphql::{ctx_of, failure, parse_id};
use primitives::AddressId;

use super::input::AddressInput;
use super::order::Address;
use crate::customer;
use crate::view;

/// The caller's addresses.
#[derive(Default)]
pub struct AddressesQuery;

#[Object]
impl AddressesQuery {
    /// The caller's addresses: the first choice, then what was used last.
    #[graphql(complexity = "20 + 50 * child_complexity")]
    async fn my_addresses(&self, context: &Context<'_>) -> Result<Vec<OwnAddress>> {
        let kept = customer::own_addresses(ctx_of(context)?).await.map_err(failure)?;
        Ok(kept.into_iter().map(OwnAddress::from).collect())
    }
}

/// Changing the caller's addresses.
#[derive(Default)]
pub struct AddressesMutation;

#[Object]
impl AddressesMutation {
    /// Keeps an address, or changes one; the first one is the first choice.
    async fn my_address_put(&self, context: &Context<'_>, input: MyAddressInput) -> Result<OwnAddress> {
        let id = input.id.map(|id| parse_id(&id, AddressId::KIND)).transpose()?;
        let ctx = ctx_of(context)?;
        let kept = customer::put_own_address(ctx, id, &input.address.read(), input.first_choice).await;
        Ok(kept.map_err(failure)?.into())
    }

    /// Makes an address the first choice.
    async fn my_address_prefer(&self, context: &Context<'_>, id: ID) -> Result<bool> {
        let id = parse_id(&id, AddressId::KIND)?;
        customer::prefer_own_address(ctx_of(context)?, id).await.map_err(failure)?;
        Ok(true)
    }

    /// Forgets an address; orders keep where they went.
    async fn my_address_delete(&self, context: &Context<'_>, id: ID) -> Result<bool> {
        let id = parse_id(&id, AddressId::KIND)?;
        customer::remove_own_address(ctx_of(context)?, id).await.map_err(failure)?;
        Ok(true)
    }
}

/// An address as it shall be kept.
#[derive(InputObject)]
pub struct MyAddressInput {
    /// The one that is changed; without it a new one.
    id: Option<ID>,
    /// The address.
    address: AddressInput,
    /// The checkout begins with it.
    #[graphql(default)]
    first_choice: bool,
}

/// An address that an account keeps.
#[derive(SimpleObject)]
pub struct OwnAddress {
    /// Identity.
    id: ID,
    /// The address.
    address: Address,
    /// The checkout begins with it.
    first_choice: bool,
}

impl From<view::OwnAddress> for OwnAddress {
    fn from(kept: view::OwnAddress) -> Self {
        Self { id: ID(kept.id.to_string()), address: kept.address.into(), first_choice: kept.first_choice }
    }
}
