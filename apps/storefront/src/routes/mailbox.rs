//! The development mailbox: what the shop would have sent.

use crate::data;
use crate::page::{Head, Page, answer};
use crate::parts::icon;
use crate::routes::errors;
use crate::shop::Shop;
use axum::Extension;
use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use identity::Resolved;
use leptos::prelude::*;
use mail::mailbox::Message;
use platform::{Ctx, Error, Result};

/// What a mail may do in a browser: be seen. Its links open pages of their own.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox";

/// `GET /dev/mailbox`
pub async fn list(Extension(ctx): Extension<Ctx>, from: Option<Extension<Resolved>>, shop: Shop) -> Response {
    let found = match opened(&ctx, from) {
        Ok(()) => data::mails(&ctx).await,
        Err(error) => Err(error),
    };
    match found {
        Ok(mails) => answer(&shop, || list_page(&shop, &mails)),
        Err(error) => errors::failure(&ctx, &shop, &error).await,
    }
}

/// `GET /dev/mailbox/{id}`
pub async fn show(
    Extension(ctx): Extension<Ctx>,
    from: Option<Extension<Resolved>>,
    shop: Shop,
    Path(id): Path<String>,
) -> Response {
    let found = match opened(&ctx, from) {
        Ok(()) => data::mail(&ctx, &id).await,
        Err(error) => Err(error),
    };
    match found {
        Ok(mail) => answer(&shop, || mail_page(&shop, &mail)),
        Err(error) => errors::failure(&ctx, &shop, &error).await,
    }
}

/// `GET /dev/mailbox/{id}/html`
pub async fn html(
    Extension(ctx): Extension<Ctx>,
    from: Option<Extension<Resolved>>,
    shop: Shop,
    Path(id): Path<String>,
) -> Response {
    let found = match opened(&ctx, from) {
        Ok(()) => data::mail(&ctx, &id).await,
        Err(error) => Err(error),
    };
    match found {
        Ok(mail) => {
            let document = mail.html.replacen("<head>", "<head><base target=\"_blank\">", 1);
            let headers = [
                (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
                (header::CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
                (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
                (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
            ];
            (headers, document).into_response()
        }
        Err(error) => errors::failure(&ctx, &shop, &error).await,
    }
}

/// To others the mailbox is not there.
fn opened(ctx: &Ctx, from: Option<Extension<Resolved>>) -> Result<()> {
    let open = from.is_some_and(|Extension(resolved)| {
        let origin = &resolved.origin;
        mail::mailbox::opens_to(ctx.app().config(), origin.client, origin.host.as_str())
    });
    if open { Ok(()) } else { Err(Error::not_found("page")) }
}

fn list_page(shop: &Shop, mails: &[Message]) -> Page {
    let head = Head { title: "Mailbox".into(), hidden: true, ..Head::default() };
    let rows = mails
        .iter()
        .map(|mail| {
            let href = shop.href(&format!("/dev/mailbox/{}", mail.id));
            view! {
                <li class="order-row" data-plain="">
                    <h3><a href=href>{mail.subject.clone()}</a></h3>
                    <p class="meta">{shop.moment(mail.at)}</p>
                    <p class="meta">{mail.to.clone()}</p>
                    <p class="meta">{mail.kind.clone()}</p>
                </li>
            }
        })
        .collect_view();
    let body = if mails.is_empty() {
        view! {
            <div class="empty-state">
                {icon::alert()}
                <p>"Nothing was written yet. Open an account or forget a password, and the mail is here."</p>
                <p class="cluster"><a class="button" href=shop.href("/register")>"Create an account"</a></p>
            </div>
        }
        .into_any()
    } else {
        view! { <ul class="plain">{rows}</ul> }.into_any()
    };
    let view = view! {
        <div class="shell stack" data-gap="large">
            <div class="section-head"><h1>"Mailbox"</h1></div>
            <p class="muted">"For development: no mail server is set, so mails are kept here instead of being sent. Set mail.smtp_url and this page is gone."</p>
            {body}
        </div>
    };
    Page::new(head, "/dev/mailbox", view.into_any())
}

fn mail_page(shop: &Shop, mail: &Message) -> Page {
    let head = Head { title: mail.subject.clone(), hidden: true, ..Head::default() };
    let frame = shop.href(&format!("/dev/mailbox/{}/html", mail.id));
    let view = view! {
        <div class="shell stack" data-gap="large">
            <p><a href=shop.href("/dev/mailbox")>"Mailbox"</a></p>
            <h1>{mail.subject.clone()}</h1>
            <p class="muted">{format!("To {} · {} · {}", mail.to, shop.moment(mail.at), mail.kind)}</p>
            <section class="stack" aria-labelledby="text">
                <h2 id="text">"As text"</h2>
                <div class="panel mail-text">{linked(&mail.text)}</div>
            </section>
            <section class="stack" aria-labelledby="html">
                <h2 id="html">"As HTML"</h2>
                <iframe class="mail-frame" src=frame title="The mail as HTML" sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe>
            </section>
        </div>
    };
    Page::new(head, "/dev/mailbox", view.into_any())
}

/// The text with its addresses as links.
fn linked(text: &str) -> AnyView {
    let part = |part: &str| {
        let address = part.trim_end();
        let space = part[address.len()..].to_owned();
        let web = address.starts_with("http://") || address.starts_with("https://");
        match web {
            true => view! { <a href=address.to_owned()>{address.to_owned()}</a>{space} }.into_any(),
            false => part.to_owned().into_any(),
        }
    };
    text.split_inclusive([' ', '\n']).map(part).collect_view().into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::scene;

    #[test]
    fn links_addresses_and_shows_everything_else_as_text() {
        let html =
            scene(|| linked("Open:\nhttps://a.example/x?token=1&b=2\n\n<b> javascript:alert(1)\n").to_html());
        assert!(html.contains("<a href=\"https://a.example/x?token=1&amp;b=2\">"), "{html}");
        assert!(!html.contains("<b>") && !html.contains("href=\"javascript"), "{html}");
    }
}
