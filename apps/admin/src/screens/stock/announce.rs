//! Announcing what a supplier is to bring.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::picker::AnyVariant;
use super::{fault, pieces};
use crate::api::{self, Failure, Remote};
use crate::gql::deliveries::{DeliveryAnnounce, DeliveryAnnounceVariables, StockDeliveryAnnounceInput};
use crate::gql::stock::Location;
use crate::gql::{DateTime, Document};
use crate::logic::stock::noon;
use crate::parts::dialog::{Drawer, Wrong};
use crate::parts::field::{Field, TextField};
use crate::parts::icon;
use crate::parts::list::focus;
use crate::parts::toast::use_toaster;
use crate::place;

/// Fields that say themselves what is wrong with them.
const FIELDS: [&str; 5] = ["variantId", "locationId", "quantity", "expectedAt", "note"];

/// The drawer in which a delivery is announced.
#[component]
pub(super) fn Announce(
    /// Whether it is there.
    open: RwSignal<bool>,
    /// Id and name of what is to come, once it is known.
    chosen: RwSignal<Option<(String, String)>>,
    /// Where it is expected unless something else is chosen; empty for the first location.
    #[prop(into)]
    at: Signal<String>,
    /// Where it may be expected.
    locations: Remote<Vec<Location>>,
    /// It was announced.
    #[prop(into)]
    on_done: Callback<()>,
) -> impl IntoView {
    let toaster = use_toaster();
    let (to, typed) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let (when, note) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    // Nothing is called missing before it was left out.
    let asked = RwSignal::new(false);
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<Failure>));
    place::effect(move |before: Option<bool>| {
        let now = open.get();
        if now && before != Some(true) {
            typed.set(String::new());
            when.set(String::new());
            note.set(String::new());
            to.set(at.get_untracked());
            asked.set(false);
            failure.set(None);
        }
        now
    });
    place::effect(move |_| {
        let first = locations.data.with(|all| all.iter().flatten().next().map(|it| it.id.inner().to_owned()));
        if let Some(first) = first.filter(|_| open.get() && to.get().is_empty()) {
            to.set(first);
        }
    });
    let number = move || pieces(&typed.get()).filter(|n| 0 < *n);
    let refused = [fault(failure, "quantity"), fault(failure, "variantId")];
    let no_number = place::derived(move || {
        let own = (asked.get() && number().is_none()).then(|| "A whole number, 1 or more".to_owned());
        own.or_else(|| refused[0].get())
    });
    let no_variant = move || {
        let own = (asked.get() && chosen.with(Option::is_none)).then(|| "Choose what is to come".to_owned());
        own.or_else(|| refused[1].get())
    };
    let submit = move |()| {
        if busy.get_untracked() {
            return;
        }
        asked.set(true);
        let Some((variant, name)) = chosen.get_untracked() else {
            focus("find-variant");
            return;
        };
        let Some(quantity) = untrack(number) else {
            focus("delivery-pieces");
            return;
        };
        busy.set(true);
        failure.set(None);
        let input = StockDeliveryAnnounceInput {
            variant_id: cynic::Id::new(variant),
            location_id: cynic::Id::new(to.get_untracked()),
            quantity,
            expected_at: noon(&when.get_untracked(), place::zone).map(DateTime),
            note: Some(note.get_untracked()).filter(|note| !note.trim().is_empty()),
        };
        spawn_local(async move {
            match api::ask(DeliveryAnnounce::build(DeliveryAnnounceVariables { input })).await {
                Ok(_) => {
                    toaster.done(format!("Announced: {quantity} of {name}"));
                    let _ = open.try_set(false);
                    on_done.run(());
                }
                Err(wrong) => {
                    let _ = failure.try_set(Some(wrong));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    let above = move || {
        let rest = failure.get().and_then(|failure| failure.above(|field| FIELDS.contains(&field)));
        rest.map(|failure| view! { <Wrong failure/> })
    };
    let what = move || {
        let Some((_, name)) = chosen.get() else {
            return view! { <AnyVariant on_pick=move |found| chosen.set(Some(found))/> }.into_any();
        };
        let label = format!("Something else than {name}");
        view! {
            <p class="flex">
                <span class="grow strong">{name}</span>
                <button class="btn" type="button" data-kind="quiet" data-icon="" aria-label=label on:click=move |_| chosen.set(None)>
                    {icon("x")}
                </button>
            </p>
        }
        .into_any()
    };
    let places = move || {
        let now = to.get();
        let option = |location: Location| {
            let here = location.id.inner() == now;
            view! { <option value=location.id.inner().to_owned() selected=here>{location.name}</option> }
        };
        locations.data.get().unwrap_or_default().into_iter().map(option).collect_view()
    };
    let footer = move || {
        view! {
            <button class="btn" type="submit" data-kind="primary" aria-busy=move || busy.get().to_string() disabled=move || busy.get()>
                "Announce it"
            </button>
            <span class="meta">"It is sold once it is received, and not before."</span>
        }
    };
    view! {
        <Drawer open title="Announce a delivery".to_owned() footer=footer on_submit=submit>
            {above}
            {what}
            {move || no_variant().map(|text| view! { <p class="error" role="alert">{text}</p> })}
            <TextField id="delivery-pieces" label="Pieces" value=typed on_input=move |text| typed.set(text) error=no_number mode="numeric" most=12/>
            <Field id="delivery-to" label="Location" error=fault(failure, "locationId")>
                <select id="delivery-to" class="input" aria-describedby="delivery-to-note" on:change=move |event| to.set(event_target_value(&event))>{places}</select>
            </Field>
            <Field id="delivery-when" label="Expected" optional=true error=fault(failure, "expectedAt")>
                <input
                    class="input"
                    id="delivery-when"
                    type="date"
                    aria-describedby="delivery-when-note"
                    prop:value=move || when.get()
                    on:input=move |event| when.set(event_target_value(&event))
                />
            </Field>
            <TextField id="delivery-note" label="Note" value=note on_input=move |text| note.set(text) hint=Signal::stored("The supplier, the number of your order there".to_owned()) error=fault(failure, "note") optional=true most=500/>
        </Drawer>
    }
}
