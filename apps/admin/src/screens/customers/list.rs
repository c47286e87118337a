//! The table of customers.

use std::collections::BTreeSet;

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::enter::Enter;
use super::groups::{Known, known_groups, move_members};
use crate::api::{self, Remote, remote};
use crate::gql::Document;
use crate::gql::customers::{
    CustomerRow, CustomerSort, Customers as Page, CustomersCsv, CustomersCsvVariables, CustomersVariables,
};
use crate::logic::list::PAGE;
use crate::parts::list::{FilterChip, FilterSelect, List, Search};
use crate::parts::table::{Column, Narrowed, Rows, Shown, Table};
use crate::parts::toast::use_toaster;
use crate::parts::{Empty, PageHead, count, icon};
use crate::place;
use crate::session::use_session;

const FILTERS: [&str; 3] = ["q", "group", "letters"];
const COLUMNS: [Column; 7] = [
    Column::new("Name").sorts("name"),
    Column::new("Account").prio("2"),
    Column::new("Groups").prio("3"),
    Column::number("Orders").sorts("orders").falling(),
    Column::new("Last order").prio("3"),
    Column::new("Since").sorts("created").prio("3").falling(),
    Column::number("Spent").sorts("spent").falling(),
];

/// The table of customers.
#[component]
pub fn Customers() -> impl IntoView {
    place::title(|| "Customers".to_owned());
    let list = List::here();
    let page = remote(move || {
        let state = list.get();
        let keys = state.page(PAGE);
        let variables = CustomersVariables {
            first: keys.first,
            after: keys.after,
            last: keys.last,
            before: keys.before,
            q: state.get("q").to_owned(),
            group_id: Some(state.get("group")).filter(|id| !id.is_empty()).map(cynic::Id::new),
            marketing: wants(state.get("letters")),
            sort: CustomerSort::from_key(state.get("sort")),
        };
        async move { api::ask(Page::build(variables)).await.map(|answer| answer.customers) }
    });
    let session = use_session();
    let groups = known_groups();
    let selects = place::memo(move || {
        session.may("customers:update")
            && groups.data.with(|groups| groups.as_ref().is_some_and(|groups| !groups.names().is_empty()))
    });
    let chosen = RwSignal::new(BTreeSet::<String>::new());
    place::effect(move |_| {
        // Another page shows other rows.
        list.get();
        chosen.update(BTreeSet::clear);
    });
    let rows = Rows::of(page, |page| Shown::page(page.nodes.len(), page.total_count, &page.page_info));
    let about = rows.found(list, &FILTERS, "customer", "customers");
    let body = move || {
        let selects = selects.get();
        let nodes = page.data.get().map(|page| page.nodes).unwrap_or_default();
        nodes.into_iter().map(|row| view! { <Row row selects chosen/> }).collect_view()
    };
    let empty = move || {
        let asked = list.value("q");
        if list.get().narrowed_by(&["group", "letters"]) {
            let text = "Every filter narrows the list.";
            view! { <Narrowed list keys=&FILTERS title="Nobody here" text all="See everybody"/> }.into_any()
        } else if asked.is_empty() {
            view! { <Empty symbol="customers" title="No customers yet" text="Whoever places an order or confirms an account is listed here, and whom you add."/> }
                .into_any()
        } else {
            let (title, text) =
                (format!("Nobody for “{asked}”"), "The search looks in names and e-mail addresses.");
            view! { <Narrowed list keys=&FILTERS title text all="See everybody"/> }.into_any()
        }
    };
    let pick =
        move || selects.get().then(|| view! { <th class="pick"><span class="vh">"Select"</span></th> });
    view! {
        <div class="page">
            <PageHead title="Customers".to_owned() about>
                <a class="btn" href=place::to("/customers/groups")>"Groups"</a>
                {move || session.may("customers:export").then(|| view! { <Export list/> })}
                {move || session.may("customers:create").then(|| view! { <Enter groups/> })}
            </PageHead>
            <Table label="Customers" list rows columns=&COLUMNS sort="-created" pick body empty>
                <div class="filters">
                    {move || {
                        let now = list.value("group");
                        let names = groups.data.with(|groups| groups.as_ref().map(Known::names).unwrap_or_default());
                        match names.iter().find(|(id, _)| *id == now) {
                            Some((_, name)) => view! { <FilterChip list name="group" field="Group" value=name.clone()/> }.into_any(),
                            None => view! { <FilterSelect list name="group" label="Group" options=Signal::stored(names)/> }.into_any(),
                        }
                    }}
                    {
                        let words = Signal::stored(vec![("yes".to_owned(), "wanted".to_owned()), ("no".to_owned(), "not wanted".to_owned())]);
                        move || match wants(&list.value("letters")) {
                            Some(given) => view! { <FilterChip list name="letters" field="Letters" verb="are" value=if given { "wanted" } else { "not wanted" }/> }.into_any(),
                            None => view! { <FilterSelect list name="letters" label="Letters" options=words/> }.into_any(),
                        }
                    }
                    <span class="end"><Search list label="Name or e-mail"/></span>
                </div>
            </Table>
            <Members chosen groups on_done=move |()| page.reload()/>
        </div>
    }
}

/// What the address says about letters.
fn wants(key: &str) -> Option<bool> {
    match key {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

/// Gives the list, as it is filtered, as a file.
#[component]
fn Export(list: List) -> impl IntoView {
    let toaster = use_toaster();
    let busy = RwSignal::new(false);
    let export = move |_| {
        let state = list.get();
        let variables = CustomersCsvVariables {
            q: state.get("q").to_owned(),
            group_id: Some(state.get("group")).filter(|id| !id.is_empty()).map(cynic::Id::new),
            marketing: wants(state.get("letters")),
        };
        busy.set(true);
        spawn_local(async move {
            match api::ask(CustomersCsv::build(variables)).await {
                Ok(answer) => {
                    let file = answer.customers_export;
                    crate::screens::import::download(&file.filename, &file.csv);
                    toaster
                        .done(format!("{} exported", count(file.customers.into(), "customer", "customers")));
                }
                Err(failure) => toaster.failure("The export did not work", &failure),
            }
            let _ = busy.try_set(false);
        });
    };
    view! {
        <button class="btn" type="button" aria-busy=move || busy.get().to_string() disabled=move || busy.get() on:click=export>
            {icon("download")}
            "Export"
        </button>
    }
}

/// What can be done with the chosen rows: into a group, out of a group.
#[component]
fn Members(
    chosen: RwSignal<BTreeSet<String>>,
    groups: Remote<Known>,
    #[prop(into)] on_done: Callback<()>,
) -> impl IntoView {
    let toaster = use_toaster();
    let busy = RwSignal::new(false);
    let n = place::memo(move || chosen.with(BTreeSet::len));
    let choice = move |into: bool, label: &'static str| {
        let act = move |event| {
            let group = event_target_value(&event);
            let customers: Vec<String> = chosen.get_untracked().into_iter().collect();
            if group.is_empty() || busy.get_untracked() {
                return;
            }
            busy.set(true);
            spawn_local(async move {
                match move_members(group, customers, into).await {
                    Ok(n) => {
                        let done = if into { "added to the group" } else { "taken out of the group" };
                        toaster.done(format!("{} {done}", count(n.into(), "customer", "customers")));
                        let _ = chosen.try_update(BTreeSet::clear);
                        on_done.run(());
                    }
                    Err(failure) => toaster.failure("The groups stay as they are", &failure),
                }
                let _ = busy.try_set(false);
            });
        };
        let options = move || {
            let names = groups.data.with(|groups| groups.as_ref().map(Known::names).unwrap_or_default());
            names.into_iter().map(|(id, name)| view! { <option value=id>{name}</option> }).collect_view()
        };
        view! {
            <select class="input" aria-label=label disabled=move || busy.get() on:change=act>
                <option value="">{label} "…"</option>
                {options}
            </select>
        }
    };
    view! {
        <Show when=move || n.get() != 0>
            <div class="bulkbar" role="toolbar" aria-label="Selected customers">
                <b>{n} " selected"</b>
                <span class="sep"></span>
                {choice(true, "Add to a group")}
                {choice(false, "Take out of a group")}
                <span class="sep"></span>
                <button class="btn" type="button" data-kind="quiet" data-size="sm" data-icon="" aria-label="Clear the selection" on:click=move |_| chosen.update(BTreeSet::clear)>
                    {icon("x")}
                </button>
            </div>
        </Show>
    }
}

#[component]
fn Row(row: CustomerRow, selects: bool, chosen: RwSignal<BTreeSet<String>>) -> impl IntoView {
    let reader = place::reader();
    let id = StoredValue::new(row.id.inner().to_owned());
    let checked = move || chosen.with(|chosen| id.with_value(|id| chosen.contains(id)));
    let toggle = move |_| {
        chosen.update(|chosen| {
            let id = id.get_value();
            if !chosen.remove(&id) {
                chosen.insert(id);
            }
        });
    };
    let groups: Vec<String> = row.groups.into_iter().map(|group| group.name).collect();
    let name = if row.name.trim().is_empty() { row.email.clone() } else { row.name };
    view! {
        <tr>
            {selects.then(|| view! {
                <td class="pick"><input type="checkbox" aria-label=format!("Select {name}") prop:checked=checked on:change=toggle/></td>
            })}
            <td class="fill" data-slot="title">
                <span class="name">
                    <span><a href=place::to(&format!("/customers/{}", row.id.inner()))>{name.clone()}</a><small>{row.email}</small></span>
                </span>
            </td>
            <td data-prio="2">{if row.user_id.is_some() { "Registered" } else { "Guest" }}</td>
            <td data-prio="3" class="dim">{groups.join(", ")}</td>
            <td class="num" data-slot="sub">{count(row.n_orders.into(), "order", "orders")}</td>
            <td data-prio="3" class="nowrap dim">{row.last_order_at.map_or_else(|| "–".to_owned(), |at| reader.day(&at.0))}</td>
            <td data-prio="3" class="nowrap dim">{reader.day(&row.created_at.0)}</td>
            <td class="num" data-slot="value">{row.spent.formatted}</td>
        </tr>
    }
}
