//! Writing to somebody: the mail becomes a job in the transaction of the change that it tells about.

use crate::address::address_of;
use crate::entity::{job, queue};
use crate::letter::{Letter, Link};
use crate::render::{one_line, render};
use crate::words::words;
use platform::{Context, Error, Result, Tx};
use primitives::{Email, Locale, MailId, Timestamp};
use sea_orm::{ColumnTrait, Condition, Set};
use std::time::Duration;

/// How long a mail that is done is remembered, without its words.
const REMEMBERED: Duration = Duration::from_secs(7 * 24 * 3600);
/// Name of the sender's wake-up in the hub.
pub(crate) const SIGNAL: &str = "mail";

/// Whom a letter goes to.
#[derive(Clone, Copy, Debug)]
pub enum To<'a> {
    /// This address.
    Somebody(&'a Email),
    /// Nobody: the address is unknown, and whoever asked must not notice. Costs what a mail to somebody costs.
    Nobody,
}

/// Stores a mail to be sent once the transaction has committed.
///
/// # Errors
/// `SERVICE_UNAVAILABLE` when `mail.queue` mails of the shop wait already; those of the database.
pub async fn send(tx: &Tx, to: To<'_>, locale: Locale, letter: &Letter) -> Result<MailId> {
    send_answerable(tx, to, None, locale, letter).await
}

/// As [`send`]; who answers the mail writes to `answers`, or to where all mails come from when there is nobody.
///
/// # Errors
/// As [`send`].
pub async fn send_answerable(
    tx: &Tx,
    to: To<'_>,
    answers: Option<&Email>,
    locale: Locale,
    letter: &Letter,
) -> Result<MailId> {
    let ctx = tx.ctx().cloned().ok_or_else(|| Error::internal("a mail needs the shop that it comes from"))?;
    let most = i64::try_from(ctx.app().config().mail.queue).unwrap_or(i64::MAX);
    let full = tx
        .raw_all(
            "SELECT attempts FROM mail_queue WHERE tenant_id = {tenant} LIMIT 1 OFFSET ?",
            vec![(most - 1).into()],
        )
        .await?;
    if !full.is_empty() {
        return Err(Error::unavailable("too many mails of this shop wait to be sent, try again later"));
    }
    let shop = one_line(&ctx.tenant().name);
    let mail = render(&words(letter, &shop, locale), &shop, &ctx.tenant().theme, locale);
    let (id, now) = (MailId::new(), ctx.now().millis());
    let (state, recipient, subject, text, html) = match to {
        To::Somebody(email) => ("waiting", email.as_str().to_owned(), mail.subject, mail.text, mail.html),
        To::Nobody => ("void", String::new(), String::new(), String::new(), String::new()),
    };
    tx.insert(job::ActiveModel {
        id: Set(id.uuid()),
        kind: Set(letter.kind().to_owned()),
        state: Set(state.to_owned()),
        recipient: Set(recipient),
        reply_to: Set(answers.map_or_else(String::new, |email| email.as_str().to_owned())),
        subject: Set(subject),
        text: Set(text),
        html: Set(html),
        error: Set(String::new()),
        created_at: Set(now),
        finished_at: Set(None),
        ..Default::default()
    })
    .await
    .context("storing a mail")?;
    tx.insert(queue::ActiveModel {
        mail_id: Set(id.uuid()),
        attempts: Set(0),
        next_at: Set(now),
        ..Default::default()
    })
    .await
    .context("queueing a mail")?;
    tx.after_commit(move || ctx.app().hub().signal(SIGNAL).notify_one());
    Ok(id)
}

/// Tells somebody that the account was signed in to from a device that was not seen before.
///
/// # Errors
/// As [`send`].
pub async fn new_device(tx: &Tx, to: &Email, locale: Locale, device: &str, at: Timestamp) -> Result<MailId> {
    let ctx = tx.ctx().ok_or_else(|| Error::internal("a mail needs the shop that it comes from"))?;
    let forgotten = Link::new(address_of(ctx.app().config(), ctx.tenant()) + "/forgot-password");
    send(tx, To::Somebody(to), locale, &Letter::NewDevice { device: device_words(device), at, forgotten })
        .await
}

/// What a browser calls itself, without anything that a mail program would make a link of.
fn device_words(device: &str) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || " .,;()_-".contains(*c);
    let words: String = one_line(device).chars().filter(plain).take(120).collect();
    if words.trim().is_empty() { "–".to_owned() } else { words }
}

/// Forgets every mail to an address, sent or not; one that is on its way to the server at this moment arrives. Mails that
/// are answered there are answered to where all of them come from.
///
/// # Errors
/// Those of the database.
pub async fn forget(tx: &Tx, address: &str) -> Result<u64> {
    let answered = job::Column::ReplyTo.eq(address);
    tx.update_many::<job::Entity>().set(job::Column::ReplyTo, "").filter(answered).exec().await?;
    tx.delete_many::<job::Entity>().filter(job::Column::Recipient.eq(address)).exec().await
}

/// Forgets mails that were done long ago.
///
/// # Errors
/// Those of the database.
pub async fn sweep(tx: &Tx, now: Timestamp) -> Result<u64> {
    tx.delete_many::<job::Entity>()
        .filter(
            Condition::all()
                .add(job::Column::State.is_in(["sent", "failed", "void"]))
                .add(job::Column::CreatedAt.lt((now - REMEMBERED).millis())),
        )
        .exec()
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_no_link() {
        assert_eq!(
            device_words("Mozilla/5.0 (X11; Linux)\r\nhttps://evil.example"),
            "Mozilla5.0 (X11; Linux) httpsevil.example"
        );
        assert_eq!(device_words("<script>"), "script");
        assert_eq!(device_words(" \r\n"), "–");
    }
}
