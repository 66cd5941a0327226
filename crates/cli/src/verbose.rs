//! Logs requests and their duration on standard error.

use std::time::Instant;

use compute_kfp::middleware::{Attempt, Middleware, Next, ResponseFuture};
use compute_kfp::operation::{Operation, SchemeKind, SecurityScheme};

use crate::failure::say;
use crate::printable::printable;

/// Parts of the names of response headers that hold secrets. Request credentials are never seen here.
const SECRET: [&str; 6] = ["auth", "cookie", "credential", "key", "secret", "token"];

/// Stands for a proxy in front of the server, to which every request sends its credentials.
pub static PROXY: SecurityScheme = SecurityScheme::new("proxy", SchemeKind::Bearer);

/// Logs each attempt.
pub struct Verbose {
    /// The schemes that the client holds credentials for.
    pub held: Vec<&'static str>,
}

impl Verbose {
    /// Returns the schemes whose credentials are sent: the first alternative of which all are held.
    fn sent(&self, operation: &Operation) -> &'static [&'static SecurityScheme] {
        let is_held = |scheme: &&SecurityScheme| self.held.contains(&scheme.name);
        let mut alternatives = operation.security.iter();
        let sent = alternatives.find(|schemes| schemes.iter().all(is_held));
        sent.copied().unwrap_or_default()
    }
}

impl Middleware for Verbose {
    fn handle<'a>(&'a self, attempt: Attempt, next: Next<'a>) -> ResponseFuture<'a> {
        Box::pin(async move {
            let operation = attempt.operation();
            let number = match attempt.number() {
                1 => String::new(),
                number => format!(" (attempt {number})"),
            };
            say(&format!("> {} {}{number}", operation.method, attempt.url()));
            for (name, value) in attempt.headers() {
                say(&format!(
                    "> {name}: {}",
                    String::from_utf8_lossy(value.as_bytes())
                ));
            }
            let to_proxy = [&PROXY]
                .into_iter()
                .filter(|it| self.held.contains(&it.name));
            for scheme in self.sent(operation).iter().copied().chain(to_proxy) {
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
