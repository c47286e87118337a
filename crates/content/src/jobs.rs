//! What runs in the background.

use crate::media::Fetcher;
use futures::future::BoxFuture;
use platform::App;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// A named task that ends when it is told to.
pub type Job = (&'static str, BoxFuture<'static, ()>);

/// Fetching the pictures that were asked for by address.
pub fn jobs(app: &App, stop: CancellationToken) -> Vec<Job> {
    let app = app.clone();
    let fetch = async move {
        match Fetcher::new(app, Arc::new(identity::tenant_of)) {
            Ok(fetcher) => fetcher.run(stop).await,
            Err(error) => tracing::error!(report = %error.report(), "pictures are not fetched"),
        }
    };
    vec![("media-fetch", Box::pin(fetch))]
}
