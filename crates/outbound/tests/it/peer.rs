//! Somebody else's server, as odd as the test needs it.

use axum::Router;
use axum::body::Body;
use axum::http::{Response, StatusCode, header};
use axum::routing::any;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// A server on a free port of 127.0.0.1 that counts its visitors.
pub struct Peer {
    pub port: u16,
    visits: Arc<AtomicUsize>,
}

impl Peer {
    pub async fn start() -> Peer {
        let visits = Arc::new(AtomicUsize::new(0));
        let counted = visits.clone();
        let router = Router::new()
            .route("/text", any(|| async { "some words" }))
            .route("/large", any(|| async { "x".repeat(200_000) }))
            .route("/endless", any(|| async { endless() }))
            .route("/slow", any(|| async { tokio::time::sleep(Duration::from_secs(60)).await }))
            .route("/hop", any(|| async { ([(header::LOCATION, "/text")], StatusCode::FOUND) }))
            .layer(axum::middleware::from_fn(move |request, next: axum::middleware::Next| {
                counted.fetch_add(1, Ordering::SeqCst);
                next.run(request)
            }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Peer { port, visits }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub fn visits(&self) -> usize {
        self.visits.load(Ordering::SeqCst)
    }
}

/// A body without a length that never ends.
fn endless() -> Response<Body> {
    let chunks = futures::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b'x'; 16 * 1024]));
    Response::new(Body::from_stream(chunks))
}
