//! What a draft is about: variants with pieces, and what was agreed about them.

use leptos::prelude::*;

use super::form::{Form, LineForm, TakenOff, error_line};
use crate::logic::amount;
use crate::logic::draft_order::{self, Line};
use crate::logic::price_list::one_more;
use crate::parts::field::TextField;
use crate::parts::{count, icon};
use crate::place;
use crate::screens::stock::picker::AnyVariant;
use crate::session::use_session;

/// The card with the lines and the search for more.
#[component]
pub fn Lines(
    /// The draft.
    form: Form,
    /// Whether it can be changed.
    editable: Memo<bool>,
) -> impl IntoView {
    let variants = place::memo(move || {
        form.draft.with(|draft| draft.lines.iter().map(|line| line.variant.clone()).collect::<Vec<_>>())
    });
    let add = move |(variant, name): (String, String)| {
        form.draft.update(|draft| match draft.lines.iter_mut().find(|line| line.variant == variant) {
            Some(line) => one_more(&mut line.pieces),
            None => draft.lines.push(Line::new(variant, name)),
        });
    };
    let pieces = move || count(form.draft.with(draft_order::Draft::n_pieces), "piece", "pieces");
    view! {
        <section class="card">
            <header><h2>"What it is about"</h2><span class="meta end">{pieces}</span></header>
            <div class="body">
                <Show when=move || variants.with(Vec::is_empty)>
                    <p class="dim">"Nothing yet. Find what the customer wants below."</p>
                </Show>
                <For each=move || variants.get() key=Clone::clone let:variant>
                    <One line=form.line(StoredValue::new(variant)) editable/>
                </For>
                {error_line(form.fault("lines"))}
                <Show when=move || editable.get()><AnyVariant on_pick=add/></Show>
            </div>
        </section>
    }
}

/// One line.
#[component]
fn One(line: LineForm, editable: Memo<bool>) -> impl IntoView {
    let form = line.form;
    let symbol = amount::symbol(&use_session().currency());
    let called = move || line.with(|line| line.name.clone());
    let wrong = line.fault("quantity");
    let seen = move |say: fn(&draft_order::Seen<'_>) -> Option<String>| {
        form.foretold.data.with(|preview| {
            let preview = preview.iter().flatten().next()?;
            line.variant.with_value(|variant| say(&draft_order::foretold(preview, variant)?))
        })
    };
    let unit = move || seen(|seen| Some(format!("{} each", seen.line.unit.formatted)));
    let full =
        move || seen(|seen| (seen.line.total != seen.line.left).then(|| seen.line.total.formatted.clone()));
    let left = move || seen(|seen| Some(seen.line.left.formatted.clone()));
    let problem = place::derived(move || seen(|seen| seen.problem.map(|problem| problem.message.clone())));
    let discounts = move || {
        seen(|seen| {
            let words: Vec<_> = seen.line.discounts.iter().map(|one| one.words.as_str()).collect();
            (!words.is_empty()).then(|| words.join(" · "))
        })
    };
    let remove = move |_| {
        let gone = line.variant.get_value();
        form.draft.update(|draft| draft.lines.retain(|line| line.variant != gone));
    };
    let id = line.variant.with_value(|variant| format!("line-{variant}"));
    let open = untrack(|| line.with(Line::is_agreed));
    let off = place::derived(move || line.with(|line| line.off.clone()));
    let faults = ["discount.amount", "discount.percent", "discount.reason"].map(|field| line.fault(field));
    view! {
        <fieldset class="stack bare" aria-label=called disabled=move || !editable.get()>
            <div class="field">
                <div class="flex">
                    <span class="grow"><b>{called}</b> <br/> <span class="meta">{unit}</span></span>
                    <input
                        class="input"
                        style=("inline-size", "4.5rem")
                        inputmode="numeric"
                        maxlength="5"
                        autocomplete="off"
                        aria-label=move || format!("Pieces of {}", called())
                        aria-invalid=move || wrong.get().is_some().to_string()
                        prop:value=line.text(|line| &line.pieces)
                        on:input={
                            let put = line.put(|line, typed| line.pieces = typed);
                            move |event| put.run(event_target_value(&event))
                        }
                    />
                    <span class="num nowrap">{move || full().map(|full| view! { <s class="dim">{full}</s> " " })} {left}</span>
                    <button class="btn" type="button" data-kind="quiet" data-icon="" aria-label=move || format!("Take {} away", called()) on:click=remove>
                        {icon("x")}
                    </button>
                </div>
                {error_line(wrong)}
                {error_line(line.fault("variantId"))}
                {error_line(problem)}
                {move || discounts().map(|words| view! { <span class="hint">{words}</span> })}
            </div>
            <details class="astable" open=open>
                <summary>"Agreed price and discount"</summary>
                <div class="stack">
                    <div class="row">
                        <TextField
                            id=format!("{id}-price")
                            label="Price of one piece"
                            hint=Signal::stored("Empty: what it costs in the shop".to_owned())
                            mode="decimal"
                            most=14
                            prefix=symbol.clone()
                            value=line.text(|line| &line.price)
                            on_input=line.put(|line, typed| line.price = typed)
                            error=line.fault("price")
                        />
                        <TextField
                            id=format!("{id}-why")
                            label="Why this price"
                            hint=Signal::stored("For the staff".to_owned())
                            optional=true
                            most=200
                            value=line.text(|line| &line.price_reason)
                            on_input=line.put(|line, typed| line.price_reason = typed)
                            error=line.fault("priceReason")
                        />
                    </div>
                    <TakenOff id=format!("{id}-off") value=off on_change=move |off| line.change(|line| line.off = off) symbol faults/>
                </div>
            </details>
        </fieldset>
    }
}
