//! Facts as they are written, and older forms as they are read.

use platform::Error;
use serde_json::{Map, Value};

use super::{Fact, schema_version};
use crate::event::EventError;
use crate::validate;

/// The field that names the fact; it has a column of its own.
const KIND: &str = "kind";

/// Name and fields of a fact.
///
/// # Errors
/// `INTERNAL_SERVER_ERROR` for something that is no enum with a tag, which only our own code can write;
/// `BAD_USER_INPUT` for one that is larger than an event may be.
pub(super) fn write<F: Fact>(fact: &F) -> Result<(String, String), Error> {
    let wrong = |why: &str| Error::internal(format!("a fact cannot be written: {why}"));
    let value = serde_json::to_value(fact).map_err(Error::internal)?;
    let Value::Object(mut fields) = value else { return Err(wrong("it has no fields")) };
    let Some(Value::String(kind)) = fields.remove(KIND) else { return Err(wrong("it has no kind")) };
    validate::kind("kind", &kind)?;
    let payload = Value::Object(fields).to_string();
    match payload.len() {
        bytes if validate::MAX_PAYLOAD < bytes => {
            Err(EventError::PayloadTooLarge { bytes, max: validate::MAX_PAYLOAD }.into())
        }
        _ => Ok((kind, payload)),
    }
}

/// A fact of today, from whatever form it was written in. The error says in words what is wrong with it.
pub(super) fn read<F: Fact>(kind: &str, written: u16, payload: &str) -> Result<F, String> {
    let mut fields: Map<String, Value> = serde_json::from_str(payload).map_err(|error| error.to_string())?;
    fields.insert(KIND.to_owned(), kind.into());
    let today = schema_version::<F>();
    if written == 0 || today < written {
        return Err(format!("its form is version {written}, this program knows up to {today}"));
    }
    for lift in &F::UPCASTERS[usize::from(written) - 1..] {
        lift(&mut fields)?;
    }
    serde_json::from_value(Value::Object(fields)).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::{Deserialize, Serialize};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "kind", rename_all = "snake_case")]
    enum Happened {
        Received { minor: i64, currency: String },
    }

    impl Fact for Happened {
        // 1: `paid` with an `amount`. 2: called `received`. 3: with a currency.
        const UPCASTERS: &'static [super::super::Upcaster] = &[
            |fields| {
                fields.insert("kind".to_owned(), "received".into());
                let amount = fields.remove("amount").ok_or("it has no amount")?;
                fields.insert("minor".to_owned(), amount);
                Ok(())
            },
            |fields| {
                fields.insert("currency".to_owned(), "EUR".into());
                Ok(())
            },
        ];
    }

    #[test]
    fn every_form_is_read_as_todays() {
        let today = Happened::Received { minor: 5, currency: "EUR".into() };
        let (kind, payload) = write(&today).unwrap();
        assert_eq!((kind.as_str(), payload.as_str()), ("received", r#"{"currency":"EUR","minor":5}"#));
        assert_eq!(read::<Happened>(&kind, 3, &payload), Ok(today));
        for (kind, version, payload) in [("received", 2, r#"{"minor":5}"#), ("paid", 1, r#"{"amount":5}"#)] {
            let read = read::<Happened>(kind, version, payload).unwrap();
            assert_eq!(read, Happened::Received { minor: 5, currency: "EUR".into() }, "{version}");
        }
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        for (kind, version, payload, why) in [
            ("received", 4, "{}", "its form is version 4, this program knows up to 3"),
            ("received", 0, "{}", "its form is version 0, this program knows up to 3"),
            ("paid", 1, "{}", "it has no amount"),
            ("lost", 3, "{}", "unknown variant `lost`, expected `received`"),
            ("received", 3, "[]", "invalid type: sequence, expected a map at line 1 column 0"),
        ] {
            assert_eq!(read::<Happened>(kind, version, payload), Err(why.to_owned()));
        }
    }

    #[test]
    fn only_an_enum_with_a_tag_is_a_fact() {
        #[derive(Serialize, Deserialize)]
        struct Plain {
            minor: i64,
        }
        impl Fact for Plain {}
        assert!(write(&Plain { minor: 1 }).is_err());
    }
}
