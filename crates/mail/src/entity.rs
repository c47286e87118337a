//! Rows of this module.

use platform::tenant_table;

tenant_table! {
    /// A mail and what became of it.
    job, "mail_job", "mail", Id,
    key { id: Uuid }
    columns {
        kind: String,
        state: String,
        recipient: String,
        reply_to: String,
        subject: String,
        text: String,
        html: String,
        error: String,
        created_at: i64,
        finished_at: Option<i64>,
    }
    audit none
}

tenant_table! {
    /// Mails to send. Domain code adds rows for its tenant; the sender reads them across tenants.
    queue, "mail_queue", "mail", MailId,
    key { mail_id: Uuid }
    columns { attempts: i32, next_at: i64 }
    audit none
}
