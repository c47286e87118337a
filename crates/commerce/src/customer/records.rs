//! What customers' records learn from events: accounts that are opened, addresses that orders go to.

use std::collections::BTreeMap;

use async_trait::async_trait;
use events::{Consumer, Envelope};
use platform::{Context, Error, Result, Tx};
use primitives::{AddressId, Email, SystemRole, Timestamp, UserId};
use sea_orm::{ActiveValue::Set, ColumnTrait};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::find_or_make;
use crate::entity::{customer_address, orders};
use crate::event::Touched;

/// Makes customers of accounts, and remembers addresses.
pub struct CustomerRecords;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Registered {
    user_id: UserId,
}

#[async_trait]
impl Consumer for CustomerRecords {
    fn name(&self) -> &'static str {
        "customer-records"
    }

    fn kinds(&self) -> &'static [&'static str] {
        &["user.registered", "order.placed"]
    }

    async fn apply(&self, tx: &Tx, events: &[Envelope]) -> Result<()> {
        let (mut users, mut placed) = (Vec::new(), Vec::new());
        for event in events {
            if event.kind == "order.placed" {
                placed.extend(event.decode::<Touched>()?.order_id.map(|id| id.uuid()));
            } else {
                users.push(event.decode::<Registered>()?.user_id);
            }
        }
        welcome(tx, &users).await.context("making customers of accounts")?;
        remember(tx, &placed).await.context("remembering addresses")
    }
}

async fn welcome(tx: &Tx, users: &[UserId]) -> Result<()> {
    let people = identity::user::people(tx, users).await?;
    let now = tx.ctx().map_or(Timestamp::from_millis(0), |ctx| ctx.now());
    for id in users {
        // Accounts that are gone by now, and staff, are no customers.
        let Some(person) = people.get(id).filter(|p| p.roles.contains(&SystemRole::Customer)) else {
            continue;
        };
        let email = Email::parse(&person.email).map_err(Error::internal)?;
        find_or_make(tx, &email, &person.name, Some(*id), now).await.map_err(Error::from)?;
    }
    Ok(())
}

/// Each address of a customer once, with the time it was last used.
async fn remember(tx: &Tx, placed: &[uuid::Uuid]) -> Result<()> {
    if placed.is_empty() {
        return Ok(());
    }
    let found = tx
        .find::<orders::Entity>()
        .filter(orders::Column::Id.is_in(placed.iter().copied()))
        .order_by_asc(orders::Column::PlacedAt)
        .all()
        .await?;
    let mut used = BTreeMap::new();
    for order in found {
        let fingerprint = Sha256::digest(order.address.as_bytes()).to_vec();
        used.insert((order.customer_id, fingerprint), (order.address, order.placed_at));
    }
    let rows =
        used.into_iter().map(|((customer, fingerprint), (document, at))| customer_address::ActiveModel {
            id: Set(AddressId::new().uuid()),
            customer_id: Set(customer),
            fingerprint: Set(fingerprint),
            document: Set(document),
            used_at: Set(at),
            ..Default::default()
        });
    let key = [
        customer_address::Column::TenantId,
        customer_address::Column::CustomerId,
        customer_address::Column::Fingerprint,
    ];
    tx.upsert_many(rows.collect(), &key, &[customer_address::Column::UsedAt]).await?;
    Ok(())
}
