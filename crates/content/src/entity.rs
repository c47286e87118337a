//! Rows of this module.

use platform::tenant_table;

tenant_table! {
    /// Pictures: files, where they came from, what became of them.
    media, "media", "media", Id,
    key { id: Uuid }
    columns {
        state: String,
        source_url: String,
        file_name: String,
        hash: Option<String>,
        mime: String,
        url_base: String,
        width: i32,
        height: i32,
        widths: String,
        alt: String,
        error: String,
        created_at: i64,
        updated_at: i64,
    }
    audit { state, source_url, file_name, mime, alt, error }
}

tenant_table! {
    /// Pictures to fetch. Domain code adds rows for its tenant; the job reads them across tenants.
    media_fetch, "media_fetch", "media", MediaId,
    key { media_id: Uuid }
    columns { attempts: i32, next_at: i64 }
    audit none
}
