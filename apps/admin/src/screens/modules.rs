//! Modules and features: what the shop has, how it is, what needs what.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, Failure, Remote, remote};
use crate::gql::Document;
use crate::gql::modules::{
    Feature, Module, ModuleState, Switchboard, ToggleFeature, ToggleFeatureInput, ToggleFeatureVariables,
    ToggleModule, ToggleModuleInput, ToggleModuleVariables,
};
use crate::logic::modules::{listed, losses, title};
use crate::parts::dialog::Confirm;
use crate::parts::editor::cards;
use crate::parts::toast::{Toaster, use_toaster};
use crate::parts::{PageHead, count, pill, status};
use crate::place;
use crate::session::{Session, use_session};

/// What is about to be switched.
#[derive(Clone, PartialEq)]
enum Wish {
    /// A module, and those that go with it.
    Module { name: String, enabled: bool, others: Vec<String> },
    /// A feature.
    Feature(Feature),
}

/// What the rows need to switch something.
#[derive(Clone, Copy)]
struct Switch {
    board: Remote<Switchboard>,
    wish: RwSignal<Option<Wish>>,
    open: RwSignal<bool>,
    busy: RwSignal<bool>,
    failure: RwSignal<Option<Failure>>,
    editable: Memo<bool>,
    session: Session,
    toaster: Toaster,
}

impl Switch {
    /// Asks first, when something disappears or more than one thing is switched.
    fn begin(self, wish: Wish) {
        let harmless = match &wish {
            Wish::Module { enabled, others, .. } => *enabled && others.is_empty(),
            Wish::Feature(feature) => !feature.enabled,
        };
        self.failure.set(None);
        self.wish.set(Some(wish));
        if harmless { self.act() } else { self.open.set(true) }
    }

    fn act(self) {
        let Some(wish) = self.wish.get_untracked() else { return };
        let Self { session, toaster, .. } = self;
        self.busy.set(true);
        spawn_local(async move {
            let (what, done) = match wish {
                Wish::Module { name, enabled, others } => {
                    let what = listed(&[others.as_slice(), std::slice::from_ref(&name)].concat());
                    let what = format!("{what} {}", if enabled { "switched on" } else { "switched off" });
                    let input = ToggleModuleInput { module: name, enabled, cascade: !others.is_empty() };
                    let asked = api::ask(ToggleModule::build(ToggleModuleVariables { input })).await;
                    (what, asked.map(|_| ()))
                }
                Wish::Feature(feature) => {
                    let enabled = !feature.enabled;
                    let what =
                        format!("{} {}", feature.title, if enabled { "switched on" } else { "switched off" });
                    let input = ToggleFeatureInput { feature: feature.name, enabled };
                    let asked = api::ask(ToggleFeature::build(ToggleFeatureVariables { input })).await;
                    (what, asked.map(|_| ()))
                }
            };
            match done {
                Ok(()) => {
                    self.open.set(false);
                    toaster.done(what);
                    session.look_again().await;
                }
                Err(failure) if self.open.get_untracked() => self.failure.set(Some(failure)),
                Err(failure) => toaster.failure("That could not be switched", &failure),
            }
            // Also after a failure: somebody else may have been first.
            self.board.reload();
            let _ = self.busy.try_set(false);
        });
    }
}

/// The screen.
#[component]
pub fn Modules() -> impl IntoView {
    place::title(|| "Modules".to_owned());
    let session = use_session();
    let board = remote(|| async { api::ask(Switchboard::build(())).await });
    let switch = Switch {
        board,
        wish: RwSignal::new(None),
        open: RwSignal::new(false),
        busy: RwSignal::new(false),
        failure: RwSignal::new(None),
        editable: place::memo(move || session.may("modules:update")),
        session,
        toaster: use_toaster(),
    };
    let about = place::derived(move || {
        board.data.with(|board| match board {
            Some(board) => {
                let on = board.modules.iter().filter(|module| module.enabled).count();
                format!("{on} of {} on in this shop", count(board.modules.len() as i64, "module", "modules"))
            }
            None => " ".to_owned(),
        })
    });
    view! {
        <div class="page">
            <PageHead title="Modules".to_owned() about/>
            {cards(board, &[9, 5], move |data| view! { <Tables data switch/> }.into_any())}
            <Ask switch/>
        </div>
    }
}

#[component]
fn Tables(data: Switchboard, switch: Switch) -> impl IntoView {
    let off: Vec<String> =
        data.modules.iter().filter(|module| !module.enabled).map(|module| module.name.clone()).collect();
    let all = data.modules.clone();
    let modules = data
        .modules
        .into_iter()
        .map(|module| {
            // What goes along: needed ones that are off when it is switched on, dependants that are on otherwise.
            let others = match module.enabled {
                true => module.dependants.iter().filter(|name| !off.contains(name)).cloned().collect(),
                false => needed(&all, &module.name).into_iter().filter(|name| off.contains(name)).collect(),
            };
            view! { <ModuleRow module others switch/> }
        })
        .collect_view();
    let features =
        data.features.into_iter().map(|feature| view! { <FeatureRow feature switch/> }).collect_view();
    view! {
        <section class="tablecard" aria-label="Modules" aria-busy=move || switch.board.busy.get().to_string()>
            <table class="table" data-stack="">
                <thead>
                    <tr>
                        <th>"Module"</th>
                        <th data-prio="2">"Health"</th>
                        <th data-prio="3">"Needs"</th>
                        <th class="num">"In this shop"</th>
                    </tr>
                </thead>
                <tbody>{modules}</tbody>
            </table>
        </section>
        <section class="tablecard" aria-label="Features">
            <table class="table" data-stack="">
                <thead>
                    <tr>
                        <th>"Feature"</th>
                        <th data-prio="2">"Comes from"</th>
                        <th class="num">"In this shop"</th>
                    </tr>
                </thead>
                <tbody>{features}</tbody>
            </table>
        </section>
    }
}

/// Everything that a module needs, directly or not, what starts first in front.
fn needed(all: &[Module], name: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut open = vec![name.to_owned()];
    while let Some(next) = open.pop() {
        let Some(module) = all.iter().find(|module| module.name == next) else { continue };
        for need in module.depends_on.iter().filter(|need| *need != name) {
            if !found.contains(need) {
                found.push(need.clone());
                open.push(need.clone());
            }
        }
    }
    all.iter().map(|module| module.name.clone()).filter(|name| found.contains(name)).collect()
}

fn health(state: ModuleState) -> (&'static str, &'static str) {
    match state {
        ModuleState::Healthy => ("good", "Healthy"),
        ModuleState::Degraded => ("warning", "Degraded"),
        ModuleState::Failed => ("danger", "Failed"),
        ModuleState::Initialised => ("info", "Starting"),
        ModuleState::Registered => ("off", "Not started"),
        ModuleState::Disabled => ("off", "Stopped"),
    }
}

#[component]
fn ModuleRow(module: Module, others: Vec<String>, switch: Switch) -> impl IntoView {
    let (tone, word) = health(module.state);
    let name = title(&module.name);
    let label = format!("{name} in this shop");
    let needs = if module.depends_on.is_empty() { "—".to_owned() } else { listed(&module.depends_on) };
    let since = module.changed_at.as_ref().map(|at| {
        let words = if module.enabled { "on since" } else { "off since" };
        format!("{words} {}", place::reader().moment(&at.0))
    });
    let enabled = module.enabled;
    let key = module.name.clone();
    let control = match module.required {
        true => view! { <span class="dim">"In every shop"</span> }.into_any(),
        false => view! {
            <input
                type="checkbox"
                role="switch"
                class="switch"
                aria-label=label
                prop:checked=move || switch.wish.with(|_| enabled)
                disabled=move || !switch.editable.get() || switch.busy.get()
                on:change=move |event| {
                    // It moves when the server says so.
                    put_back(&event, enabled);
                    switch.begin(Wish::Module { name: key.clone(), enabled: !enabled, others: others.clone() });
                }
            />
        }
        .into_any(),
    };
    view! {
        <tr>
            <td data-slot="title">
                <b>{name}</b>
                " "
                <span class="dim">{module.version}</span>
                <p class="meta">{module.about}</p>
                {since.map(|since| view! { <p class="meta">{since}</p> })}
            </td>
            <td data-prio="2" data-slot="sub">
                {status(tone, word)}
                {module.reason.map(|reason| view! { <p class="meta">{reason}</p> })}
            </td>
            <td data-prio="3"><span class="dim">{needs}</span></td>
            <td class="num" data-slot="value">{control}</td>
        </tr>
    }
}

#[component]
fn FeatureRow(feature: Feature, switch: Switch) -> impl IntoView {
    let label = format!("{} in this shop", feature.title);
    let enabled = feature.enabled;
    let wish = feature.clone();
    let control = match (feature.available, &feature.module) {
        (false, _) => pill("off", "Not part of this build").into_any(),
        // It is switched with its module, above.
        (true, Some(_)) => {
            status(if enabled { "good" } else { "off" }, if enabled { "On" } else { "Off" }).into_any()
        }
        (true, None) => view! {
            <input
                type="checkbox"
                role="switch"
                class="switch"
                aria-label=label
                prop:checked=move || switch.wish.with(|_| enabled)
                disabled=move || !switch.editable.get() || switch.busy.get()
                on:change=move |event| {
                    put_back(&event, enabled);
                    switch.begin(Wish::Feature(wish.clone()));
                }
            />
        }
        .into_any(),
    };
    let from = match (&feature.module, feature.available) {
        (Some(module), _) => format!("the module {}", title(module)),
        (None, true) => "a switch of its own".to_owned(),
        (None, false) => "—".to_owned(),
    };
    view! {
        <tr>
            <td data-slot="title"><b>{feature.title}</b><p class="meta">{feature.about}</p></td>
            <td data-prio="2"><span class="dim">{from}</span></td>
            <td class="num" data-slot="value">{control}</td>
        </tr>
    }
}

/// Shows what is true until the server has answered.
fn put_back(event: &leptos::ev::Event, enabled: bool) {
    event_target::<web_sys::HtmlInputElement>(event).set_checked(enabled);
}

/// Asks before something disappears, or more than one thing is switched.
#[component]
fn Ask(switch: Switch) -> impl IntoView {
    let heading = place::derived(move || match switch.wish.get() {
        Some(Wish::Module { name, enabled: true, .. }) => format!("Switch {} on?", title(&name)),
        Some(Wish::Module { name, .. }) => format!("Switch {} off?", title(&name)),
        Some(Wish::Feature(feature)) => format!("Switch {} off?", feature.title),
        None => String::new(),
    });
    let act = place::derived(move || match switch.wish.get() {
        Some(Wish::Module { others, enabled, .. }) => {
            let on = if enabled { "on" } else { "off" };
            match others.len() {
                0 => format!("Switch it {on}"),
                n => format!("Switch {} modules {on}", n + 1),
            }
        }
        _ => "Switch it off".to_owned(),
    });
    let body = move || match switch.wish.get() {
        Some(Wish::Module { name, enabled: true, others }) => view! {
            <p>{format!("{} needs {}. It is switched on, too.", title(&name), listed(&others))}</p>
        }
        .into_any(),
        Some(Wish::Module { name, others, .. }) => {
            let all: Vec<String> = [others.as_slice(), std::slice::from_ref(&name)].concat();
            let lines = all
                .iter()
                .flat_map(|name| losses(name))
                .map(|line| view! { <li>{*line}</li> })
                .collect_view();
            let first = match others.is_empty() {
                true => "At once, for everybody, these are gone:".to_owned(),
                false => format!(
                    "{} cannot do without it and goes, too. At once, for everybody, these are gone:",
                    listed(&others)
                ),
            };
            view! {
                <p>{first}</p>
                <ul>{lines}</ul>
                <p>"Nothing is deleted. Switched on again, everything is as it was."</p>
            }
            .into_any()
        }
        Some(Wish::Feature(feature)) => view! {
            <p>{format!("This is gone at once, for everybody: {}", feature.about)}</p>
            <p>"Nothing is deleted. Switched on again, everything is as it was."</p>
        }
        .into_any(),
        None => ().into_any(),
    };
    let kind = "danger";
    view! {
        <Confirm
            open=switch.open
            title=heading
            act
            kind
            busy=switch.busy
            failure=switch.failure
            on_yes=move |()| switch.act()
        >
            {body}
        </Confirm>
    }
}
