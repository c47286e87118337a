//! The first page: sales of a period, what needs a hand, what sells, what runs out.

use leptos::prelude::*;

use crate::api::{self, remote};
use crate::gql::Document;
use crate::gql::Money;
use crate::gql::dashboard::{Dashboard as Data, Figures, FiguresVariables, LowStock, LowStockItem};
use crate::gql::orders::OrderRow;
use crate::logic::chart::{change, per_cent, short};
use crate::logic::moment::Date;
use crate::parts::chart::{LineChart, Point};
use crate::parts::list::List;
use crate::parts::{CardSkeleton, Empty, FailureCard, PageHead, grouped, icon, status};
use crate::place;
use crate::session::use_session;

const PERIODS: [(i32, &str, &str); 4] =
    [(7, "7", "7 days"), (30, "", "30 days"), (90, "90", "90 days"), (365, "365", "Year")];

/// The first page.
#[component]
pub fn Dashboard() -> impl IntoView {
    place::title(|| "Dashboard".to_owned());
    let session = use_session();
    let list = List::here();
    let days = place::memo(move || {
        let asked = list.value("days");
        PERIODS.iter().find(|(_, key, _)| *key == asked).map_or(30, |(days, ..)| *days)
    });
    let today = place::reader().today();
    let periods = move || {
        PERIODS
            .iter()
            .map(|(count, key, label)| {
                view! {
                    <button
                        type="button"
                        aria-pressed=move || (days.get() == *count).to_string()
                        on:click=move |_| list.set("days", key)
                    >
                        {*label}
                    </button>
                }
            })
            .collect_view()
    };
    let allowed = place::memo(move || session.may("analytics:read"));
    let orders = place::memo(move || session.may("orders:list"));
    let import = place::memo(move || session.may("products:import"));
    view! {
        <div class="page">
            <PageHead
                title="Dashboard".to_owned()
                about=place::derived(move || format!("{}, all in {}", today.long(), session.currency()))
            >
                {move || {
                    (allowed.get() && session.has_module("commerce"))
                        .then(|| view! { <div class="seg" role="group" aria-label="Period">{periods()}</div> })
                }}
            </PageHead>
            {move || {
                if !session.has_module("commerce") {
                    view! { <Unsold/> }.into_any()
                } else if allowed.get() {
                    view! { <Sales days/> }.into_any()
                } else {
                    view! { <Welcome orders=orders.get() import=import.get()/> }.into_any()
                }
            }}
        </div>
    }
}

/// For shops that sell nothing.
#[component]
fn Unsold() -> impl IntoView {
    let session = use_session();
    let (products, modules) =
        (session.has_screen("/products") && session.may("products:list"), session.may("modules:read"));
    view! {
        <section class="card">
            <Empty symbol="home" title="This shop sells nothing" text="The module Commerce is switched off: there are no figures to show. Orders and customers are kept.">
                {products
                    .then(|| view! { <a class="btn" data-kind="primary" href=place::to("/products")>"Open products"</a> })}
                {modules.then(|| view! { <a class="btn" href=place::to("/modules")>"Open modules"</a> })}
            </Empty>
        </section>
    }
}

/// For those who may not see figures.
#[component]
fn Welcome(orders: bool, import: bool) -> impl IntoView {
    view! {
        <section class="card">
            <Empty symbol="home" title="Good to see you" text="Sales figures are not part of your role. Your work is in the menu.">
                {orders
                    .then(|| view! { <a class="btn" data-kind="primary" href=place::to("/orders")>"Open orders"</a> })}
                {import.then(|| view! { <a class="btn" href=place::to("/products/import")>"Import products"</a> })}
            </Empty>
        </section>
    }
}

#[component]
fn Sales(days: Memo<i32>) -> impl IntoView {
    let session = use_session();
    let figures = remote(move || {
        let variables = FiguresVariables { days: days.get() };
        async move { api::ask(Figures::build(variables)).await.map(|answer| answer.dashboard) }
    });
    move || {
        let failed = figures.failure.get();
        let data = figures.data.get();
        match (data, failed) {
            (_, Some(failure)) => {
                view! { <FailureCard failure again=move |()| figures.reload()/> }.into_any()
            }
            (None, None) => view! { <CardSkeleton lines=9/> <CardSkeleton/> }.into_any(),
            (Some(data), None) => {
                let stock = session.may("inventory:read");
                view! {
                    <div class="cols" data-fill="" data-dim=move || figures.busy.get().then_some("")>
                        <SalesCard data=data.clone()/>
                        <Attention data=data.clone()/>
                    </div>
                    <div class="cols" data-even="" data-fill="">
                        <TopProducts data=data.clone()/>
                        {if stock { view! { <StockAlerts/> }.into_any() } else { ().into_any() }}
                    </div>
                    <Latest orders=data.latest/>
                }
                .into_any()
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Measure {
    Revenue,
    Orders,
}

#[component]
fn SalesCard(data: Data) -> impl IntoView {
    let measure = RwSignal::new(Measure::Revenue);
    let n_days = data.days.len();
    let empty = data.n_orders == 0 && data.n_orders_before == 0;
    let tab = move |which: Measure, label: &'static str, figure: String, delta: Option<i64>| {
        view! {
            <button
                type="button"
                aria-pressed=move || (measure.get() == which).to_string()
                on:click=move |_| measure.set(which)
            >
                <span class="label">{label}</span>
                <b>{figure}</b>
                {delta_view(delta, n_days)}
            </button>
        }
    };
    let revenue = change(data.revenue.minor.0, data.revenue_before.minor.0);
    let orders = change(data.n_orders.into(), data.n_orders_before.into());
    let head = view! {
        <div class="stats" role="group" aria-label="Measure">
            {tab(Measure::Revenue, "Revenue", data.revenue.formatted.clone(), revenue)}
            {tab(Measure::Orders, "Orders", grouped(data.n_orders.into()), orders)}
            <div><span class="label">"Average order"</span><b>{data.average.formatted.clone()}</b></div>
        </div>
    };
    let table = data
        .days
        .iter()
        .rev()
        .map(|day| {
            view! {
                <tr>
                    <td>{day_label(&day.date)}</td>
                    <td class="num">{day.revenue.formatted.clone()}</td>
                    <td class="num">{day.n_orders}</td>
                </tr>
            }
        })
        .collect_view();
    let days = StoredValue::new(data.days);
    let exponent = use_session().exponent();
    let chart = move || {
        let measure = measure.get();
        let points = days.with_value(|days| {
            days.iter()
                .map(|day| Point {
                    label: day_label(&day.date),
                    value: match measure {
                        Measure::Revenue => day.revenue.minor.0,
                        Measure::Orders => day.n_orders.into(),
                    },
                    said: vec![
                        ("Revenue", day.revenue.formatted.clone()),
                        ("Orders", grouped(day.n_orders.into())),
                    ],
                })
                .collect()
        });
        let label = match measure {
            Measure::Revenue => "Revenue per day",
            Measure::Orders => "Orders per day",
        };
        let axis_text: fn(i64) -> String = match (measure, exponent) {
            (Measure::Orders, _) | (_, 0) => |value| short(value, 0),
            (_, 3) => |value| short(value, 3),
            _ => |value| short(value, 2),
        };
        view! { <LineChart label points axis_text/> }
    };
    view! {
        <section class="card" aria-label="Sales">
            {head}
            <div class="body">
                {if empty {
                    view! {
                        <Empty
                            symbol="bag"
                            title="No sales in this time"
                            text="Sales count from the moment they are paid."
                        />
                    }
                        .into_any()
                } else {
                    view! {
                        <div class="flex wrap">
                            <span class="key" data-line="">
                                {move || if measure.get() == Measure::Revenue { "Revenue per day" } else { "Orders per day" }}
                            </span>
                            <span class="end meta">"By day of payment (UTC), refunds taken off"</span>
                        </div>
                        {chart}
                        <details class="astable">
                            <summary>"Show as a table"</summary>
                            <table class="table" data-static="" data-tight="">
                                <thead>
                                    <tr><th>"Day"</th><th class="num">"Revenue"</th><th class="num">"Orders"</th></tr>
                                </thead>
                                <tbody>{table}</tbody>
                            </table>
                        </details>
                    }
                        .into_any()
                }}
            </div>
        </section>
    }
}

/// `17 Nov`.
fn day_label(date: &str) -> String {
    Date::parse(date).map_or_else(|| date.to_owned(), Date::short)
}

fn delta_view(delta: Option<i64>, days: usize) -> impl IntoView {
    let Some(tenths) = delta else {
        return view! { <span class="delta">"nothing before"</span> }.into_any();
    };
    let (tone, symbol, word) = match tenths {
        0 => ("", "minus", "as much as"),
        t if t > 0 => ("good", "up", "more than"),
        _ => ("danger", "dn", "less than"),
    };
    let title = format!("{} {word} in the {days} days before", per_cent(tenths));
    view! {
        <span class="delta" data-tone=tone title=title.clone()>
            {icon(symbol)}
            {per_cent(tenths)}
            <span class="vh">{title.clone()}</span>
        </span>
    }
    .into_any()
}

#[component]
fn Attention(data: Data) -> impl IntoView {
    let session = use_session();
    let entry = |href: String,
                 tone: &'static str,
                 symbol: &'static str,
                 title: &'static str,
                 text: String,
                 n: i32| {
        (n > 0).then(|| {
            view! {
                <a href=href>
                    <span class="glyph" data-tone=tone>{icon(symbol)}</span>
                    <span class="grow"><span class="strong">{title}</span><small>{text}</small></span>
                    <span class="count" data-tone=(tone == "danger").then_some("danger")>{n}</span>
                    {icon("right")}
                </a>
            }
        })
    };
    let odd = data.attention.len() as i32;
    let first_odd = data.attention.first().and_then(|order| order.attention.clone()).unwrap_or_default();
    let nothing = odd == 0 && data.n_to_ship == 0 && data.n_unpaid == 0;
    let sees_orders = session.may("orders:list");
    let entries = view! {
        {entry(place::to("/orders?tab=attention"), "danger", "warn", "Orders to look at", first_odd, odd)}
        {entry(place::to("/orders?tab=paid"), "accent", "truck", "Orders to send", "Paid and waiting for a parcel".into(), data.n_to_ship)}
        {entry(place::to("/orders?tab=pending"), "warning", "card", "Waiting for payment", "They keep their stock until the time is up".into(), data.n_unpaid)}
    };
    view! {
        <section class="card">
            <header><h2>"Needs attention"</h2></header>
            {if nothing || !sees_orders {
                view! { <Empty symbol="check" title="Nothing waits" text="Orders to send, open payments and odd cases come up here."/> }
                    .into_any()
            } else {
                view! { <div class="list">{entries}</div> }.into_any()
            }}
        </section>
    }
}

#[component]
fn TopProducts(data: Data) -> impl IntoView {
    let most = data.top_products.iter().map(|product| product.revenue.minor.0).max().unwrap_or(1).max(1);
    let rows = data
        .top_products
        .iter()
        .map(|product| {
            let share = product.revenue.minor.0.max(0) * 100 / most;
            view! {
                <tr>
                    <td class="fill">
                        <span class="name"><a href=place::to(&format!("/products/{}", product.product_id.inner()))>{product.title.clone()}</a></span>
                    </td>
                    <td class="num">{grouped(product.quantity.into())}</td>
                    <td class="num">
                        <span class="level" data-tone="accent" data-prio="wide" style=("--v", share.to_string())></span>
                        {product.revenue.formatted.clone()}
                    </td>
                </tr>
            }
        })
        .collect_view();
    let empty = data.top_products.is_empty();
    view! {
        <section class="card clip-x">
            <header>
                <h2>"Top products"</h2>
                <span class="meta">"by revenue"</span>
                <a class="end" href=place::to("/products")>"All products"</a>
            </header>
            {if empty {
                view! { <Empty symbol="products" title="Nothing sold yet" text="What sells best in this time stands here."/> }.into_any()
            } else {
                view! {
                    <table class="table" data-static="" data-fit="">
                        <thead><tr><th>"Product"</th><th class="num">"Sold"</th><th class="num">"Revenue"</th></tr></thead>
                        <tbody>{rows}</tbody>
                    </table>
                }
                    .into_any()
            }}
        </section>
    }
}

#[component]
fn StockAlerts() -> impl IntoView {
    let stock =
        remote(move || async move { api::ask(LowStock::build(())).await.map(|answer| answer.low_stock) });
    let row = |item: LowStockItem| {
        let (tone, word) =
            if item.available <= 0 { ("danger", "Sold out") } else { ("warning", "Running low") };
        let name = match item.variant_title.as_str() {
            "" | "Default Title" => item.product_title.clone(),
            variant => format!("{} · {variant}", item.product_title),
        };
        view! {
            <tr>
                <td class="fill">
                    <span class="name">
                        <span>
                            <a href=place::to(&format!("/products/{}", item.product_id.inner()))>{name}</a>
                            <small>{item.sku}</small>
                        </span>
                    </span>
                </td>
                <td class="num">{item.available}</td>
                <td class="num dim" data-prio="2">{(item.reserved > 0).then(|| format!("{} reserved", item.reserved))}</td>
                <td>{status(tone, word)}</td>
            </tr>
        }
    };
    view! {
        <section class="card clip-x">
            <header><h2>"Stock alerts"</h2><a class="end" href=place::to("/products?stock=low")>"All that run low"</a></header>
            {move || match (stock.data.get(), stock.failure.get()) {
                (_, Some(failure)) => {
                    view! { <div class="body"><crate::parts::FailureView failure again=move |()| stock.reload()/></div> }.into_any()
                }
                (None, None) => view! { <div class="body late"><span class="skel"></span><span class="skel"></span></div> }.into_any(),
                (Some(items), None) if items.is_empty() => {
                    view! { <Empty symbol="stock" title="Enough of everything" text="Variants that run low are listed here."/> }.into_any()
                }
                (Some(items), None) => {
                    view! {
                        <table class="table" data-static="" data-fit="">
                            <thead>
                                <tr><th>"Variant"</th><th class="num">"Left"</th><th class="num" data-prio="2"></th><th>"State"</th></tr>
                            </thead>
                            <tbody>{items.into_iter().map(row).collect_view()}</tbody>
                        </table>
                    }
                        .into_any()
                }
            }}
        </section>
    }
}

#[component]
fn Latest(orders: Vec<OrderRow>) -> impl IntoView {
    let reader = place::reader();
    let row = move |order: OrderRow| {
        let (payment_tone, payment) = order.payment.words();
        let (tone, state) = order.words();
        let Money { formatted, .. } = order.total;
        view! {
            <tr>
                <td data-slot="title">
                    <a class="key" href=place::to(&format!("/orders/{}", order.id.inner()))>"#" {order.number.0}</a>
                </td>
                <td class="nowrap dim" data-prio="2">{reader.moment(&order.placed_at.0)}</td>
                <td class="fill" data-slot="sub">{order.name}</td>
                <td data-slot="state">{status(payment_tone, payment)}</td>
                <td data-slot="more">{status(tone, state)}</td>
                <td class="num" data-slot="value">{formatted}</td>
            </tr>
        }
    };
    (!orders.is_empty()).then(|| {
        view! {
            <section class="tablecard" aria-label="Latest orders">
                <header class="cardhead">
                    <h2>"Latest orders"</h2>
                    <a class="end" href=place::to("/orders")>"All orders"</a>
                </header>
                <table class="table" data-stack="" data-static="">
                    <thead>
                        <tr>
                            <th>"Order"</th>
                            <th data-prio="2">"Placed"</th>
                            <th>"Customer"</th>
                            <th>"Payment"</th>
                            <th>"Delivery"</th>
                            <th class="num">"Total"</th>
                        </tr>
                    </thead>
                    <tbody>{orders.into_iter().map(row).collect_view()}</tbody>
                </table>
            </section>
        }
    })
}
