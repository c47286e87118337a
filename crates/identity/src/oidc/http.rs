//! Where providers send browsers back to.

use super::CALLBACK;
use super::flow::{self, Answer, Finished};
use super::link::Refusal;
use crate::door::{Authenticated, ShopBase, cookie};
use axum::Extension;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use platform::audit::Origin;
use platform::{Ctx, Result};

/// Ends a sign-in and leads into the admin, or to its door with the reason in the address.
pub(crate) async fn callback(
    Extension(ctx): Extension<Ctx>,
    Extension(who): Extension<Authenticated>,
    Extension(base): Extension<ShopBase>,
    headers: HeaderMap,
    answer: Result<Query<Answer>, QueryRejection>,
) -> Result<Response> {
    let visit = &who.visit;
    // A `GET` that changes something: the audit log has to know where it came from.
    let ctx = ctx.with_origin(Origin {
        operation: format!("GET {CALLBACK}"),
        address: visit.client.to_string(),
        user_agent: visit.user_agent.clone(),
    });
    let held = cookie(&headers, &flow::cookie_name(ctx.tenant(), visit.secure));
    let finished = match answer {
        Ok(Query(answer)) => flow::finish(&ctx, &answer, held, visit).await?,
        Err(_) => Finished::Refused(Refusal::Expired),
    };
    let admin = format!("{}/admin", base.0);
    let mut cookies = vec![flow::cleared(&ctx, visit)];
    let location = match finished {
        Finished::In(signed_in, to) => {
            cookies.extend(signed_in.cookies().map(str::to_owned));
            format!("{admin}{to}")
        }
        // Behind the `#`, so that no server and no log sees it.
        Finished::Code(challenge, to) => format!("{admin}{to}#second-step={}", challenge.token),
        Finished::Refused(why) => format!("{admin}/?sign-in={}", why.as_str()),
    };
    let fixed = [(header::LOCATION, location), (header::CACHE_CONTROL, "no-store".to_owned())];
    let cookies = cookies.into_iter().map(|cookie| (header::SET_COOKIE, cookie));
    Ok((StatusCode::SEE_OTHER, fixed, AppendHeaders(cookies.collect::<Vec<_>>())).into_response())
}
