//! Logs requests and their duration on standard error.

use std::time::Instant;

use compute_kfp::middleware::{Attempt, Middleware, Next, ResponseFuture};

use crate::failure::say;
use crate::printable::printable;

/// Parts of the names of response headers that hold secrets. Request credentials are never seen here.
const SECRET: [&str; 6] = ["auth", "cookie", "credential", "key", "secret", "token"];

pub struct Verbose;

impl Middleware for Verbose {
    fn handle<'a>(&'a self, attempt: Attempt, next: Next<'a>) -> ResponseFuture<'a> {
        Box::pin(async move {
            let number = match attempt.number() {
                1 => String::new(),
                number => format!(" (attempt {number})"),
            };
            let method = attempt.operation().method;
            say(&format!("> {method} {}{number}", attempt.url()));
            for (name, value) in attempt.headers() {
                say(&format!(
                    "> {name}: {}",
                    String::from_utf8_lossy(value.as_bytes())
                ));
            }
            for scheme in attempt.security() {
                say(&format!("> credential of `{}`: [hidden]", scheme.name));
            }
            let begun = Instant::now();
            let outcome = next.run(attempt).await;
            let took = begun.elapsed();
            match &outcome {
                Ok(reply) => {
                    say(&format!("< {} in {took:.1?}", reply.status()));
                    for (name, value) in reply.headers() {
                        let value = match SECRET.iter().any(|part| name.as_str().contains(part)) {
                            true => "[hidden]".to_owned(),
                            false => printable(&String::from_utf8_lossy(value.as_bytes())),
                        };
                        say(&format!("< {name}: {value}"));
                    }
                }
                Err(error) => say(&format!("< {error} after {took:.1?}")),
            }
            outcome
        })
    }
}
