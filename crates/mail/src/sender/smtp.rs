//! The way over a mail server.

use crate::entity::job;
use crate::render::one_line;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::PoolConfig;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use platform::{Config, Ctx, Error, Result};
use primitives::{Email, MailId};
use std::time::{Duration, SystemTime};

/// Answers that speak of this mail or its recipient alone: trying again changes nothing (RFC 5321, 4.2.3). Others of
/// their class speak of us, such as a password that is wrong, and can be mended.
const FINAL: [u16; 5] = [550, 551, 552, 553, 554];

/// A mail server.
pub(super) struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Address,
    timeout: Duration,
}

/// Why a mail was not sent.
pub(super) struct Trouble {
    /// Kept with the mail; may name the recipient, so it is not logged.
    pub reason: String,
    /// Whether trying again can help.
    pub temporary: bool,
}

impl Smtp {
    /// The configured server, if there is one.
    pub(super) fn of(config: &Config) -> Result<Option<Self>> {
        let config = &config.mail;
        let (Some(url), Some(from)) = (&config.smtp_url, &config.from) else { return Ok(None) };
        // What it says about the address may hold the password.
        let unusable =
            |_| Error::invalid("mail.smtp_url", "cannot be used: allowed is smtps://user:password@host");
        let from = Email::parse(from).map_err(|error| Error::invalid("mail.from", error.to_string()))?;
        let timeout = Duration::from_millis(config.timeout_ms);
        let pool = PoolConfig::new().max_size(u32::try_from(config.parallel).unwrap_or(1));
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
            .map_err(unusable)?
            .timeout(Some(timeout))
            .pool_config(pool)
            .build();
        let from = from.as_str().parse().map_err(|_| Error::invalid("mail.from", "is no e-mail address"))?;
        Ok(Some(Self { transport, from, timeout }))
    }

    /// Hands the mail to the server.
    pub(super) async fn send(
        &self,
        ctx: &Ctx,
        id: MailId,
        row: &job::Model,
    ) -> std::result::Result<(), Trouble> {
        let message = self.message(&ctx.tenant().name, id, row)?;
        match tokio::time::timeout(self.timeout, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => {
                let code = error.status().map(u16::from);
                let temporary = !code.is_some_and(|code| FINAL.contains(&code));
                Err(Trouble { reason: error.to_string(), temporary })
            }
            Err(_) => {
                Err(Trouble { reason: "the mail server did not answer in time".to_owned(), temporary: true })
            }
        }
    }

    /// The mail as it goes out, the same at every attempt.
    fn message(&self, shop: &str, id: MailId, row: &job::Model) -> std::result::Result<Message, Trouble> {
        let wrong =
            |what: &str| Trouble { reason: format!("the mail cannot be written: {what}"), temporary: false };
        let to: Address = row.recipient.parse().map_err(|_| wrong("recipient"))?;
        let part = |kind: ContentType, body: &str| SinglePart::builder().header(kind).body(body.to_owned());
        let body = MultiPart::alternative()
            .singlepart(part(ContentType::TEXT_PLAIN, &row.text))
            .singlepart(part(ContentType::TEXT_HTML, &row.html));
        let answers = match row.reply_to.as_str() {
            "" => None,
            address => Some(address.parse::<Address>().map_err(|_| wrong("address of answers"))?),
        };
        let builder = match answers {
            Some(address) => Message::builder().reply_to(Mailbox::new(None, address)),
            None => Message::builder(),
        };
        builder
            .from(Mailbox::new(Some(one_line(shop)), self.from.clone()))
            .to(Mailbox::new(None, to))
            .subject(one_line(&row.subject))
            .date(sent_on(row.created_at))
            .message_id(Some(format!("<{id}@{}>", self.from.domain())))
            // Nobody's holiday notice shall answer (RFC 3834).
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ))
            .multipart(body)
            .map_err(|error| wrong(&error.to_string()))
    }
}

/// The day of a mail, for its head.
fn sent_on(millis: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(millis).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn smtp() -> Smtp {
        let mut config = Config::default();
        config.mail.smtp_url = Some("smtp://127.0.0.1:2525".to_owned());
        config.mail.from = Some("shop@x.example".to_owned());
        Smtp::of(&config).unwrap().unwrap()
    }

    fn row(recipient: &str, subject: &str) -> job::Model {
        job::Model {
            tenant_id: uuid::Uuid::from_u128(1),
            id: uuid::Uuid::from_u128(7),
            kind: "reset_password".into(),
            state: "waiting".into(),
            recipient: recipient.into(),
            reply_to: String::new(),
            subject: subject.into(),
            text: "Bcc: text@x.example\n\n.\nQUIT\n".into(),
            html: "<p>Hello</p>".into(),
            error: String::new(),
            created_at: 1_767_323_045_000,
            finished_at: None,
        }
    }

    #[tokio::test]
    async fn no_name_and_no_subject_makes_a_header_of_its_own() {
        let id = MailId::from_uuid(uuid::Uuid::from_u128(7));
        let shop = "Hearth\r\nBcc: victim@x.example\r\n\r\n<b>";
        let row = row("anna@x.example", "New\nBcc: victim@x.example\r\nX-Mailer: y");
        let bytes = smtp().message(shop, id, &row).unwrap_or_else(|t| panic!("{}", t.reason)).formatted();
        let mail = String::from_utf8(bytes).unwrap();
        let head = mail.split("\r\n\r\n").next().unwrap();
        let names: Vec<&str> = head
            .split("\r\n")
            .filter(|line| !line.starts_with([' ', '\t']))
            .map(|line| line.split(':').next().unwrap())
            .collect();
        let mut sorted = names.clone();
        sorted.sort_unstable();
        assert_eq!(
            sorted,
            ["Auto-Submitted", "Content-Type", "Date", "From", "MIME-Version", "Message-ID", "Subject", "To"],
            "{head}"
        );
        assert!(head.contains("Message-ID: <00000000-0000-0000-0000-000000000007@x.example>"), "{head}");
        assert!(head.contains("To: anna@x.example"), "{head}");
        let answered = job::Model { reply_to: "olga@x.example".into(), ..row.clone() };
        let bytes =
            smtp().message(shop, id, &answered).unwrap_or_else(|t| panic!("{}", t.reason)).formatted();
        assert!(String::from_utf8(bytes).unwrap().contains("Reply-To: olga@x.example\r\n"));
        let forged = job::Model { reply_to: "a@x.example>\r\nBcc: b@x.example".into(), ..row };
        assert_eq!(smtp().message("Hearth", id, &forged).err().map(|t| t.temporary), Some(false));
        assert_eq!(
            smtp()
                .message("Hearth", id, &self::row("a@x.example>\r\nBcc: b@x.example", "x"))
                .err()
                .map(|t| t.temporary),
            Some(false)
        );
    }
}
