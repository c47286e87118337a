//! The currency that a session has chosen: a cookie in browsers, a header or an argument of programs.

use axum::http::HeaderMap;
use platform::Ctx;
use primitives::Currency;

use super::current;
use crate::cart;
use crate::error::{CommerceError, Result};
use crate::view::CartView;

/// Header in which clients without cookies name their currency.
pub const CURRENCY_HEADER: &str = "x-currency";

/// What a session can choose, and what it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What its prices are in.
    pub current: Currency,
    /// What it wanted and does not get, because the shop does not offer it (any more).
    pub missed: Option<Currency>,
    /// What can be chosen, the shop's own first.
    pub offered: Vec<Currency>,
}

impl Choice {
    /// What its shopper has to know, in a sentence.
    pub fn notice(&self) -> Option<String> {
        self.missed
            .map(|missed| format!("Prices are in {} now: this shop does not offer {missed}.", self.current))
    }
}

/// What the caller can choose, and has.
pub async fn choice(ctx: &Ctx) -> Result<Choice> {
    let currencies = current(ctx).await?;
    let wanted = ctx.wanted_currency();
    Ok(Choice {
        current: currencies.wanted(wanted).to(),
        missed: wanted.filter(|wanted| currencies.find(*wanted).is_none()),
        offered: currencies.all().collect(),
    })
}

/// The caller in another currency, with the cart as it costs then; lines whose price is another one say what it was.
///
/// # Errors
/// `BAD_USER_INPUT` at `currency` for one that the shop does not offer.
pub async fn switch(ctx: &Ctx, token: Option<&str>, code: &str) -> Result<(Ctx, CartView)> {
    let ctx = named(ctx, code).await?;
    let cart = cart::view(&ctx, token).await?;
    Ok((ctx, cart))
}

/// The caller in a currency that was named for this call alone.
///
/// # Errors
/// `BAD_USER_INPUT` at `currency` for one that the shop does not offer.
pub async fn named(ctx: &Ctx, code: &str) -> Result<Ctx> {
    let currencies = current(ctx).await?;
    let wanted = Currency::parse(&code.trim().to_uppercase()).ok();
    match wanted.filter(|wanted| currencies.find(*wanted).is_some()) {
        Some(currency) => Ok(ctx.in_currency(Some(currency))),
        None => {
            let offered: Vec<&str> = currencies.all().map(Currency::code).collect();
            let message = format!("is not offered here: choose one of {}", offered.join(", "));
            Err(CommerceError::field("currency", message))
        }
    }
}

/// What the headers of a request to the shop called `slug` ask for: the header, else the browser's cookie, of requests over
/// HTTPS (`secure`) the one that only HTTPS sets. A text that is no currency asks for nothing.
pub fn header_wish(headers: &HeaderMap, slug: &str, secure: bool) -> Option<Currency> {
    if let Some(named) = headers.get(CURRENCY_HEADER).and_then(|value| value.to_str().ok()) {
        return Currency::parse(&named.trim().to_uppercase()).ok();
    }
    let name = cookie_name(slug, secure);
    let cookies = headers.get_all("cookie").into_iter().filter_map(|value| value.to_str().ok());
    let found = cookies.flat_map(|line| line.split(';')).find_map(|pair| {
        let (key, value) = pair.trim().split_once('=')?;
        (key == name).then_some(value)
    });
    found.and_then(|code| Currency::parse(code).ok())
}

/// The cookie that keeps the choice for a year; without one for the shop's own currency.
pub fn cookie(slug: &str, secure: bool, currency: Option<Currency>) -> String {
    const YEAR: u32 = 365 * 24 * 3600;
    let flag = if secure { "; Secure" } else { "" };
    let (value, life) = currency.map_or(("", 0), |currency| (currency.code(), YEAR));
    let name = cookie_name(slug, secure);
    format!("{name}={value}; Path=/; Max-Age={life}; HttpOnly; SameSite=Lax{flag}")
}

fn cookie_name(slug: &str, secure: bool) -> String {
    format!("{}rustok_currency_{slug}", if secure { "__Host-" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_a_request_asks_for() {
        let over = |secure: bool, pairs: &[(&'static str, &'static str)]| {
            let headers: HeaderMap =
                pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
            header_wish(&headers, "hearth", secure).map(Currency::code)
        };
        let wish = |pairs| over(false, pairs);
        assert_eq!(wish(&[("cookie", "a=b; rustok_currency_hearth=USD")]), Some("USD"));
        // Each way has its own cookie: one that was set before the shop had HTTPS does not come first for ever.
        let both = [("cookie", "rustok_currency_hearth=JPY; __Host-rustok_currency_hearth=USD")];
        assert_eq!((over(true, &both), over(false, &both)), (Some("USD"), Some("JPY")));
        assert_eq!(over(true, &[("cookie", "rustok_currency_hearth=JPY")]), None);
        assert_eq!(wish(&[("cookie", "__Host-rustok_currency_hearth=USD")]), None);
        assert_eq!(wish(&[("cookie", "rustok_currency_hearth=USD"), ("x-currency", "jpy")]), Some("JPY"));
        assert_eq!(wish(&[("cookie", "rustok_currency_other=USD")]), None);
        assert_eq!(wish(&[("cookie", "rustok_currency_hearth=euro")]), None);
        assert_eq!(wish(&[]), None);
    }

    #[test]
    fn keeps_the_choice_in_a_cookie() {
        assert_eq!(
            cookie("hearth", true, Some(Currency::USD)),
            "__Host-rustok_currency_hearth=USD; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(
            cookie("hearth", false, None),
            "rustok_currency_hearth=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"
        );
    }
}
