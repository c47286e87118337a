//! The editor of a price list, with the prices in it.

use leptos::prelude::*;

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
use crate::parts::editor::{Refused, Saved, Saving, note, screen};
use crate::parts::savebar::SaveBar;
use crate::parts::{PageHead, pill};
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
    let id = place::id();
    let list = remote(move || {
        let variables = IdVariables { id: cynic::Id::new(id.get()) };
        async move { api::ask(PriceListById::build(variables)).await.map(|answer| answer.price_list) }
    });
    screen(list, "Price list", ("/prices", "Price lists"), &[&[5, 7]], move |it| {
        view! { <Editor list=Some(it) on_reload=move |()| list.reload()/> }.into_any()
    })
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
    let saving = Saving::new(form.failure);
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
        if saving.done.get() || !editable.get() {
            return Vec::new();
        }
        form.draft.with(|draft| saved_draft.with(|saved| draft.changes(saved)))
    });
    let save = move |()| {
        if !form.can_be_sent() {
            focus_first_fault();
            return;
        }
        saving.run(async move {
            let before = saved.get_untracked();
            let new = before.is_none();
            let list = send(before, form.draft.with_untracked(|draft| draft.input(place::zone))).await?;
            let path = place::to(&format!("/prices/{}", list.id.inner()));
            form.asked.set(false);
            form.draft.set(Draft::of(&list, place::zone));
            saved.set(Some(list));
            Ok(Saved(if new { "Made: put prices into it" } else { "Saved" }, new.then_some(path)))
        });
    };
    let discard = move |()| {
        form.asked.set(false);
        form.failure.set(None);
        form.draft.set(saved_draft.get_untracked());
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
        Some(note(words))
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
            <Refused failure=form.failure what="price list" on_reload/>
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
            <SaveBar changes busy=saving.busy wrong=form.wrong() on_save=save on_discard=discard/>
        </div>
    }
}
