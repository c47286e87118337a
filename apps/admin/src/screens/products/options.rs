//! Options of a product, like Size and Colour, and the variants that they span.

use leptos::prelude::*;

use super::draft::Draft;
use crate::logic::matrix::{self, MOST_VARIANTS};
use crate::logic::product::{Grid, VariantDraft};
use crate::parts::dialog::Drawer;
use crate::parts::{count, icon};
use crate::place;

/// An option as it is typed.
#[derive(Clone, PartialEq)]
struct Line {
    key: u32,
    name: String,
    values: String,
}

/// The drawer.
#[component]
pub fn Options(
    /// The edited product.
    draft: Draft,
    /// Whether it is there.
    open: RwSignal<bool>,
) -> impl IntoView {
    let lines = RwSignal::new(Vec::<Line>::new());
    let next = StoredValue::new(0_u32);
    let line = move |name: String, values: String| {
        let key = next.get_value();
        next.set_value(key + 1);
        Line { key, name, values }
    };
    // Each opening begins with the grid as it stands.
    place::effect(move |_| {
        if open.get() {
            let grid = draft.grid_untracked();
            let of = |at: usize| {
                let mut values: Vec<String> = Vec::new();
                for value in grid.rows.iter().filter_map(|row| row.options.get(at)) {
                    if !values.contains(value) {
                        values.push(value.clone());
                    }
                }
                values.join(", ")
            };
            let present = grid.options.iter().enumerate().map(|(at, name)| line(name.clone(), of(at)));
            lines.set(present.collect());
            if grid.options.is_empty() {
                lines.set(vec![line(String::new(), String::new())]);
            }
        }
    });
    let wanted = place::memo(move || {
        let lines = lines.get();
        let filled = lines.iter().map(|line| (line.name.trim().to_owned(), matrix::values(&line.values)));
        filled.filter(|(name, values)| !name.is_empty() || !values.is_empty()).collect::<Vec<_>>()
    });
    let problem = place::memo(move || {
        wanted.with(|wanted| {
            let values: Vec<Vec<String>> = wanted.iter().map(|(_, values)| values.clone()).collect();
            let twice =
                |at: usize| wanted[..at].iter().any(|(name, _)| name.eq_ignore_ascii_case(&wanted[at].0));
            if wanted.iter().any(|(name, _)| name.is_empty()) {
                Some("Give each option a name".to_owned())
            } else if wanted.iter().any(|(_, values)| values.is_empty()) {
                Some("Give each option at least one value".to_owned())
            } else if (0..wanted.len()).any(twice) {
                Some("Two options have the same name".to_owned())
            } else if matrix::count(&values) > MOST_VARIANTS {
                Some(format!(
                    "{} variants are more than the {MOST_VARIANTS} that a product may have",
                    matrix::count(&values)
                ))
            } else {
                None
            }
        })
    });
    let plan = place::memo(move || {
        if problem.with(Option::is_some) || !open.get() {
            return None;
        }
        let grid = draft.grid_untracked();
        let (names, values): (Vec<String>, Vec<Vec<String>>) = wanted.get().into_iter().unzip();
        let combinations = if names.is_empty() { vec![Vec::new()] } else { matrix::combinations(&values) };
        let present: Vec<Vec<String>> = grid.rows.iter().map(|row| row.options.clone()).collect();
        let kept = matrix::keep(&present, &combinations);
        let n_kept = kept.iter().flatten().count();
        let rows = combinations.into_iter().zip(kept).map(|(options, kept)| match kept {
            Some(at) => VariantDraft { options, ..grid.rows[at].clone() },
            None => VariantDraft::beside(VariantDraft::nearest(&grid.rows, &options), options),
        });
        let next = Grid { options: names, rows: rows.collect() };
        Some((n_kept, grid.rows.len() - n_kept, next))
    });
    let said = move || {
        if let Some(problem) = problem.get() {
            return view! { <span class="error">{icon("stop")} {problem}</span> }.into_any();
        }
        plan.with(|plan| {
            plan.as_ref().map(|(kept, gone, next)| {
                let new = next.rows.len() - kept;
                let all = count(next.rows.len() as i64, "variant", "variants");
                view! { <span class="meta">{format!("{all}: {kept} stay, {new} new, {gone} removed. Nothing changes before you save.")}</span> }
            })
        })
        .into_any()
    };
    let apply = move |()| {
        if let Some((_, _, next)) = plan.get_untracked() {
            draft.faults.set(Vec::new());
            draft.show(next);
            open.set(false);
        }
    };
    view! {
        <Drawer
            open
            title="Options".to_owned()
            on_submit=apply
            footer=move || {
                view! {
                    <button class="btn" type="submit" data-kind="primary" data-block="" disabled=move || plan.with(Option::is_none)>
                        "Use these options"
                    </button>
                    {said}
                }
            }
        >
            <p class="dim">"Up to three choices that a shopper makes, like size and colour. Every combination becomes a variant."</p>
            <For each=move || lines.get() key=|line| line.key let:line>
                <OptionLine lines row=line.key/>
            </For>
            <Show when=move || lines.with(|lines| lines.len() <= 2)>
                <button
                    class="btn"
                    type="button"
                    on:click=move |_| lines.update(|lines| lines.push(line(String::new(), String::new())))
                >
                    {icon("plus")}
                    "Add an option"
                </button>
            </Show>
        </Drawer>
    }
}

#[component]
fn OptionLine(lines: RwSignal<Vec<Line>>, row: u32) -> impl IntoView {
    let read = move |pick: fn(&Line) -> &String| {
        place::derived(move || {
            lines.with(|lines| {
                lines.iter().find(|line| line.key == row).map(|line| pick(line).clone()).unwrap_or_default()
            })
        })
    };
    let write = move |put: fn(&mut Line, String), event: web_sys::Event| {
        let typed = event_target_value(&event);
        lines.update(|lines| {
            if let Some(line) = lines.iter_mut().find(|line| line.key == row) {
                put(line, typed);
            }
        });
    };
    let (name, values) = (read(|line| &line.name), read(|line| &line.values));
    view! {
        <fieldset class="optionline">
            <legend class="vh">"Option"</legend>
            <div class="field">
                <label for=format!("option-{row}")>"Name"</label>
                <input
                    class="input"
                    id=format!("option-{row}")
                    maxlength="50"
                    placeholder="Size"
                    prop:value=name
                    on:input=move |event| write(|line, typed| line.name = typed, event)
                />
            </div>
            <div class="field">
                <label for=format!("values-{row}")>"Values, with commas between"</label>
                <input
                    class="input"
                    id=format!("values-{row}")
                    maxlength="2000"
                    placeholder="Small, Medium, Large"
                    prop:value=values
                    on:input=move |event| write(|line, typed| line.values = typed, event)
                />
            </div>
            <button
                class="btn"
                type="button"
                data-kind="quiet"
                data-icon=""
                aria-label="Remove this option"
                on:click=move |_| lines.update(|lines| lines.retain(|line| line.key != row))
            >
                {icon("trash")}
            </button>
        </fieldset>
    }
}
