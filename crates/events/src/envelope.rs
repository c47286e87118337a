//! An event as it is stored and delivered.

use platform::{Context, Error, Result};
use primitives::{CorrelationId, EventId, TenantId, Timestamp, UserId};
use sea_orm::QueryResult;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use uuid::Uuid;

/// An event with everything that consumers need to know about where it comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// Unique, and rising with time.
    pub id: EventId,
    /// The name in the contract, such as `order.placed`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Version of the payload's shape.
    pub schema_version: u16,
    /// The shop it happened in.
    pub tenant_id: TenantId,
    /// What it happened to: `order`, `product`.
    pub aggregate_type: String,
    /// Which one.
    pub aggregate_id: Uuid,
    /// 1 for the first event of the aggregate, then without gaps.
    pub aggregate_version: i64,
    /// Shared by everything that one request brought about.
    pub correlation_id: CorrelationId,
    /// The event that this one answers.
    pub causation_id: Option<EventId>,
    /// The trace or request id, as logs and error answers show it.
    pub trace_id: Option<String>,
    /// The account that acted; `None` for visitors and for the process itself.
    pub actor_id: Option<UserId>,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// The module's own fields.
    pub payload: serde_json::Value,
    /// Place in the outbox: grows with every commit to the same aggregate.
    #[serde(skip)]
    pub position: i64,
}

impl Envelope {
    /// The payload as a type.
    ///
    /// # Errors
    /// `INTERNAL_SERVER_ERROR` when the payload has another shape: the event itself is bad.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T> {
        T::deserialize(&self.payload).or_else(|error| {
            Err(Error::internal(error)).context(format!("reading the payload of {} {}", self.kind, self.id))
        })
    }

    /// Columns in the order that [`Envelope::from_row`] reads them, of the table named `o`.
    pub(crate) const COLUMNS: &str = "o.position, o.id, o.kind, o.schema_version, o.tenant_id, \
         o.aggregate_type, o.aggregate_id, o.aggregate_version, o.correlation_id, o.causation_id, o.trace_id, \
         o.actor_id, o.occurred_at, o.payload";

    pub(crate) fn from_row(row: &QueryResult) -> Result<Self> {
        let payload: String = row.try_get_by_index(13)?;
        Ok(Self {
            position: row.try_get_by_index(0)?,
            id: EventId::from_uuid(row.try_get_by_index(1)?),
            kind: row.try_get_by_index(2)?,
            schema_version: u16::try_from(row.try_get_by_index::<i32>(3)?).unwrap_or(u16::MAX),
            tenant_id: TenantId::from_uuid(row.try_get_by_index(4)?),
            aggregate_type: row.try_get_by_index(5)?,
            aggregate_id: row.try_get_by_index(6)?,
            aggregate_version: row.try_get_by_index(7)?,
            correlation_id: CorrelationId::from_uuid(row.try_get_by_index(8)?),
            causation_id: row.try_get_by_index::<Option<Uuid>>(9)?.map(EventId::from_uuid),
            trace_id: row.try_get_by_index(10)?,
            actor_id: row.try_get_by_index::<Option<Uuid>>(11)?.map(UserId::from_uuid),
            occurred_at: Timestamp::from_millis(row.try_get_by_index(12)?),
            payload: serde_json::from_str(&payload)
                .map_err(Error::internal)
                .context("reading an event's payload")?,
        })
    }
}
