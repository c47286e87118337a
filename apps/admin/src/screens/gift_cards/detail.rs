//! One gift card with its movements.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::movements;
use crate::api::{self, remote};
use crate::gql::DateTime;
use crate::gql::Document;
use crate::gql::catalog::IdVariables;
use crate::gql::gift_cards::{
    GiftCard, GiftCardById, GiftCardUpdate, GiftCardUpdateInput, GiftCardUpdateVariables,
};
use crate::logic::moment;
use crate::parts::dialog::Drawer;
use crate::parts::editor::cards;
use crate::parts::field::Field;
use crate::parts::toast::use_toaster;
use crate::parts::{PageHead, pill};
use crate::place;
use crate::session::use_session;

/// The screen.
#[component]
pub fn GiftCardScreen() -> impl IntoView {
    let session = use_session();
    let toaster = use_toaster();
    let id = place::id();
    let card = remote(move || {
        let variables = IdVariables { id: cynic::Id::new(id.get()) };
        async move { api::ask(GiftCardById::build(variables)).await.map(|answer| answer.gift_card) }
    });
    let busy = RwSignal::new(false);
    let title = move || {
        card.data.with(|card| {
            card.as_ref()
                .map_or_else(|| "Gift card".to_owned(), |card| format!("Gift card •••• {}", card.last_four))
        })
    };
    place::title(title);
    let (dating, until) = (RwSignal::new(false), RwSignal::new(String::new()));
    // What pays, and until when.
    let save = move |enabled: Option<bool>, end: Option<Option<DateTime>>| {
        let Some(now) = card.data.get_untracked().filter(|_| !busy.get_untracked()) else { return };
        busy.set(true);
        let input = GiftCardUpdateInput {
            id: now.id,
            version: now.version,
            enabled: enabled.unwrap_or(now.enabled),
            expires_at: end.unwrap_or(now.expires_at),
        };
        spawn_local(async move {
            match api::ask(GiftCardUpdate::build(GiftCardUpdateVariables { input })).await {
                Ok(answer) => {
                    let _ = dating.try_set(false);
                    card.data.set(Some(answer.gift_card_update.gift_card));
                }
                Err(failure) => {
                    toaster.failure("The gift card was not changed", &failure);
                    card.reload();
                }
            }
            let _ = busy.try_set(false);
        });
    };
    let button = move || {
        let enabled = card.data.with(|card| card.as_ref().map(|card| card.enabled));
        enabled.filter(|_| session.may("payments:update")).map(|enabled| {
            let words = if enabled { "Switch it off" } else { "Switch it on" };
            let date = move |_| {
                let end = card.data.with_untracked(|card| card.as_ref().and_then(|card| card.expires_at.clone()));
                let end = end.and_then(|end| moment::to_local(&end.0, place::zone));
                until.set(end.unwrap_or_default());
                dating.set(true);
            };
            view! {
                <button class="btn" type="button" on:click=date>"Change its end"</button>
                <button class="btn" type="button" disabled=move || busy.get() on:click=move |_| save(Some(!enabled), None)>
                    {words}
                </button>
            }
        })
    };
    let footer = move || {
        view! {
            <button class="btn" type="submit" data-kind="primary" data-block="" disabled=move || busy.get()>"Save"</button>
        }
    };
    let redate = move |()| {
        save(None, Some(moment::from_local(&until.get_untracked(), place::zone).map(DateTime)));
    };
    view! {
        <div class="page">
            <PageHead title=place::derived(title) back=(place::to("/gift-cards"), "Gift cards")>{button}</PageHead>
            {cards(card, &[4], |card| shown(card).into_any())}
            <Drawer open=dating title="Pays until".to_owned() on_submit=redate footer>
                <Field id="card-until" label="Pays until" hint=Signal::stored("Empty: for good".to_owned()) optional=true>
                    <input
                        class="input"
                        id="card-until"
                        type="datetime-local"
                        prop:value=move || until.get()
                        on:input=move |event| until.set(event_target_value(&event))
                    />
                </Field>
            </Drawer>
        </div>
    }
}

fn shown(card: GiftCard) -> impl IntoView {
    let (tone, word) = card.state.words();
    let until = card.expires_at.map_or_else(|| "For good".to_owned(), |at| place::moment(&at.0));
    let facts = [("Mailed to", card.recipient), ("Note", card.note)];
    let facts = facts.into_iter().filter(|(_, text)| !text.is_empty());
    let facts = facts.map(|(name, text)| view! { <dt>{name}</dt><dd>{text}</dd> }).collect_view();
    view! {
        <section class="card">
            <header><h2>"What is left"</h2><span class="end">{pill(tone, word)}</span></header>
            <div class="body">
                <dl class="dl">
                    <dt>"Issued " {place::day(&card.created_at.0)}</dt>
                    <dd>{card.issued.formatted}</dd>
                    <dt>"Pays until"</dt>
                    <dd>{until}</dd>
                    {facts}
                    <dt class="sum">"Left"</dt>
                    <dd class="sum">{card.balance.formatted}</dd>
                </dl>
            </div>
        </section>
        <section class="tablecard" aria-label="Movements">{movements(card.movements)}</section>
    }
}
