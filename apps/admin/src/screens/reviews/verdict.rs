//! Judging reviews: one in a drawer, with an answer, or some together.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::list::Chosen;
use crate::api::{self, Failure};
use crate::gql::Document;
use crate::gql::Long;
use crate::gql::reviews::{
    ReviewAnswerInput, ReviewAnswerSet, ReviewAnswerSetVariables, ReviewState, ReviewVerdict, ReviewsDelete,
    ReviewsDeleteVariables, ReviewsModerate, ReviewsModerateInput, ReviewsModerateVariables, SeenReviewInput,
    StaffReview,
};
use crate::parts::dialog::{Confirm, Drawer, Wrong};
use crate::parts::field::Field;
use crate::parts::toast::use_toaster;
use crate::parts::{count, icon, pill};
use crate::place;
use crate::session::use_session;

/// What is done to reviews.
#[derive(Clone, Copy, PartialEq)]
enum Act {
    Publish,
    Reject,
    Delete,
}

impl Act {
    /// Runs it; gives back how many it was done to and how many had been changed in between.
    async fn run(self, seen: Vec<(String, i64)>, reason: String) -> Result<(i64, i64), Failure> {
        let n = seen.len() as i64;
        let verdict = match self {
            Self::Delete => {
                let ids = seen.into_iter().map(|(id, _)| cynic::Id::new(id)).collect();
                let answer = api::ask(ReviewsDelete::build(ReviewsDeleteVariables { ids })).await?;
                return Ok((answer.reviews_delete.into(), 0));
            }
            Self::Publish => ReviewVerdict::Publish,
            Self::Reject => ReviewVerdict::Reject,
        };
        let reviews = seen
            .into_iter()
            .map(|(id, version)| SeenReviewInput { id: cynic::Id::new(id), version: Long(version) })
            .collect();
        let input = ReviewsModerateInput { reviews, verdict, reason };
        let answer = api::ask(ReviewsModerate::build(ReviewsModerateVariables { input })).await?;
        let stale = answer.reviews_moderate.stale.len() as i64;
        Ok((n - stale, stale))
    }

    fn past(self) -> &'static str {
        match self {
            Self::Publish => "published",
            Self::Reject => "turned down",
            Self::Delete => "deleted",
        }
    }
}

/// Buttons for reviews, with the question before what cannot be taken back and the reason for turning down.
#[component]
fn Acts(
    /// Which ones, when a button is pressed.
    seen: Signal<Vec<(String, i64)>>,
    /// Begins the ids of the fields.
    id: &'static str,
    /// After something was done.
    #[prop(into)]
    on_done: Callback<()>,
) -> impl IntoView {
    let (session, toaster) = (use_session(), use_toaster());
    let (asking, act) = (RwSignal::new(false), RwSignal::new(Act::Publish));
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<Failure>));
    let reason = RwSignal::new(String::new());
    let run = move |now: Act| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        failure.set(None);
        let (seen, why) = (seen.get_untracked(), reason.get_untracked());
        spawn_local(async move {
            match now.run(seen, why).await {
                Ok((done, stale)) => {
                    let _ = asking.try_set(false);
                    let _ = reason.try_set(String::new());
                    if done > 0 {
                        toaster.done(format!("{} {}", count(done, "review", "reviews"), now.past()));
                    }
                    if stale > 0 {
                        let words = count(stale, "review was", "reviews were");
                        toaster.done(format!("{words} written anew in between: read again"));
                    }
                    on_done.run(());
                }
                Err(wrong) if asking.try_get_untracked() == Some(true) => {
                    let _ = failure.try_set(Some(wrong));
                }
                Err(wrong) => toaster.failure("That did not work", &wrong),
            }
            let _ = busy.try_set(false);
        });
    };
    let ask = move |wanted: Act| {
        act.set(wanted);
        failure.set(None);
        asking.set(true);
    };
    let title = place::derived(move || {
        let what = count(seen.with(Vec::len) as i64, "review", "reviews");
        match act.get() {
            Act::Delete => format!("Delete {what}?"),
            _ => format!("Turn {what} down?"),
        }
    });
    let words = place::derived(move || match act.get() {
        Act::Delete => "Delete".to_owned(),
        _ => "Turn down".to_owned(),
    });
    let wrong =
        place::derived(move || failure.with(|failure| failure.as_ref().and_then(|it| it.at("reason"))));
    let other = place::derived(move || failure.get().filter(|_| wrong.with(Option::is_none)));
    let field = StoredValue::new(format!("{id}-reason"));
    let body = move || {
        match act.get() {
        Act::Delete => view! {
            <p>"They are gone for good, and their stars with them. Their authors may write again."</p>
        }
        .into_any(),
        _ => view! {
            <Field id=field.get_value() label="Reason" error=wrong hint=Signal::stored("The author reads it, and can change the review and send it again".to_owned())>
                <textarea
                    class="input"
                    id=field.get_value()
                    rows="3"
                    maxlength="500"
                    prop:value=move || reason.get()
                    on:input=move |event| reason.set(event_target_value(&event))
                ></textarea>
            </Field>
        }
        .into_any(),
    }
    };
    let button = move |wanted: Act, label: &'static str| {
        view! {
            <button
                class="btn"
                type="button"
                data-size="sm"
                disabled=move || busy.get()
                on:click=move |_| if wanted == Act::Publish { run(wanted) } else { ask(wanted) }
            >
                {label}
            </button>
        }
    };
    view! {
        {move || {
            session
                .may("comments:moderate")
                .then(|| view! { {button(Act::Publish, "Publish")} {button(Act::Reject, "Turn down")} })
        }}
        {move || session.may("comments:delete").then(|| button(Act::Delete, "Delete"))}
        <Confirm open=asking title act=words busy failure=other on_yes=move |()| run(act.get_untracked())>{body}</Confirm>
    }
}

/// What can be done with the selected reviews.
#[component]
pub fn BulkBar(
    /// The selection.
    chosen: Chosen,
    /// After something was done.
    #[prop(into)]
    on_done: Callback<()>,
) -> impl IntoView {
    let n = place::memo(move || chosen.with(|chosen| chosen.len()));
    let seen = place::derived(move || chosen.get().into_iter().collect::<Vec<_>>());
    let done = move |()| {
        chosen.set(Default::default());
        on_done.run(());
    };
    view! {
        <Show when=move || n.get() != 0>
            <div class="bulkbar" role="toolbar" aria-label="Selected reviews">
                <b>{n} " selected"</b>
                <span class="sep"></span>
                <Acts seen id="bulk" on_done=done/>
                <span class="sep"></span>
                <button
                    class="btn"
                    type="button"
                    data-kind="quiet"
                    data-size="sm"
                    data-icon=""
                    aria-label="Clear the selection"
                    on:click=move |_| chosen.set(Default::default())
                >
                    {icon("x")}
                </button>
            </div>
        </Show>
    }
}

/// One review in full, with the shop's answer.
#[component]
pub fn OneReview(
    /// Which one, while it is open.
    open: RwSignal<Option<StaffReview>>,
    /// After something was done.
    #[prop(into)]
    on_done: Callback<()>,
) -> impl IntoView {
    let (session, toaster) = (use_session(), use_toaster());
    let shown = RwSignal::new(false);
    let answer = RwSignal::new(String::new());
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<Failure>));
    place::effect(move |_| {
        if let Some(review) = open.get() {
            answer.set(review.answer.map(|answer| answer.text).unwrap_or_default());
            failure.set(None);
            shown.set(true);
        }
    });
    place::effect(move |_| {
        if !shown.get() {
            open.set(None);
        }
    });
    let seen = place::derived(move || {
        open.get().map(|review| (review.id.into_inner(), review.version.0)).into_iter().collect::<Vec<_>>()
    });
    let done = Callback::new(move |()| {
        shown.set(false);
        on_done.run(());
    });
    let save = move |()| {
        let Some(review) = open.get_untracked().filter(|_| !busy.get_untracked()) else { return };
        busy.set(true);
        failure.set(None);
        let text = answer.get_untracked();
        spawn_local(async move {
            let input = ReviewAnswerInput { id: review.id, version: review.version, text };
            match api::ask(ReviewAnswerSet::build(ReviewAnswerSetVariables { input })).await {
                Ok(_) => {
                    toaster.done("Answer saved");
                    done.run(());
                }
                Err(wrong) => {
                    let _ = failure.try_set(Some(wrong));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    let may = place::memo(move || session.may("comments:moderate"));
    let text = move || {
        let review = open.get()?;
        let (tone, word) = review.state.words();
        let reason =
            (review.state == ReviewState::Rejected).then(|| format!("Turned down: {}", review.reason));
        let product = place::shop(&format!("/products/{}#reviews", review.product_slug));
        let by = if review.verified { "has bought it" } else { "has not bought it" };
        Some(view! {
            <p class="flex">{pill(tone, word)} <span>{review.rating} " of 5 stars"</span></p>
            <p class="dim">{review.author} ", " {by} " · " {place::reader().moment(&review.written_at.0)}</p>
            <p><a href=product target="_blank" rel="noopener">{review.product_title}</a></p>
            <p style=("white-space", "pre-wrap")>{review.body}</p>
            {reason.map(|reason| view! { <p class="dim">{reason}</p> })}
        })
    };
    let title = place::derived(move || {
        open.with(|review| review.as_ref().map(|it| it.title.clone()).unwrap_or_default())
    });
    let wrong = place::derived(move || failure.with(|failure| failure.as_ref().and_then(|it| it.at("text"))));
    let field = move || {
        may.get().then(|| {
            view! {
                <Field id="answer" label="The shop’s answer" optional=true error=wrong hint=Signal::stored("Everybody reads it below the review; empty it to take it away".to_owned())>
                    <textarea
                        class="input"
                        id="answer"
                        rows="5"
                        maxlength="4000"
                        prop:value=move || answer.get()
                        on:input=move |event| answer.set(event_target_value(&event))
                    ></textarea>
                </Field>
            }
        })
    };
    let footer = move || {
        view! {
            <Acts seen id="one" on_done=done/>
            {move || {
                may.get()
                    .then(|| {
                        view! {
                            <button class="btn" type="submit" data-kind="primary" aria-busy=move || busy.get().to_string() disabled=move || busy.get()>
                                "Save the answer"
                            </button>
                        }
                    })
            }}
        }
    };
    view! {
        <Drawer open=shown title footer=footer on_submit=save>
            {move || failure.get().filter(|_| wrong.with(Option::is_none)).map(|failure| view! { <Wrong failure/> })}
            {text}
            {field}
        </Drawer>
    }
}
