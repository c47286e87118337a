//! Calls to the outside go only where they may.

use crate::peer::Peer;
use outbound::{AddressRule, Call, Outbound, OutboundError};
use std::time::{Duration, Instant};

fn open() -> Outbound {
    Outbound::new(AddressRule::new(["127.0.0.0/8"]).unwrap()).unwrap()
}

fn get(url: &str) -> Call {
    Call::get(url.parse().unwrap())
}

#[tokio::test]
async fn refuses_everything_that_is_not_the_public_internet() {
    let peer = Peer::start().await;
    let strict = Outbound::new(AddressRule::default()).unwrap();
    for url in [
        peer.url("/text"),
        format!("http://localhost:{}/text", peer.port),
        "http://localhost/".to_owned(),
        "http://127.0.0.1/".to_owned(),
        "http://2130706433/".to_owned(),
        "http://0x7f.1/".to_owned(),
        "http://[::1]/".to_owned(),
        "http://[::ffff:127.0.0.1]/".to_owned(),
        "http://[64:ff9b::7f00:1]/".to_owned(),
        "http://169.254.169.254/latest/meta-data".to_owned(),
        "http://10.0.0.1/".to_owned(),
        "http://1.1.1.1:22/".to_owned(),
        "http://user:pass@1.1.1.1/".to_owned(),
        "ftp://1.1.1.1/".to_owned(),
        "file:///etc/passwd".to_owned(),
    ] {
        let refused = strict.send(get(&url)).await;
        assert!(matches!(refused, Err(OutboundError::Refused(_))), "{url}: {refused:?}");
    }
    assert_eq!(peer.visits(), 0);
}

#[tokio::test]
async fn calls_allowed_networks_by_address_and_by_name() {
    let peer = Peer::start().await;
    let outbound = Outbound::new(AddressRule::new(["127.0.0.0/8", "::1"]).unwrap()).unwrap();
    for url in [peer.url("/text"), format!("http://localhost:{}/text", peer.port)] {
        let answer = outbound.send(get(&url)).await.unwrap();
        assert_eq!((answer.status.as_u16(), answer.body.as_slice()), (200, b"some words".as_slice()));
    }
}

#[tokio::test]
async fn does_not_follow_redirects() {
    let peer = Peer::start().await;
    let answer = open().send(get(&peer.url("/hop"))).await.unwrap();
    assert_eq!(answer.status.as_u16(), 302);
    assert_eq!(peer.visits(), 1);
}

#[tokio::test]
async fn stops_reading_at_the_limit() {
    let peer = Peer::start().await;
    let outbound = open();
    for path in ["/large", "/endless"] {
        let call = Call { limit: 100_000, ..get(&peer.url(path)) };
        assert_eq!(outbound.send(call).await.unwrap_err(), OutboundError::TooLarge(100_000), "{path}");
    }
}

#[tokio::test]
async fn gives_up_in_time_and_says_what_is_unknown() {
    let peer = Peer::start().await;
    let started = Instant::now();
    let call = Call { timeout: Duration::from_millis(200), ..get(&peer.url("/slow")) };
    let error = open().send(call).await.unwrap_err();
    assert_eq!(error, OutboundError::TimedOut);
    assert!(error.is_ambiguous() && error.is_temporary());
    assert!(started.elapsed() < Duration::from_secs(5));

    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = closed.local_addr().unwrap().port();
    drop(closed);
    let error = open().send(get(&format!("http://127.0.0.1:{port}/"))).await.unwrap_err();
    assert!(matches!(error, OutboundError::Unreachable(_)), "{error:?}");
    assert!(!error.is_ambiguous() && error.is_temporary());
}
