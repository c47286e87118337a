//! The table of orders.

use leptos::prelude::*;

use crate::api::{self, remote};
use crate::gql::DateTime;
use crate::gql::Document;
use crate::gql::orders::{
    OrderCounts, OrderFilter, OrderRow, OrderSort, OrderState, Orders as Page, OrdersVariables, PaymentState,
};
use crate::logic::list::PAGE;
use crate::logic::moment;
use crate::parts::list::{FilterChip, FilterSelect, List, Search, Tab};
use crate::parts::table::{Column, Narrowed, Rows, Shown, Table};
use crate::parts::{Empty, PageHead, count, icon, status};
use crate::place;
use crate::session::use_session;

const FILTERS: [&str; 5] = ["q", "tab", "payment", "days", "tag"];
const COLUMNS: [Column; 8] = [
    Column::new("Order").sorts("number").falling(),
    Column::new("Placed").sorts("placed").prio("2").falling(),
    Column::new("Customer"),
    Column::new("Payment"),
    Column::new("Delivery"),
    Column::number("Items").prio("3"),
    Column::new("Method").prio("4"),
    Column::number("Total").sorts("total").falling(),
];
const DAYS: [(&str, &str); 4] =
    [("1", "today"), ("7", "the last 7 days"), ("30", "the last 30 days"), ("90", "the last 90 days")];

fn states(tab: &str) -> Option<Vec<OrderState>> {
    let state = match tab {
        "pending" => OrderState::PendingPayment,
        "paid" => OrderState::Paid,
        "shipped" => OrderState::Shipped,
        "delivered" => OrderState::Delivered,
        "cancelled" => OrderState::Cancelled,
        "refunded" => OrderState::Refunded,
        _ => return None,
    };
    Some(vec![state])
}

/// Midnight at the reader's place, `days` days with today ago.
fn since(days: &str) -> Option<DateTime> {
    let days: i64 = days.parse().ok().filter(|days| (1..=366).contains(days))?;
    let reader = place::reader();
    let start = reader.today().days() - (days - 1);
    Some(DateTime(moment::rfc3339((start * 24 * 60 - reader.offset) * 60_000)))
}

/// The table of orders.
#[component]
pub fn Orders() -> impl IntoView {
    place::title(|| "Orders".to_owned());
    let session = use_session();
    let list = List::here();
    let page = remote(move || {
        let state = list.get();
        let keys = state.page(PAGE);
        let text = |key: &str| Some(state.get(key).to_owned()).filter(|it| !it.is_empty());
        let payment = PaymentState::ALL.into_iter().find(|(_, key)| *key == state.get("payment"));
        let filter = OrderFilter {
            q: text("q"),
            state: states(state.get("tab")),
            payment: payment.map(|(payment, _)| vec![payment]),
            attention: (state.get("tab") == "attention").then_some(true),
            customer_id: None,
            placed_from: since(state.get("days")),
            placed_to: None,
            tag: text("tag"),
        };
        let variables = OrdersVariables {
            first: keys.first,
            after: keys.after,
            last: keys.last,
            before: keys.before,
            filter: Some(filter),
            sort: OrderSort::from_key(state.get("sort")),
        };
        api::ask(Page::build(variables))
    });
    let rows = Rows::of(page, |Page { orders, .. }| {
        Shown::page(orders.nodes.len(), orders.total_count, &orders.page_info)
    });
    let tally = move |pick: fn(&OrderCounts) -> i32| {
        place::derived(move || page.data.with(|page| page.as_ref().map(|page| pick(&page.order_counts))))
    };
    let odd = place::memo(move || {
        let odd = page.data.with(|page| page.as_ref().map_or(0, |page| page.order_counts.attention));
        odd > 0 || list.value("tab") == "attention"
    });
    let about = place::derived(move || {
        page.data.with(|page| match page {
            Some(page) if page.order_counts.paid > 0 => {
                let all = count(page.order_counts.all.into(), "order", "orders");
                format!("{all}, {} to send", page.order_counts.paid)
            }
            Some(page) => count(page.order_counts.all.into(), "order", "orders"),
            None => " ".to_owned(),
        })
    });
    let chips = move || {
        let payment = PaymentState::ALL.into_iter().find(|(_, key)| *key == list.value("payment"));
        let days = DAYS.into_iter().find(|(key, _)| *key == list.value("days"));
        let tag = Some(list.value("tag")).filter(|tag| !tag.is_empty());
        view! {
            {days.map(|(_, text)| view! { <FilterChip list name="days" field="Placed" verb="is within" value=text/> })}
            {payment.map(|(payment, _)| view! { <FilterChip list name="payment" field="Payment" value=payment.words().1.to_lowercase()/> })}
            {tag.map(|value| view! { <FilterChip list name="tag" field="Tag" value/> })}
        }
    };
    let day_options: Vec<(String, String)> =
        DAYS.into_iter().map(|(key, text)| (key.to_owned(), text.to_owned())).collect();
    let payment_options: Vec<(String, String)> = PaymentState::ALL
        .into_iter()
        .map(|(state, key)| (key.to_owned(), state.words().1.to_owned()))
        .collect();
    let known = super::tags::known();
    let tag_options =
        place::derived(move || known.get().into_iter().map(|tag| (tag.clone(), tag)).collect::<Vec<_>>());
    // A shop that tags nothing has no such filter.
    let tagging =
        place::memo(move || list.value("tag").is_empty() && tag_options.with(|tags| !tags.is_empty()));
    let may_draft = place::memo(move || session.may("orders:create"));
    let acts = move || {
        view! {
            <a class="btn" href=place::to("/drafts")>{icon("draft")} "Drafts"</a>
            {may_draft.get().then(crate::screens::drafts::list::begin)}
        }
    };
    let body = move || {
        let nodes = page.data.get().map(|page| page.orders.nodes).unwrap_or_default();
        nodes.into_iter().map(|row| view! { <Row row/> }).collect_view()
    };
    view! {
        <div class="page">
            <PageHead title="Orders".to_owned() about>{acts}</PageHead>
            <Table label="Orders" list rows columns=&COLUMNS sort="-placed" words=("Newer", "Older") body empty=move || nothing(list)>
                <nav class="tabs" aria-label="Where they stand">
                    <Tab list name="tab" value="" label="All" count=tally(|counts| counts.all)/>
                    {move || {
                        odd.get()
                            .then(|| view! { <Tab list name="tab" value="attention" label="To look at" count=tally(|counts| counts.attention)/> })
                    }}
                    <Tab list name="tab" value="paid" label="To send" count=tally(|counts| counts.paid)/>
                    <Tab list name="tab" value="pending" label="Not paid" count=tally(|counts| counts.pending_payment)/>
                    <Tab list name="tab" value="shipped" label="On their way" count=tally(|counts| counts.shipped)/>
                    <Tab list name="tab" value="delivered" label="Delivered" count=tally(|counts| counts.delivered)/>
                    <Tab list name="tab" value="cancelled" label="Cancelled" count=tally(|counts| counts.cancelled)/>
                    <Tab list name="tab" value="refunded" label="Refunded" count=tally(|counts| counts.refunded)/>
                </nav>
                <div class="filters">
                    {chips}
                    {move || {
                        let options = day_options.clone();
                        list.value("days").is_empty().then(|| view! { <FilterSelect list name="days" label="Placed" options/> })
                    }}
                    {move || {
                        let options = payment_options.clone();
                        list.value("payment").is_empty().then(|| view! { <FilterSelect list name="payment" label="Payment" options/> })
                    }}
                    {move || tagging.get().then(|| view! { <FilterSelect list name="tag" label="Tag" options=tag_options/> })}
                    <span class="end"><Search list label="Number, name or e-mail"/></span>
                </div>
            </Table>
        </div>
    }
}

#[component]
fn Row(row: OrderRow) -> impl IntoView {
    let (payment_tone, payment) = row.payment.words();
    let (tone, state) = row.words();
    let odd = row.attention.clone();
    view! {
        <tr>
            <td data-slot="title">
                <span class="flex">
                    <a class="key" href=place::to(&format!("/orders/{}", row.id.inner()))>"#" {row.number.0}</a>
                    {odd.map(|why| view! { <span class="odd" title=why.clone()>{icon("warn")}<span class="vh">{why.clone()}</span></span> })}
                </span>
            </td>
            <td class="nowrap dim" data-prio="2">{place::reader().moment(&row.placed_at.0)}</td>
            <td class="fill" data-slot="sub">
                <span class="name"><span>{row.name}<small>{row.email}</small></span></span>
            </td>
            <td data-slot="state">{status(payment_tone, payment)}</td>
            <td data-slot="more">{status(tone, state)}</td>
            <td class="num" data-prio="3">{row.n_items}</td>
            <td data-prio="4" class="nowrap">{row.shipping_name}</td>
            <td class="num" data-slot="value">{row.total.formatted}</td>
        </tr>
    }
}

fn nothing(list: List) -> AnyView {
    if list.get().narrowed_by(&FILTERS) {
        let asked = list.value("q");
        let title = match (asked.as_str(), list.value("tab").as_str()) {
            ("", "paid") => "Nothing to send".to_owned(),
            ("", "pending") => "Nobody owes anything".to_owned(),
            ("", "attention") => "Nothing to look at".to_owned(),
            ("", _) => "No order fits".to_owned(),
            (asked, _) => format!("Nothing for “{asked}”"),
        };
        let text = "Every filter narrows the list. Take one off, or see all orders.";
        return view! { <Narrowed list keys=&FILTERS title text all="See all orders"/> }.into_any();
    }
    view! {
        <Empty symbol="orders" title="No orders yet" text="The first one comes up here a moment after a shopper places it.">
            <a class="btn" href=place::shop("/") target="_blank" rel="noopener">"Look at the shop"</a>
        </Empty>
    }
    .into_any()
}
