//! The parcels of an order, and what is still to come.

use crate::parts::lines::comma;
use crate::shop::Shop;
use commerce::view::{FulfilmentView, OrderLineView, OrderView};
use leptos::prelude::*;

/// Every parcel with how to follow it; with several, or while something is still to come, also what lies in each.
pub fn parcels(shop: &Shop, order: &OrderView) -> AnyView {
    let several = 1 < order.fulfilments.len() || order.partly_shipped;
    let parcels = order.fulfilments.iter().map(|one| parcel(shop, order, one, several)).collect_view();
    view! { {parcels} {to_come(order)} }.into_any()
}

fn parcel(shop: &Shop, order: &OrderView, parcel: &FulfilmentView, several: bool) -> AnyView {
    let FulfilmentView { carrier, tracking_number, tracking_url, shipped_at, delivered_at, lines, .. } =
        parcel;
    let carrier = if carrier.is_empty() { "Parcel".to_owned() } else { carrier.clone() };
    let number = (!tracking_number.is_empty()).then(|| format!(", number {tracking_number}"));
    let safe = tracking_url.starts_with("https://") || tracking_url.starts_with("http://");
    let link = safe.then(|| {
        view! { <a class="button" data-kind="secondary" data-size="small" href=tracking_url.clone() rel="noopener noreferrer nofollow">"Follow the parcel"</a> }
    });
    let moment = match delivered_at {
        Some(at) => format!("Arrived on {}", shop.day(*at)),
        None => format!("Left on {}", shop.day(*shipped_at)),
    };
    let holds = several.then(|| {
        let of = |line: &commerce::view::FulfilmentLineView| {
            let found = order.lines.iter().find(|known| known.id == line.line)?;
            Some(piece(found, line.quantity))
        };
        let pieces = lines.iter().filter_map(of).collect_view();
        view! { <ul class="plain small">{pieces}</ul> }
    });
    view! {
        <div class="panel parcel">
            <div>
                <p><strong>{carrier}</strong>{number}<br /><span class="muted small">{moment}</span></p>
                {holds}
            </div>
            {link}
        </div>
    }
    .into_any()
}

/// What has not left yet while something else has.
fn to_come(order: &OrderView) -> Option<AnyView> {
    order.partly_shipped.then(|| {
        let waiting = order.lines.iter().filter(|line| 0 < line.to_send);
        let pieces = waiting.map(|line| piece(line, line.to_send)).collect_view();
        view! {
            <div class="panel parcel">
                <div>
                    <p><strong>"Still to come"</strong><br /><span class="muted small">"Being packed"</span></p>
                    <ul class="plain small">{pieces}</ul>
                </div>
            </div>
        }
        .into_any()
    })
}

fn piece(line: &OrderLineView, quantity: u32) -> AnyView {
    let variant = (!line.variant_title.is_empty()).then(|| {
        let words = format!(", {}", comma(&line.variant_title));
        view! { <span class="muted">{words}</span> }
    });
    view! { <li>{format!("{quantity} × {}", line.title)}{variant}</li> }.into_any()
}
