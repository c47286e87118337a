//! The editor of a price list, with the prices in it.

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_params_map};

use super::form::{ForWhom, Form, Meaning, NameAndTime};
use super::put_away::PutAway;
use super::rows::Prices;
use crate::api::{self, Failure, remote};
use crate::gql::Document;
use crate::gql::catalog::IdVariables;
use crate::gql::prices::{
    PriceList, PriceListById, PriceListCreate, PriceListCreateVariables, PriceListInput, PriceListUpdate,
    PriceListUpdateVariables,
};
use crate::logic::price_list::{self, Draft};
use crate::parts::dialog::Wrong;
use crate::parts::guard::LeaveGuard;
use crate::parts::savebar::SaveBar;
use crate::parts::toast::use_toaster;
use crate::parts::{CardSkeleton, FailureCard, PageHead, icon, pill};
use crate::place;
use crate::screens::promotions::editor::focus_first_fault;
use crate::session::use_session;

async fn send(before: Option<PriceList>, input: PriceListInput) -> Result<PriceList, Failure> {
    match before {
        None => {
            let answer = api::ask(PriceListCreate::build(PriceListCreateVariables { input })).await?;
            Ok(answer.price_list_create.price_list)
        }
        Some(before) => {
            let variables = PriceListUpdateVariables { id: before.id, version: before.version, input };
            Ok(api::ask(PriceListUpdate::build(variables)).await?.price_list_update.price_list)
        }
    }
}

/// The screen of one price list.
#[component]
pub fn PriceListScreen() -> impl IntoView {
    let params = use_params_map();
    let id = place::memo(move || params.with(|params| params.get("id").unwrap_or_default()));
    let list = remote(move || {
        let variables = IdVariables { id: cynic::Id::new(id.get()) };
        async move { api::ask(PriceListById::build(variables)).await.map(|answer| answer.price_list) }
    });
    move || match (list.data.get(), list.failure.get()) {
        (_, Some(failure)) => view! {
            <div class="page">
                <PageHead title="Price list".to_owned() back=(place::to("/prices"), "Price lists")/>
                <FailureCard failure again=move |()| list.reload()/>
            </div>
        }
        .into_any(),
        (None, None) => view! {
            <div class="page" aria-busy="true">
                <PageHead title=" ".to_owned() back=(place::to("/prices"), "Price lists")/>
                <CardSkeleton/>
                <CardSkeleton lines=7/>
            </div>
        }
        .into_any(),
        (Some(it), None) => view! { <Editor list=Some(it) on_reload=move |()| list.reload()/> }.into_any(),
    }
}

/// The screen of a new price list.
#[component]
pub fn NewPriceList() -> impl IntoView {
    view! { <Editor list=None on_reload=|()| ()/> }
}

#[component]
fn Editor(
    /// Nothing: a new one.
    list: Option<PriceList>,
    #[prop(into)] on_reload: Callback<()>,
) -> impl IntoView {
    let session = use_session();
    let toaster = use_toaster();
    let navigate = use_navigate();
    let guard = expect_context::<LeaveGuard>();
    let new_draft = untrack(|| {
        let inclusive = session.shop().is_none_or(|shop| shop.prices_include_tax);
        Draft::new(session.currency(), inclusive)
    });
    let draft_of = move |saved: Option<&PriceList>| {
        saved.map_or_else(|| new_draft.clone(), |saved| Draft::of(saved, place::zone))
    };
    let form = Form::new(draft_of(list.as_ref()));
    let saved = RwSignal::new(list);
    let saved_draft = place::memo(move || saved.with(|saved| draft_of(saved.as_ref())));
    let (busy, done) = (RwSignal::new(false), RwSignal::new(false));
    let title = place::derived(move || {
        saved.with(|saved| {
            saved.as_ref().map_or_else(|| "New price list".to_owned(), |saved| saved.name.clone())
        })
    });
    place::title(move || title.get());
    let away = place::memo(move || saved.with(|it| it.as_ref().is_some_and(|it| it.archived_at.is_some())));
    let editable = place::memo(move || {
        let permission = if saved.with(Option::is_none) { "prices:create" } else { "prices:update" };
        session.may(permission) && !away.get()
    });
    let changes = place::derived(move || {
        if done.get() || !editable.get() {
            return Vec::new();
        }
        form.draft.with(|draft| saved_draft.with(|saved| draft.changes(saved)))
    });
    let save = move |()| {
        if !form.can_be_sent() {
            focus_first_fault();
            return;
        }
        busy.set(true);
        form.failure.set(None);
        let navigate = navigate.clone();
        spawn_local(async move {
            let before = saved.get_untracked();
            let new = before.is_none();
            match send(before, form.draft.with_untracked(|draft| draft.input(place::zone))).await {
                Ok(list) => {
                    toaster.done(if new { "Made: put prices into it" } else { "Saved" });
                    let path = place::to(&format!("/prices/{}", list.id.inner()));
                    form.asked.set(false);
                    form.draft.set(Draft::of(&list, place::zone));
                    saved.set(Some(list));
                    if new {
                        done.set(true);
                        guard.clear();
                        let options = NavigateOptions { resolve: false, replace: true, ..Default::default() };
                        navigate(&path, options);
                    }
                }
                Err(wrong) => {
                    let _ = form.failure.try_set(Some(wrong));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    let discard = move |()| {
        form.asked.set(false);
        form.failure.set(None);
        form.draft.set(saved_draft.get_untracked());
    };
    let wrong = move || {
        form.failure.get().map(|failure| {
            if !failure.is_conflict() {
                return view! { <Wrong failure/> }.into_any();
            }
            view! {
                <div class="banner" data-tone="warning" role="alert">
                    {icon("warn")}
                    <div class="grow">
                        <b>"Somebody else saved this price list first"</b>
                        <p>"Nothing of yours was saved. Load theirs to go on; what you typed here is then gone."</p>
                    </div>
                    <button class="btn" type="button" data-size="sm" on:click=move |_| on_reload.run(())>"Load theirs"</button>
                </div>
            }
            .into_any()
        })
    };
    let state = move || {
        let state = saved.with(|it| it.as_ref().map(|it| price_list::state(it, place::reader().now)));
        state.map(|(tone, word)| pill(tone, word))
    };
    let note = move || {
        let words = match (away.get(), editable.get()) {
            (true, _) => "This list was put away for good. It counts for nobody, and can be read.",
            (false, true) => return None,
            (false, false) => "You may look at price lists, but not change them.",
        };
        Some(
            view! { <div class="banner" data-tone="info" role="note">{icon("info")}<p class="grow">{words}</p></div> },
        )
    };
    let priced = place::memo(move || saved.with(|it| it.as_ref().is_some_and(|it| it.n_prices > 0)));
    let there =
        place::memo(move || saved.with(|it| it.as_ref().map(|it| (it.id.clone(), it.currency.clone()))));
    let prices = move || {
        match there.get() {
        Some((id, currency)) => {
            let counted = move |n: i32| {
                saved.update(|saved| {
                    if let Some(saved) = saved {
                        saved.n_prices = n;
                    }
                });
            };
            view! { <Prices id currency editable on_count=counted/> }.into_any()
        }
        None => view! {
            <section class="card">
                <div class="body"><p class="dim">"Once the list is saved, prices are put into it here."</p></div>
            </section>
        }
        .into_any(),
    }
    };
    let put_away = move |list: PriceList| {
        form.draft.set(Draft::of(&list, place::zone));
        saved.set(Some(list));
    };
    view! {
        <div class="page">
            <PageHead title back=(place::to("/prices"), "Price lists") beside=state>
                <PutAway saved on_done=put_away/>
            </PageHead>
            {note}
            {wrong}
            <div class="cols">
                <div class="stack">
                    <fieldset class="stack bare" disabled=move || !editable.get()><NameAndTime form/></fieldset>
                    {prices}
                </div>
                <aside class="stack">
                    <fieldset class="stack bare" disabled=move || !editable.get()>
                        <ForWhom form/>
                        <Meaning form priced/>
                    </fieldset>
                </aside>
            </div>
            <SaveBar changes busy wrong=form.wrong() on_save=save on_discard=discard/>
        </div>
    }
}
