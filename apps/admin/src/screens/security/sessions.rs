//! Open sessions: mine, and those of a person of the shop.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, Failure, Remote, remote};
use crate::gql::Document;
use crate::gql::security::{
    MySessions, OpenSession, ResetUserTwoStep, ResetUserTwoStepInput, ResetUserTwoStepVariables,
    RevokeSession, RevokeSessionInput, RevokeSessionVariables, RevokeUserSession, RevokeUserSessionInput,
    RevokeUserSessionVariables, RevokeUserSessions, RevokeUserSessionsInput, RevokeUserSessionsVariables,
    SessionKind, SignOutEverywhere, SignOutEverywhereInput, SignOutEverywhereVariables, UserSessions,
    UserSessionsVariables,
};
use crate::logic::agent;
use crate::parts::dialog::Confirm;
use crate::parts::toast::use_toaster;
use crate::parts::{FailureView, count, icon, status};
use crate::place;
use crate::session::use_session;

/// My own sessions, each to be ended, and all at once.
#[component]
pub fn MySessionsCard() -> impl IntoView {
    let (session, toaster) = (use_session(), use_toaster());
    let open = remote(|| async { api::ask(MySessions::build(())).await.map(|answer| answer.my_sessions) });
    let asking = RwSignal::new(false);
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<Failure>));
    let end = Callback::new(move |id: cynic::Id| {
        spawn_local(async move {
            let input = RevokeSessionInput { id };
            match api::ask(RevokeSession::build(RevokeSessionVariables { input })).await {
                Ok(_) => toaster.done("Session ended"),
                Err(failure) => toaster.failure("The session was not ended", &failure),
            }
            open.reload();
        });
    });
    let leave = move |except_here: bool| {
        busy.set(true);
        failure.set(None);
        spawn_local(async move {
            let input = SignOutEverywhereInput { except_here };
            match api::ask(SignOutEverywhere::build(SignOutEverywhereVariables { input })).await {
                Ok(_) if !except_here => session.left(),
                Ok(answer) => {
                    let ended = i64::from(answer.sign_out_everywhere.ended);
                    toaster.done(format!("Signed out of {}", count(ended, "session", "sessions")));
                    let _ = asking.try_set(false);
                    open.reload();
                }
                Err(wrong) => {
                    let _ = failure.try_set(Some(wrong));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    let others = move || {
        open.data.with(|open| {
            open.as_ref().map_or(0, |open| open.iter().filter(|session| !session.current).count())
        })
    };
    view! {
        <section class="card">
            <header>
                <h2>"Where you are signed in"</h2>
                <button class="btn end" type="button" data-size="sm" on:click=move |_| asking.set(true)>
                    {icon("out")}
                    "Sign out everywhere"
                </button>
            </header>
            {move || rows(open, end)}
        </section>
        <Confirm
            open=asking
            title="Sign out everywhere?".to_owned()
            act="Sign out here too".to_owned()
            refuse="Stay signed in"
            busy
            failure
            on_yes=move |()| leave(false)
        >
            <p>"Every browser and every program with your account has to sign in again, within five seconds."</p>
            <Show when=move || 0 < others()>
                <p>
                    <button
                        class="btn"
                        type="button"
                        disabled=move || busy.get()
                        on:click=move |_| leave(true)
                    >
                        {move || format!("Sign out of the {} only", count(others() as i64, "other session", "other sessions"))}
                    </button>
                </p>
            </Show>
        </Confirm>
    }
}

/// The sessions of a person, for whoever may change people.
#[component]
pub fn PersonSessions(
    /// The person's account.
    id: cynic::Id,
) -> impl IntoView {
    let toaster = use_toaster();
    let person = StoredValue::new(id);
    let open = remote(move || {
        let variables = UserSessionsVariables { user_id: person.get_value() };
        async move { api::ask(UserSessions::build(variables)).await.map(|answer| answer.user_sessions) }
    });
    let (ending, resetting) = (RwSignal::new(false), RwSignal::new(false));
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<Failure>));
    let end = Callback::new(move |id: cynic::Id| {
        let input = RevokeUserSessionInput { user_id: person.get_value(), id };
        spawn_local(async move {
            match api::ask(RevokeUserSession::build(RevokeUserSessionVariables { input })).await {
                Ok(_) => toaster.done("Session ended"),
                Err(failure) => toaster.failure("The session was not ended", &failure),
            }
            open.reload();
        });
    });
    let end_all = move |()| {
        busy.set(true);
        failure.set(None);
        let input = RevokeUserSessionsInput { user_id: person.get_value() };
        spawn_local(async move {
            match api::ask(RevokeUserSessions::build(RevokeUserSessionsVariables { input })).await {
                Ok(answer) => {
                    let ended = i64::from(answer.revoke_user_sessions.ended);
                    toaster.done(format!("Ended {}", count(ended, "session", "sessions")));
                    let _ = ending.try_set(false);
                    open.reload();
                }
                Err(wrong) => {
                    let _ = failure.try_set(Some(wrong));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    let reset = move |()| {
        busy.set(true);
        failure.set(None);
        let input = ResetUserTwoStepInput { user_id: person.get_value() };
        spawn_local(async move {
            match api::ask(ResetUserTwoStep::build(ResetUserTwoStepVariables { input })).await {
                Ok(_) => {
                    toaster.done("The password is enough now");
                    let _ = resetting.try_set(false);
                }
                Err(wrong) => {
                    let _ = failure.try_set(Some(wrong));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    let some = move || open.data.with(|open| open.as_ref().is_some_and(|open| !open.is_empty()));
    let ask = move |dialog: RwSignal<bool>| {
        failure.set(None);
        dialog.set(true);
    };
    view! {
        <section class="card">
            <header><h2>"Signed in"</h2></header>
            {move || rows(open, end)}
            <div class="body flex">
                <button class="btn" type="button" data-size="sm" disabled=move || !some() on:click=move |_| ask(ending)>
                    {icon("out")}
                    "End all"
                </button>
                <button class="btn" type="button" data-size="sm" on:click=move |_| ask(resetting)>
                    {icon("key")}
                    "Switch off the second step"
                </button>
            </div>
        </section>
        <Confirm open=ending title="End all sessions of this person?".to_owned() act="End all".to_owned() busy failure on_yes=end_all>
            <p>"Every browser and every program of this account has to sign in again, within five seconds."</p>
        </Confirm>
        <Confirm
            open=resetting
            title="Switch off the second step of this person?".to_owned()
            act="Switch it off".to_owned()
            busy
            failure
            on_yes=reset
        >
            <p>"For somebody who has lost the authenticator application and the recovery codes. Make sure that it is this person who asks: from then on the password alone signs in."</p>
        </Confirm>
    }
}

fn rows(open: Remote<Vec<OpenSession>>, end: Callback<cynic::Id>) -> AnyView {
    match (open.data.get(), open.failure.get()) {
        (_, Some(failure)) => {
            view! { <div class="body"><FailureView failure again=move |()| open.reload()/></div> }.into_any()
        }
        (None, None) => {
            view! { <div class="body late" aria-busy="true"><span class="skel"></span> <span class="skel"></span></div> }
                .into_any()
        }
        (Some(sessions), None) if sessions.is_empty() => {
            view! { <div class="body"><p class="dim">"Nowhere at the moment."</p></div> }.into_any()
        }
        (Some(sessions), None) => {
            let rows = sessions.into_iter().map(|session| row(session, end)).collect_view();
            view! { <div class="list">{rows}</div> }.into_any()
        }
    }
}

fn row(session: OpenSession, end: Callback<cynic::Id>) -> impl IntoView {
    let reader = place::reader();
    let what = match session.kind {
        SessionKind::Browser => agent::words(&session.user_agent),
        SessionKind::Api => format!("Program: {}", agent::words(&session.user_agent)),
    };
    let since = format!(
        "since {}, at most until {}",
        reader.moment(&session.created_at.0),
        reader.day(&session.expires_at.0)
    )
    .replace("Today", "today")
    .replace("Yesterday", "yesterday");
    let label = format!("End the session of {what}, {since}");
    let id = session.id;
    view! {
        <div>
            <span class="grow" title=session.user_agent>{what} <small>{since}</small></span>
            {if session.current {
                status("good", "This browser").into_any()
            } else {
                view! {
                    <button
                        class="btn"
                        type="button"
                        data-size="sm"
                        aria-label=label
                        on:click=move |_| end.run(id.clone())
                    >
                        "End"
                    </button>
                }
                    .into_any()
            }}
        </div>
    }
}
