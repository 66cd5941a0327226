//! Waiting for many runs at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use compute_kfp::kfp;
use compute_kfp::kfp::types::Run;
use compute_kfp::waiting::Unfinished;
use futures_util::future::join_all;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Barrier;

use super::server::{NEVER, Server};

/// As many as ask at a time.
const AT_ONCE: usize = 128;

/// Counts the requests that are under way, and answers them when there are as many as are allowed.
struct Crowd {
    under_way: AtomicUsize,
    most: AtomicUsize,
    complete: Barrier,
}

impl Crowd {
    async fn serve(self: Arc<Self>, mut stream: TcpStream) {
        let body = r#"{"state":"SUCCEEDED"}"#;
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut head = Vec::new();
        while let Ok(byte) = stream.read_u8().await {
            head.push(byte);
            if head.ends_with(b"\r\n\r\n") {
                head.clear();
                let under_way = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
                self.most.fetch_max(under_way, Ordering::SeqCst);
                self.complete.wait().await;
                self.under_way.fetch_sub(1, Ordering::SeqCst);
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn of_many_who_wait_so_many_ask_at_a_time() {
    let crowd = Arc::new(Crowd {
        under_way: AtomicUsize::new(0),
        most: AtomicUsize::new(0),
        complete: Barrier::new(AT_ONCE),
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = crowd.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(server.clone().serve(stream));
        }
    });
    let kfp = kfp::Client::builder(url).build().unwrap();
    let waits = (0..3 * AT_ONCE).map(|number| {
        // Clones take turns with each other, too.
        let wait = kfp.clone().wait_for_run(format!("r{number}"));
        wait.send()
    });
    for ended in join_all(waits).await {
        assert!(ended.unwrap().succeeded());
    }
    assert_eq!(crowd.most.load(Ordering::SeqCst), AT_ONCE);
}

#[test]
fn to_wait_takes_little_memory() {
    let kfp = kfp::Client::builder("http://localhost").build().unwrap();
    let waiting = kfp.wait_for_run("r1").send();
    let size = size_of_val(&waiting);
    assert!(size <= 1024, "{size} bytes, before anything was read");
}

#[tokio::test]
async fn what_was_read_last_is_kept_whole() {
    let run = json!({
        "run_id": "r1",
        "state": "HIBERNATING",
        "created_at": "2025-11-03T01:07:07.120533Z",
        "run_details": {"pipeline_context_id": "4711"},
        "runtime_config": {"parameters": {"tolerance": 0.1, "qubits": [0, 1], "none": null}},
        "since_the_next_version": {"big": 18446744073709551615_u64},
    });
    let server = Server::playing([run]).await;
    let kfp = server.kfp();
    let read = kfp.get_run("r1").send().await.unwrap().into_inner();
    let wait = kfp
        .wait_for_run("r1")
        .timeout(NEVER)
        .min_interval(NEVER * 2);
    let error = wait.on_change(|_| tokio::time::pause()).send().await;
    let error = error.unwrap_err();
    let last = Unfinished::<Run>::of(&error).unwrap().last();
    assert_eq!(last, Some(&read));
}
