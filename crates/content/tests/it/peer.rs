//! Somebody else's server, as odd as the test needs it.

use axum::Router;
use axum::body::Body;
use axum::http::{Response, StatusCode, header};
use axum::routing::any;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A server on a free port of 127.0.0.1 that counts its visitors.
pub struct Peer {
    pub port: u16,
    visits: Arc<AtomicUsize>,
}

impl Peer {
    pub async fn start() -> Peer {
        let visits = Arc::new(AtomicUsize::new(0));
        let counted = visits.clone();
        let flaky = Arc::new(AtomicUsize::new(0));
        let router = Router::new()
            .route("/vase.png", any(|| async { picture(640, 800) }))
            .route("/other.png", any(|| async { picture(300, 300) }))
            .route("/text", any(|| async { "not a picture" }))
            .route("/gone", any(|| async { StatusCode::NOT_FOUND }))
            .route("/hop", any(|| async { ([(header::LOCATION, "/vase.png")], StatusCode::FOUND) }))
            .route(
                "/flaky.png",
                any(move || async move {
                    match flaky.fetch_add(1, Ordering::SeqCst) {
                        0 => StatusCode::SERVICE_UNAVAILABLE.into_response(),
                        _ => picture(300, 300),
                    }
                }),
            )
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

use axum::response::IntoResponse as _;

pub fn png(width: u32, height: u32) -> Vec<u8> {
    let image =
        image::RgbImage::from_fn(width, height, |x, y| image::Rgb([(x % 256) as u8, (y % 256) as u8, 40]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

fn picture(width: u32, height: u32) -> Response<Body> {
    // The announced type is a lie on purpose: only the bytes count.
    ([(header::CONTENT_TYPE, "text/plain")], png(width, height)).into_response()
}
