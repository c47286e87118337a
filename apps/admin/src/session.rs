//! Who is signed in, for which shop, and what they may do.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, Failure};
use crate::gql::Document;
use crate::gql::identity::{ActorKind, Me, Shop, SignIn, SignInInput, SignInVariables, SignOut, Start};
use crate::gql::modules::{Capabilities, FeatureName, Having};
use crate::gql::security::{SecondStep, SecondStepVariables, SignInChallenge, SignInSecondStepInput};
use crate::logic::amount;
use crate::logic::modules::behind;
use crate::logic::permission::Permissions;
use crate::place;

/// Where the application stands with the person in front of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Asking the server.
    Starting,
    /// The server did not answer.
    Failed(Failure),
    /// Nobody is signed in.
    Out,
    /// Signed in, but not as somebody who works here.
    Customer,
    /// At work.
    In,
    /// Was at work; the session ended. The page stays under the sign-in.
    Expired,
}

/// The session, available everywhere as a context.
#[derive(Clone, Copy)]
pub struct Session {
    stage: RwSignal<Stage>,
    me: RwSignal<Option<Me>>,
    shop: RwSignal<Option<Shop>>,
    having: RwSignal<Capabilities>,
    permissions: RwSignal<Permissions>,
    turn: RwSignal<u32>,
}

impl Session {
    /// Asks who is there.
    pub fn start() -> Self {
        let session = Self {
            stage: RwSignal::new(Stage::Starting),
            me: RwSignal::new(None),
            shop: RwSignal::new(None),
            having: RwSignal::new(Capabilities::default()),
            permissions: RwSignal::new(Permissions::default()),
            turn: RwSignal::new(0),
        };
        api::on_signed_out(move || {
            if session.stage.get_untracked() == Stage::In {
                session.stage.set(Stage::Expired);
            }
        });
        session.ask();
        session
    }

    /// Asks again, after a failure.
    pub fn ask(self) {
        self.stage.set(Stage::Starting);
        spawn_local(async move {
            match api::ask(Start::build(())).await {
                Ok(start) => {
                    self.shop.set(Some(start.shop));
                    self.having.set(start.capabilities);
                    self.enter(start.me);
                }
                Err(failure) => self.stage.set(Stage::Failed(failure)),
            }
        });
    }

    fn enter(self, me: Option<Me>) {
        let stage = match &me {
            None => Stage::Out,
            Some(me) if me.kind == ActorKind::Customer => Stage::Customer,
            Some(_) => Stage::In,
        };
        let names = me.iter().flat_map(|me| me.permissions.iter().cloned());
        self.permissions.set(Permissions::new(names));
        self.me.set(me);
        let before = self.stage.get_untracked();
        if before == Stage::Expired && stage == Stage::In {
            self.turn.update(|turn| *turn += 1);
        }
        if before != stage {
            self.stage.set(stage);
        }
    }

    /// Changes when somebody signed in again on top of a page, so that the page asks again what it was refused.
    pub fn track_turn(self) {
        self.turn.track();
    }

    /// Asks quietly whether somebody has signed in elsewhere in this browser, while the page waits for it.
    pub fn look_for_me(self) {
        if self.stage.get_untracked() != Stage::Expired {
            return;
        }
        spawn_local(async move {
            if let Ok(start) = api::ask(Start::build(())).await
                && start.me.as_ref().is_some_and(|me| me.kind == ActorKind::Staff)
                && self.stage.get_untracked() == Stage::Expired
            {
                self.enter(start.me);
            }
        });
    }

    /// Signs in; the cookie comes with the answer, or what [`Session::second_step`] needs.
    pub async fn sign_in(self, email: String, password: String) -> Result<Option<SignInChallenge>, Failure> {
        let input = SignInInput { email, password };
        let answer = api::ask(SignIn::build(SignInVariables { input })).await?.sign_in;
        if answer.challenge.is_none() {
            self.enter(answer.me);
        }
        Ok(answer.challenge)
    }

    /// Signs in with the code that was owed.
    pub async fn second_step(self, token: String, code: String) -> Result<(), Failure> {
        let input = SignInSecondStepInput { token, code };
        let answer = api::ask(SecondStep::build(SecondStepVariables { input })).await?;
        self.enter(answer.sign_in_second_step.me);
        Ok(())
    }

    /// Every session was ended, this one too.
    pub fn left(self) {
        self.enter(None);
    }

    /// Signs out; the page forgets everything.
    pub async fn sign_out(self) -> Result<(), Failure> {
        api::ask(SignOut::build(())).await?;
        self.enter(None);
        Ok(())
    }

    /// Where things stand.
    pub fn stage(self) -> Stage {
        place::read(self.stage, Clone::clone)
    }

    /// Whether the person may do something; tracks changes.
    pub fn may(self, permission: &str) -> bool {
        place::read(self.permissions, |held: &Permissions| held.may(permission))
    }

    /// Whether the shop has a module; tracks changes.
    pub fn has_module(self, name: &str) -> bool {
        place::read(self.having, |having: &Capabilities| having.modules.iter().any(|module| module == name))
    }

    /// Whether the shop has what is behind a screen of the side bar; tracks changes.
    pub fn has_screen(self, path: &str) -> bool {
        let (module, feature) = behind(path);
        let here = |feature: FeatureName| {
            place::read(self.having, |having: &Capabilities| having.features.contains(&feature))
        };
        module.is_none_or(|module| self.has_module(module)) && feature.is_none_or(here)
    }

    /// Asks again what the shop has, after a switch; what was known stays when there is no answer.
    pub async fn look_again(self) {
        if let Ok(answer) = api::ask(Having::build(())).await {
            self.having.set(answer.capabilities);
        }
    }

    /// Name of the shop, as far as it is known.
    pub fn shop_name(self) -> String {
        place::read(self.shop, |shop: &Option<Shop>| shop.as_ref().map(|shop| shop.name.clone()))
            .unwrap_or_default()
    }

    /// The shop, as far as it is known.
    pub fn shop(self) -> Option<Shop> {
        place::read(self.shop, Clone::clone)
    }

    /// Keeps changed settings.
    pub fn set_shop(self, shop: Shop) {
        self.shop.set(Some(shop));
    }

    /// Currency of the shop.
    pub fn currency(self) -> String {
        place::read(self.shop, |shop: &Option<Shop>| shop.as_ref().map(|shop| shop.currency.clone()))
            .unwrap_or_default()
    }

    /// Decimals of that currency.
    pub fn exponent(self) -> u32 {
        amount::exponent(&self.currency())
    }

    /// An amount of that currency, in minor units, as people of the shop write it.
    pub fn formatted(self, minor: i64) -> String {
        self.formatted_in(minor, &self.currency())
    }

    /// The same for an amount of any currency.
    pub fn formatted_in(self, minor: i64, currency: &str) -> String {
        let locale = self.shop().map(|shop| shop.locale).unwrap_or_default();
        amount::formatted(minor, currency, &locale)
    }

    /// Name of the person, or the address when there is none.
    pub fn person(self) -> String {
        place::read(self.me, |me: &Option<Me>| match me {
            Some(me) if !me.user.name.is_empty() => me.user.name.clone(),
            Some(me) => me.user.email.clone(),
            None => String::new(),
        })
    }

    /// Address of the person.
    pub fn email(self) -> String {
        place::read(self.me, |me: &Option<Me>| me.as_ref().map(|me| me.user.email.clone()))
            .unwrap_or_default()
    }

    /// Roles of the person in words.
    pub fn roles(self) -> String {
        self.me
            .with(|me| me.as_ref().map(|me| me.user.roles.join(", ").replace('_', " ")))
            .unwrap_or_default()
    }
}

/// The session of the application.
pub fn use_session() -> Session {
    expect_context::<Session>()
}
