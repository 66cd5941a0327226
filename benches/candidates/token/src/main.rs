//! The SDK with a token that has expired, and many calls that need another.

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use candidate::{Result, Task};
use compute_kfp::credentials::{AccessToken, Pending, RenewedToken, TokenSource};
use compute_kfp::kfp;
use compute_kfp::oauth::ClientCredentials;
use futures_util::future::try_join_all;
use serde_json::json;

/// Hands out a token that is no good any more, and from then on those of a login server.
struct Login {
    server: ClientCredentials,
    /// Whether the client is told that the first token is no good.
    tells: bool,
    has_begun: AtomicBool,
    took: Arc<Mutex<Duration>>,
}

impl TokenSource for Login {
    fn fetch<'a>(&'a self, http: &'a reqwest::Client) -> Pending<'a, AccessToken> {
        Box::pin(async move {
            if !self.has_begun.swap(true, Ordering::Relaxed) {
                let token = AccessToken::new("expired");
                return Ok(match self.tells {
                    true => token.expires_at(SystemTime::UNIX_EPOCH),
                    false => token,
                });
            }
            let begun = Instant::now();
            let token = self.server.fetch(http).await;
            *self.took.lock().unwrap_or_else(PoisonError::into_inner) = begun.elapsed();
            token
        })
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode> {
    let task = Task::from_arguments();
    let tells = match task.work.as_str() {
        "expired" => true,
        "refused" => false,
        _ => return Ok(task.not_offered()),
    };
    let took = Arc::default();
    let server = ClientCredentials::new(format!("{}/token", task.url), "benchmark", "s3cret");
    let login = Login {
        server,
        tells,
        has_begun: AtomicBool::new(false),
        took: Arc::clone(&took),
    };
    let http = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .build()?;
    // With a token of its own, but the same connections.
    let warm = kfp::Client::builder(&task.url)
        .bearer_token("valid")
        .transport(|transport| transport.http_client(http.clone()))
        .build()?;
    let calls = (0..task.warm_up).map(|_| async { warm.get_run("run-1").send().await });
    try_join_all(calls).await?;
    let kfp = |endpoint: String| {
        kfp::Client::builder(endpoint)
            .credentials(RenewedToken::new(login))
            .transport(|transport| transport.http_client(http))
            .build()
    };
    let kfp = match tells {
        true => kfp(task.url.clone())?,
        false => kfp(format!("{}/strict", task.url))?,
    };
    let calls = (0..task.calls).map(|_| async {
        let begun = Instant::now();
        kfp.get_run("run-1").send().await?;
        Ok::<_, compute_kfp::Error>(begun.elapsed())
    });
    if tells {
        // Takes the token that has expired.
        kfp.get_run("run-1").send().await?;
    }
    let mut times = try_join_all(calls).await?;
    times.sort();
    let refresh = *took.lock().unwrap_or_else(PoisonError::into_inner);
    let of = |part: usize| times.get(times.len() * part / 100).or(times.last());
    println!(
        "{}",
        json!({
            "refresh_ms": milliseconds(refresh),
            "median_ms": of(50).copied().map(milliseconds),
            "p99_ms": of(99).copied().map(milliseconds),
            "slowest_ms": of(100).copied().map(milliseconds),
        })
    );
    Ok(ExitCode::SUCCESS)
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
