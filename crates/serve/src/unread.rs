//! What nobody read of a request.
//!
//! An answer that is given before the body was read (no such route, no right to it) makes the
//! server close the connection behind it. A client that keeps its connections then loses its next
//! request on it, and tells of a network error where there is none. So the rest is read, as far as
//! that is cheap; where it is not, the answer says that the connection ends.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use tokio_stream::{Stream, StreamExt};

/// More of a body is not read for nothing.
const MOST: usize = 1 << 20;
/// Nor for longer.
const WAIT: Duration = Duration::from_secs(2);

/// A body that is lent to a handler: what he leaves can be had back.
#[derive(Clone)]
struct Lent(Arc<Mutex<BodyDataStream>>);

impl Stream for Lent {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut body = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Pin::new(&mut *body).poll_next(context)
    }
}

/// Reads what a handler left of the body before the answer goes out.
pub(crate) async fn read_out(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let announced = body.size_hint().exact();
    let mut lent = Lent(Arc::new(Mutex::new(body.into_data_stream())));
    let mut response = next.run(Request::from_parts(parts, Body::from_stream(lent.clone()))).await;
    // Who still holds it goes on to read it.
    if Arc::strong_count(&lent.0) > 1 {
        return response;
    }
    let cheap = announced.is_none_or(|bytes| bytes <= MOST as u64);
    let read = cheap && tokio::time::timeout(WAIT, rest(&mut lent)).await.unwrap_or(false);
    if !read {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Whether a body could be read to its end.
async fn rest(lent: &mut Lent) -> bool {
    let mut bytes = 0;
    while let Some(part) = lent.next().await {
        let Ok(part) = part else { return false };
        bytes += part.len();
        if bytes > MOST {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::Router;
    use axum::routing::post;
    use tower::ServiceExt;

    use super::*;

    /// A body of so many parts of 1 kB, and how many of them were taken.
    fn parts(count: usize) -> (Body, Arc<AtomicUsize>) {
        let taken = Arc::new(AtomicUsize::new(0));
        let counted = taken.clone();
        let stream = tokio_stream::iter(0..count).map(move |_| {
            counted.fetch_add(1, Ordering::SeqCst);
            Ok::<_, axum::Error>(Bytes::from_static(&[b' '; 1024]))
        });
        (Body::from_stream(stream), taken)
    }

    async fn ask(path: &str, count: usize) -> (Response, usize) {
        let router = Router::new()
            .route("/whole", post(|body: Bytes| async move { body.len().to_string() }))
            .layer(axum::middleware::from_fn(read_out));
        let (body, taken) = parts(count);
        let request = Request::post(path).body(body).unwrap();
        let response = router.oneshot(request).await.unwrap();
        (response, taken.load(Ordering::SeqCst))
    }

    #[tokio::test]
    async fn what_nobody_read_is_read_before_the_answer() {
        let (response, taken) = ask("/no-such-route", 100).await;
        assert_eq!((response.status().as_u16(), taken), (404, 100));
        assert!(!response.headers().contains_key(header::CONNECTION));
        let (response, taken) = ask("/whole", 100).await;
        assert_eq!((response.status().as_u16(), taken), (200, 100));
    }

    #[tokio::test]
    async fn what_is_large_ends_the_connection_and_the_answer_says_so() {
        let (response, taken) = ask("/no-such-route", 5000).await;
        assert_eq!(response.headers()[header::CONNECTION], "close");
        assert!(taken < 1100, "{taken}");
    }
}
