//! What customers' records learn from events: accounts that are opened, addresses that orders go to.

use std::collections::BTreeMap;

use async_trait::async_trait;
use events::{Consumer, Envelope};
use identity::view::UserView;
use platform::{Context, Error, Result, Tx};
use primitives::{AddressId, Email, SystemRole, Timestamp, UserId};
use sea_orm::{ActiveValue::Set, ColumnTrait};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{find_or_make, is_proven, own};
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
        &["user.registered", "user.verified", "order.placed"]
    }

    async fn apply(&self, tx: &Tx, events: &[Envelope]) -> Result<()> {
        let (mut users, mut verified, mut placed) = (Vec::new(), Vec::new(), Vec::new());
        for event in events {
            match event.kind.as_str() {
                "order.placed" => placed.extend(event.decode::<Touched>()?.order_id.map(|id| id.uuid())),
                "user.verified" => verified.push(event.decode::<Registered>()?.user_id),
                _ => users.push(event.decode::<Registered>()?.user_id),
            }
        }
        welcome(tx, &users).await.context("making customers of accounts")?;
        claim(tx, &verified).await.context("giving accounts their records")?;
        remember(tx, &placed).await.context("remembering addresses")
    }
}

/// Accounts that were opened. What is told before the address is confirmed makes nothing theirs: a record of that address
/// is nobody's until then.
async fn welcome(tx: &Tx, users: &[UserId]) -> Result<()> {
    let now = tx.ctx().map_or(Timestamp::from_millis(0), |ctx| ctx.now());
    for person in customers(tx, users).await?.iter().filter(|person| !is_proven(person)) {
        let email = Email::parse(&person.email).map_err(Error::internal)?;
        find_or_make(tx, &email, &person.name, now).await.map_err(Error::from)?;
    }
    claim(tx, users).await
}

/// Whoever has shown that a mailbox is theirs gets the record that was made when somebody ordered with its address. A
/// record that is theirs already moves to the new address with its account, unless that address has a record of its own:
/// then it stays under the old one, and what guests order with either is not shown to the account.
async fn claim(tx: &Tx, users: &[UserId]) -> Result<()> {
    let now = tx.ctx().map_or(Timestamp::from_millis(0), |ctx| ctx.now());
    for person in customers(tx, users).await?.iter().filter(|person| is_proven(person)) {
        if own(tx, person, &person.name, now).await.map_err(Error::from)?.is_none() {
            continue;
        }
        let email = person.email.to_lowercase();
        tx.raw_exec(
            "UPDATE customer SET email = ? WHERE tenant_id = {tenant} AND user_id = ? AND email <> ? \
             AND NOT EXISTS (SELECT 1 FROM customer c WHERE c.tenant_id = {tenant} AND c.email = ?)",
            vec![
                email.as_str().into(),
                person.id.uuid().into(),
                email.as_str().into(),
                email.as_str().into(),
            ],
        )
        .await?;
    }
    Ok(())
}

/// Accounts that are gone by now, and staff, are no customers.
async fn customers(tx: &Tx, users: &[UserId]) -> Result<Vec<UserView>> {
    let mut people = identity::user::people(tx, users).await?;
    let found = users.iter().filter_map(|id| people.remove(id));
    Ok(found.filter(|person| person.roles.contains(&SystemRole::Customer)).collect())
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
            is_default: Set(false),
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
