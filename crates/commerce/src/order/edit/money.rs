//! What becomes of the money when an order is edited.
//!
//! A payment that waits is asked for the new amount: by hand at once, from what is promised when that is enough, else anew,
//! after the attempt before was called off. A paid order that costs less gets the difference back, after what the shop has
//! forgone of it. One that costs more has no second payment: it is refused unless it is paid by hand and the staff says that
//! the rest is here.

use primitives::{FieldError, Money};

use super::super::desk::state_of;
use crate::entity::{orders, payment as payment_row};
use crate::payment::{MANUAL, Step};
use crate::view::OrderState;

/// What becomes of the money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoneyEffect {
    /// Nothing.
    Nothing,
    /// So much is to be paid by hand.
    Due {
        /// In all, for what gift cards and store credit leave.
        amount: Money,
    },
    /// What is promised covers it: so much of it can be taken.
    Covered {
        /// How much.
        amount: Money,
    },
    /// The payment is called off, and the customer or the gateway is asked for so much.
    Anew {
        /// How much.
        amount: Money,
    },
    /// So much goes back to where it came from.
    Refund {
        /// How much.
        amount: Money,
    },
    /// So much came in by hand.
    Received {
        /// How much.
        amount: Money,
    },
}

impl MoneyEffect {
    /// The amount that it is about; nothing for nothing.
    pub fn amount(self) -> Option<Money> {
        match self {
            Self::Nothing => None,
            Self::Due { amount }
            | Self::Covered { amount }
            | Self::Anew { amount }
            | Self::Refund { amount }
            | Self::Received { amount } => Some(amount),
        }
    }

    /// In words.
    pub fn words(self) -> String {
        match self {
            Self::Nothing => "Nothing changes about the money".to_owned(),
            Self::Due { amount } => format!("{amount} is to be paid now"),
            Self::Covered { amount } => format!("What is promised covers it, {amount} can be taken"),
            Self::Anew { amount } => format!("The payment is called off, and {amount} is asked for instead"),
            Self::Refund { amount } => format!("{amount} goes back to where it came from"),
            Self::Received { amount } => format!("{amount} more was received by hand"),
        }
    }
}

/// Whether nothing is under way that an edit would disturb.
///
/// # Errors
/// What is, in words.
pub(super) fn quiet(row: &orders::Model, payment: Option<&payment_row::Model>) -> Result<(), &'static str> {
    let Some(payment) = payment else { return Ok(()) };
    if !payment.is_under_way() {
        return Ok(());
    }
    match payment.step() {
        Step::Refund | Step::Void => {
            Err("money or a promise is being given back: wait for the gateway's answer")
        }
        // Nobody has paid on the page that is open for it.
        Step::Authorize if !payment.pay_url.is_empty() && state_of(row) == OrderState::PendingPayment => {
            Ok(())
        }
        _ => Err("the gateway is being asked about the payment: wait for its answer"),
    }
}

/// What an edit from the one total to the other does, minor units; `after` is the row with its new sums.
///
/// # Errors
/// Why it cannot be, at `total`, or at `restReceived` where the staff can say that the money is here.
pub(super) fn effect(
    before: &orders::Model,
    after: &orders::Model,
    payment: Option<&payment_row::Model>,
    rest_received: bool,
    money: impl Fn(i64) -> Money,
) -> Result<MoneyEffect, FieldError> {
    let refuse = |text: String| Err(FieldError::new("total", text));
    let difference = after.total_minor - before.total_minor;
    if difference == 0 {
        return Ok(MoneyEffect::Nothing);
    }
    if state_of(before) == OrderState::PendingPayment {
        let Some(payment) = payment else {
            return refuse("it waits for money without a payment: cancel it".to_owned());
        };
        let due = after.total_minor - after.tendered_minor;
        // Gross of what went back: that was for something else.
        let taken = after.paid_minor - after.tendered_minor;
        if due < 1 {
            return refuse(
                "nothing would be left to pay beside gift cards and store credit: cancel the order instead"
                    .to_owned(),
            );
        }
        if 0 < taken {
            if due <= taken {
                let text =
                    format!("{} of it was taken already: let the rest go first, then edit it", money(taken));
                return refuse(text);
            }
            if 0 < difference {
                return refuse(
                    "a part of it was taken, and the gateway promises no more: take and let go what is promised, and place \
                     another order for the rest"
                        .to_owned(),
                );
            }
            let amount = money(payment.rest_minor.min(due - taken));
            return Ok(MoneyEffect::Covered { amount });
        }
        return Ok(match payment.provider.as_str() {
            MANUAL => MoneyEffect::Due { amount: money(due) },
            _ if 0 < payment.rest_minor && due <= payment.rest_minor => {
                MoneyEffect::Covered { amount: money(due) }
            }
            _ => MoneyEffect::Anew { amount: money(due) },
        });
    }
    if 0 < difference {
        let rest = money(difference);
        return match payment {
            Some(payment) if payment.provider == MANUAL && rest_received => {
                Ok(MoneyEffect::Received { amount: rest })
            }
            Some(payment) if payment.provider == MANUAL => {
                let text =
                    format!("it would cost {rest} more than was paid: say that this money is here by hand");
                Err(FieldError::new("restReceived", text))
            }
            _ => refuse(format!(
                "it would cost {rest} more than was paid, and its payment cannot be asked again: take something else \
                 away, take {rest} off, or place another order for what is added"
            )),
        };
    }
    // What the shop has forgone already need not go back.
    let forgone = (before.released_minor + before.edited_minor.min(0)).max(0);
    let back = (-difference - forgone).max(0);
    if back == 0 {
        return Ok(MoneyEffect::Nothing);
    }
    let left = before.paid_minor - before.refunded_minor;
    if left <= back {
        return refuse(format!(
            "all that is left of the money, {}, would go back: refund the order",
            money(left)
        ));
    }
    Ok(MoneyEffect::Refund { amount: money(back) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::Currency;

    #[test]
    fn says_what_becomes_of_the_money() {
        let amount = Money::new(1_250, Currency::EUR);
        let all = [
            MoneyEffect::Nothing,
            MoneyEffect::Due { amount },
            MoneyEffect::Covered { amount },
            MoneyEffect::Anew { amount },
            MoneyEffect::Refund { amount },
            MoneyEffect::Received { amount },
        ];
        let words: Vec<String> = all.into_iter().map(MoneyEffect::words).collect();
        insta::assert_snapshot!("edit_money", words.join("\n"));
        assert_eq!(all[0].amount(), None);
        assert_eq!(all[4].amount(), Some(amount));
    }
}
