//! What of a tenant goes into a file and what does not, table by table.
//!
//! Tables come from the database's own description, so a table that a migration adds is exported without a word here.
//! What stays behind is named, with the reason; a test says when a column looks like a secret that nobody has judged.

use platform::db::schema::{Column, Kind, Table};

/// Tables whose rows stay behind, and why.
pub const STAYS: &[(&str, &str)] = &[
    ("session", "sign-ins do not move with a shop"),
    ("refresh_token", "sign-ins do not move with a shop"),
    ("known_device", "sign-ins do not move with a shop"),
    ("sign_in_challenge", "sign-ins do not move with a shop"),
    ("oidc_flow", "sign-ins do not move with a shop"),
    ("one_time_token", "links in letters that were sent lead to where they were sent from"),
    ("mail_job", "letters are sent where they were written"),
    ("mail_queue", "letters are sent where they were written"),
    ("audit_waiting", "entries that have no place in the chain yet are queued by themselves"),
    ("idempotency_key", "answers to requests of this place"),
    ("inbox", "which consumer has seen which event here; events that are done are not delivered again"),
    ("outbox_waiting", "comes with the events themselves, as `waiting`"),
    ("outbox_failure", "what failed here is tried anew"),
    ("outbox_head", "counted anew from the events; SQLite has none"),
    ("stream_snapshot", "a cache, folded anew from its stream"),
    ("projection_checkpoint", "read models are made anew from the rows"),
    ("product_doc", "a read model, made anew from the rows"),
    ("product_text", "a read model, made anew from the rows"),
    ("variant_doc", "a read model, made anew from the rows"),
    ("product_facet", "a read model, made anew from the rows"),
    ("collection_doc", "a read model, made anew from the rows"),
    ("order_row", "a read model, made anew from the rows"),
    ("sales_day", "a read model, made anew from the rows"),
    ("sales_product", "a read model, made anew from the rows"),
    ("payment_round", "where a walk through the payments stands; it begins anew"),
    ("tenant_due", "planned anew"),
];

/// Tables that are secrets as a whole: exported with the credentials only.
const SECRET_TABLES: &[&str] =
    &["two_step", "recovery_code", "api_key", "oidc_provider", "oidc_link", "payment_provider"];

/// Columns that are secrets, and what stands there in a file without the credentials.
const SECRET_COLUMNS: &[(&str, &str, &str)] = &[("user_account", "password_hash", "!")];

/// Columns that sound like secrets and are none, or are the shop's own. For the test that looks at names.
pub const HARMLESS: &[(&str, &str)] = &[
    ("cart", "token_hash"),
    ("orders", "token"),
    ("orders", "principal"),
    ("orders", "fingerprint"),
    ("draft_order", "fingerprint"),
    ("exchange", "fingerprint"),
    ("order_edit", "fingerprint"),
    ("customer_address", "fingerprint"),
    ("tender_account", "code_hash"),
    ("tenant_domain", "token"),
    ("media", "hash"),
    ("audit_entry", "hash"),
    ("audit_checkpoint", "hash"),
    ("audit_start", "hash"),
    ("audit_checkpoint", "signature"),
    ("audit_start", "signature"),
];

/// Columns that the place counts by itself.
const COUNTED: &[(&str, &str)] =
    &[("outbox", "position"), ("tenant", "changed"), ("tenant", "life"), ("tenant", "purge_at")];

/// What a copy beside its original leaves out: what happened between the shop and its customers. Money moves once, a letter
/// is sent once, people gave their addresses to one shop, and a provider of sign-in knows one shop. Whatever points at these
/// tables stays away with them.
const NOT_COPIED: &[&str] = &[
    "user_account",
    "cart",
    "customer",
    "review",
    "review_writer",
    "product_rating",
    "orders",
    "draft_order",
    "order_counter",
    "paper_counter",
    "wish",
    "tender_account",
    "stock_reservation",
    "outbox",
    "stream_event",
    "tenant_domain",
    "audit_entry",
    "audit_checkpoint",
    "audit_start",
    "invitation",
    "oidc_provider",
    "payment_provider",
];

/// Columns that other systems wrote: what looks like an id of ours in there is theirs.
const FOREIGN: &[(&str, &str)] = &[("product", "source_columns"), ("variant", "source_columns")];

/// A table as it goes into a file.
#[derive(Clone, Debug)]
pub struct Shape {
    /// The table.
    pub table: Table,
    /// The columns that are in the file.
    pub columns: Vec<Column>,
}

impl Shape {
    /// What stands in a column when the file is made without credentials, if it is a secret.
    pub fn hidden(&self, column: &str) -> Option<&'static str> {
        SECRET_COLUMNS
            .iter()
            .find(|(table, name, _)| *table == self.table.name && *name == column)
            .map(|s| s.2)
    }

    /// Whether other systems wrote what stands in the column.
    pub fn is_foreign(&self, column: &str) -> bool {
        FOREIGN.contains(&(self.table.name.as_str(), column))
    }

    /// The column of that name, if it goes into the file.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The column that holds the tenant.
    pub fn tenant_column(&self) -> &'static str {
        if self.table.name == "tenant" { "id" } else { "tenant_id" }
    }
}

/// Whether the rows of a table stay behind whatever is asked for.
pub fn stays(table: &str) -> bool {
    STAYS.iter().any(|(name, _)| *name == table)
}

/// Whether a column is treated as a secret.
pub fn is_secret(table: &str, column: &str) -> bool {
    SECRET_TABLES.contains(&table) || SECRET_COLUMNS.iter().any(|(t, c, _)| *t == table && *c == column)
}

/// The tables that go into a file, parents before children.
pub fn shapes(tables: Vec<Table>, credentials: bool) -> Vec<Shape> {
    let goes =
        |table: &Table| !stays(&table.name) && (credentials || !SECRET_TABLES.contains(&table.name.as_str()));
    tables
        .into_iter()
        .filter(goes)
        .map(|table| {
            let counted = |column: &Column| COUNTED.contains(&(table.name.as_str(), column.name.as_str()));
            let columns = table.columns.iter().filter(|column| !counted(column)).cloned().collect();
            Shape { table, columns }
        })
        .collect()
}

/// The tables of a file that a copy takes.
pub fn copied(shapes: Vec<Shape>) -> Vec<Shape> {
    let mut left_out: Vec<String> = NOT_COPIED.iter().map(|name| (*name).to_owned()).collect();
    let mut kept = Vec::with_capacity(shapes.len());
    // Parents come first, so one pass finds whatever hangs on what is left out.
    for shape in shapes {
        if left_out.contains(&shape.table.name)
            || shape.table.parents.iter().any(|parent| left_out.contains(parent))
        {
            left_out.push(shape.table.name);
        } else {
            kept.push(shape);
        }
    }
    kept
}

/// Whether a name sounds like something that must not leave the house.
pub fn sounds_secret(column: &Column) -> bool {
    let words = ["password", "secret", "token", "credential", "private"];
    column.kind == Kind::Bytes || words.iter().any(|word| column.name.contains(word))
}
