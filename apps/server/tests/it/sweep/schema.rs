//! Valid calls of any door, written from the schema.

use super::Fill;
use async_graphql::Positioned;
use async_graphql::parser::types::{
    BaseType, FieldDefinition, InputValueDefinition, ObjectType, ServiceDocument, Type, TypeDefinition,
    TypeKind, TypeSystemDefinition,
};
use platform::surface::{Entry, Kind};
use serde_json::{Map, Value, json};

/// The schema's types, to write a valid call of any root field.
pub struct Schema {
    document: ServiceDocument,
}

impl Schema {
    pub fn read() -> Self {
        let document = async_graphql::parser::parse_schema(server::graphql::sdl()).expect("a schema");
        Self { document }
    }

    fn definition(&self, name: &str) -> Option<&TypeDefinition> {
        self.document.definitions.iter().find_map(|definition| match definition {
            TypeSystemDefinition::Type(definition) if definition.node.name.node == name => {
                Some(&definition.node)
            }
            _ => None,
        })
    }

    fn root(&self, name: &str) -> &ObjectType {
        match &self.definition(name).expect("a root").kind {
            TypeKind::Object(object) => object,
            _ => panic!("{name} is no object"),
        }
    }

    /// The paths of all arguments of root fields that are ids, with the fields.
    pub fn ids(&self) -> Vec<(Kind, &str, Vec<String>)> {
        let fields = [(Kind::Query, "Query"), (Kind::Mutation, "Mutation")]
            .into_iter()
            .flat_map(|(kind, root)| self.root(root).fields.iter().map(move |field| (kind, &field.node)));
        fields.map(|(kind, field)| (kind, field.name.node.as_str(), self.ids_of(field))).collect()
    }

    fn ids_of(&self, field: &FieldDefinition) -> Vec<String> {
        let mut paths = Vec::new();
        for argument in &field.arguments {
            self.ids_below(&argument.node, "", &mut Vec::new(), &mut paths);
        }
        paths
    }

    fn ids_below<'s>(
        &'s self,
        value: &'s InputValueDefinition,
        above: &str,
        within: &mut Vec<&'s str>,
        paths: &mut Vec<String>,
    ) {
        let (path, ty) = (format!("{above}{}", value.name.node), base(&value.ty.node));
        if ty == "ID" {
            paths.push(path);
        } else if let Some(TypeKind::InputObject(object)) = self.definition(ty).map(|found| &found.kind) {
            // An input that holds itself has the same ids again further down.
            if !within.contains(&ty) {
                within.push(ty);
                for field in &object.fields {
                    self.ids_below(&field.node, &format!("{path}."), within, paths);
                }
                within.pop();
            }
        }
    }

    /// A document that calls `entry` with every required argument and the one under test.
    pub fn call(&self, entry: &Entry, fill: &Fill<'_>) -> (String, Value) {
        let (root, keyword) = match entry.kind {
            Kind::Mutation => ("Mutation", "mutation"),
            _ => ("Query", "query"),
        };
        let field = self
            .root(root)
            .fields
            .iter()
            .find(|field| field.node.name.node == entry.name.as_str())
            .unwrap_or_else(|| panic!("{} stands in the surface and not in the schema", entry.name));
        let mut variables = Map::new();
        let (mut declared, mut passed) = (Vec::new(), Vec::new());
        for argument in &field.node.arguments {
            let (name, ty) = (argument.node.name.node.as_str(), &argument.node.ty.node);
            if !fill.leads_to(name) && (ty.nullable || argument.node.default_value.is_some()) {
                continue;
            }
            variables.insert(name.to_owned(), self.value(ty, name, fill));
            declared.push(format!("${name}: {ty}"));
            passed.push(format!("{name}: ${name}"));
        }
        let below = base(&field.node.ty.node);
        let selection = match self.definition(below).map(|definition| &definition.kind) {
            _ if fill.deep => self.everything(below, 5),
            Some(TypeKind::Object(object))
                if object.fields.iter().any(|field| field.node.name.node == "totalCount") =>
            {
                " { totalCount }".to_owned()
            }
            Some(TypeKind::Object(_) | TypeKind::Interface(_) | TypeKind::Union(_)) => {
                " { __typename }".to_owned()
            }
            _ => String::new(),
        };
        let wrap = |items: Vec<String>| {
            if items.is_empty() { String::new() } else { format!("({})", items.join(", ")) }
        };
        let document =
            format!("{keyword} Sweep{} {{ {}{}{selection} }}", wrap(declared), entry.name, wrap(passed));
        (document, Value::Object(variables))
    }

    /// Every field of a type that needs no argument, so many levels down; lists by their nodes.
    fn everything(&self, ty: &str, levels: usize) -> String {
        let Some(TypeKind::Object(object)) = self.definition(ty).map(|definition| &definition.kind) else {
            return match self.definition(ty).map(|definition| &definition.kind) {
                Some(TypeKind::Interface(_) | TypeKind::Union(_)) => " { __typename }".to_owned(),
                _ => String::new(),
            };
        };
        let mut selection = String::from(" { __typename");
        for field in &object.fields {
            let name = field.node.name.node.as_str();
            let required = |argument: &Positioned<InputValueDefinition>| {
                !argument.node.ty.node.nullable && argument.node.default_value.is_none()
            };
            let below = base(&field.node.ty.node);
            let leaf = !matches!(
                self.definition(below).map(|definition| &definition.kind),
                Some(TypeKind::Object(_))
            );
            if field.node.arguments.iter().any(required) || name == "edges" || (levels == 0 && !leaf) {
                continue;
            }
            selection.push(' ');
            selection.push_str(name);
            selection.push_str(&self.everything(below, levels.saturating_sub(1)));
        }
        selection.push_str(" }");
        selection
    }

    /// Root fields that page, by the arguments of a Relay connection.
    pub fn pages(&self, entry: &Entry) -> bool {
        let Some(TypeKind::Object(object)) = self.definition("Query").map(|definition| &definition.kind)
        else {
            return false;
        };
        let field = object.fields.iter().find(|field| field.node.name.node == entry.name.as_str());
        field.is_some_and(|field| {
            field.node.arguments.iter().any(|argument| argument.node.name.node == "after")
        })
    }

    /// A value of a type, as small as it may be.
    fn value(&self, ty: &Type, path: &str, fill: &Fill<'_>) -> Value {
        if let Some(given) = fill.given(path) {
            return given.clone();
        }
        let name = match &ty.base {
            BaseType::List(inner) => return json!([self.value(inner, path, fill)]),
            BaseType::Named(name) => name.as_str(),
        };
        match self.definition(name).map(|definition| &definition.kind) {
            Some(TypeKind::InputObject(object)) => {
                let mut fields = Map::new();
                for field in &object.fields {
                    let own = field.node.name.node.as_str();
                    let below = format!("{path}.{own}");
                    let required = !field.node.ty.node.nullable && field.node.default_value.is_none();
                    if required || fill.leads_to(&below) {
                        fields.insert(own.to_owned(), self.value(&field.node.ty.node, &below, fill));
                    }
                }
                Value::Object(fields)
            }
            Some(TypeKind::Enum(values)) => json!(values.values[0].node.value.node.as_str()),
            _ => match name {
                "ID" => json!(fill.id(path)),
                "Int" | "Long" if path == "version" || path.ends_with(".version") => json!(fill.version),
                "Int" | "Long" => json!(1),
                "Float" => json!(1.0),
                "Boolean" => json!(false),
                "DateTime" => json!("2026-01-01T00:00:00Z"),
                // A role is named or an id.
                "String" if fill.wants(path) => json!(fill.id(path)),
                _ if path.ends_with(".roles") => json!("customer"),
                _ if path.ends_with(".permission") => json!("orders:read"),
                _ if path.ends_with(".country") => json!("BE"),
                _ if path.ends_with(".email") => json!("nobody@example.com"),
                _ if path == "input.amount" => json!("1"),
                _ if path.ends_with(".password") => json!("correct horse battery staple"),
                _ => json!("x"),
            },
        }
    }
}

fn base(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name.as_str(),
        BaseType::List(inner) => base(inner),
    }
}
