//! The development mailbox: what would have been sent, for whoever builds a shop on this machine.

use crate::entity::job;
use platform::{Access, Actor, Config, Ctx, Error, Result};
use primitives::{MailId, Timestamp};
use sea_orm::ColumnTrait;
use std::fmt;
use std::net::IpAddr;

/// Most mails on the page.
const SHOWN: u64 = 100;

/// A mail in the mailbox.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// Key.
    pub id: MailId,
    /// Which letter it is.
    pub kind: String,
    /// Whom it is for.
    pub to: String,
    /// Subject.
    pub subject: String,
    /// As text.
    pub text: String,
    /// As a document.
    pub html: String,
    /// When it was written.
    pub at: Timestamp,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message({} {})", self.id, self.kind)
    }
}

/// Whether the mailbox opens to a browser at `client` that asked for `host`.
///
/// Links in mails open accounts. So it is not there when mails are sent, nor on https; and unless `mail.mailbox` says
/// so, it opens only to browsers on this machine that came by one of its own names: somebody who came through a proxy
/// on this machine asked for the shop's name.
pub fn opens_to(config: &Config, client: IpAddr, host: &str) -> bool {
    let own_name = host == "localhost"
        || host.ends_with(".localhost")
        || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    let here = client.to_canonical().is_loopback() && own_name;
    config.keeps_mail() && (here || config.mail.mailbox == Some(true))
}

/// The newest mails of the shop.
///
/// # Errors
/// `NOT_FOUND` when mails are sent; those of the database.
pub async fn list(ctx: &Ctx) -> Result<Vec<Message>> {
    let rows = reader(ctx)?
        .read(Access::System)
        .await?
        .find::<job::Entity>()
        .filter(job::Column::State.is_in(["waiting", "kept"]))
        .order_by_desc(job::Column::CreatedAt)
        .order_by_desc(job::Column::Id)
        .limit(SHOWN)
        .all()
        .await?;
    Ok(rows.into_iter().map(message).collect())
}

/// One mail of the shop.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn get(ctx: &Ctx, id: MailId) -> Result<Message> {
    let db = reader(ctx)?.read(Access::System).await?;
    let row = db.get::<job::Entity>(id.uuid()).await?;
    match row.state.as_str() {
        "waiting" | "kept" => Ok(message(row)),
        _ => Err(Error::not_found("mail")),
    }
}

/// Nobody signs in to read a development mailbox; that it is one was asked before.
fn reader(ctx: &Ctx) -> Result<Ctx> {
    match ctx.app().config().keeps_mail() {
        true => Ok(ctx.with_actor(Actor::System("mailbox"))),
        false => Err(Error::not_found("page")),
    }
}

fn message(row: job::Model) -> Message {
    Message {
        id: MailId::from_uuid(row.id),
        kind: row.kind,
        to: row.recipient,
        subject: row.subject,
        text: row.text,
        html: row.html,
        at: Timestamp::from_millis(row.created_at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_to_this_machine_only_and_never_where_mails_are_sent() {
        let opens =
            |config: &Config, client: &str, host: &str| opens_to(config, client.parse().unwrap(), host);
        let mut config = Config::default();
        for (client, host, open) in [
            ("127.0.0.1", "localhost", true),
            ("::1", "hearth.localhost", true),
            ("::ffff:127.0.0.1", "127.0.0.1", true),
            ("127.0.0.1", "[::1]", true),
            ("127.0.0.1", "shop.example", false),
            ("127.0.0.1", "localhost.example", false),
            ("10.0.0.7", "localhost", false),
            ("203.0.113.9", "shop.example", false),
        ] {
            assert_eq!(opens(&config, client, host), open, "{client} {host}");
        }
        config.mail.mailbox = Some(true);
        assert!(opens(&config, "172.17.0.1", "shop.test"));
        config.mail.mailbox = Some(false);
        assert!(!opens(&config, "127.0.0.1", "localhost"));
        config.mail.mailbox = None;
        config.mail.smtp_url = Some("smtp://127.0.0.1".to_owned());
        assert!(!opens(&config, "127.0.0.1", "localhost"));
        config.mail.smtp_url = None;
        config.server.public_url = Some("https://shop.example".to_owned());
        assert!(!opens(&config, "127.0.0.1", "localhost"));
    }
}
