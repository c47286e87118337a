//! Fields with their labels, hints and errors, and the summary of errors that links to them.

use super::icon;
use crate::page::escape;
use leptos::prelude::*;
use primitives::FieldError;

/// What came back with a form: errors at their fields, and one sentence about the whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Problems {
    /// What happened, for the top of the form; empty when only fields are wrong.
    pub message: String,
    /// Errors at their fields.
    pub fields: Vec<FieldError>,
}

impl Problems {
    /// Only a sentence.
    pub fn message(text: impl Into<String>) -> Self {
        Self { message: text.into(), fields: Vec::new() }
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.message.is_empty() && self.fields.is_empty()
    }

    /// The error of a field.
    pub fn at(&self, field: &str) -> Option<&str> {
        self.fields.iter().find(|error| error.field == field).map(|error| error.message.as_str())
    }
}

/// One text field.
#[derive(Clone, Debug, Default)]
pub struct Field<'a> {
    /// Name and id.
    pub name: &'a str,
    /// Label.
    pub label: &'a str,
    /// `type`; `text` when empty.
    pub kind: &'a str,
    /// `autocomplete`.
    pub autocomplete: &'a str,
    /// What was typed.
    pub value: &'a str,
    /// Words under the field.
    pub hint: &'a str,
    /// May stay empty.
    pub optional: bool,
    /// Columns of six in a `form-grid`; all six when empty.
    pub span: &'a str,
    /// `inputmode`.
    pub inputmode: &'a str,
    /// Prefix of the id, when a page has two fields of one name.
    pub id_prefix: &'a str,
}

/// A text field of several lines, without its label.
#[derive(Clone, Copy, Debug, Default)]
pub struct TextArea<'a> {
    /// Name and id.
    pub name: &'a str,
    /// What was typed.
    pub value: &'a str,
    /// Lines that are shown.
    pub rows: &'static str,
    /// Must not stay empty.
    pub required: bool,
    /// Characters that fit; as many as one likes when empty.
    pub maxlength: &'static str,
    /// Ids of what describes it.
    pub described: Option<&'static str>,
    /// Whether something is wrong with it.
    pub wrong: bool,
}

impl TextArea<'_> {
    /// The element. One that is empty has no child: even an empty one would leave a trace in it. What stands inside this
    /// element leptos writes as it is, so it is escaped here.
    pub fn view(self) -> AnyView {
        let Self { name, value, rows, required, maxlength, described, wrong } = self;
        let (id, name) = (name.to_owned(), name.to_owned());
        let required = required.then_some("");
        let maxlength = (!maxlength.is_empty()).then_some(maxlength);
        let wrong = wrong.then_some("true");
        match escape(&first_line(value)) {
            text if text.is_empty() => view! {
                <textarea class="input" id=id name=name rows=rows required=required maxlength=maxlength aria-describedby=described aria-invalid=wrong></textarea>
            }
            .into_any(),
            text => view! {
                <textarea class="input" id=id name=name rows=rows required=required maxlength=maxlength aria-describedby=described aria-invalid=wrong>{text}</textarea>
            }
            .into_any(),
        }
    }
}

/// Browsers drop a line end that a text area begins with; one more keeps the text as it was typed.
fn first_line(text: &str) -> String {
    if text.starts_with(['\n', '\r']) { format!("\n{text}") } else { text.to_owned() }
}

impl Field<'_> {
    /// The field with its error, if any.
    pub fn view(self, problems: &Problems) -> AnyView {
        let id = format!("{}{}", self.id_prefix, self.name);
        let error = problems.at(self.name).map(sentence);
        let (hint_id, error_id) = (format!("{id}-hint"), format!("{id}-error"));
        let described = [(!self.hint.is_empty(), &hint_id), (error.is_some(), &error_id)];
        let described: Vec<&str> =
            described.iter().filter(|(shown, _)| *shown).map(|(_, id)| id.as_str()).collect();
        let described = (!described.is_empty()).then(|| described.join(" "));
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let kind = if self.kind.is_empty() { "text" } else { self.kind }.to_owned();
        view! {
            <div class="field" data-span=some(self.span)>
                <label for=id.clone()>
                    {self.label.to_owned()}
                    {self.optional.then(|| view! { " "<span class="optional">"optional"</span> })}
                </label>
                <input
                    class="input"
                    id=id
                    name=self.name.to_owned()
                    type=kind
                    autocomplete=some(self.autocomplete)
                    inputmode=some(self.inputmode)
                    value=self.value.to_owned()
                    aria-describedby=described
                    aria-invalid=error.is_some().then_some("true")
                    required=!self.optional
                />
                {error.map(|error| view! { <p class="error" id=error_id>{icon::alert()}{error}</p> })}
                {some(self.hint).map(|hint| view! { <p class="hint" id=hint_id>{hint}</p> })}
            </div>
        }
        .into_any()
    }
}

/// The error of a group of radio buttons.
pub fn group_error(problems: &Problems, field: &str) -> Option<AnyView> {
    let error = problems.at(field).map(sentence)?;
    let id = format!("{field}-error");
    Some(view! { <div class="field" id=field.to_owned()><p class="error" id=id>{icon::alert()}{error}</p></div> }.into_any())
}

/// All errors of a form, each a link to its field; gets the focus when the page loads.
pub fn error_summary(problems: &Problems, kept: &'static str) -> AnyView {
    if problems.is_empty() {
        return ().into_any();
    }
    let title = match problems.fields.len() {
        0 => problems.message.clone(),
        1 => "One field needs another look".to_owned(),
        n => format!("{} fields need another look", count_word(n)),
    };
    let message =
        (!problems.fields.is_empty() && !problems.message.is_empty()).then(|| problems.message.clone());
    let items = problems
        .fields
        .iter()
        .map(|error| view! { <li><a href=format!("#{}", error.field)>{sentence(&error.message)}</a></li> })
        .collect_view();
    let list = (!problems.fields.is_empty()).then(|| view! { <ul>{items}</ul> });
    view! {
        <div class="notice" data-tone="danger" role="alert" tabindex="-1" data-focus="">
            {icon::alert()}
            <h2>{title}</h2>
            {message.map(|text| view! { <p>{text}</p> })}
            {list}
            <p>{kept}</p>
        </div>
    }
    .into_any()
}

/// A notice with a tone: `info`, `good`, `warning`, `danger`.
pub fn notice(tone: &'static str, text: impl Into<String>) -> AnyView {
    let text: String = text.into();
    let role = if tone == "danger" { "alert" } else { "status" };
    let mark = if tone == "good" { icon::check().into_any() } else { icon::alert().into_any() };
    view! { <div class="notice" data-tone=tone role=role>{mark}<p>{text}</p></div> }.into_any()
}

/// Begins with a capital; error texts of the modules begin with a small letter.
pub fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

fn count_word(n: usize) -> String {
    match n {
        2 => "Two".into(),
        3 => "Three".into(),
        4 => "Four".into(),
        5 => "Five".into(),
        6 => "Six".into(),
        n => n.to_string(),
    }
}

/// A hidden field.
pub fn hidden(name: &str, value: &str) -> AnyView {
    view! { <input type="hidden" name=name.to_owned() value=value.to_owned() /> }.into_any()
}
