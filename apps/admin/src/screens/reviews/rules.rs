//! Who may review, and whether somebody looks first.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, Failure, remote};
use crate::gql::Document;
use crate::gql::reviews::{
    ReviewSettingsInput, ReviewSettingsQuery, ReviewSettingsUpdate, ReviewSettingsUpdateVariables,
    ReviewWriters,
};
use crate::parts::dialog::{Drawer, Wrong};
use crate::parts::icon;
use crate::parts::toast::use_toaster;
use crate::place;
use crate::session::use_session;

const CHOICES: [(ReviewWriters, bool, &str, &str); 5] = [
    (ReviewWriters::Everybody, true, "After a look", "Everybody with an account writes; you publish."),
    (
        ReviewWriters::Everybody,
        false,
        "At once",
        "Everybody with an account writes, and it is public at once.",
    ),
    (
        ReviewWriters::Buyers,
        true,
        "Only buyers, after a look",
        "Whoever has bought the product writes; you publish.",
    ),
    (
        ReviewWriters::Buyers,
        false,
        "Only buyers, at once",
        "Whoever has bought the product writes, and it is public at once.",
    ),
    (
        ReviewWriters::Nobody,
        true,
        "No reviews",
        "Nobody writes, and those of before are hidden with their stars.",
    ),
];

/// The button and its drawer.
#[component]
pub fn Rules() -> impl IntoView {
    let (session, toaster) = (use_session(), use_toaster());
    let (open, busy) = (RwSignal::new(false), RwSignal::new(false));
    let failure = RwSignal::new(None::<Failure>);
    let settings =
        remote(move || async { api::ask(ReviewSettingsQuery::build(())).await.map(|it| it.review_settings) });
    let picked = RwSignal::new(None::<usize>);
    let now = place::memo(move || {
        let found = settings.data.with(|settings| {
            let settings = settings.as_ref()?;
            CHOICES.iter().position(|(writers, look, ..)| {
                *writers == settings.writers
                    && (*look == settings.look_first || *writers == ReviewWriters::Nobody)
            })
        });
        picked.get().or(found)
    });
    let may = place::memo(move || session.may("settings:update"));
    let save = move |()| {
        let version = settings.data.with_untracked(|settings| settings.as_ref().map(|it| it.version));
        let (Some(version), Some(choice)) = (version, now.get_untracked().and_then(|at| CHOICES.get(at)))
        else {
            return;
        };
        let input = ReviewSettingsInput { version, writers: choice.0, look_first: choice.1 };
        busy.set(true);
        failure.set(None);
        spawn_local(async move {
            match api::ask(ReviewSettingsUpdate::build(ReviewSettingsUpdateVariables { input })).await {
                Ok(answer) => {
                    settings.data.set(Some(answer.review_settings_update));
                    let _ = picked.try_set(None);
                    let _ = open.try_set(false);
                    toaster.done("Saved: it counts from the next review on");
                }
                Err(wrong) => {
                    let _ = failure.try_set(Some(wrong));
                    settings.reload();
                }
            }
            let _ = busy.try_set(false);
        });
    };
    let choices = move || {
        CHOICES
            .iter()
            .enumerate()
            .map(|(at, (.., title, words))| {
                view! {
                    <label class="flex">
                        <input
                            type="radio"
                            name="reviews"
                            disabled=move || !may.get()
                            prop:checked=move || now.get() == Some(at)
                            on:change=move |_| picked.set(Some(at))
                        />
                        <span><b>{*title}</b><br/><span class="dim">{*words}</span></span>
                    </label>
                }
            })
            .collect_view()
    };
    let footer = move || {
        may.get().then(|| {
            view! { <button class="btn" type="submit" data-kind="primary" disabled=move || busy.get() || now.get().is_none()>"Save"</button> }
        })
    };
    view! {
        <button class="btn" type="button" on:click=move |_| open.set(true)>{icon("settings")} "Who may review"</button>
        <Drawer open title="Who may review".to_owned() footer=footer on_submit=save>
            {move || failure.get().or_else(|| settings.failure.get()).map(|failure| view! { <Wrong failure/> })}
            <div class="stack" role="radiogroup" aria-label="Who may review">{choices}</div>
        </Drawer>
    }
}
