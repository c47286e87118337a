//! One test function, run once on each database.

use crate::{Backend, TestApp, TestDb};

/// What a test on both databases may take: a bare database or a whole application.
pub trait Fixture: Sized {
    /// Makes a fresh one.
    fn create(backend: Backend) -> impl Future<Output = Self>;
}

impl Fixture for TestDb {
    async fn create(backend: Backend) -> Self {
        TestDb::create(backend).await
    }
}

impl Fixture for TestApp {
    async fn create(backend: Backend) -> Self {
        TestApp::on(backend).await
    }
}

/// Runs one test on a fresh fixture, on a runtime with two worker threads; [`on_both!`](crate::on_both) calls it.
pub fn run<F: Fixture, Output>(backend: Backend, test: impl AsyncFnOnce(F) -> Output) -> Output {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime for the test")
        .block_on(async { test(F::create(backend).await).await })
}

/// Runs each named `async fn(TestApp)` or `async fn(TestDb)` as two tests, `name::sqlite` and `name::postgres`.
///
/// ```ignore
/// async fn refunds_only_what_was_captured(app: TestApp) { … }
///
/// testkit::on_both!(refunds_only_what_was_captured);
/// ```
/// A function that is forgotten here is reported by the compiler as never used.
#[macro_export]
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => { $(
        mod $name {
            #[test]
            fn sqlite() -> impl std::process::Termination {
                $crate::run($crate::Backend::Sqlite, super::$name)
            }

            #[test]
            fn postgres() -> impl std::process::Termination {
                $crate::run($crate::Backend::Postgres, super::$name)
            }
        }
    )+ };
}
