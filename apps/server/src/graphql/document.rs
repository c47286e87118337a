//! Reading a GraphQL document once: its shape, its cost, its root fields. Documents are kept, so a client that sends
//! the same text again pays for none of it.

use async_graphql::parser::types::{ExecutableDocument, Field, OperationType, Selection, SelectionSet};
use async_graphql::{Name, Positioned, Value, Variables};
use platform::Error;
use platform::config::GraphqlConfig;
use platform::surface::Kind;
use primitives::ErrorCode;
use std::collections::HashMap;
use std::sync::Arc;

/// Children of a list field whose size is not said.
const USUAL_PAGE: usize = 24;
/// Largest page that a cost is computed with.
const LARGEST_PAGE: usize = 100;

/// A parsed document with everything that does not depend on its variables.
pub struct Document {
    /// What async-graphql runs.
    pub parsed: ExecutableDocument,
    /// Root fields of each operation, by operation name.
    operations: HashMap<Option<Name>, Operation>,
}

struct Operation {
    kind: OperationType,
    roots: Vec<String>,
}

/// A document that cannot be read at all; answered with HTTP 400.
#[derive(Debug)]
pub struct Unreadable(pub String);

impl Document {
    /// Parses and measures.
    ///
    /// # Errors
    /// [`Unreadable`] when the text is no GraphQL.
    pub fn parse(text: &str) -> Result<Arc<Self>, Unreadable> {
        let parsed =
            async_graphql::parser::parse_query(text).map_err(|error| Unreadable(error.to_string()))?;
        let operations = parsed
            .operations
            .iter()
            .map(|(name, operation)| {
                let mut roots = Vec::new();
                collect_roots(&parsed, &operation.node.selection_set.node, &mut roots, 0);
                (name.cloned(), Operation { kind: operation.node.ty, roots })
            })
            .collect();
        Ok(Arc::new(Self { parsed, operations }))
    }

    /// Kind and names of the root fields that a request for `operation_name` runs.
    pub fn roots(&self, operation_name: Option<&str>) -> Option<(Kind, &[String])> {
        let operation = match operation_name {
            Some(name) => self.operations.get(&Some(Name::new(name))),
            None if self.operations.len() == 1 => self.operations.values().next(),
            None => None,
        }?;
        let kind = match operation.kind {
            OperationType::Query => Kind::Query,
            OperationType::Mutation => Kind::Mutation,
            OperationType::Subscription => Kind::Subscription,
        };
        Some((kind, &operation.roots))
    }

    /// Holds the document to the limits.
    ///
    /// # Errors
    /// `QUERY_TOO_COMPLEX`, naming the limit and the document's figure.
    pub fn check(&self, variables: &Variables, limits: &GraphqlConfig) -> Result<(), Error> {
        let mut measure = Measure { document: &self.parsed, variables, limits, aliases: 0, directives: 0 };
        let mut cost = 0_usize;
        for (_, operation) in self.parsed.operations.iter() {
            measure.directives += operation.node.directives.len();
            cost = cost.saturating_add(measure.set(&operation.node.selection_set.node, 1, 1)?);
        }
        for operation in self.operations.values() {
            limit("root fields", operation.roots.len(), limits.root_fields)?;
        }
        limit("cost", cost, limits.complexity)?;
        limit("aliases", measure.aliases, limits.aliases)?;
        limit("directives", measure.directives, limits.directives)
    }
}

fn limit(what: &str, found: usize, allowed: usize) -> Result<(), Error> {
    if found <= allowed {
        return Ok(());
    }
    Err(Error::new(
        ErrorCode::QueryTooComplex,
        format!(
            "the query's {what} is {found}, more than the {allowed} that are allowed: ask for less at once"
        ),
    ))
}

fn collect_roots(document: &ExecutableDocument, set: &SelectionSet, roots: &mut Vec<String>, depth: usize) {
    // Fragments that spread themselves are refused by validation later; here they only must not run for ever.
    if depth > 16 {
        return;
    }
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => roots.push(field.node.name.node.to_string()),
            Selection::InlineFragment(inline) => {
                collect_roots(document, &inline.node.selection_set.node, roots, depth + 1);
            }
            Selection::FragmentSpread(spread) => {
                if let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node) {
                    collect_roots(document, &fragment.node.selection_set.node, roots, depth + 1);
                }
            }
        }
    }
}

struct Measure<'d> {
    document: &'d ExecutableDocument,
    variables: &'d Variables,
    limits: &'d GraphqlConfig,
    aliases: usize,
    directives: usize,
}

impl Measure<'_> {
    /// Cost of a selection set, every page size multiplied in.
    fn set(&mut self, set: &SelectionSet, depth: usize, nesting: usize) -> Result<usize, Error> {
        limit("depth", depth, self.limits.depth)?;
        // Fragments add nesting without adding depth.
        limit("nesting of fragments", nesting, self.limits.depth * 4)?;
        let mut cost = 0_usize;
        for selection in &set.items {
            let own = match &selection.node {
                Selection::Field(field) => self.field(field, depth, nesting)?,
                Selection::InlineFragment(inline) => {
                    self.directives += inline.node.directives.len();
                    self.set(&inline.node.selection_set.node, depth, nesting + 1)?
                }
                Selection::FragmentSpread(spread) => {
                    self.directives += spread.node.directives.len();
                    match self.document.fragments.get(&spread.node.fragment_name.node) {
                        Some(fragment) => self.set(&fragment.node.selection_set.node, depth, nesting + 1)?,
                        None => 0,
                    }
                }
            };
            cost = cost.saturating_add(own);
            limit("cost", cost, self.limits.complexity)?;
            limit("aliases", self.aliases, self.limits.aliases)?;
        }
        Ok(cost)
    }

    fn field(&mut self, field: &Positioned<Field>, depth: usize, nesting: usize) -> Result<usize, Error> {
        let field = &field.node;
        self.aliases += usize::from(field.alias.is_some());
        self.directives += field.directives.len();
        // Introspection is deep by nature, answered from memory, and switched off with GraphiQL.
        if field.name.node.starts_with("__") || field.selection_set.node.items.is_empty() {
            return Ok(1);
        }
        let children = self.set(&field.selection_set.node, depth + 1, nesting + 1)?;
        Ok(children.saturating_mul(self.page_size(field)).saturating_add(1))
    }

    /// What `first` or `last` says; the usual page for a connection that says nothing, 1 for everything else.
    fn page_size(&self, field: &Field) -> usize {
        let asked = field
            .arguments
            .iter()
            .filter(|(name, _)| matches!(name.node.as_str(), "first" | "last"))
            .find_map(|(_, value)| {
                value.node.clone().into_const_with(|name| self.variables.get(&name).cloned().ok_or(())).ok()
            })
            .and_then(|value| match value {
                Value::Number(number) => Some(number.as_u64()),
                _ => None,
            });
        match asked {
            Some(size) => usize::try_from(size.unwrap_or(LARGEST_PAGE as u64))
                .unwrap_or(LARGEST_PAGE)
                .clamp(1, LARGEST_PAGE),
            None if is_connection(field) => USUAL_PAGE,
            None => 1,
        }
    }
}

fn is_connection(field: &Field) -> bool {
    field.selection_set.node.items.iter().any(|selection| {
        matches!(&selection.node, Selection::Field(child) if matches!(child.node.name.node.as_str(), "edges" | "nodes"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<(), String> {
        let document = Document::parse(text).map_err(|error| error.0)?;
        document
            .check(&Variables::default(), &GraphqlConfig::default())
            .map_err(|error| error.message().to_owned())
    }

    #[test]
    fn finds_root_fields_behind_fragments_and_aliases() {
        let document = Document::parse("query Q { a: me { id } ...F ... on Query { shop { name } } } fragment F on Query { cart { id } }").unwrap();
        let (kind, roots) = document.roots(None).unwrap();
        assert_eq!(
            (kind, roots),
            (Kind::Query, &["me".to_owned(), "cart".to_owned(), "shop".to_owned()][..])
        );
    }

    #[test]
    fn multiplies_page_sizes() {
        assert_eq!(
            check(
                "{ products(first: 100) { nodes { variants(first: 100) { nodes { id price { minor } } } } } }"
            ),
            Err("the query's cost is 40201, more than the 20000 that are allowed: ask for less at once"
                .to_owned())
        );
        assert_eq!(check("{ products(first: 24) { nodes { id title } } }"), Ok(()));
    }

    #[test]
    fn refuses_depth_aliases_and_fragments_without_end() {
        let deep = format!("{}id{}", "{ a ".repeat(13), "}".repeat(13));
        assert!(check(&deep).unwrap_err().starts_with("the query's depth is 13"));
        let aliases: String = (0..31).map(|n| format!("a{n}: me {{ id }} ")).collect();
        assert!(
            check(&format!("{{ shop {{ {aliases} }} }}"))
                .unwrap_err()
                .starts_with("the query's aliases is 31")
        );
        assert!(check("{ ...A } fragment A on Query { ...A }").unwrap_err().contains("nesting of fragments"));
    }

    #[test]
    fn says_what_cannot_be_read() {
        assert!(Document::parse("{ shop ").is_err());
    }
}
