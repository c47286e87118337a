//! Stock and its locations, for the staff.

mod input;
mod view;

use async_graphql::{Context, ID, Object, Result};
use platform::Error;
use platform::graphql::{ctx_of, failure, parse_id};
use primitives::{Country, IncomingId, LocationId, StockCountId, TransferId, VariantId};

use super::input::ids;
use super::{nodes, page_args};
use crate::stock::{self, CountItem, Place};
use input::*;
pub use view::StockShelf;
use view::*;

/// What the staff reads about stock.
#[derive(Default)]
pub struct StockQuery;

/// Reading stock.
#[Object]
impl StockQuery {
    /// Counted variants that run low, fewest first.
    async fn low_stock(
        &self,
        context: &Context<'_>,
        #[graphql(default = 20)] first: u32,
    ) -> Result<Vec<LowStockItem>> {
        let items = Box::pin(stock::low(ctx_of(context)?, first.into())).await.map_err(failure)?;
        Ok(items
            .into_iter()
            .map(|item| LowStockItem {
                variant_id: ID(item.variant.to_string()),
                product_id: ID(item.product.to_string()),
                product_title: item.product_title,
                variant_title: item.variant_title,
                sku: item.sku,
                on_hand: item.on_hand,
                reserved: item.reserved,
                available: item.available,
            })
            .collect())
    }

    /// Variants with what there is of them, in the whole shop or at one location.
    #[graphql(complexity = "1 + nodes(first, last) * child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a Relay connection")]
    async fn inventory(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        location_id: Option<ID>,
        q: Option<String>,
    ) -> Result<InventoryConnection> {
        let page = page_args(first, after, last, before)?;
        let place = location_id.map(|id| parse_id(&id, LocationId::KIND)).transpose()?;
        let rows = Box::pin(stock::inventory(ctx_of(context)?, place, q.as_deref(), &page)).await;
        Ok(InventoryConnection::of(&rows.map_err(failure)?, InventoryItem::of))
    }

    /// What of a variant lies at each location.
    async fn stock_shelves(&self, context: &Context<'_>, variant_id: ID) -> Result<Vec<StockShelf>> {
        let id = parse_id(&variant_id, VariantId::KIND)?;
        let shelves = Box::pin(stock::shelves(ctx_of(context)?, id)).await.map_err(failure)?;
        Ok(shelves.iter().map(StockShelf::of).collect())
    }

    /// The history of the shelves, newest first.
    #[graphql(complexity = "1 + nodes(first, last) * child_complexity")]
    async fn stock_movements(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        filter: Option<StockMovementFilter>,
    ) -> Result<StockMovementConnection> {
        let page = page_args(first, after, last, before)?;
        let filter = filter.unwrap_or_default().parse()?;
        let rows = Box::pin(stock::movements(ctx_of(context)?, &filter, &page)).await.map_err(failure)?;
        Ok(StockMovementConnection::of(&rows, StockMovement::of))
    }

    /// All locations, in the order in which they are asked for pieces.
    async fn locations(&self, context: &Context<'_>) -> Result<Vec<Location>> {
        let locations = Box::pin(stock::locations(ctx_of(context)?)).await.map_err(failure)?;
        Ok(locations.into_iter().map(Location::of).collect())
    }

    /// One location.
    async fn location(&self, context: &Context<'_>, id: ID) -> Result<Location> {
        let id = parse_id(&id, LocationId::KIND)?;
        Ok(Location::of(Box::pin(stock::location(ctx_of(context)?, id)).await.map_err(failure)?))
    }

    /// Transfers between locations, newest first.
    #[graphql(complexity = "1 + nodes(first, last) * child_complexity")]
    async fn stock_transfers(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        states: Option<Vec<StockTransferState>>,
    ) -> Result<StockTransferConnection> {
        let page = page_args(first, after, last, before)?;
        let states: Vec<_> = states.unwrap_or_default().into_iter().map(Into::into).collect();
        let rows = Box::pin(stock::transfers(ctx_of(context)?, &states, &page)).await.map_err(failure)?;
        Ok(StockTransferConnection::of(&rows, StockTransfer::of))
    }

    /// One transfer.
    async fn stock_transfer(&self, context: &Context<'_>, id: ID) -> Result<StockTransfer> {
        let id = parse_id(&id, TransferId::KIND)?;
        Ok(StockTransfer::of(&Box::pin(stock::transfer(ctx_of(context)?, id)).await.map_err(failure)?))
    }

    /// Stock counts, newest first, without their lines.
    #[graphql(complexity = "1 + nodes(first, last) * child_complexity")]
    async fn stock_counts(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<StockCountConnection> {
        let page = page_args(first, after, last, before)?;
        let rows = Box::pin(stock::counts(ctx_of(context)?, &page)).await.map_err(failure)?;
        Ok(StockCountConnection::of(&rows, StockCount::of))
    }

    /// One stock count with its lines.
    #[graphql(complexity = "100 + child_complexity")]
    async fn stock_count(&self, context: &Context<'_>, id: ID) -> Result<StockCount> {
        let id = parse_id(&id, StockCountId::KIND)?;
        Ok(StockCount::of(&Box::pin(stock::stock_count(ctx_of(context)?, id)).await.map_err(failure)?))
    }

    /// What suppliers are to bring, newest first; with `all` also what came and what was called off.
    #[graphql(complexity = "1 + nodes(first, last) * child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a Relay connection")]
    async fn stock_deliveries(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        variant_id: Option<ID>,
        #[graphql(default)] all: bool,
    ) -> Result<StockDeliveryConnection> {
        let page = page_args(first, after, last, before)?;
        let of = variant_id.map(|id| parse_id(&id, VariantId::KIND)).transpose()?;
        let rows = Box::pin(stock::deliveries(ctx_of(context)?, of, all, &page)).await.map_err(failure)?;
        Ok(StockDeliveryConnection::of(&rows, StockDelivery::of))
    }
}

/// What the staff does with stock.
#[derive(Default)]
pub struct StockMutation;

/// Changes of stock.
#[Object]
impl StockMutation {
    /// Stores counts, all or none.
    async fn inventory_set(
        &self,
        context: &Context<'_>,
        input: InventorySetInput,
    ) -> Result<InventoryPayload> {
        let items = input.items.iter().map(|item| {
            Ok(CountItem {
                variant: parse_id(&item.variant_id, VariantId::KIND)?,
                place: place(item.location_id.as_ref())?,
                on_hand: item.on_hand,
                expected: item.expected,
                threshold: item.threshold,
            })
        });
        let items = items.collect::<Result<Vec<_>>>()?;
        let note = input.note.unwrap_or_default();
        Box::pin(stock::set_on_hand(ctx_of(context)?, &items, &note)).await.map_err(failure)?;
        InventoryPayload::of(context, items.iter().map(|item| item.variant)).await
    }

    /// Puts pieces on shelves or takes them away, all or none.
    async fn inventory_adjust(
        &self,
        context: &Context<'_>,
        input: InventoryAdjustInput,
    ) -> Result<InventoryPayload> {
        let items = input.items.iter().map(|item| {
            let variant = parse_id(&item.variant_id, VariantId::KIND)?;
            Ok(CountItem { place: place(item.location_id.as_ref())?, ..CountItem::new(variant, item.delta) })
        });
        let items = items.collect::<Result<Vec<_>>>()?;
        let note = input.note.unwrap_or_default();
        let key = input.idempotency_key.as_deref();
        Box::pin(stock::adjust(ctx_of(context)?, &items, &note, key)).await.map_err(failure)?;
        InventoryPayload::of(context, items.iter().map(|item| item.variant)).await
    }

    /// Spreads a variant for many buyers at once, or puts it together again. No piece and no promise is lost.
    async fn inventory_hot_set(
        &self,
        context: &Context<'_>,
        input: InventoryHotSetInput,
    ) -> Result<InventoryPayload> {
        let ctx = ctx_of(context)?;
        let variant: VariantId = parse_id(&input.variant_id, VariantId::KIND)?;
        let set = || async { Box::pin(stock::hot::set(ctx, variant, input.hot)).await.map_err(Error::from) };
        platform::error::retry(set).await.map_err(failure)?;
        InventoryPayload::of(context, std::iter::once(variant)).await
    }

    /// Makes a location, behind the others.
    async fn location_create(
        &self,
        context: &Context<'_>,
        input: LocationCreateInput,
    ) -> Result<LocationPayload> {
        let new = stock::NewLocation {
            country: country(&input.country)?,
            name: input.name,
            address: input.address.unwrap_or_default(),
        };
        LocationPayload::of(Box::pin(stock::create_location(ctx_of(context)?, &new)).await)
    }

    /// Changes what a location says about itself, or switches it on or off.
    async fn location_update(
        &self,
        context: &Context<'_>,
        input: LocationUpdateInput,
    ) -> Result<LocationPayload> {
        let id = parse_id(&input.id, LocationId::KIND)?;
        let edit = stock::LocationEdit {
            country: input.country.as_deref().map(country).transpose()?,
            name: input.name,
            address: input.address,
            active: input.active,
        };
        LocationPayload::of(
            Box::pin(stock::update_location(ctx_of(context)?, id, input.version, &edit)).await,
        )
    }

    /// Puts all locations into this order.
    async fn locations_order(
        &self,
        context: &Context<'_>,
        input: LocationsOrderInput,
    ) -> Result<LocationsPayload> {
        let ids: Vec<LocationId> = ids(Some(input.ids), LocationId::KIND)?;
        let all = Box::pin(stock::order_locations(ctx_of(context)?, &ids)).await.map_err(failure)?;
        Ok(LocationsPayload { locations: all.into_iter().map(Location::of).collect() })
    }

    /// Plans a transfer; nothing moves yet.
    async fn stock_transfer_create(
        &self,
        context: &Context<'_>,
        input: StockTransferCreateInput,
    ) -> Result<StockTransferPayload> {
        let new = new_transfer(&input.from_id, &input.to_id, &input.lines, input.note)?;
        StockTransferPayload::of(Box::pin(stock::create_transfer(ctx_of(context)?, &new)).await)
    }

    /// Makes a draft another one.
    async fn stock_transfer_update(
        &self,
        context: &Context<'_>,
        input: StockTransferUpdateInput,
    ) -> Result<StockTransferPayload> {
        let id = parse_id(&input.id, TransferId::KIND)?;
        let new = new_transfer(&input.from_id, &input.to_id, &input.lines, input.note)?;
        StockTransferPayload::of(
            Box::pin(stock::update_transfer(ctx_of(context)?, id, input.version, &new)).await,
        )
    }

    /// Sends a draft off: its pieces leave the shelves.
    async fn stock_transfer_ship(
        &self,
        context: &Context<'_>,
        input: StockTransferMoveInput,
    ) -> Result<StockTransferPayload> {
        let id = parse_id(&input.id, TransferId::KIND)?;
        StockTransferPayload::of(Box::pin(stock::ship_transfer(ctx_of(context)?, id, input.version)).await)
    }

    /// Notes what has arrived; without lines everything that is on its way.
    async fn stock_transfer_receive(
        &self,
        context: &Context<'_>,
        input: StockTransferReceiveInput,
    ) -> Result<StockTransferPayload> {
        let id = parse_id(&input.id, TransferId::KIND)?;
        let arrived = input.lines.as_deref().map(quantities).transpose()?;
        StockTransferPayload::of(
            Box::pin(stock::receive_transfer(ctx_of(context)?, id, input.version, arrived.as_deref())).await,
        )
    }

    /// Calls a transfer off: what is on its way is back on the shelf that it left.
    async fn stock_transfer_cancel(
        &self,
        context: &Context<'_>,
        input: StockTransferMoveInput,
    ) -> Result<StockTransferPayload> {
        let id = parse_id(&input.id, TransferId::KIND)?;
        StockTransferPayload::of(Box::pin(stock::cancel_transfer(ctx_of(context)?, id, input.version)).await)
    }

    /// Begins a stock count of these variants, or of all that lie at the location.
    #[graphql(complexity = "100 + child_complexity")]
    async fn stock_count_begin(
        &self,
        context: &Context<'_>,
        input: StockCountBeginInput,
    ) -> Result<StockCountPayload> {
        let location = parse_id(&input.location_id, LocationId::KIND)?;
        let of = input.variant_ids.map(|given| ids(Some(given), VariantId::KIND)).transpose()?;
        let note = input.note.unwrap_or_default();
        StockCountPayload::of(
            Box::pin(stock::begin_count(ctx_of(context)?, location, of.as_deref(), &note)).await,
        )
    }

    /// Writes down what was found.
    #[graphql(complexity = "100 + child_complexity")]
    async fn stock_count_record(
        &self,
        context: &Context<'_>,
        input: StockCountRecordInput,
    ) -> Result<StockCountPayload> {
        let id = parse_id(&input.id, StockCountId::KIND)?;
        let found = input
            .lines
            .iter()
            .map(|line| Ok((parse_id(&line.variant_id, VariantId::KIND)?, line.counted)))
            .collect::<Result<Vec<_>>>()?;
        StockCountPayload::of(
            Box::pin(stock::record_count(ctx_of(context)?, id, input.version, &found)).await,
        )
    }

    /// Has the shelves hold what was found, all lines at once.
    #[graphql(complexity = "100 + child_complexity")]
    async fn stock_count_apply(
        &self,
        context: &Context<'_>,
        input: StockCountMoveInput,
    ) -> Result<StockCountPayload> {
        let id = parse_id(&input.id, StockCountId::KIND)?;
        StockCountPayload::of(Box::pin(stock::apply_count(ctx_of(context)?, id, input.version)).await)
    }

    /// Gives a stock count up.
    #[graphql(complexity = "100 + child_complexity")]
    async fn stock_count_cancel(
        &self,
        context: &Context<'_>,
        input: StockCountMoveInput,
    ) -> Result<StockCountPayload> {
        let id = parse_id(&input.id, StockCountId::KIND)?;
        StockCountPayload::of(Box::pin(stock::cancel_count(ctx_of(context)?, id, input.version)).await)
    }

    /// Announces pieces that a supplier is to bring.
    async fn stock_delivery_announce(
        &self,
        context: &Context<'_>,
        input: StockDeliveryAnnounceInput,
    ) -> Result<StockDeliveryPayload> {
        let new = stock::NewDelivery {
            variant: parse_id(&input.variant_id, VariantId::KIND)?,
            location: parse_id(&input.location_id, LocationId::KIND)?,
            quantity: input.quantity,
            expected_at: input.expected_at.map(|at| at.0),
            note: input.note.unwrap_or_default(),
        };
        StockDeliveryPayload::of(Box::pin(stock::announce(ctx_of(context)?, &new)).await)
    }

    /// Puts pieces that have come on the shelf; without a number all that are to come.
    async fn stock_delivery_receive(
        &self,
        context: &Context<'_>,
        input: StockDeliveryReceiveInput,
    ) -> Result<StockDeliveryPayload> {
        let id = parse_id(&input.id, IncomingId::KIND)?;
        StockDeliveryPayload::of(
            Box::pin(stock::receive_delivery(
                ctx_of(context)?,
                id,
                input.version,
                input.quantity,
                input.last,
            ))
            .await,
        )
    }

    /// Calls off what is still to come.
    async fn stock_delivery_cancel(
        &self,
        context: &Context<'_>,
        input: StockDeliveryMoveInput,
    ) -> Result<StockDeliveryPayload> {
        let id = parse_id(&input.id, IncomingId::KIND)?;
        StockDeliveryPayload::of(Box::pin(stock::cancel_delivery(ctx_of(context)?, id, input.version)).await)
    }
}

fn place(id: Option<&ID>) -> Result<Place> {
    Ok(match id {
        Some(id) => Place::At(parse_id(id, LocationId::KIND)?),
        None => Place::Shop,
    })
}

fn country(code: &str) -> Result<Country> {
    Country::parse(code).map_err(|error| failure(Error::invalid("country", error.to_string())))
}

fn quantities(lines: &[StockQuantityInput]) -> Result<Vec<(VariantId, i64)>> {
    lines.iter().map(|line| Ok((parse_id(&line.variant_id, VariantId::KIND)?, line.quantity))).collect()
}

fn new_transfer(
    from: &ID,
    to: &ID,
    lines: &[StockQuantityInput],
    note: Option<String>,
) -> Result<stock::NewTransfer> {
    Ok(stock::NewTransfer {
        from: parse_id(from, LocationId::KIND)?,
        to: parse_id(to, LocationId::KIND)?,
        lines: quantities(lines)?,
        note: note.unwrap_or_default(),
    })
}
