//! Sending something back: the form, what comes of it, and the returns of an order on its page.

use crate::data;
use crate::page::{Head, Page, answer};
use crate::parts::form::{self, Field, Problems, TextArea};
use crate::parts::icon;
use crate::parts::lines::comma;
use crate::query;
use crate::routes::errors;
use crate::shop::Shop;
use axum::Extension;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use commerce::order::Piece;
use commerce::returns::{Ask, ReturnReason, ReturnState};
use commerce::view::{OrderLineView, OrderView, ReturnView};
use leptos::prelude::*;
use platform::{Ctx, Error};
use primitives::{ErrorCode, FieldError, Money, OrderLineId};

/// What was typed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Typed {
    /// Names the form, so that it counts once.
    pub key: String,
    /// Pieces by line, as they were typed.
    pub pieces: Vec<(OrderLineId, String)>,
    /// Why, once chosen.
    pub reason: Option<ReturnReason>,
    /// In the shopper's words.
    pub words: String,
    /// Other goods instead of money.
    pub exchange: bool,
}

impl Typed {
    /// A fresh form.
    pub fn fresh() -> Self {
        Self { key: commerce::returns::fresh_key(), ..Self::default() }
    }

    /// Reads a posted form.
    pub fn read(body: &str) -> Self {
        let pairs = query::pairs(body);
        let get = |name: &str| {
            let found = pairs.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
        };
        let pieces = pairs.iter().filter_map(|(key, value)| {
            let line = key.strip_prefix("pieces-")?.parse::<OrderLineId>().ok()?;
            Some((line, value.trim().chars().take(6).collect()))
        });
        Self {
            key: get("key"),
            pieces: pieces.take(100).collect(),
            reason: ReturnReason::parse(&get("reason")),
            words: get("words").chars().take(1_100).collect(),
            exchange: get("exchange") == "1",
        }
    }

    fn of(&self, line: OrderLineId) -> &str {
        self.pieces.iter().find(|(id, _)| *id == line).map_or("", |(_, typed)| typed.as_str())
    }

    /// What to ask for, or what is wrong at which field. Lines without pieces are left out.
    pub fn ask(&self) -> Result<Ask, Problems> {
        let mut fields = Vec::new();
        let mut lines = Vec::new();
        for (line, typed) in self.pieces.iter().filter(|(_, typed)| !typed.is_empty() && typed != "0") {
            match typed.parse::<i64>() {
                Ok(quantity) => lines.push(Piece { line: *line, quantity }),
                Err(_) => fields.push(FieldError::new(name_of(*line), "write a number of pieces")),
            }
        }
        if self.reason.is_none() {
            fields.push(FieldError::new("reason", "choose why you send it back"));
        }
        match (self.reason, fields.is_empty()) {
            (Some(reason), true) => {
                let (key, words) = (self.key.clone(), self.words.clone());
                Ok(Ask { key, lines, reason, words, exchange: self.exchange })
            }
            _ => Err(Problems { message: String::new(), fields }),
        }
    }
}

fn name_of(line: OrderLineId) -> String {
    format!("pieces-{line}")
}

/// `GET /orders/{token}/return`
pub async fn show(Extension(ctx): Extension<Ctx>, shop: Shop, Path(token): Path<String>) -> Response {
    match data::order_by_token(&ctx, &token).await {
        Ok(order) => answer(&shop, || form_page(&shop, &order, &Typed::fresh(), &Problems::default())),
        Err(error) => errors::failure(&ctx, &shop, &error).await,
    }
}

/// `POST /orders/{token}/return`: `pieces-<line>` for every line, `reason`, `words`, `key`.
pub async fn send(
    Extension(ctx): Extension<Ctx>,
    shop: Shop,
    Path(token): Path<String>,
    body: String,
) -> Response {
    let typed = Typed::read(&body);
    let ask = match typed.ask() {
        Ok(ask) => ask,
        Err(problems) => return again(&ctx, &shop, &token, &typed, problems).await,
    };
    match data::return_request(&ctx, &token, &ask).await {
        Ok(_) => Redirect::to(&shop.href(&format!("/orders/{token}#returns"))).into_response(),
        Err(error) => match error.code() {
            ErrorCode::BadUserInput | ErrorCode::Conflict => {
                again(&ctx, &shop, &token, &typed, problems_of(&ask, &error)).await
            }
            _ => errors::failure(&ctx, &shop, &error).await,
        },
    }
}

/// `POST /orders/{token}/return/withdraw`: `return`.
pub async fn withdraw(
    Extension(ctx): Extension<Ctx>,
    shop: Shop,
    Path(token): Path<String>,
    body: String,
) -> Response {
    let pairs = query::pairs(&body);
    let id = pairs.iter().find(|(key, _)| key == "return").and_then(|(_, id)| id.trim().parse().ok());
    let done = match id {
        Some(id) => data::return_withdraw(&ctx, &token, id).await,
        None => Err(Error::not_found("return")),
    };
    match done {
        // It has moved on meanwhile: the page says where it stands.
        Err(error) if error.code() != ErrorCode::Conflict => errors::failure(&ctx, &shop, &error).await,
        _ => Redirect::to(&shop.href(&format!("/orders/{token}#returns"))).into_response(),
    }
}

/// The errors of the use case at the fields of the form.
fn problems_of(ask: &Ask, error: &Error) -> Problems {
    let at = |field: &FieldError| {
        let n = field.field.strip_prefix("lines.").and_then(|rest| rest.strip_suffix(".quantity"));
        let line = n.and_then(|n| n.parse::<usize>().ok()).and_then(|n| ask.lines.get(n));
        match line {
            Some(piece) => FieldError::new(name_of(piece.line), field.message.clone()),
            None => field.clone(),
        }
    };
    let (whole, fields): (Vec<_>, Vec<_>) = error.fields().iter().map(at).partition(|field| {
        !matches!(field.field.as_str(), "words" | "reason") && !field.field.starts_with("pieces-")
    });
    let message = match (whole.first(), fields.is_empty()) {
        (Some(field), _) => form::sentence(&field.message),
        (None, true) => form::sentence(error.message()),
        (None, false) => String::new(),
    };
    Problems { message, fields }
}

async fn again(ctx: &Ctx, shop: &Shop, token: &str, typed: &Typed, problems: Problems) -> Response {
    match data::order_by_token(ctx, token).await {
        Ok(order) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            answer(shop, || Page { status, ..form_page(shop, &order, typed, &problems) })
        }
        Err(error) => errors::failure(ctx, shop, &error).await,
    }
}

/// The form.
pub fn form_page(shop: &Shop, order: &OrderView, typed: &Typed, problems: &Problems) -> Page {
    let head = Head { title: "Send something back".into(), hidden: true, ..Head::default() };
    let back = shop.href(&format!("/orders/{}", order.token));
    let open = order.lines.iter().any(|line| 0 < line.returnable);
    let inside = match (open, order.return_until) {
        (true, Some(until)) => {
            let lead = format!("Until {} you can send back what you do not want to keep.", shop.day(until));
            view! {
                <p class="lead">{lead}</p>
                {form::error_summary(problems, "What you have typed is still there.")}
                {fields(shop, order, typed, problems)}
            }
            .into_any()
        }
        _ => form::notice("info", "There is nothing of this order that can be sent back now."),
    };
    let view = view! {
        <div class="shell section">
            <div class="stack" data-gap="large">
                <div class="stack">
                    <p class="eyebrow">{format!("Order {}", order.number)}</p>
                    <h1>"Send something back"</h1>
                </div>
                {inside}
                <p><a href=back>"Back to the order"</a></p>
            </div>
        </div>
    };
    Page::new(head, format!("/orders/{}/return", order.token), view.into_any())
}

fn fields(shop: &Shop, order: &OrderView, typed: &Typed, problems: &Problems) -> AnyView {
    let lines = order.lines.iter().filter(|line| 0 < line.returnable);
    let pieces = lines.map(|line| pieces(line, typed, problems)).collect_view();
    let options = ReturnReason::ALL.map(|reason| {
        view! { <option value=reason.as_str() selected=typed.reason == Some(reason)>{reason.words()}</option> }
    });
    let error = |name: &str| problems.at(name).map(form::sentence);
    let (reason_error, words_error) = (error("reason"), error("words"));
    let (reason_by, words_by) =
        (reason_error.as_ref().map(|_| "reason-error"), words_error.as_ref().map(|_| "words-error"));
    let words = TextArea {
        name: "words",
        value: &typed.words,
        rows: "3",
        maxlength: "1000",
        described: words_by,
        wrong: words_error.is_some(),
        ..TextArea::default()
    };
    // The shop exchanges nothing of an order in another currency than its own.
    let exchange = order.exchange_rate.is_empty().then(|| {
        view! {
            <label class="check">
                <input type="checkbox" name="exchange" value="1" checked=typed.exchange/>
                <span>"I would rather have something else for it: I say what in my words"</span>
            </label>
        }
    });
    view! {
        <form class="form-grid" action=shop.href(&format!("/orders/{}/return", order.token)) method="post" novalidate>
            {form::hidden("key", &typed.key)}
            {pieces}
            <div class="field">
                <label for="reason">"Why"</label>
                <select class="input" id="reason" name="reason" autocomplete="off" aria-describedby=reason_by aria-invalid=reason_error.is_some().then_some("true")>
                    <option value="">"Choose a reason"</option>
                    {options.collect_view()}
                </select>
                {reason_error.map(|error| view! { <p class="error" id="reason-error">{icon::alert()}{error}</p> })}
            </div>
            <div class="field">
                <label for="words">"In your words "<span class="optional">"optional"</span></label>
                {words.view()}
                {words_error.map(|error| view! { <p class="error" id="words-error">{icon::alert()}{error}</p> })}
            </div>
            {exchange}
            <p><button class="button">"Ask to send it back"</button></p>
            <p class="muted small">"We look at it and tell you here whether and where to send it."</p>
        </form>
    }
    .into_any()
}

fn pieces(line: &OrderLineView, typed: &Typed, problems: &Problems) -> AnyView {
    let name = name_of(line.id);
    let label = match line.variant_title.as_str() {
        "" => line.title.clone(),
        variant => format!("{}, {}", line.title, comma(variant)),
    };
    let hint = match line.returnable {
        1 => "Pieces, 0 or 1".to_owned(),
        most => format!("Pieces, 0 to {most}"),
    };
    let field = Field {
        name: &name,
        label: &label,
        value: typed.of(line.id),
        hint: &hint,
        inputmode: "numeric",
        autocomplete: "off",
        optional: true,
        ..Field::default()
    };
    field.view(problems)
}

/// The returns of an order, and the way to another one.
pub fn section(shop: &Shop, order: &OrderView) -> Option<AnyView> {
    let open = order.lines.iter().any(|line| 0 < line.returnable);
    let until = order.return_until.filter(|_| open);
    if order.returns.is_empty() && until.is_none() {
        return None;
    }
    let returns = order.returns.iter().map(|one| one_return(shop, order, one)).collect_view();
    let more = until.map(|until| {
        let words = format!("What you do not want to keep you can send back until {}.", shop.day(until));
        view! {
            <p class="muted">{words}</p>
            <p><a class="button" data-kind="secondary" href=shop.href(&format!("/orders/{}/return", order.token))>"Send something back"</a></p>
        }
    });
    Some(
        view! {
            <section aria-labelledby="returns" class="stack">
                <h2 id="returns">"Returns"</h2>
                {returns}
                {more}
            </section>
        }
        .into_any(),
    )
}

fn one_return(shop: &Shop, order: &OrderView, found: &ReturnView) -> AnyView {
    let exchange = order.exchanges.iter().find(|one| one.found == found.id);
    let (tone, state) = match (found.state, exchange) {
        (ReturnState::Refunded, Some(_)) => ("good", "Exchanged"),
        _ => words(found),
    };
    let pieces = found.lines.iter().map(|line| {
        let variant = (!line.variant_title.is_empty()).then(|| format!(", {}", comma(&line.variant_title)));
        view! { <li>{format!("{} × {}", line.quantity, line.title)}<span class="muted">{variant}</span></li> }
    });
    let answer = (!found.answer.is_empty()).then(|| view! { <p>{found.answer.clone()}</p> });
    let exchanged = exchange.map(|one| view! { <p>{format!("Exchanged, see order {}.", one.to.1)}</p> });
    // What paid for other goods is no money.
    let in_goods = exchange.map_or(0, |one| one.value.minor);
    let money = found.refunded.map(|amount| Money { minor: amount.minor - in_goods, ..amount });
    let money = money
        .filter(|amount| 0 < amount.minor)
        .map(|amount| view! { <p>{format!("{} went back to you.", shop.amount(amount))}</p> });
    let waits = matches!(found.state, ReturnState::Requested | ReturnState::Approved);
    let keep = waits.then(|| {
        view! {
            <form action=shop.href(&format!("/orders/{}/return/withdraw", order.token)) method="post">
                {form::hidden("return", &found.id.to_string())}
                <button class="button" data-kind="quiet" data-size="small">"I keep it"<span class="visually-hidden">{format!(", {}", found.number)}</span></button>
            </form>
        }
    });
    view! {
        <div class="panel parcel">
            <div>
                <p><strong>{found.number.clone()}</strong><br /><span class="muted small">{format!("Asked for on {}", shop.day(found.requested_at))}</span></p>
                <p class="status" data-tone=tone>{state}</p>
                <ul class="plain small">{pieces.collect_view()}</ul>
                {answer}
                {exchanged}
                {money}
            </div>
            {keep}
        </div>
    }
    .into_any()
}

fn words(found: &ReturnView) -> (&'static str, &'static str) {
    match found.state {
        ReturnState::Requested => ("info", "We are looking at it"),
        ReturnState::Approved => ("info", "Please send it to us"),
        ReturnState::Declined => ("off", "We cannot take it back"),
        ReturnState::Withdrawn => ("off", "You keep it"),
        ReturnState::Received => ("info", "It has arrived here"),
        ReturnState::Refunded => ("good", "Refunded"),
        ReturnState::Closed => ("off", "Closed"),
    }
}
