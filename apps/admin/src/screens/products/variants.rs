//! The grid of variants: type, arrows and Enter move, Ctrl+D fills down, a pasted block of cells fills the grid.

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;

use super::draft::{Draft, Row};
use super::options::Options;
use crate::api::{self, Remote, remote};
use crate::gql::Document;
use crate::gql::catalog::{AdminVariant, TaxCategories};
use crate::gql::stock::Location;
use crate::logic::amount;
use crate::logic::product::{Selling, VariantDraft};
use crate::logic::stock::kept_words;
use crate::parts::{count, icon};
use crate::place;
use crate::screens::stock::{all_locations, called};
use crate::session::use_session;

/// Rows shown before somebody asks for more.
const STEP: usize = 100;

/// The variants of a product.
#[component]
pub fn Variants(
    /// The edited product.
    draft: Draft,
    /// Whether it may be changed.
    #[prop(into)]
    editable: Signal<bool>,
) -> impl IntoView {
    let shown = RwSignal::new(STEP);
    let editing_options = RwSignal::new(false);
    let total = place::memo(move || draft.rows.with(Vec::len));
    let session = use_session();
    let locations = session.may("inventory:read").then(all_locations);
    let taxes = session.has_module("commerce").then(all_taxes);
    let currency = draft.product.with_untracked(|product| amount::symbol(&product.currency));
    let about = move || {
        let options = draft.options.get();
        if options.is_empty() {
            "one, without a choice".to_owned()
        } else {
            format!("{}, from {}", total.get(), options.join(" × "))
        }
    };
    let window = move || draft.rows.with(|rows| rows.iter().take(shown.get()).copied().collect::<Vec<_>>());
    let faults = move || {
        let rows = draft.rows.get();
        let said = draft.faults.get().into_iter().take(5).map(|fault| {
            let name = rows.get(fault.row).map(|row| row.draft.with(VariantDraft::name)).unwrap_or_default();
            view! { <span class="error">{icon("stop")} <span><b>{name}</b> " " {fault.message}</span></span> }
        });
        said.collect_view()
    };
    view! {
        <section class="card" id="variants">
            <header>
                <h2>"Variants"</h2>
                <span class="meta">{about}</span>
                <span class="end">
                    <button
                        class="btn"
                        type="button"
                        data-size="sm"
                        disabled=move || !editable.get()
                        on:click=move |_| editing_options.set(true)
                    >
                        "Options"
                    </button>
                </span>
            </header>
            <div class="body flush">
                <div class="sheetwrap">
                    <table class="sheet" aria-label="Variants" on:keydown=keys on:paste=paste>
                        <thead>
                            <tr>
                                <th scope="col">"Variant"</th>
                                <th scope="col">"SKU"</th>
                                <th scope="col" class="num">"Price, " {currency.clone()}</th>
                                <th scope="col" class="num">"Was, " {currency.clone()}</th>
                                <th scope="col" class="num">"Stock"</th>
                                <th scope="col">"At zero"</th>
                                <th scope="col">"Tax"</th>
                                <th scope="col" class="num">"Grams"</th>
                                <th scope="col">"Needs to be sent"</th>
                                <th scope="col">"Barcode"</th>
                                <th scope="col"><span class="vh">"Remove"</span></th>
                            </tr>
                        </thead>
                        <tbody>
                            <For each=window key=|row| row.key let:row>
                                <Line draft row editable locations taxes/>
                            </For>
                        </tbody>
                    </table>
                </div>
                <div class="sheetfoot">
                    {faults}
                    {move || {
                        (total.get() > shown.get())
                            .then(|| {
                                let rest = (total.get() - shown.get()).min(STEP);
                                view! {
                                    <button
                                        class="btn"
                                        type="button"
                                        data-kind="link"
                                        on:click=move |_| shown.update(|shown| *shown += STEP)
                                    >
                                        {format!("Show {rest} more of {}", count(total.get() as i64, "variant", "variants"))}
                                    </button>
                                }
                            })
                    }}
                    <span class="end hintline">
                        <kbd class="kbd">"Enter"</kbd> " next row " <kbd class="kbd">"Ctrl D"</kbd> " fill down "
                        <kbd class="kbd">"Ctrl V"</kbd> " paste cells"
                    </span>
                </div>
            </div>
        </section>
        <Options draft open=editing_options/>
    }
}

#[component]
fn Line(
    draft: Draft,
    row: Row,
    #[prop(into)] editable: Signal<bool>,
    locations: Option<Remote<Vec<Location>>>,
    taxes: Option<Remote<Vec<String>>>,
) -> impl IntoView {
    let at = move || draft.rows.with_untracked(|rows| rows.iter().position(|it| it.key == row.key));
    let fault = move |column: &'static str| {
        draft.faults.with(|faults| {
            if faults.is_empty() {
                return None;
            }
            let at = at()?;
            faults
                .iter()
                .find(|fault| fault.row == at && fault.column == column)
                .map(|fault| fault.message.clone())
        })
    };
    let saved = place::memo(move || {
        let id = row.draft.with(|it| it.id.clone())?;
        let exponent = draft.exponent();
        draft.product.with(|product| {
            let variant = product.variants.iter().find(|it| *it.id.inner() == id)?;
            Some((VariantDraft::of(variant, exponent), variant.reserved))
        })
    });
    let cell = move |column: &'static str,
                     label: &'static str,
                     number: bool,
                     read: fn(&VariantDraft) -> &String,
                     write: fn(&mut VariantDraft, String)| {
        let dirty = move || {
            saved.with(|saved| {
                saved.as_ref().is_none_or(|(saved, _)| row.draft.with(|it| read(it) != read(saved)))
            })
        };
        let mode = match column {
            "price" | "was" => "decimal",
            "on_hand" | "grams" => "numeric",
            _ => "text",
        };
        let off = move || {
            !editable.get() || column == "on_hand" && row.draft.with(|it| it.selling == Selling::Uncounted)
        };
        view! {
            <td
                class=number.then_some("num")
                data-dirty=move || dirty().then_some("")
                aria-invalid=move || fault(column).is_some().then_some("true")
                title=move || fault(column)
            >
                <input
                    data-col=column
                    aria-label=move || format!("{label} of {}", row.draft.with(VariantDraft::name))
                    aria-invalid=move || fault(column).is_some().to_string()
                    autocomplete="off"
                    spellcheck="false"
                    inputmode=mode
                    disabled=off
                    prop:value=move || row.draft.with(|it| read(it).clone())
                    on:focus=select
                    on:input=move |event| {
                        let typed = event_target_value(&event);
                        row.draft.update(|it| write(it, typed));
                        if let Some(at) = at().filter(|_| draft.faults.with_untracked(|faults| !faults.is_empty())) {
                            draft.faults.update(|faults| faults.retain(|it| !(it.row == at && it.column == column)));
                        }
                    }
                />
            </td>
        }
    };
    let selling = move || {
        let now = row.draft.with(|it| it.selling);
        Selling::ALL
            .into_iter()
            .map(|(choice, key, text)| view! { <option value=key selected=choice == now>{text}</option> })
            .collect_view()
    };
    let tax = move || {
        let now = row.draft.with(|it| if it.tax.is_empty() { "standard".to_owned() } else { it.tax.clone() });
        let mut all = taxes.and_then(|taxes| taxes.data.get()).unwrap_or_default();
        if !all.contains(&now) {
            all.push(now.clone());
        }
        all.into_iter()
            .map(|key| view! { <option value=key.clone() selected=key == now>{key.clone()}</option> })
            .collect_view()
    };
    let ships_dirty = move || {
        saved.with(|saved| {
            let same = |(saved, _): &(VariantDraft, i32)| row.draft.with(|it| it.ships == saved.ships);
            (!saved.as_ref().is_some_and(same)).then_some("")
        })
    };
    let reserved = move || {
        saved
            .with(|saved| saved.as_ref().map(|(_, reserved)| *reserved).filter(|reserved| *reserved > 0))
            .map(|reserved| view! { <span class="meta">" " {reserved} " reserved"</span> })
    };
    // Where the pieces lie, once there is more than one place or some are kept back; and how they came there.
    let shelves = place::memo(move || {
        let id = row.draft.with(|it| it.id.clone());
        let of = |variants: &[AdminVariant]| {
            let variant = variants.iter().find(|it| Some(it.id.inner()) == id.as_deref())?;
            Some((variant.id.clone(), variant.shelves.clone()))
        };
        draft.product.with(|product| of(&product.variants))
    });
    let lies = move || {
        let (locations, (id, shelves)) = (locations?, shelves.get()?);
        let said = shelves.iter().map(|shelf| {
            let kept = kept_words(shelf.threshold).map(|kept| format!(" ({kept})")).unwrap_or_default();
            format!("{} {}{kept}", called(locations, &shelf.location_id), shelf.on_hand)
        });
        let apart = 1 < shelves.len() || shelves.iter().any(|shelf| shelf.threshold != 0);
        let said = apart.then(|| said.collect::<Vec<_>>().join(" · "));
        let label = format!("Stock history of {}", row.draft.with(VariantDraft::name));
        let history = place::to(&format!("/inventory/history?variant={}", id.inner()));
        Some(view! {
            <small class="meta">
                {said.map(|said| view! { {said} " " })}
                <a href=history aria-label=label>"History"</a>
            </small>
        })
    };
    let removable = move || editable.get() && draft.rows.with(Vec::len) > 1;
    let remove = move |_| {
        draft.faults.set(Vec::new());
        draft.rows.update(|rows| rows.retain(|it| it.key != row.key));
    };
    view! {
        <tr>
            <th scope="row"><span class="flex">{move || row.draft.with(VariantDraft::name)} {reserved}</span> {lies}</th>
            {cell("sku", "SKU", false, |it| &it.sku, |it, typed| it.sku = typed)}
            {cell("price", "Price", true, |it| &it.price, |it, typed| it.price = typed)}
            {cell("was", "Earlier price", true, |it| &it.was, |it, typed| it.was = typed)}
            {cell("on_hand", "Stock", true, |it| &it.on_hand, |it, typed| it.on_hand = typed)}
            <td>
                <select
                    aria-label=move || format!("What happens at zero to {}", row.draft.with(VariantDraft::name))
                    disabled=move || !editable.get()
                    on:change=move |event| {
                        let choice = Selling::from_key(&event_target_value(&event));
                        row.draft.update(|it| it.selling = choice);
                    }
                >
                    {selling}
                </select>
            </td>
            <td>
                <select
                    aria-label=move || format!("Tax category of {}", row.draft.with(VariantDraft::name))
                    disabled=move || !editable.get()
                    on:change=move |event| {
                        let choice = event_target_value(&event);
                        row.draft.update(|it| it.tax = choice);
                    }
                >
                    {tax}
                </select>
            </td>
            {cell("grams", "Weight in grams", true, |it| &it.grams, |it, typed| it.grams = typed)}
            <td class="tick" data-dirty=ships_dirty>
                <label>
                    <input
                        type="checkbox"
                        data-col="ships"
                        aria-label=move || format!("{} needs to be sent", row.draft.with(VariantDraft::name))
                        disabled=move || !editable.get()
                        prop:checked=move || row.draft.with(|it| it.ships)
                        on:change=move |event| {
                            let ships = event_target_checked(&event);
                            row.draft.update(|it| it.ships = ships);
                        }
                    />
                </label>
            </td>
            {cell("barcode", "Barcode", false, |it| &it.barcode, |it, typed| it.barcode = typed)}
            <td class="num">
                <Show when=removable>
                    <button
                        class="btn"
                        type="button"
                        data-kind="quiet"
                        data-size="sm"
                        data-icon=""
                        aria-label=move || format!("Remove {}", row.draft.with(VariantDraft::name))
                        on:click=remove
                    >
                        {icon("x")}
                    </button>
                </Show>
            </td>
        </tr>
    }
}

/// Asks for what variants can be for the tax office.
fn all_taxes() -> Remote<Vec<String>> {
    remote(|| async { api::ask(TaxCategories::build(())).await.map(|answer| answer.tax_categories) })
}

/// The input under the event, with its column.
fn target(event: &web_sys::Event) -> Option<(web_sys::HtmlInputElement, String)> {
    let input: web_sys::HtmlInputElement = event.target()?.dyn_into().ok()?;
    let column = input.get_attribute("data-col")?;
    Some((input, column))
}

/// The input of the same column, `by` rows further.
fn neighbour(input: &web_sys::HtmlInputElement, column: &str, by: i32) -> Option<web_sys::HtmlInputElement> {
    let mut row = input.closest("tr").ok()??;
    for _ in 0..by.abs() {
        row = if by > 0 { row.next_element_sibling()? } else { row.previous_element_sibling()? };
    }
    row.query_selector(&format!("input[data-col={column}]")).ok()??.dyn_into().ok()
}

/// Puts a value in as if it had been typed.
fn put(input: &web_sys::HtmlInputElement, value: &str) {
    if input.disabled() {
        return;
    }
    input.set_value(value);
    if let Ok(event) = web_sys::Event::new("input") {
        let _ = input.dispatch_event(&event);
    }
}

fn select(event: web_sys::FocusEvent) {
    if let Some((input, _)) = target(&event) {
        input.select();
    }
}

fn keys(event: web_sys::KeyboardEvent) {
    let Some((input, column)) = target(&event) else { return };
    let by = match event.key().as_str() {
        "ArrowUp" => -1,
        "ArrowDown" | "Enter" => 1,
        "d" if event.ctrl_key() || event.meta_key() => {
            event.prevent_default();
            if let Some(above) = neighbour(&input, &column, -1) {
                if above.type_() != "checkbox" {
                    put(&input, &above.value());
                } else if above.checked() != input.checked() {
                    input.click();
                }
            }
            return;
        }
        _ => return,
    };
    event.prevent_default();
    if let Some(next) = neighbour(&input, &column, by) {
        let _ = next.focus();
    }
}

fn paste(event: web_sys::ClipboardEvent) {
    let Some((first, column)) = target(&event) else { return };
    let text = event.clipboard_data().and_then(|data| data.get_data("text").ok()).unwrap_or_default();
    let text = text.trim_end_matches(['\r', '\n']);
    if !text.contains(['\n', '\t']) {
        return;
    }
    const COLUMNS: [&str; 6] = ["sku", "price", "was", "on_hand", "grams", "barcode"];
    let Some(from) = COLUMNS.iter().position(|known| *known == column) else { return };
    event.prevent_default();
    for (down, line) in text.lines().enumerate() {
        for (cell, column) in line.split('\t').zip(&COLUMNS[from..]) {
            if let Some(input) = neighbour(&first, column, down as i32) {
                put(&input, cell.trim());
            }
        }
    }
}
