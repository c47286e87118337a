//! Ways to send.

use leptos::prelude::*;

use super::Faults;
use crate::gql::settings::ShippingMeasure;
use crate::logic::settings::{Form, MethodDraft, StepDraft};
use crate::parts::icon;
use crate::place;
use crate::session::use_session;

/// A way to send.
#[component]
pub fn MethodLine(form: RwSignal<Form>, row: u32, fault: impl Faults) -> impl IntoView {
    let symbol = crate::logic::amount::symbol(&use_session().currency());
    let read = move |pick: fn(&MethodDraft) -> &String| {
        place::derived(move || {
            form.with(|form| form.method(row).map(|it| pick(it).clone()).unwrap_or_default())
        })
    };
    let write = move |put: fn(&mut MethodDraft, String)| {
        Callback::new(move |typed| form.update(|form| form.method_mut(row, |it| put(it, typed))))
    };
    let name = read(|it| &it.name);
    let active = move || form.with(|form| form.method(row).is_some_and(|it| it.active));
    // Ids are static in the parts; a line of its own has them written out.
    let field = move |label: &'static str,
                      prefix: Option<String>,
                      path: &'static str,
                      value: Signal<String>,
                      set: Callback<String>| {
        let id = format!("method-{row}-{path}");
        let error = fault(format!("shipping.{row}.{path}"));
        view! {
            <div class="field">
                <label for=id.clone()>{label}</label>
                <span class="input">
                    {prefix.map(|prefix| view! { <span class="affix">{prefix}</span> })}
                    <input
                        id=id
                        maxlength="500"
                        autocomplete="off"
                        aria-invalid=move || error.get().is_some().to_string()
                        prop:value=value
                        on:input=move |event| set.run(event_target_value(&event))
                    />
                </span>
                {move || error.get().map(|text| view! { <span class="error">{icon("stop")} <span>{text}</span></span> })}
            </div>
        }
    };
    view! {
        <div class="body" role="group" aria-label=name>
            <div class="row">
                {field("Name", None, "name", name, write(|it, typed| it.name = typed))}
                {field("Words below it", None, "note", read(|it| &it.note), write(|it, typed| it.note = typed))}
            </div>
            <div class="row">
                {field("Price", Some(symbol.clone()), "price", read(|it| &it.price), write(|it, typed| it.price = typed))}
                {field("Free from", Some(symbol.clone()), "freeFrom", read(|it| &it.free_from), write(|it, typed| it.free_from = typed))}
                {field("Countries, as codes with commas", None, "countries", read(|it| &it.countries), write(|it, typed| it.countries = typed))}
            </div>
            <Steps form row symbol fault/>
            {move || {
                let fetched = form.with(|form| form.method(row).is_some_and(|it| it.pickup));
                let words = "Where it is fetched, and when";
                let (at, set) = (read(|it| &it.pickup_place), write(|it, typed| it.pickup_place = typed));
                fetched.then(|| field(words, None, "pickupPlace", at, set))
            }}
            <Taxed form row fault/>
            <div class="flex">
                <label class="check">
                    <input
                        type="checkbox"
                        prop:checked=move || form.with(|form| form.method(row).is_some_and(|it| it.pickup))
                        on:change=move |event| {
                            let on = event_target_checked(&event);
                            form.update(|form| form.method_mut(row, |it| it.pickup = on));
                        }
                    />
                    <span>"The shopper fetches it"</span>
                </label>
                <label class="check">
                    <input
                        type="checkbox"
                        prop:checked=active
                        on:change=move |event| {
                            let on = event_target_checked(&event);
                            form.update(|form| form.method_mut(row, |it| it.active = on));
                        }
                    />
                    <span>"Offered at the checkout"</span>
                </label>
                <button
                    class="btn end"
                    type="button"
                    data-kind="quiet"
                    data-size="sm"
                    on:click=move |_| form.update(|form| form.methods.retain(|it| it.key != row))
                >
                    {icon("trash")}
                    "Remove"
                </button>
            </div>
        </div>
    }
}

/// How a way to send is taxed, where that is not as all of them.
#[component]
fn Taxed(form: RwSignal<Form>, row: u32, fault: impl Faults) -> impl IntoView {
    let id = format!("method-{row}-taxCategory");
    let error = fault(format!("shipping.{row}.taxCategory"));
    let chosen = place::derived(move || {
        form.with(|form| form.method(row).map(|it| it.tax_category.clone()).unwrap_or_default())
    });
    let options = move || {
        let mut kinds = form.with(Form::kinds);
        kinds.insert(0, "standard".to_owned());
        let now = chosen.get();
        // One that no rate is for any more stays to be seen.
        if !now.is_empty() && !kinds.contains(&now) {
            kinds.push(now.clone());
        }
        let option = |kind: String| {
            let words = match kind.as_str() {
                "standard" => "at the standard rate".to_owned(),
                "none" => "not at all".to_owned(),
                _ => format!("as goods of the kind {kind}"),
            };
            view! { <option value=kind.clone() selected=kind == now>{words}</option> }
        };
        let first = now.is_empty();
        let all = kinds.into_iter().map(option).collect_view();
        view! { <option value="" selected=first>"as all deliveries, see Tax"</option> {all} }
    };
    view! {
        <div class="field">
            <label for=id.clone()>"Taxed"</label>
            <select
                class="input"
                id=id
                aria-invalid=move || error.get().is_some().to_string()
                on:change=move |event| {
                    let kind = event_target_value(&event);
                    form.update(|form| form.method_mut(row, |it| it.tax_category = kind));
                }
            >
                {options}
            </select>
            {move || error.get().map(|text| view! { <span class="error">{icon("stop")} <span>{text}</span></span> })}
        </div>
    }
}

/// Other prices of a way to send, from some weight, amount or number of pieces on.
#[component]
fn Steps(form: RwSignal<Form>, row: u32, symbol: String, fault: impl Faults) -> impl IntoView {
    let symbol = StoredValue::new(symbol);
    let by = move |value: ShippingMeasure| {
        form.with(|form| form.method(row).is_some_and(|method| method.by == value))
    };
    let unit =
        move || form.with(|form| form.method(row).map(|it| it.unit(&symbol.get_value())).unwrap_or_default());
    let keys = place::memo(move || {
        form.with(|form| {
            form.method(row)
                .map(|it| it.steps.iter().map(|step| step.key).collect::<Vec<_>>())
                .unwrap_or_default()
        })
    });
    let up_to = place::derived(move || {
        form.with(|form| form.method(row).map(|it| it.up_to.clone()).unwrap_or_default())
    });
    let up_to_error = fault(format!("shipping.{row}.upTo"));
    let up_to_id = format!("method-{row}-upTo");
    let by_id = format!("method-{row}-by");
    let open = untrack(|| {
        form.with(|form| form.method(row).is_some_and(|it| !it.steps.is_empty() || !it.up_to.is_empty()))
    });
    view! {
        <details open=open>
            <summary>"Other prices by weight, amount or pieces"</summary>
            <div class="row">
                <div class="field">
                    <label for=by_id.clone()>"What decides"</label>
                    <select
                        class="input"
                        id=by_id
                        on:change=move |event| {
                            let chosen = match event_target_value(&event).as_str() {
                                "weight" => ShippingMeasure::Weight,
                                "quantity" => ShippingMeasure::Quantity,
                                _ => ShippingMeasure::Price,
                            };
                            form.update(|form| form.method_mut(row, |it| it.by = chosen));
                        }
                    >
                        <option value="price" selected=move || by(ShippingMeasure::Price)>"what the goods cost"</option>
                        <option value="weight" selected=move || by(ShippingMeasure::Weight)>"their weight in grams"</option>
                        <option value="quantity" selected=move || by(ShippingMeasure::Quantity)>"how many pieces"</option>
                    </select>
                </div>
                <div class="field">
                    <label for=up_to_id.clone()>"Takes no more than"</label>
                    <span class="input">
                        <input
                            id=up_to_id
                            inputmode="decimal"
                            class="num"
                            maxlength="16"
                            autocomplete="off"
                            aria-invalid=move || up_to_error.get().is_some().to_string()
                            prop:value=up_to
                            on:input=move |event| {
                                let typed = event_target_value(&event);
                                form.update(|form| form.method_mut(row, |it| it.up_to = typed));
                            }
                        />
                        <span class="affix">{unit}</span>
                    </span>
                    {move || up_to_error.get().map(|text| view! { <span class="error">{icon("stop")} <span>{text}</span></span> })}
                </div>
            </div>
            <div class="rowsets">
                <For each=move || keys.get() key=|key| *key let:key>
                    <StepLine form row step=key symbol=symbol.get_value() fault/>
                </For>
            </div>
            <button
                class="btn"
                type="button"
                data-size="sm"
                on:click=move |_| form.update(|form| form.add_step(row))
            >
                {icon("plus")}
                "Add a price"
            </button>
        </details>
    }
}

#[component]
fn StepLine(form: RwSignal<Form>, row: u32, step: u32, symbol: String, fault: impl Faults) -> impl IntoView {
    let read = move |pick: fn(&StepDraft) -> &String| {
        place::derived(move || {
            form.with(|form| {
                let steps = form.method(row).map(|it| it.steps.as_slice()).unwrap_or_default();
                steps.iter().find(|it| it.key == step).map(|it| pick(it).clone()).unwrap_or_default()
            })
        })
    };
    let write = move |put: fn(&mut StepDraft, String)| {
        Callback::new(move |typed: String| {
            form.update(|form| {
                form.method_mut(row, |it| {
                    if let Some(found) = it.steps.iter_mut().find(|it| it.key == step) {
                        put(found, typed);
                    }
                });
            });
        })
    };
    let (from, price) = (read(|it| &it.from), read(|it| &it.price));
    let (set_from, set_price) = (write(|it, typed| it.from = typed), write(|it, typed| it.price = typed));
    let errors = ["from", "price"].map(|field| fault(format!("shipping.{row}.steps.{step}.{field}")));
    let [from_error, price_error] = errors;
    let shown = symbol.clone();
    let unit = move || form.with(|form| form.method(row).map(|it| it.unit(&shown)).unwrap_or_default());
    view! {
        <div class="rowset" role="group" aria-label=move || format!("Price from {}", from.get())>
            <span class="input">
                <span class="affix">"from"</span>
                <input
                    aria-label="From"
                    inputmode="decimal"
                    class="num"
                    maxlength="16"
                    aria-invalid=move || from_error.get().is_some().to_string()
                    prop:value=from
                    on:input=move |event| set_from.run(event_target_value(&event))
                />
                <span class="affix">{unit}</span>
            </span>
            <span class="input">
                <span class="affix">{symbol}</span>
                <input
                    aria-label="Price"
                    inputmode="decimal"
                    class="num"
                    maxlength="16"
                    aria-invalid=move || price_error.get().is_some().to_string()
                    prop:value=price
                    on:input=move |event| set_price.run(event_target_value(&event))
                />
            </span>
            <span></span>
            <button
                class="btn"
                type="button"
                data-kind="quiet"
                data-icon=""
                aria-label=move || format!("Remove the price from {}", from.get())
                on:click=move |_| {
                    form.update(|form| form.method_mut(row, |it| it.steps.retain(|it| it.key != step)));
                }
            >
                {icon("trash")}
            </button>
            {move || {
                from_error
                    .get()
                    .or_else(|| price_error.get())
                    .map(|text| view! { <span class="error">{icon("stop")} {text}</span> })
            }}
        </div>
    }
}
