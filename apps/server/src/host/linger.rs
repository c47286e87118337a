//! Reads on, for a while, what a refused request still sends.
//!
//! An answer that comes before the whole body was read ends its connection with bytes that nobody took, and the
//! system then tells the peer of a reset: the reason of the refusal is lost on its way. What is still sent is
//! therefore read and thrown away, within [`MOST`] and [`LONGEST`]; who sends more meets the reset.

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::header::EXPECT;
use futures::TryStreamExt;
use http_body::{Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// How many bytes are thrown away for one request.
const MOST: usize = 16 * 1024 * 1024;

/// How long it may take.
const LONGEST: Duration = Duration::from_secs(5);

/// The request, with a body that is read to its end after whoever reads it gave up.
pub fn lingering(request: Request) -> Request {
    // Who asks before sending gets the answer before sending.
    if request.body().is_end_stream() || request.headers().contains_key(EXPECT) {
        return request;
    }
    request.map(|body| Body::new(Lingering(Some(body))))
}

/// A body that is never left half read; empty only while it is dropped.
struct Lingering(Option<Body>);

impl HttpBody for Lingering {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        match &mut self.0 {
            Some(body) => Pin::new(body).poll_frame(context),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.0.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.0.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        let rest = self.0.take().filter(|body| !body.is_end_stream());
        // Outside a runtime the process is ending, and its connections with it.
        if let (Some(rest), Ok(runtime)) = (rest, tokio::runtime::Handle::try_current()) {
            runtime.spawn(tokio::time::timeout(LONGEST, thrown_away(rest)));
        }
    }
}

/// Reads until the end, an error or [`MOST`]; how many bytes it were.
async fn thrown_away(body: Body) -> usize {
    let mut chunks = body.into_data_stream();
    let mut read = 0;
    while read < MOST {
        match chunks.try_next().await {
            Ok(Some(chunk)) => read += chunk.len(),
            Ok(None) | Err(_) => break,
        }
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::StreamExt;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// A body of so many chunks of a kibibyte, and how many of them were read.
    fn counted(chunks: usize) -> (Body, Arc<AtomicUsize>) {
        let read = Arc::new(AtomicUsize::new(0));
        let stream = futures::stream::iter(0..chunks).map({
            let read = read.clone();
            move |_| {
                read.fetch_add(1, Ordering::Relaxed);
                Ok::<_, std::io::Error>(Bytes::from_static(&[0; 1024]))
            }
        });
        (Body::from_stream(stream), read)
    }

    #[tokio::test]
    async fn what_nobody_reads_is_read_up_to_the_bound() {
        for (chunks, expected) in [(10, 10), (MOST / 1024, MOST / 1024), (MOST / 1024 + 100, MOST / 1024)] {
            let (body, read) = counted(chunks);
            drop(lingering(Request::new(body)));
            while read.load(Ordering::Relaxed) < expected {
                tokio::task::yield_now().await;
            }
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            assert_eq!(read.load(Ordering::Relaxed), expected);
        }
    }

    #[tokio::test]
    async fn who_asks_before_sending_is_not_read() {
        let (body, read) = counted(10);
        let request = Request::builder().header(EXPECT, "100-continue").body(body).unwrap();
        drop(lingering(request));
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert_eq!(read.load(Ordering::Relaxed), 0);
    }
}
