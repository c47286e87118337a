//! The frame of screens about one thing: fetching it, saving it, and what to do when somebody else was faster.

use std::pin::Pin;

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::dialog::Wrong;
use super::guard::LeaveGuard;
use super::toast::{Toaster, use_toaster};
use super::{CardSkeleton, FailureCard, PageHead, icon};
use crate::api::{Asking, Failure, Remote};
use crate::place;

/// A screen about one thing: `skeleton` while it is on its way, why it is not there, or what `show` makes of it.
///
/// The skeleton has a card of so many lines for each number, in columns when there are several lists of them.
pub fn screen<T: Clone + Send + Sync + 'static>(
    thing: Remote<T>,
    name: &'static str,
    back: (&'static str, &'static str),
    skeleton: &'static [&'static [usize]],
    show: impl Fn(T) -> AnyView + Send + 'static,
) -> AnyView {
    frame(thing.asking(), name, back, skeleton, Box::new(move || thing.data.get().map(&show)))
}

/// The same around what is `shown` once it is there.
pub fn frame(
    asking: Asking,
    name: &'static str,
    (list, list_name): (&'static str, &'static str),
    skeleton: &'static [&'static [usize]],
    shown: Shown,
) -> AnyView {
    let head = move |title: &'static str| {
        view! { <PageHead title=title.to_owned() back=(place::to(list), list_name)/> }
    };
    let page = move || {
        if let Some(failure) = asking.failure.get() {
            return view! {
                <div class="page">{head(name)} <FailureCard failure again=move |()| asking.reload()/></div>
            }
            .into_any();
        }
        shown().unwrap_or_else(|| {
            let cards = match skeleton {
                [lines] => grey(lines),
                columns => {
                    let columns =
                        columns.iter().map(|lines| view! { <div class="stack">{grey(lines)}</div> });
                    view! { <div class="cols">{columns.collect_view()}</div> }.into_any()
                }
            };
            view! { <div class="page" aria-busy="true">{head(" ")} {cards}</div> }.into_any()
        })
    };
    page.into_any()
}

/// Gives the view once there is something to show.
type Shown = Box<dyn Fn() -> Option<AnyView> + Send>;

/// What `show` makes of something that is fetched; cards of so many lines while it is on its way, or why it is not there.
pub fn cards<T: Clone + Send + Sync + 'static>(
    thing: Remote<T>,
    skeleton: &'static [usize],
    show: impl Fn(T) -> AnyView + Send + 'static,
) -> AnyView {
    boxed_cards(thing.asking(), skeleton, Box::new(move || thing.data.get().map(&show)))
}

fn boxed_cards(asking: Asking, skeleton: &'static [usize], shown: Shown) -> AnyView {
    let cards = move || match asking.failure.get() {
        Some(failure) => view! { <FailureCard failure again=move |()| asking.reload()/> }.into_any(),
        None => shown().unwrap_or_else(|| grey(skeleton)),
    };
    cards.into_any()
}

fn grey(skeleton: &'static [usize]) -> AnyView {
    skeleton.iter().map(|lines| view! { <CardSkeleton lines=*lines/> }).collect_view().into_any()
}

/// Saving one thing: whether it is under way, and why it did not work.
#[derive(Clone, Copy)]
pub struct Saving {
    /// While it is under way.
    pub busy: RwSignal<bool>,
    /// Why it did not work.
    pub failure: RwSignal<Option<Failure>>,
    /// A new thing is saved and on its way to its own address: nothing is unsaved any more.
    pub done: RwSignal<bool>,
    toaster: Toaster,
    guard: LeaveGuard,
    go: Callback<String>,
}

/// What came of saving: what to say, and of a new thing the address that it has now.
pub struct Saved(pub &'static str, pub Option<String>);

impl Saving {
    /// With the failure that the form shows at its fields.
    pub fn new(failure: RwSignal<Option<Failure>>) -> Self {
        let navigate = use_navigate();
        let go = Callback::new(move |path: String| {
            navigate(&path, NavigateOptions { resolve: false, replace: true, ..Default::default() });
        });
        let (busy, done) = (RwSignal::new(false), RwSignal::new(false));
        Self { busy, failure, done, toaster: use_toaster(), guard: expect_context(), go }
    }

    /// Saves; `send` also puts what came back into the place of what was saved before.
    pub fn run(self, send: impl Future<Output = Result<Saved, Failure>> + 'static) {
        self.run_boxed(Box::pin(send));
    }

    fn run_boxed(self, send: Pin<Box<dyn Future<Output = Result<Saved, Failure>>>>) {
        self.busy.set(true);
        self.failure.set(None);
        spawn_local(async move {
            match send.await {
                Ok(Saved(said, moved)) => {
                    self.toaster.done(said);
                    if let Some(path) = moved {
                        self.done.set(true);
                        self.guard.clear();
                        self.go.try_run(path);
                    }
                }
                Err(wrong) => {
                    let _ = self.failure.try_set(Some(wrong));
                }
            }
            let _ = self.busy.try_set(false);
        });
    }
}

/// Why it was not saved; who came too late is offered what somebody else has saved.
#[component]
pub fn Refused(
    /// Why.
    failure: RwSignal<Option<Failure>>,
    /// Whether somebody else was faster.
    #[prop(default = Failure::is_conflict)]
    late: fn(&Failure) -> bool,
    /// The kind of thing, "price list".
    what: &'static str,
    /// How it was changed here.
    #[prop(default = "typed")]
    made: &'static str,
    /// Loads what is saved.
    on_reload: Callback<()>,
) -> impl IntoView {
    move || {
        failure.get().map(|failure| {
            if !late(&failure) {
                return view! { <Wrong failure/> }.into_any();
            }
            let text = format!(
                "Nothing of yours was saved. Load theirs to go on; what you {made} here is then gone."
            );
            view! {
                <div class="banner" data-tone="warning" role="alert">
                    {icon("warn")}
                    <div class="grow"><b>{format!("Somebody else saved this {what} first")}</b><p>{text}</p></div>
                    <button class="btn" type="button" data-size="sm" on:click=move |_| on_reload.run(())>"Load theirs"</button>
                </div>
            }
            .into_any()
        })
    }
}

/// What everybody should know who looks at it.
pub fn note(words: &'static str) -> AnyView {
    view! { <div class="banner" data-tone="info" role="note">{icon("info")}<p class="grow">{words}</p></div> }
        .into_any()
}
