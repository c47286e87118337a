//! The prices in a list: the table, and the drawer that puts one in or changes it.

use std::collections::BTreeMap;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, Failure, remote};
use crate::gql::Document;
use crate::gql::prices::{
    ListPriceInput, ListedPriceRow, ListedPrices, ListedPricesVariables, PriceListPricesSet,
    PriceListPricesSetInput, PriceListPricesSetVariables,
};
use crate::logic::amount;
use crate::logic::list::PAGE;
use crate::logic::price_list::{RowDraft, taken_out};
use crate::parts::dialog::{Confirm, Drawer, Wrong};
use crate::parts::field::TextField;
use crate::parts::list::List;
use crate::parts::table::{Column, Rows, Shown, Table};
use crate::parts::toast::use_toaster;
use crate::parts::{Empty, count, icon};
use crate::place;
use crate::screens::products::find::FindVariant;

const COLUMNS: [Column; 6] = [
    Column::new("Variant"),
    Column::new("SKU").prio("3"),
    Column::number("From pieces"),
    Column::number("Without a list").prio("2"),
    Column::number("Price"),
    Column::heard("Acts"),
];

/// The table with its drawer.
#[component]
pub fn Prices(
    /// The list.
    id: cynic::Id,
    /// The currency of its prices.
    currency: String,
    /// Whether they can be changed.
    #[prop(into)]
    editable: Signal<bool>,
    /// There are so many now.
    #[prop(into)]
    on_count: Callback<i32>,
) -> impl IntoView {
    let toaster = use_toaster();
    let list = List::here();
    let exponent = amount::exponent(&currency);
    let id = StoredValue::new(id);
    let page = remote(move || {
        let keys = list.get().page(PAGE);
        let variables = ListedPricesVariables {
            id: id.get_value(),
            first: keys.first,
            after: keys.after,
            last: keys.last,
            before: keys.before,
        };
        async move { api::ask(ListedPrices::build(variables)).await.map(|answer| answer.price_list_prices) }
    });
    let rows = Rows::of(page, |page| Shown::page(page.nodes.len(), page.total_count, &page.page_info));
    let (open, asking, busy) = (RwSignal::new(false), RwSignal::new(false), RwSignal::new(false));
    let failure = RwSignal::new(None::<Failure>);
    // The row that is changed or taken out; none while one is added.
    let before = RwSignal::new(None::<ListedPriceRow>);
    let draft = RwSignal::new(RowDraft::new());
    let faults = RwSignal::new(BTreeMap::<&'static str, String>::new());
    let begin = move |row: Option<ListedPriceRow>| {
        draft.set(row.as_ref().map_or_else(RowDraft::new, RowDraft::of));
        before.set(row);
        faults.set(BTreeMap::new());
        failure.set(None);
        open.set(true);
    };
    let send = move |prices: Vec<ListPriceInput>, done: &'static str| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        failure.set(None);
        spawn_local(async move {
            let input = PriceListPricesSetInput { id: id.get_value(), prices };
            match api::ask(PriceListPricesSet::build(PriceListPricesSetVariables { input })).await {
                Ok(answer) => {
                    toaster.done(done);
                    let _ = open.try_set(false);
                    let _ = asking.try_set(false);
                    on_count.run(answer.price_list_prices_set.n_prices);
                    page.reload();
                }
                Err(wrong) => {
                    let _ = failure.try_set(Some(wrong));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    let save = move |()| {
        let entries = before
            .with_untracked(|before| draft.with_untracked(|draft| draft.entries(before.as_ref(), exponent)));
        match entries {
            Ok(entries) => send(entries, "Saved: the next cart counts with it"),
            Err(wrong) => faults.set(wrong),
        }
    };
    let take_out = move |()| {
        if let Some(row) = before.get_untracked() {
            send(vec![taken_out(&row)], "The price is out of the list");
        }
    };
    let ask = move |row: ListedPriceRow| {
        before.set(Some(row));
        failure.set(None);
        asking.set(true);
    };
    let body = move || {
        let nodes = page.data.get().map(|page| page.nodes).unwrap_or_default();
        nodes
            .into_iter()
            .map(|row| view! { <Row row editable on_change=move |row| begin(Some(row)) on_remove=ask/> })
            .collect_view()
    };
    let add = move || {
        editable.get().then(|| {
            view! {
                <button class="btn" type="button" data-size="sm" on:click=move |_| begin(None)>
                    {icon("plus")}
                    "Add a price"
                </button>
            }
        })
    };
    let empty = move || {
        view! {
            <Empty symbol="prices" title="No prices in it yet" text="What is not in the list costs what it costs without it. Add a second price of a variant for more pieces, and larger orders get cheaper.">
                {add}
            </Empty>
        }
    };
    let named = move || before.with(|row| row.as_ref().map(ListedPriceRow::called).unwrap_or_default());
    let taken = move || {
        before.with(|row| {
            row.as_ref().map(|row| {
                let pieces = count(row.min_quantity.into(), "piece", "pieces");
                view! {
                    <p>
                        <b>{row.called()}</b>
                        {format!(" does not cost {} from {pieces} on any more: another price of this list counts, another list, or {}.", row.price.formatted, row.base_price.formatted)}
                    </p>
                }
            })
        })
    };
    view! {
        <Table label="Prices" list rows columns=&COLUMNS body empty grey=5>
            <div class="filters"><b>{rows.about("price", "prices")}</b><span class="end">{add}</span></div>
        </Table>
        <Edit open draft before faults failure busy symbol=amount::symbol(&currency) on_save=save/>
        <Confirm
            open=asking
            title=place::derived(move || format!("Take the price of {} out?", named()))
            act="Take it out".to_owned()
            busy
            failure
            on_yes=take_out
        >
            {taken}
        </Confirm>
    }
}

#[component]
fn Row(
    row: ListedPriceRow,
    editable: Signal<bool>,
    #[prop(into)] on_change: Callback<ListedPriceRow>,
    #[prop(into)] on_remove: Callback<ListedPriceRow>,
) -> impl IntoView {
    let (name, same) = (row.called(), row.price == row.base_price);
    let pieces = match row.min_quantity {
        1 => "1 piece".to_owned(),
        n => format!("{n} pieces"),
    };
    let was =
        row.compare_at_price.as_ref().map(|was| view! { <s class="dim">{was.formatted.clone()}</s> " " });
    let (change_label, remove_label) = (
        format!("Change the price of {name} from {pieces} on"),
        format!("Take the price of {name} from {pieces} on out"),
    );
    let (change, remove) = (row.clone(), row.clone());
    let change = StoredValue::new(change);
    let remove = StoredValue::new(remove);
    view! {
        <tr>
            <td class="fill" data-slot="title"><b>{name}</b></td>
            <td data-prio="3" class="dim nowrap">{row.sku.clone()}</td>
            <td class="num" data-slot="sub"><span class="stacked dim">"from "</span>{pieces}</td>
            <td data-prio="2" class="num dim">{row.base_price.formatted.clone()}</td>
            <td class="num" data-slot="value" title=same.then_some("As without the list")>{was}{row.price.formatted.clone()}</td>
            <td class="num" data-slot="state">
                <Show when=move || editable.get()>
                    <button
                        class="btn"
                        type="button"
                        data-kind="quiet"
                        data-icon=""
                        data-size="sm"
                        data-open=""
                        aria-label=change_label.clone()
                        on:click=move |_| on_change.run(change.get_value())
                    >
                        {icon("draft")}
                    </button>
                    <button
                        class="btn"
                        type="button"
                        data-kind="quiet"
                        data-icon=""
                        data-size="sm"
                        aria-label=remove_label.clone()
                        on:click=move |_| on_remove.run(remove.get_value())
                    >
                        {icon("trash")}
                    </button>
                </Show>
            </td>
        </tr>
    }
}

/// Puts a price in, or changes one.
#[component]
fn Edit(
    open: RwSignal<bool>,
    draft: RwSignal<RowDraft>,
    before: RwSignal<Option<ListedPriceRow>>,
    faults: RwSignal<BTreeMap<&'static str, String>>,
    failure: RwSignal<Option<Failure>>,
    busy: RwSignal<bool>,
    symbol: String,
    #[prop(into)] on_save: Callback<()>,
) -> impl IntoView {
    let adding = place::memo(move || before.with(Option::is_none));
    let fault = move |field: &'static str| {
        place::derived(move || {
            let mine = faults.with(|faults| faults.get(field).cloned());
            mine.or_else(|| {
                failure.with(|failure| {
                    let mut all = failure.iter().flat_map(|failure| &failure.fields);
                    let found = all.find(|it| it.field.rsplit('.').next() == Some(field));
                    found.map(|it| it.message.clone())
                })
            })
        })
    };
    let text =
        move |pick: fn(&RowDraft) -> &String| place::derived(move || draft.with(|draft| pick(draft).clone()));
    let put = move |field: &'static str, put: fn(&mut RowDraft, String)| {
        Callback::new(move |typed| {
            faults.update(|faults| drop(faults.remove(field)));
            draft.update(|draft| put(draft, typed));
        })
    };
    let variant_fault = fault("variantId");
    let footer = move || {
        view! {
            <button
                class="btn"
                type="submit"
                data-kind="primary"
                data-block=""
                aria-busy=move || busy.get().to_string()
                disabled=move || busy.get()
            >
                "Save"
            </button>
            <span class="meta">"A price of the same variant from as many pieces on is replaced."</span>
        }
    };
    let chosen =
        place::derived(move || draft.with(|draft| draft.variant.as_ref().map(|(_, name)| name.clone())));
    let symbol = StoredValue::new(symbol);
    let title =
        place::derived(
            move || if adding.get() { "Add a price".to_owned() } else { "Change the price".to_owned() },
        );
    view! {
        <Drawer open title on_submit=on_save footer>
            {move || failure.get().filter(|it| it.fields.is_empty()).map(|failure| view! { <Wrong failure/> })}
            <div class="field" role="group" aria-label="Variant">
                <span class="label">"Variant"</span>
                <Show when=move || adding.get() fallback=move || view! { <b>{chosen.get()}</b> }>
                    <FindVariant
                        label="Find a product"
                        chosen
                        on_pick=move |found| {
                            faults.update(|faults| drop(faults.remove("variantId")));
                            draft.update(|draft| draft.variant = found);
                        }
                    />
                </Show>
                {move || variant_fault.get().map(|text| view! { <span class="error">{icon("stop")} <span>{text}</span></span> })}
            </div>
            <TextField
                id="pieces"
                label="From so many pieces on"
                mode="numeric"
                most=5
                value=text(|draft| &draft.pieces)
                on_input=put("minQuantity", |draft, typed| draft.pieces = typed)
                error=fault("minQuantity")
            />
            <TextField
                id="price"
                label="Price of one piece"
                mode="decimal"
                most=20
                prefix=symbol.get_value()
                value=text(|draft| &draft.price)
                on_input=put("price", |draft, typed| draft.price = typed)
                error=fault("price")
            />
            <TextField
                id="compare-at"
                label="Compared with"
                hint=Signal::stored("Crossed out beside the price, where it is higher".to_owned())
                optional=true
                mode="decimal"
                most=20
                prefix=symbol.get_value()
                value=text(|draft| &draft.compare_at)
                on_input=put("compareAtPrice", |draft, typed| draft.compare_at = typed)
                error=fault("compareAtPrice")
            />
        </Drawer>
    }
}
