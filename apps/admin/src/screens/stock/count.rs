//! One stock count: the list to go along the shelves with.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::picker::Picker;
use super::{all_locations, called, pieces};
use crate::api::{self, Failure, Remote, remote};
use crate::gql::Document;
use crate::gql::catalog::IdVariables;
use crate::gql::stock::{
    CountApply, CountApplyVariables, CountById, CountCancel, CountCancelVariables, CountRecord,
    CountRecordVariables, InventoryItem, Location, StockCount, StockCountLine, StockCountLineInput,
    StockCountMoveInput, StockCountRecordInput, StockCountState,
};
use crate::parts::dialog::{Confirm, Wrong};
use crate::parts::toast::use_toaster;
use crate::parts::{CardSkeleton, Empty, FailureCard, PageHead, count, grouped, pill};
use crate::place;
use crate::session::use_session;

/// The screen of one stock count.
#[component]
pub fn CountScreen() -> impl IntoView {
    place::title(|| "Stock count".to_owned());
    let id = place::id();
    let locations = all_locations();
    let asked = remote(move || {
        let id = cynic::Id::new(id.get());
        async move { api::ask(CountById::build(IdVariables { id })).await.map(|answer| answer.stock_count) }
    });
    // Whether there is a count, apart from what it says: typing must not make the list anew.
    let there = place::memo(move || asked.data.with(Option::is_some));
    move || {
        match (there.get(), asked.failure.get()) {
        (false, Some(failure)) => view! {
            <div class="page">
                <PageHead title="Stock count".to_owned() back=(place::to("/inventory/counts"), "Stock counts")/>
                <FailureCard failure again=move |()| asked.reload()/>
            </div>
        }
        .into_any(),
        (false, None) => view! {
            <div class="page">
                <PageHead title="Stock count".to_owned() back=(place::to("/inventory/counts"), "Stock counts")/>
                <CardSkeleton/>
            </div>
        }
        .into_any(),
        (true, _) => match asked.data.get_untracked() {
            Some(first) => view! { <Sheet first locations/> }.into_any(),
            None => ().into_any(),
        },
    }
    }
}

#[component]
fn Sheet(first: StockCount, locations: Remote<Vec<Location>>) -> impl IntoView {
    let session = use_session();
    let toaster = use_toaster();
    let location = first.location_id.clone();
    let seen = RwSignal::new(first);
    let (applying, cancelling) = (RwSignal::new(false), RwSignal::new(false));
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<Failure>));
    let may = place::memo(move || session.may("inventory:update"));
    let state = place::memo(move || seen.with(|seen| seen.state));
    let editable = place::derived(move || may.get() && state.get() == StockCountState::Open);
    let done = move |answer: Result<StockCount, Failure>, text: &'static str| {
        match answer {
            Ok(count) => {
                seen.set(count);
                toaster.done(text);
                applying.set(false);
                cancelling.set(false);
            }
            Err(wrong) => {
                let _ = failure.try_set(Some(wrong));
            }
        }
        let _ = busy.try_set(false);
    };
    let which = move || seen.with_untracked(|seen| (seen.id.clone(), seen.version));
    // Numbers that were typed while another one is being stored wait for it and go together.
    let waiting = StoredValue::new(Vec::<StockCountLineInput>::new());
    let record = Callback::new(move |(variant_id, counted): (cynic::Id, Option<i32>)| {
        waiting.update_value(|waiting| {
            waiting.retain(|line| line.variant_id != variant_id);
            waiting.push(StockCountLineInput { variant_id, counted });
        });
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        failure.set(None);
        spawn_local(async move {
            while let Some(lines) = waiting.try_update_value(std::mem::take).filter(|lines| !lines.is_empty())
            {
                let Some((id, version)) = seen.try_with_untracked(|seen| (seen.id.clone(), seen.version))
                else {
                    return;
                };
                let input = StockCountRecordInput { id, version, lines };
                match api::ask(CountRecord::build(CountRecordVariables { input })).await {
                    Ok(answer) => drop(seen.try_set(answer.stock_count_record.count)),
                    Err(wrong) => {
                        let _ = failure.try_set(Some(wrong));
                        break;
                    }
                }
            }
            let _ = busy.try_set(false);
        });
    });
    let apply = move |()| {
        busy.set(true);
        failure.set(None);
        let (id, version) = which();
        let input = StockCountMoveInput { id, version };
        spawn_local(async move {
            let answer = api::ask(CountApply::build(CountApplyVariables { input })).await;
            done(answer.map(|answer| answer.stock_count_apply.count), "The shelves hold what was found");
        });
    };
    let cancel = move |()| {
        busy.set(true);
        failure.set(None);
        let (id, version) = which();
        let input = StockCountMoveInput { id, version };
        spawn_local(async move {
            let answer = api::ask(CountCancel::build(CountCancelVariables { input })).await;
            done(answer.map(|answer| answer.stock_count_cancel.count), "The count is given up");
        });
    };
    let title = {
        let location = location.clone();
        place::derived(move || format!("Count of {}", called(locations, &location)))
    };
    let about = place::derived(move || {
        seen.with(|seen| {
            format!(
                "{} of {} counted",
                seen.counted_count,
                count(seen.lines.len() as i64, "variant", "variants")
            )
        })
    });
    let actions = move || {
        editable.get().then(|| {
            view! {
                <button class="btn" type="button" on:click=move |_| cancelling.set(true)>"Give up"</button>
                <button class="btn" type="button" data-kind="primary" disabled=move || seen.with(|seen| seen.counted_count == 0) on:click=move |_| applying.set(true)>
                    "Apply"
                </button>
            }
        })
    };
    let ids = move || {
        seen.with(|seen| seen.lines.iter().map(|line| line.variant_id.inner().to_owned()).collect::<Vec<_>>())
    };
    let empty = move || {
        seen.with(|seen| seen.lines.is_empty()).then(|| {
            view! {
                <tr class="whole"><td colspan="3" data-slot="title">
                    <Empty symbol="list" title="Nothing lies there yet" text="Find what you have in your hand below, and write down how many there are."/>
                </td></tr>
            }
        })
    };
    let at = Signal::stored(None);
    let pick = move |item: InventoryItem| {
        let there =
            seen.with_untracked(|seen| seen.lines.iter().any(|line| line.variant_id == item.variant_id));
        if !there {
            record.run((item.variant_id, None));
        }
    };
    let n_changes = move || {
        seen.with(|seen| {
            let other = |line: &&StockCountLine| line.counted.is_some_and(|counted| counted != line.expected);
            seen.lines.iter().filter(other).count() as i64
        })
    };
    view! {
        <div class="page">
            <PageHead title about back=(place::to("/inventory/counts"), "Stock counts") beside=move || { let (tone, word) = state.get().words(); pill(tone, word) }>
                {actions}
            </PageHead>
            {move || (!applying.get() && !cancelling.get()).then(|| failure.get().map(|failure| view! { <Wrong failure/> }))}
            <section class="tablecard" aria-label="What is counted" aria-busy=move || busy.get().to_string()>
                <table class="table" data-stack="">
                    <thead>
                        <tr>
                            <th scope="col">"Variant"</th>
                            <th scope="col" class="num">"Expected"</th>
                            <th scope="col" class="num">"Found"</th>
                        </tr>
                    </thead>
                    <tbody>
                        {empty}
                        <For each=ids key=|id| id.clone() let:id><Line id seen editable record/></For>
                    </tbody>
                </table>
            </section>
            <Show when=move || editable.get()>
                <section class="card"><div class="body stack"><Picker at on_pick=pick/></div></section>
            </Show>
            <Confirm open=applying title=Signal::stored("Apply this count?".to_owned()) act=Signal::stored("Apply it".to_owned()) kind="primary" refuse="Count on" busy failure on_yes=apply>
                <p>{move || format!("{} other than expected; lines without a number stay as they are.", count(n_changes(), "variant is", "variants are"))}</p>
            </Confirm>
            <Confirm open=cancelling title=Signal::stored("Give this count up?".to_owned()) act=Signal::stored("Give it up".to_owned()) refuse="Count on" busy failure on_yes=cancel>
                <p>"The shelves stay as they are. The list is kept, but nothing can be written to it any more."</p>
            </Confirm>
        </div>
    }
}

#[component]
fn Line(
    id: String,
    seen: RwSignal<StockCount>,
    #[prop(into)] editable: Signal<bool>,
    record: Callback<(cynic::Id, Option<i32>)>,
) -> impl IntoView {
    let line = {
        let id = id.clone();
        place::memo(move || {
            seen.with(|seen| seen.lines.iter().find(|line| line.variant_id.inner() == id).cloned())
        })
    };
    let label = line.with_untracked(|line| line.as_ref().and_then(|line| line.variant.clone()));
    let (name, sku) = label.map_or_else(
        || ("A variant that is gone".to_owned(), String::new()),
        |label| (label.title, label.sku),
    );
    let saved = move || line.with_untracked(|line| line.as_ref().and_then(|line| line.counted));
    let expected = move || line.with(|line| line.as_ref().map(|line| grouped(line.expected.into())));
    let typed = RwSignal::new(saved().map(|counted| counted.to_string()).unwrap_or_default());
    let said = format!("Pieces of {name} that were found");
    let id = StoredValue::new(cynic::Id::new(id));
    let wrong = move || {
        let text = typed.get();
        !text.trim().is_empty() && pieces(&text).is_none_or(|n| n < 0)
    };
    let store = move |_| {
        let text = typed.get_untracked();
        let counted = pieces(&text);
        if (text.trim().is_empty() || counted.is_some_and(|n| 0 <= n)) && counted != saved() {
            record.run((id.get_value(), counted));
        }
    };
    view! {
        <tr>
            <td class="fill" data-slot="title"><span class="name"><span>{name}<small>{sku}</small></span></span></td>
            <td class="num" data-slot="sub">{expected}</td>
            <td class="num" data-slot="value">
                <input
                    class="input"
                    style=("inline-size", "6rem")
                    inputmode="numeric"
                    autocomplete="off"
                    maxlength="9"
                    aria-label=said
                    aria-invalid=move || wrong().to_string()
                    disabled=move || !editable.get()
                    prop:value=move || typed.get()
                    on:input=move |event| typed.set(event_target_value(&event))
                    on:change=store
                />
            </td>
        </tr>
    }
}
