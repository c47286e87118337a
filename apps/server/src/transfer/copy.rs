//! Other ids for a copy, the same way everywhere, without a list of which became which.
//!
//! Every id of the tenant is combined with a mask of the copy's own: the last 32 of its bits are turned where the mask says
//! so. Two different ids stay different, an id that stands in many places becomes the same in all of them, and what is
//! sorted by ids stays sorted, because their time comes first. That holds for columns that are ids, and for texts inside
//! JSON that are an id and nothing else. The tenant's own id, which addresses of pictures hold, is replaced wherever it
//! stands in a text. What other systems wrote is left as it is.

use super::shape::Shape;
use platform::db::schema::Kind;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// From the original to the copy.
#[derive(Clone, Debug)]
pub struct Mapping {
    mask: [u8; 4],
    from: Uuid,
    to: Uuid,
    from_text: String,
    to_text: String,
}

impl Mapping {
    /// For the copy with the id `to`.
    pub fn new(from: Uuid, to: Uuid) -> Self {
        let digest = Sha256::new().chain_update(from).chain_update(to).finalize();
        let mut mask = [digest[0], digest[1], digest[2], digest[3]];
        // An id must not stay what it was.
        mask[3] |= 1;
        Self { mask, from, to, from_text: from.to_string(), to_text: to.to_string() }
    }

    /// The copy's id for this one.
    pub fn id(&self, id: Uuid) -> Uuid {
        if id == self.from {
            return self.to;
        }
        let mut bytes = *id.as_bytes();
        for (byte, mask) in bytes[12..].iter_mut().zip(self.mask) {
            *byte ^= mask;
        }
        Uuid::from_bytes(bytes)
    }

    /// Turns a row of the original into one of the copy.
    pub fn row(&self, shape: &Shape, row: &mut Map<String, Value>) {
        for column in &shape.columns {
            let Some(Value::String(text)) = row.get_mut(&column.name) else { continue };
            match column.kind {
                Kind::Uuid => {
                    if let Ok(id) = Uuid::parse_str(text) {
                        *text = self.id(id).simple().to_string();
                    }
                }
                Kind::Text if !shape.is_foreign(&column.name) => *text = self.text(text),
                Kind::Text | Kind::Bytes | Kind::Bool | Kind::Number => {}
            }
        }
        if shape.table.name == "stock_level" {
            // What is promised is promised by the original.
            row.insert("reserved".to_owned(), Value::from(0));
        }
    }

    fn text(&self, text: &str) -> String {
        let document = text.starts_with('{') || text.starts_with('[');
        match serde_json::from_str::<Value>(text) {
            Ok(mut value) if document => {
                let before = value.clone();
                self.value(&mut value);
                // A document in which nothing changed stays as it was written.
                if value == before { text.to_owned() } else { value.to_string() }
            }
            _ => text.replace(&self.from_text, &self.to_text),
        }
    }

    fn value(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                let hyphened = text.len() == 36 && text.bytes().filter(|byte| *byte == b'-').count() == 4;
                match Uuid::parse_str(text) {
                    Ok(id) if hyphened => *text = self.id(id).to_string(),
                    _ => *text = text.replace(&self.from_text, &self.to_text),
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item)),
            Value::Object(fields) => fields.values_mut().for_each(|field| self.value(field)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_stay_apart_stay_in_order_and_never_stay_the_same() {
        let mapping = Mapping::new(Uuid::now_v7(), Uuid::now_v7());
        let ids: Vec<Uuid> = (0..5_000).map(|_| Uuid::now_v7()).collect();
        let mut copies: Vec<Uuid> = ids.iter().map(|id| mapping.id(*id)).collect();
        assert!(ids.iter().zip(&copies).all(|(id, copy)| id != copy && copy.get_version_num() == 7));
        assert!(ids.iter().zip(&copies).all(|(id, copy)| mapping.id(*copy) == *id), "it is its own way back");
        assert!(copies.is_sorted_by_key(|id| id.as_u128() >> 32));
        copies.sort();
        copies.dedup();
        assert_eq!(copies.len(), ids.len());
    }

    #[test]
    fn ids_inside_documents_follow_and_other_texts_stay() {
        let (from, to, id) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
        let mapping = Mapping::new(from, to);
        let copied = mapping.id(id);
        let document = format!(
            r#"{{"block":"products","collection":"{id}","picture":"/media/{from}/ab","n":[1,"{from}"]}}"#
        );
        let value: Value = serde_json::from_str(&mapping.text(&document)).unwrap();
        assert_eq!(value["collection"], copied.to_string());
        assert_eq!(value["picture"], format!("/media/{to}/ab"));
        assert_eq!(value["n"][1], to.to_string());
        assert_eq!(mapping.text(&format!("/media/{from}/ab")), format!("/media/{to}/ab"));
        for same in ["{ \"a\" :  1 }", "plain", "[1, 2", "", "{}", "0190f3a1"] {
            assert_eq!(mapping.text(same), same);
        }
        // Somebody wrote about an id; that is prose.
        let prose = format!("see {id}");
        assert_eq!(mapping.text(&prose), prose);
    }
}
