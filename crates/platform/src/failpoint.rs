//! Places where a test may end the process, to see what a crash leaves behind.
//!
//! [`failpoint!`](crate::failpoint!) marks such a place by a name of [`NAMES`]; a name that is not there does not compile.
//! Without the feature `failpoints` it is nothing at all. With it, `FAILPOINTS="checkout.frozen=abort@3;relay.applied=abort"`
//! ends the process, as a power cut would, the third time that anybody passes `checkout.frozen`, or the first time that
//! anybody passes `relay.applied`.

/// Every failpoint, in the order in which an order meets them first. `rustok surface --json` lists them.
pub const NAMES: [&str; 39] = [
    // Placing: all of it until `committed` is one transaction.
    "checkout.checked",
    "checkout.frozen",
    "checkout.reserved",
    "checkout.written",
    "checkout.committed",
    // The calls of the gateway, outside every transaction, under keys that are stored.
    "payment.authorize.call",
    "payment.authorize.answered",
    "payment.capture.call",
    "payment.capture.answered",
    "payment.refund.call",
    "payment.refund.answered",
    "payment.void.call",
    "payment.void.answered",
    // Writing down what it said.
    "payment.record.begun",
    "payment.record.applied",
    "payment.record.committed",
    // The background job takes a payment that nobody has heard of.
    "payment.claim.written",
    "payment.claim.committed",
    // Staff wants money back: the intent, before the gateway hears of it.
    "refund.intended",
    "refund.committed",
    // The gateway calls.
    "webhook.checked",
    "webhook.stored",
    "webhook.committed",
    "webhook.taken",
    "webhook.handled",
    "webhook.done",
    // Nobody has paid in time.
    "expiry.due",
    "expiry.written",
    "expiry.committed",
    // Saving an order: before and after its row, its events and its history are written.
    "order.decided",
    "order.told",
    "order.saved",
    // Pieces that are free again.
    "stock.released",
    // Events.
    "outbox.written",
    "relay.led",
    "relay.taken",
    "relay.claimed",
    "relay.applied",
    "relay.committed",
];

/// Whether [`NAMES`] has it.
#[doc(hidden)]
pub const fn is_known(name: &str) -> bool {
    let mut at = 0;
    while at < NAMES.len() {
        if same(NAMES[at].as_bytes(), name.as_bytes()) {
            return true;
        }
        at += 1;
    }
    false
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// Marks a place where `FAILPOINTS` may end the process; nothing without the feature `failpoints`.
#[cfg(not(feature = "failpoints"))]
#[macro_export]
macro_rules! failpoint {
    ($name:literal) => {{
        const {
            assert!($crate::failpoint::is_known($name), "this failpoint is not in platform::failpoint::NAMES")
        };
    }};
}

/// Marks a place where `FAILPOINTS` may end the process; nothing without the feature `failpoints`.
#[cfg(feature = "failpoints")]
#[macro_export]
macro_rules! failpoint {
    ($name:literal) => {{
        const {
            assert!($crate::failpoint::is_known($name), "this failpoint is not in platform::failpoint::NAMES")
        };
        $crate::failpoint::pass($name);
    }};
}

#[cfg(any(test, feature = "failpoints"))]
pub use armed::{arm, pass};

#[cfg(any(test, feature = "failpoints"))]
mod armed {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::is_known;

    /// A failpoint that ends the process the `at`th time.
    #[derive(Debug)]
    pub(super) struct Armed {
        pub name: String,
        pub at: u64,
        passed: AtomicU64,
    }

    static ARMED: OnceLock<Vec<Armed>> = OnceLock::new();

    /// Reads `FAILPOINTS`; to be called once, before anything is done.
    ///
    /// # Errors
    /// A sentence about the first part that is not `name=abort` or `name=abort@number` with a known name.
    pub fn arm() -> Result<(), String> {
        let text = match std::env::var("FAILPOINTS") {
            Ok(text) => text,
            Err(std::env::VarError::NotPresent) => return Ok(()),
            Err(std::env::VarError::NotUnicode(_)) => return Err("FAILPOINTS is not text".to_owned()),
        };
        // Armed before: the first reading counts.
        let _ = ARMED.set(read(&text)?);
        Ok(())
    }

    pub(super) fn read(text: &str) -> Result<Vec<Armed>, String> {
        let parts = text.split(';').map(str::trim).filter(|part| !part.is_empty());
        parts.map(one).collect()
    }

    fn one(part: &str) -> Result<Armed, String> {
        let wrong = |what: &str| format!("FAILPOINTS has {part:?}: {what}");
        let (name, action) =
            part.split_once('=').ok_or_else(|| wrong("write it as name=abort or name=abort@3"))?;
        let name = name.trim();
        if !is_known(name) {
            return Err(wrong("there is no such failpoint, `rustok surface --json` lists them"));
        }
        let at = match action.trim().split_once('@') {
            None if action.trim() == "abort" => 1,
            Some(("abort", number)) => match number.parse() {
                Ok(number) if 1 <= number => number,
                _ => return Err(wrong("behind the @ stands a whole number from 1 on")),
            },
            _ => return Err(wrong("abort is all that it can do")),
        };
        Ok(Armed { name: name.to_owned(), at, passed: AtomicU64::new(0) })
    }

    /// Ends the process when this is the time; of the same name armed twice each has a count of its own.
    pub fn pass(name: &str) {
        for armed in ARMED.get().into_iter().flatten().filter(|armed| armed.name == name) {
            if armed.passed.fetch_add(1, Ordering::Relaxed) + 1 == armed.at {
                end(armed);
            }
        }
    }

    #[expect(clippy::print_stderr, reason = "the last thing that this process says; its log may be buffered")]
    fn end(armed: &Armed) -> ! {
        eprintln!("rustok: failpoint {} passed {} times, aborting", armed.name, armed.at);
        std::process::abort()
    }
}

#[cfg(test)]
mod tests {
    use super::{NAMES, is_known};

    #[test]
    fn names_are_words_with_dots_and_stand_there_once() {
        let mut seen = std::collections::BTreeSet::new();
        for name in NAMES {
            assert!(
                name.split('.').all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase()))
            );
            assert!(name.contains('.'), "{name}");
            assert!(seen.insert(name), "{name}");
            assert!(is_known(name));
        }
        assert!(!is_known("checkout") && !is_known("") && !is_known("checkout.checkeD"));
    }

    #[test]
    fn wrong_values_are_said_in_a_sentence() {
        let read = |text: &str| {
            let armed = super::armed::read(text)?;
            Ok::<_, String>(armed.into_iter().map(|armed| (armed.name, armed.at)).collect::<Vec<_>>())
        };
        assert_eq!(read(""), Ok(vec![]));
        let two = vec![("checkout.frozen".to_owned(), 3), ("relay.applied".to_owned(), 1)];
        assert_eq!(read(" checkout.frozen = abort@3 ; relay.applied=abort;"), Ok(two));
        for (text, says) in [
            ("checkout.frozen", "write it as name=abort"),
            ("checkout.froze=abort", "there is no such failpoint"),
            ("checkout.frozen=panic", "abort is all that it can do"),
            ("checkout.frozen=abort@0", "a whole number from 1 on"),
            ("checkout.frozen=abort@-1", "a whole number from 1 on"),
            ("checkout.frozen=abort@", "a whole number from 1 on"),
        ] {
            assert!(read(text).unwrap_err().contains(says), "{text}");
        }
    }
}
