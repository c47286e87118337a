//! A record for everybody who opens an account as a customer.

use async_trait::async_trait;
use events::{Consumer, Envelope};
use platform::{Context, Error, Result, Tx};
use primitives::{Email, SystemRole, Timestamp, UserId};
use serde::Deserialize;

use super::find_or_make;

/// Makes customers of accounts.
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
        &["user.registered"]
    }

    async fn apply(&self, tx: &Tx, events: &[Envelope]) -> Result<()> {
        let mut ids = Vec::with_capacity(events.len());
        for event in events {
            ids.push(event.decode::<Registered>()?.user_id);
        }
        let people = identity::user::people(tx, &ids).await?;
        let now = tx.ctx().map_or(Timestamp::from_millis(0), |ctx| ctx.now());
        for id in ids {
            // Accounts that are gone by now, and staff, are no customers.
            let Some(person) = people.get(&id).filter(|p| p.roles.contains(&SystemRole::Customer)) else {
                continue;
            };
            let email = Email::parse(&person.email).map_err(Error::internal)?;
            find_or_make(tx, &email, &person.name, Some(id), now)
                .await
                .map_err(Error::from)
                .context("making a customer's record")?;
        }
        Ok(())
    }
}
