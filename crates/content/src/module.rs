//! This module as the registry knows it.

use platform::App;
use platform::module::{Health, Module};
use platform::surface::Entry;
use std::io::ErrorKind;

struct Content;

/// This module, for the registry.
pub fn module() -> impl Module {
    Content
}

#[async_trait::async_trait]
impl Module for Content {
    fn name(&self) -> &'static str {
        "content"
    }

    fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }

    fn about(&self) -> &'static str {
        "Texts and pictures."
    }

    fn depends_on(&self) -> &'static [&'static str] {
        &["identity"]
    }

    fn surface(&self) -> Vec<Entry> {
        crate::surface()
    }

    async fn health(&self, app: &App) -> Health {
        // Made with the first picture.
        match tokio::fs::metadata(&app.config().media.dir).await {
            Ok(folder) if !folder.is_dir() || folder.permissions().readonly() => {
                Health::Degraded("pictures cannot be stored".into())
            }
            Ok(_) => Health::of_table(app, "media").await,
            Err(error) if error.kind() == ErrorKind::NotFound => Health::of_table(app, "media").await,
            Err(error) => {
                tracing::warn!(%error, "the folder of pictures cannot be looked into");
                Health::Degraded("the folder of pictures cannot be looked into".into())
            }
        }
    }
}
