//! What may become of a return, as one table: it tells the use cases what they may do, and the admin "why not".

use platform::Error;
use serde::{Deserialize, Serialize};

use crate::error::Result;

/// Where a return stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReturnState {
    /// The customer has asked.
    Requested,
    /// Staff has said yes, the pieces are awaited.
    Approved,
    /// Staff has said no.
    Declined,
    /// The customer keeps the pieces.
    Withdrawn,
    /// Pieces have arrived.
    Received,
    /// Money went back for them.
    Refunded,
    /// Ended without money.
    Closed,
}

/// What somebody wants to do with a return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReturnCommand {
    /// Yes, send it.
    Approve,
    /// No.
    Decline,
    /// The customer keeps it.
    Withdraw,
    /// Pieces have arrived.
    Receive,
    /// Money goes back.
    Refund,
    /// It ends without money.
    Close,
}

/// One move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReturnMove {
    /// State before.
    pub from: ReturnState,
    /// What somebody wants.
    pub command: ReturnCommand,
    /// What has to hold, in words.
    pub guard: &'static str,
    /// State after.
    pub to: ReturnState,
    /// What happens with it, in words.
    pub effects: &'static str,
}

macro_rules! moves {
    ($($from:ident -> $to:ident: $command:ident if $guard:literal; $effects:literal)*) => {
        /// Every move there is. The event of each is `return.` and the word of the state after.
        pub const RETURN_MOVES: &[ReturnMove] = &[$(ReturnMove {
            from: ReturnState::$from,
            command: ReturnCommand::$command,
            guard: $guard,
            to: ReturnState::$to,
            effects: $effects,
        }),*];
    };
}

moves! {
    Requested -> Approved: Approve if "always"; "tells the customer to send the pieces"
    Requested -> Declined: Decline if "there is a word for the customer"; "gives the pieces free for another return"
    Requested -> Withdrawn: Withdraw if "the customer asks"; "gives the pieces free for another return"
    Approved -> Withdrawn: Withdraw if "the customer asks"; "gives the pieces free for another return"
    Approved -> Received: Receive if "at least one piece has arrived";
        "puts on a shelf what can be sold again, gives the pieces free that did not come"
    Approved -> Closed: Close if "always"; "gives the pieces free for another return"
    Received -> Refunded: Refund if "the ledger has the money that goes back, at most what the pieces have cost";
        "counts the pieces as given back"
    Received -> Closed: Close if "no money is on its way back, and none is back: else it ends as refunded with that";
        "no money goes back"
}

/// Finds a move.
///
/// # Errors
/// `CONFLICT` when the table has none.
pub(crate) fn next(from: ReturnState, command: ReturnCommand) -> Result<ReturnState> {
    let found = RETURN_MOVES.iter().find(|found| (found.from, found.command) == (from, command));
    let refused =
        || Error::conflict(format!("a return that is {} cannot be {}", from.as_str(), command.participle()));
    Ok(found.map(|found| found.to).ok_or_else(refused)?)
}

impl ReturnState {
    /// Every state.
    pub const ALL: [Self; 7] = [
        Self::Requested,
        Self::Approved,
        Self::Declined,
        Self::Withdrawn,
        Self::Received,
        Self::Refunded,
        Self::Closed,
    ];

    /// The stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Approved => "approved",
            Self::Declined => "declined",
            Self::Withdrawn => "withdrawn",
            Self::Received => "received",
            Self::Refunded => "refunded",
            Self::Closed => "closed",
        }
    }

    /// Reads the stored word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Whether something is still to be done.
    pub fn is_open(self) -> bool {
        RETURN_MOVES.iter().any(|found| found.from == self)
    }

    /// Whether its pieces can be part of another return.
    pub fn gives_free(self) -> bool {
        matches!(self, Self::Declined | Self::Withdrawn)
    }
}

impl ReturnCommand {
    /// Every command.
    pub const ALL: [Self; 6] =
        [Self::Approve, Self::Decline, Self::Withdraw, Self::Receive, Self::Refund, Self::Close];

    /// The word that clients use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Decline => "decline",
            Self::Withdraw => "withdraw",
            Self::Receive => "receive",
            Self::Refund => "refund",
            Self::Close => "close",
        }
    }

    fn participle(self) -> &'static str {
        match self {
            Self::Approve => "approved",
            Self::Decline => "declined",
            Self::Withdraw => "withdrawn",
            Self::Receive => "received",
            Self::Refund => "refunded",
            Self::Close => "closed",
        }
    }
}

/// Why somebody sends something back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReturnReason {
    /// Too large, too small.
    DoesNotFit,
    /// Not as it was shown.
    NotAsDescribed,
    /// Broken, or broke.
    Damaged,
    /// Something else was in the parcel.
    WrongItem,
    /// They have thought again.
    ChangedMind,
    /// Said in words.
    Other,
}

impl ReturnReason {
    /// Every reason, in the order in which forms show them.
    pub const ALL: [Self; 6] = [
        Self::DoesNotFit,
        Self::NotAsDescribed,
        Self::Damaged,
        Self::WrongItem,
        Self::ChangedMind,
        Self::Other,
    ];

    /// The stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DoesNotFit => "does_not_fit",
            Self::NotAsDescribed => "not_as_described",
            Self::Damaged => "damaged",
            Self::WrongItem => "wrong_item",
            Self::ChangedMind => "changed_mind",
            Self::Other => "other",
        }
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::DoesNotFit => "It does not fit",
            Self::NotAsDescribed => "It is not as described",
            Self::Damaged => "It is damaged or does not work",
            Self::WrongItem => "Something else was sent",
            Self::ChangedMind => "Changed my mind",
            Self::Other => "Something else",
        }
    }

    /// Reads the stored word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_ends_and_words_are_read_back() {
        for state in ReturnState::ALL {
            assert_eq!(ReturnState::parse(state.as_str()), Some(state));
        }
        for reason in ReturnReason::ALL {
            assert_eq!(ReturnReason::parse(reason.as_str()), Some(reason));
        }
        let open = ReturnState::ALL.into_iter().filter(|state| state.is_open());
        assert_eq!(
            open.collect::<Vec<_>>(),
            [ReturnState::Requested, ReturnState::Approved, ReturnState::Received]
        );
        let error: Error = next(ReturnState::Requested, ReturnCommand::Refund).unwrap_err().into();
        assert_eq!(error.message(), "a return that is requested cannot be refunded");
    }
}
