//! What modules keep in the process.

use crate::World;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

struct Outer(usize);
struct Inner<const N: usize>;

#[tokio::test]
async fn a_modules_state_is_made_once_under_any_number_of_first_uses() {
    let app = World::new().await.app;
    let (made, start) = (AtomicUsize::new(0), Barrier::new(8));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                start.wait();
                let state = app.state(|| {
                    std::thread::sleep(Duration::from_millis(20));
                    Outer(made.fetch_add(1, Ordering::SeqCst))
                });
                assert_eq!(state.0, 0);
            });
        }
    });
    assert_eq!(made.load(Ordering::SeqCst), 1);
}

/// The map has fewer shards than there are types here, so one of them shares the shard of `Outer`.
#[tokio::test]
async fn a_modules_state_may_need_the_state_of_others() {
    macro_rules! ask_for_all {
        ($app:ident: $($n:literal)*) => {{ $( $app.state(|| Inner::<$n>); )* }};
    }
    let app = World::new().await.app;
    let (done, wait) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        app.state(|| {
            ask_for_all!(app:
                0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
                32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63);
            Outer(0)
        });
        done.send(()).unwrap();
    });
    wait.recv_timeout(Duration::from_secs(10)).expect("it must not wait for itself");
}
