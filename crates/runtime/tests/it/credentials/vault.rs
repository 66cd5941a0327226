//! A source of tokens that hands out what a test puts in, when it does.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use compute_kfp_runtime::credentials::{AccessToken, Pending, TokenSource};
use compute_kfp_runtime::{Error, HttpClient};
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

pub const HOUR: Duration = Duration::from_secs(3600);

#[derive(Clone)]
pub struct Vault {
    fetches: Arc<AtomicUsize>,
    answers: Arc<Mutex<UnboundedReceiver<Answer>>>,
}

type Answer = Result<AccessToken, Error>;

impl Vault {
    /// Each fetch waits for the next answer.
    pub fn new() -> (Self, UnboundedSender<Answer>) {
        let (sender, answers) = unbounded_channel();
        let vault = Self {
            fetches: Arc::default(),
            answers: Arc::new(Mutex::new(answers)),
        };
        (vault, sender)
    }

    /// Each fetch gets the next answer at once; there must be one.
    pub fn holding(answers: impl IntoIterator<Item = Answer>) -> Self {
        let (vault, sender) = Self::new();
        for answer in answers {
            sender.send(answer).unwrap();
        }
        vault
    }

    /// Number of calls so far.
    pub fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }
}

impl TokenSource for Vault {
    fn fetch<'a>(&'a self, _: &'a HttpClient) -> Pending<'a, AccessToken> {
        self.fetches.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { self.answers.lock().await.recv().await.unwrap() })
    }
}

/// A token that is good for an hour.
pub fn token(text: &str) -> Answer {
    Ok(AccessToken::new(text).expires_in(HOUR))
}

/// A token that expired long ago.
pub fn expired(text: &str) -> Answer {
    Ok(AccessToken::new(text).expires_at(std::time::UNIX_EPOCH))
}

pub fn failure() -> Answer {
    Err(Error::configuration("the vault is sealed"))
}
