//! The states that a module goes through in one process, and the only moves between them.

use crate::App;
use sea_orm::{ConnectionTrait, Statement};
use serde::Serialize;
use std::borrow::Cow;
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// Where a module stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, async_graphql::Enum)]
#[serde(rename_all = "snake_case")]
#[graphql(name = "ModuleState")]
pub enum State {
    /// Known, nothing done yet.
    Registered,
    /// Set up, not asked for its health yet.
    Initialised,
    /// Everything works.
    Healthy,
    /// Works with a limp.
    Degraded,
    /// Does not work; may recover.
    Failed,
    /// Stopped for good in this process.
    Disabled,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 6] =
        [Self::Registered, Self::Initialised, Self::Healthy, Self::Degraded, Self::Failed, Self::Disabled];

    /// The name, lower case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Initialised => "initialised",
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Failed => "failed",
            Self::Disabled => "disabled",
        }
    }

    /// Whether the module has been set up and not been stopped.
    pub const fn runs(self) -> bool {
        matches!(self, Self::Initialised | Self::Healthy | Self::Degraded | Self::Failed)
    }

    /// Whether a module may go from here to `next`: set up once, healthy or not as often as it likes, stopped once.
    pub const fn may_become(self, next: Self) -> bool {
        match next {
            Self::Registered => false,
            Self::Initialised => matches!(self, Self::Registered),
            Self::Healthy | Self::Degraded | Self::Failed => self.runs(),
            Self::Disabled => !matches!(self, Self::Disabled),
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a module says about itself when it is asked. Reasons are shown to everybody: no addresses, no secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// Everything works.
    Healthy,
    /// Works with a limp.
    Degraded(Cow<'static, str>),
    /// Does not work.
    Failed(Cow<'static, str>),
}

impl Health {
    /// The state of a module that says this, and its reason.
    pub fn split(self) -> (State, Option<Cow<'static, str>>) {
        match self {
            Self::Healthy => (State::Healthy, None),
            Self::Degraded(reason) => (State::Degraded, Some(reason)),
            Self::Failed(reason) => (State::Failed, Some(reason)),
        }
    }
}

impl Health {
    /// Whether the database reads `table`: what most modules cannot do without. Never waits for a row.
    #[expect(clippy::disallowed_methods, reason = "asks whether the table answers, and looks at no row")]
    pub async fn of_table(app: &App, table: &'static str) -> Self {
        let connection = app.db().global_current();
        let sql = format!("SELECT 1 FROM {table} WHERE 1 = 0");
        let asked = Statement::from_string(connection.get_database_backend(), sql);
        match connection.query_one_raw(asked).await {
            Ok(_) => Self::Healthy,
            Err(error) => {
                tracing::warn!(%error, "the table {table} does not answer");
                Self::Failed(format!("the table {table} does not answer").into())
            }
        }
    }
}

/// A move that no module may make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a module that is {from} cannot become {to}")]
pub struct IllegalMove {
    /// Where it stood.
    pub from: State,
    /// Where it should have gone.
    pub to: State,
}

/// The state of one module, moved only along the table of [`State::may_become`].
#[derive(Debug)]
pub struct Lifecycle(Mutex<(State, Option<Cow<'static, str>>)>);

impl Default for Lifecycle {
    fn default() -> Self {
        Self(Mutex::new((State::Registered, None)))
    }
}

impl Lifecycle {
    /// The state and, where it is not well, the reason.
    pub fn now(&self) -> (State, Option<Cow<'static, str>>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Moves on.
    ///
    /// # Errors
    /// [`IllegalMove`]; the state is as it was.
    pub fn become_(&self, next: State, reason: Option<Cow<'static, str>>) -> Result<(), IllegalMove> {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !now.0.may_become(next) {
            return Err(IllegalMove { from: now.0, to: next });
        }
        *now = (next, reason);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_module_lives_once() {
        let life = Lifecycle::default();
        assert_eq!(
            life.become_(State::Healthy, None),
            Err(IllegalMove { from: State::Registered, to: State::Healthy })
        );
        for next in [State::Initialised, State::Degraded, State::Healthy, State::Failed, State::Healthy] {
            assert_eq!(life.become_(next, None), Ok(()), "{next}");
        }
        assert!(life.become_(State::Initialised, None).is_err());
        assert_eq!(life.become_(State::Disabled, Some("stopped".into())), Ok(()));
        assert_eq!(life.now(), (State::Disabled, Some("stopped".into())));
    }

    proptest! {
        /// Whatever is asked for in whatever order: never healthy before it was set up, never alive after it was
        /// stopped, never set up twice, and a refused move changes nothing.
        #[test]
        fn no_order_of_moves_breaks_the_life_of_a_module(
            wishes in prop::collection::vec(prop::sample::select(State::ALL.to_vec()), 0..24)
        ) {
            let life = Lifecycle::default();
            let mut path = vec![State::Registered];
            for wish in wishes {
                let before = life.now();
                match life.become_(wish, None) {
                    Ok(()) => path.push(wish),
                    Err(refused) => {
                        prop_assert_eq!(refused, IllegalMove { from: before.0, to: wish });
                        prop_assert_eq!(life.now(), before);
                    }
                }
            }
            let count = |state| path.iter().filter(|at| **at == state).count();
            prop_assert_eq!(count(State::Registered), 1);
            prop_assert!(count(State::Initialised) <= 1 && count(State::Disabled) <= 1);
            if let Some(end) = path.iter().position(|at| *at == State::Disabled) {
                prop_assert_eq!(end, path.len() - 1);
            }
            if let Some(first) = path.iter().position(|at| matches!(at, State::Healthy | State::Degraded | State::Failed)) {
                prop_assert!(path[..first].contains(&State::Initialised));
            }
        }
    }
}
