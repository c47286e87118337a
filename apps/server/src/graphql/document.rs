//! Reading a GraphQL document once: its shape, its cost, its root fields. Documents are kept, so a client that sends
//! the same text again pays for none of it.

use async_graphql::parser::types::{ExecutableDocument, Field, OperationType, Selection, SelectionSet};
use async_graphql::{Name, Positioned, Value, Variables};
use platform::Error;
use platform::config::GraphqlConfig;
use platform::surface::Kind;
use primitives::ErrorCode;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Children of a list field whose size is not said.
const USUAL_PAGE: usize = 24;
/// Largest page that a cost is computed with.
const LARGEST_PAGE: usize = 100;
/// How many lists of the schema may stand inside each other, below the list of types: what tools ask for needs one.
const LISTS_OF_SCHEMA: usize = 2;

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
                collect_roots(&parsed, &operation.node.selection_set.node, &mut roots, &mut HashSet::new());
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

/// Each fragment counts once: spread again it adds nothing, and spread in itself or by many it would never end.
fn collect_roots<'d>(
    document: &'d ExecutableDocument,
    set: &'d SelectionSet,
    roots: &mut Vec<String>,
    seen: &mut HashSet<&'d Name>,
) {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => roots.push(field.node.name.node.to_string()),
            Selection::InlineFragment(inline) => {
                collect_roots(document, &inline.node.selection_set.node, roots, seen);
            }
            Selection::FragmentSpread(spread) => {
                let name = &spread.node.fragment_name.node;
                if let Some(fragment) = document.fragments.get(name)
                    && seen.insert(name)
                {
                    collect_roots(document, &fragment.node.selection_set.node, roots, seen);
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

impl<'d> Measure<'d> {
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
                Selection::FragmentSpread(_) => match self.spread(&selection.node) {
                    // Looking at a fragment costs as well, or fragments that only spread others would be free.
                    Some(set) => self.set(set, depth, nesting + 1)?.saturating_add(1),
                    None => 1,
                },
            };
            cost = cost.saturating_add(own);
            limit("cost", cost, self.limits.complexity)?;
            limit("aliases", self.aliases, self.limits.aliases)?;
        }
        Ok(cost)
    }

    /// Counts what a fragment spread says itself; gives back what it spreads.
    fn spread(&mut self, selection: &Selection) -> Option<&'d SelectionSet> {
        let Selection::FragmentSpread(spread) = selection else { return None };
        self.directives += spread.node.directives.len();
        let fragment = self.document.fragments.get(&spread.node.fragment_name.node)?;
        Some(&fragment.node.selection_set.node)
    }

    /// Cost of asking about the schema. It is deep by nature, so depth is not counted; but every list of types, fields
    /// and the like that stands inside another one multiplies the answer.
    fn introspection(&mut self, set: &SelectionSet, lists: usize, nesting: usize) -> Result<usize, Error> {
        limit("lists inside lists of the schema", lists, LISTS_OF_SCHEMA)?;
        limit("nesting of fragments", nesting, self.limits.depth * 4)?;
        let mut cost = 0_usize;
        for selection in &set.items {
            let inner = match &selection.node {
                Selection::Field(field) => {
                    let field = &field.node;
                    self.aliases += usize::from(field.alias.is_some());
                    self.directives += field.directives.len();
                    let list = matches!(
                        field.name.node.as_str(),
                        "fields" | "inputFields" | "interfaces" | "possibleTypes"
                    );
                    self.introspection(&field.selection_set.node, lists + usize::from(list), nesting + 1)?
                }
                Selection::InlineFragment(inline) => {
                    self.directives += inline.node.directives.len();
                    self.introspection(&inline.node.selection_set.node, lists, nesting + 1)?
                }
                Selection::FragmentSpread(_) => match self.spread(&selection.node) {
                    Some(set) => self.introspection(set, lists, nesting + 1)?,
                    None => 0,
                },
            };
            cost = cost.saturating_add(inner).saturating_add(1);
            limit("cost", cost, self.limits.complexity)?;
            limit("aliases", self.aliases, self.limits.aliases)?;
        }
        Ok(cost)
    }

    fn field(&mut self, field: &Positioned<Field>, depth: usize, nesting: usize) -> Result<usize, Error> {
        let field = &field.node;
        self.aliases += usize::from(field.alias.is_some());
        self.directives += field.directives.len();
        if field.selection_set.node.items.is_empty() {
            return Ok(1);
        }
        // Answered from memory, and switched off with GraphiQL.
        if field.name.node.starts_with("__") {
            return self.introspection(&field.selection_set.node, 0, nesting + 1);
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
    fn fragments_that_spread_each_other_take_no_time() {
        let itself = format!("{{ ...A }} fragment A on Query {{ {} }}", "...A ".repeat(50));
        assert!(check(&itself).unwrap_err().contains("nesting of fragments"));
        let mut doubling = "{ ...F0 }".to_owned();
        for n in 0..40 {
            doubling.push_str(&format!(" fragment F{n} on Query {{ ...F{} ...F{} }}", n + 1, n + 1));
        }
        assert!(check(&doubling).unwrap_err().starts_with("the query's cost is"), "nothing at their end");
        doubling.push_str(" fragment F40 on Query { shop { name } }");
        assert!(check(&doubling).unwrap_err().starts_with("the query's cost is"));
    }

    #[test]
    fn a_schema_is_told_but_not_multiplied() {
        let of_types = "kind name ofType { kind name ofType { kind name ofType { kind name } } }";
        assert_eq!(
            check(&format!(
                "{{ __schema {{ types {{ ...T }} }} }} fragment T on __Type {{ fields(includeDeprecated: true) {{ \
                 name args {{ name type {{ ...R }} }} type {{ ...R }} }} inputFields {{ name type {{ ...R }} }} \
                 interfaces {{ ...R }} enumValues {{ name }} possibleTypes {{ ...R }} }} \
                 fragment R on __Type {{ {of_types} }}"
            )),
            Ok(())
        );
        let deep = format!(
            "{{ __schema {{ types {{ {} name {} }} }} }}",
            "fields { type { ".repeat(3),
            "} }".repeat(3)
        );
        assert_eq!(
            check(&deep),
            Err("the query's lists inside lists of the schema is 3, more than the 2 that are allowed: ask for less \
                 at once"
                .to_owned())
        );
        let wide: String = (0..31).map(|n| format!("a{n}: types {{ name }} ")).collect();
        assert!(
            check(&format!("{{ __schema {{ {wide} }} }}")).unwrap_err().starts_with("the query's aliases")
        );
    }

    #[test]
    fn says_what_cannot_be_read() {
        assert!(Document::parse("{ shop ").is_err());
    }
}
