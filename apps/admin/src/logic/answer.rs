//! Reads answers of the API into the types of the documents.
//!
//! An answer is parsed once, into a [`Value`]; every document then takes from it what it asked for. The reader is
//! small on purpose: a document brings its own copy of whatever reads it, and there are many documents in the bundle.

use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeOwned, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// An answer that is not what was asked for: the field that is missing, or what kind of value was out of place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unfit(pub &'static str);

/// Takes a document's type out of an answer.
pub fn read<T: DeserializeOwned>(value: &Value) -> Result<T, Unfit> {
    T::deserialize(Node(value))
}

impl std::fmt::Display for Unfit {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.0)
    }
}

impl std::error::Error for Unfit {}

impl de::Error for Unfit {
    fn custom<T: std::fmt::Display>(_: T) -> Self {
        Self("a value of another kind")
    }

    fn invalid_type(_: de::Unexpected<'_>, _: &dyn de::Expected) -> Self {
        Self("a value of another kind")
    }

    fn invalid_value(_: de::Unexpected<'_>, _: &dyn de::Expected) -> Self {
        Self("a value out of range")
    }

    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Self("an unknown choice")
    }

    fn missing_field(field: &'static str) -> Self {
        Self(field)
    }

    /// Never so: what is read here has every key once. One text for all of them keeps the readers small.
    fn duplicate_field(_: &'static str) -> Self {
        KIND
    }
}

/// One value of the answer.
#[derive(Clone, Copy)]
struct Node<'de>(&'de Value);

const KIND: Unfit = Unfit("a value of another kind");

impl<'de> Node<'de> {
    fn text(self) -> Result<&'de str, Unfit> {
        self.0.as_str().ok_or(KIND)
    }

    fn number(self) -> Result<&'de Number, Unfit> {
        self.0.as_number().ok_or(KIND)
    }

    fn whole(self) -> Result<i64, Unfit> {
        self.number()?.as_i64().ok_or(KIND)
    }

    fn natural(self) -> Result<u64, Unfit> {
        self.number()?.as_u64().ok_or(KIND)
    }

    fn float(self) -> Result<f64, Unfit> {
        self.number()?.as_f64().ok_or(KIND)
    }

    fn switch(self) -> Result<bool, Unfit> {
        self.0.as_bool().ok_or(KIND)
    }

    fn members(self) -> Members<'de> {
        Members { rest: self.0.as_object().map(Map::iter), value: None }
    }

    fn items(self) -> Result<Items<'de>, Unfit> {
        let items = self.0.as_array().ok_or(KIND)?;
        Ok(Items { rest: items.iter() })
    }
}

macro_rules! reads {
    ($($method:ident: $get:ident -> $visit:ident;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
            visitor.$visit(self.$get()?)
        }
    )*};
}

impl<'de> de::Deserializer<'de> for Node<'de> {
    type Error = Unfit;

    reads! {
        deserialize_bool: switch -> visit_bool;
        deserialize_i8: whole -> visit_i64;
        deserialize_i16: whole -> visit_i64;
        deserialize_i32: whole -> visit_i64;
        deserialize_i64: whole -> visit_i64;
        deserialize_u8: natural -> visit_u64;
        deserialize_u16: natural -> visit_u64;
        deserialize_u32: natural -> visit_u64;
        deserialize_u64: natural -> visit_u64;
        deserialize_f32: float -> visit_f64;
        deserialize_f64: float -> visit_f64;
        deserialize_str: text -> visit_str;
        deserialize_string: text -> visit_str;
        deserialize_identifier: text -> visit_str;
        deserialize_seq: items -> visit_seq;
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        visitor.visit_map(self.members())
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        visitor.visit_map(self.members())
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        visitor.visit_unit()
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(it) => visitor.visit_bool(*it),
            Value::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(it), _) => visitor.visit_i64(it),
                (None, Some(it)) => visitor.visit_u64(it),
                (None, None) => visitor.visit_f64(self.float()?),
            },
            Value::String(it) => visitor.visit_str(it),
            Value::Array(_) => visitor.visit_seq(self.items()?),
            Value::Object(_) => visitor.visit_map(self.members()),
        }
    }

    serde::forward_to_deserialize_any! {
        char bytes byte_buf unit unit_struct tuple tuple_struct enum
    }
}

/// The fields of an object; of anything else the first step fails, so that whoever begins need not look.
struct Members<'de> {
    rest: Option<<&'de Map<String, Value> as IntoIterator>::IntoIter>,
    value: Option<&'de Value>,
}

impl<'de> Members<'de> {
    #[inline(never)]
    fn step(&mut self) -> Result<Option<&'de str>, Unfit> {
        let next = self.rest.as_mut().ok_or(KIND)?.next();
        self.value = next.map(|(_, value)| value);
        Ok(next.map(|(key, _)| key.as_str()))
    }

    #[inline(never)]
    fn value(&mut self) -> Node<'de> {
        Node(self.value.take().unwrap_or(&Value::Null))
    }
}

impl<'de> MapAccess<'de> for Members<'de> {
    type Error = Unfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Unfit> {
        match self.step()? {
            Some(key) => seed.deserialize(StrDeserializer::new(key)).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Unfit> {
        seed.deserialize(self.value())
    }
}

/// The values of a list.
struct Items<'de> {
    rest: std::slice::Iter<'de, Value>,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Unfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Unfit> {
        match self.rest.next() {
            Some(value) => seed.deserialize(Node(value)).map(Some),
            None => Ok(None),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::gql::gift_cards::{GiftCardState, GiftCards};
    use crate::gql::{Long, PageInfo};

    fn page() -> Value {
        let money = json!({"minor": 9_007_199_254_740_993_i64, "currency": "EUR", "decimal": "1.00", "formatted": "1 €"});
        let card = json!({
            "id": "a", "lastFour": "1234", "state": "EXPIRED", "issued": money, "balance": money, "enabled": true,
            "expiresAt": null, "recipient": "", "note": "ä", "version": 3, "createdAt": "2026-01-01T00:00:00Z",
            "movements": [], "unasked": {"deep": [1, 2.5]},
        });
        let info =
            json!({"hasNextPage": true, "hasPreviousPage": false, "startCursor": null, "endCursor": "c"});
        json!({"giftCards": {"nodes": [card], "pageInfo": info, "totalCount": 1}})
    }

    #[test]
    fn reads_what_was_asked_for() {
        let cards = read::<GiftCards>(&page()).unwrap().gift_cards;
        assert_eq!(cards.total_count, 1);
        let info = PageInfo {
            has_next_page: true,
            has_previous_page: false,
            start_cursor: None,
            end_cursor: Some("c".into()),
        };
        assert_eq!(cards.page_info, info);
        let card = &cards.nodes[0];
        assert_eq!((card.state, card.version), (GiftCardState::Expired, Long(3)));
        // More than a float holds.
        assert_eq!(card.issued.minor, Long(9_007_199_254_740_993));
        assert_eq!((card.note.as_str(), &card.expires_at), ("ä", &None));
    }

    #[test]
    fn names_what_does_not_fit() {
        let broken = |change: fn(&mut Value)| {
            let mut page = page();
            change(&mut page["giftCards"]);
            read::<GiftCards>(&page).unwrap_err().0
        };
        assert_eq!(broken(|page| drop(page.as_object_mut().unwrap().remove("totalCount"))), "totalCount");
        assert_eq!(broken(|page| page["totalCount"] = json!("1")), "a value of another kind");
        assert_eq!(broken(|page| page["totalCount"] = json!(i64::MAX)), "a value out of range");
        assert_eq!(broken(|page| page["nodes"] = Value::Null), "a value of another kind");
        assert_eq!(broken(|page| page["nodes"][0]["state"] = json!("LOST")), "an unknown choice");
    }

    #[test]
    fn reads_values_of_any_kind_as_they_are() {
        let value = json!({"a": [null, true, -1, 18_446_744_073_709_551_615_u64, 0.5, "x"], "b": {"c": {}}});
        assert_eq!(read::<Value>(&value).unwrap(), value);
        let numbers = json!({"x": 0.25, "y": 3});
        let read = read::<BTreeMap<String, f64>>(&numbers).unwrap();
        assert_eq!(read, BTreeMap::from([("x".to_owned(), 0.25), ("y".to_owned(), 3.0)]));
    }
}
