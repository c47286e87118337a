//! A closed loop, in which every connection asks again as soon as it is answered, or an open one at a given pace.

use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::task::LocalSet;

use crate::http::Connection;
use crate::scenario::Scenario;

/// What one run of one scenario gave.
pub struct Measure {
    /// Completed repetitions per second.
    pub per_second: f64,
    /// Half of the repetitions took at most this.
    pub p50: Duration,
    /// 99 of 100 repetitions took at most this.
    pub p99: Duration,
    /// Repetitions that were answered with anything but success, and what the first of them was.
    pub failures: usize,
    /// The first failure in words.
    pub first_failure: Option<String>,
}

/// Runs `scenario` on so many connections for so long, after a warm-up that is not counted.
///
/// With a `pace`, so many begin per second over all connections, however long they take; what has to wait for its
/// connection has begun when it was due.
pub async fn measure(
    scenario: &Rc<Scenario>,
    n_connections: usize,
    pace: Option<f64>,
    warm_up: Duration,
    time: Duration,
) -> Result<Measure> {
    let tasks = LocalSet::new();
    let started = Instant::now();
    let begin = started + warm_up;
    let end = begin + time;
    let workers: Vec<_> = (0..n_connections)
        .map(|number| {
            let scenario = scenario.clone();
            let due = pace.map(|pace| Due {
                first: started + Duration::from_secs_f64(number as f64 / pace),
                every: Duration::from_secs_f64(n_connections as f64 / pace),
            });
            tasks.spawn_local(async move { worker(&scenario, number, due, begin, end).await })
        })
        .collect();
    tasks.await;
    let mut latencies = vec![];
    let (mut failures, mut first_failure) = (0, None);
    for worker in workers {
        let done = worker.await??;
        latencies.extend(done.latencies);
        failures += done.failures;
        first_failure = first_failure.or(done.first_failure);
    }
    latencies.sort_unstable();
    let at = |share: f64| {
        let index = ((latencies.len() as f64 * share).ceil() as usize).clamp(1, latencies.len().max(1)) - 1;
        Duration::from_micros(latencies.get(index).copied().unwrap_or_default().into())
    };
    Ok(Measure {
        per_second: latencies.len() as f64 / time.as_secs_f64(),
        p50: at(0.50),
        p99: at(0.99),
        failures,
        first_failure,
    })
}

struct Done {
    latencies: Vec<u32>,
    failures: usize,
    first_failure: Option<String>,
}

/// When a connection's repetitions begin.
struct Due {
    first: Instant,
    every: Duration,
}

async fn worker(
    scenario: &Scenario,
    number: usize,
    due: Option<Due>,
    begin: Instant,
    end: Instant,
) -> Result<Done> {
    let mut connection = Connection::open(scenario.address()).await?;
    let mut done = Done { latencies: Vec::with_capacity(64 * 1024), failures: 0, first_failure: None };
    let mut turn = 0;
    loop {
        let asked = match &due {
            Some(due) => {
                let next = due.first + due.every * u32::try_from(turn).unwrap_or(u32::MAX);
                tokio::time::sleep_until(next.into()).await;
                next
            }
            None => Instant::now(),
        };
        let result = scenario.once(&mut connection, number, turn).await;
        let answered = Instant::now();
        turn += 1;
        if let Err(error) = result {
            done.failures += 1;
            done.first_failure.get_or_insert_with(|| format!("{error:#}"));
            // A server that closed the connection is asked on a new one.
            connection = Connection::open(scenario.address()).await?;
        } else if begin <= asked && answered <= end {
            done.latencies.push(u32::try_from((answered - asked).as_micros()).unwrap_or(u32::MAX));
        }
        if end <= answered {
            return Ok(done);
        }
    }
}
