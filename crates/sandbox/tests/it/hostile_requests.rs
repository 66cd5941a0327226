//! Requests that try to block, exhaust or spy on a sandbox.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::process::{Running, exported};
use crate::support::{plain, send};
use compute_kfp_sandbox::Sandbox;
use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::Method;

const UPLOAD: &str = "/apis/v2beta1/pipelines/upload?name=p";

/// A running binary, whose memory is its own.
struct Served {
    running: Running,
    address: String,
    token: String,
}

impl Served {
    fn start() -> Self {
        let mut running = Running::start(&["--empty"]);
        let announcement = running.announcement();
        let url = exported(&announcement, "KF_PIPELINES_ENDPOINT");
        Self {
            address: url.strip_prefix("http://").unwrap().to_owned(),
            token: exported(&announcement, "KFP_TOKEN").to_owned(),
            running,
        }
    }

    /// Returns the head and the beginning of a file upload.
    fn upload(&self, file_name: &str, length: usize) -> String {
        let part = format!(
            "--b\r\ncontent-disposition: form-data; name=\"uploadfile\"; filename=\"{file_name}\"\r\n\r\n"
        );
        format!(
            "POST {UPLOAD} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\nconnection: close\r\n\
             content-type: multipart/form-data; boundary=b\r\ncontent-length: {}\r\n\r\n{part}",
            self.address,
            self.token,
            part.len() + length + "\r\n--b--\r\n".len(),
        )
    }

    fn response(&self, request: &[&[u8]]) -> String {
        let mut connection = TcpStream::connect(&self.address).unwrap();
        for piece in request {
            connection.write_all(piece).unwrap();
        }
        let mut response = String::new();
        connection.read_to_string(&mut response).unwrap();
        response
    }

    /// Returns the peak memory use in megabytes.
    fn most_memory(&self) -> u64 {
        let path = format!("/proc/{}/status", self.running.process.id());
        let status = fs::read_to_string(path).unwrap();
        let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = most.unwrap().trim().strip_suffix(" kB").unwrap();
        kilobytes.parse::<u64>().unwrap() / 1024
    }
}

/// Returns an archive whose only file is a hole of that size.
fn sparse(size: u64) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.set_path("pipeline.yaml").unwrap();
    header.set_entry_type(tar::EntryType::GNUSparse);
    header.set_size(0);
    let gnu = header.as_gnu_mut().unwrap();
    gnu.set_real_size(size);
    gnu.sparse[0].offset = *b"20000000000\0";
    gnu.sparse[0].numbytes = *b"00000000000\0";
    header.set_cksum();
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::best()));
    archive.append(&header, &[][..]).unwrap();
    archive.into_inner().unwrap().finish().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn an_archive_that_unpacks_to_gigabytes_takes_little_memory() {
    let served = Served::start();
    let archive = sparse(2 << 30);
    assert!(archive.len() < 300, "{}", archive.len());
    let head = served.upload("p.tar.gz", archive.len());
    let response = served.response(&[head.as_bytes(), &archive, b"\r\n--b--\r\n"]);
    assert!(response.starts_with("HTTP/1.1 400"), "{response}");
    assert!(
        response.contains("the unpacked content is too large"),
        "{response}"
    );
    let most = served.most_memory();
    assert!(most < 200, "{most} MB");
}

#[cfg(target_os = "linux")]
#[test]
fn many_half_uploads_take_little_memory() {
    const LENGTH: usize = 32 * 1024 * 1024;

    let served = Served::start();
    let head = served.upload("p.yaml", LENGTH);
    let (tell, written) = mpsc::channel();
    for _ in 0..20 {
        let mut connection = TcpStream::connect(&served.address).unwrap();
        let (head, tell) = (head.clone(), tell.clone());
        thread::spawn(move || {
            let piece = [b'x'; 64 * 1024];
            connection.write_all(head.as_bytes()).unwrap();
            // All but the last piece; a server that waits for others to end takes less.
            for _ in 1..LENGTH / piece.len() {
                if connection.write_all(&piece).is_err() {
                    break;
                }
            }
            let _ = tell.send(connection);
        });
    }
    let _open: Vec<TcpStream> = written.iter().take(2).collect();
    let health = format!(
        "GET /healthz HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n",
        served.address
    );
    assert!(
        served
            .response(&[health.as_bytes()])
            .starts_with("HTTP/1.1 200")
    );
    let most = served.most_memory();
    assert!(most < 250, "{most} MB");
}

#[test]
fn incomplete_requests_hold_no_connection() {
    let limit = Duration::from_millis(100);
    let sandbox = Sandbox::builder()
        .empty()
        .request_time(limit)
        .start_blocking();
    let sandbox = sandbox.unwrap();
    let address = sandbox.url().strip_prefix("http://").unwrap();
    for (sent, response) in [
        ("", ""),
        ("GET /heal", ""),
        ("GET /healthz HTTP/1.1\r\nhost: localhost\r\n", ""),
        (
            "POST /projects HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n{",
            "HTTP/1.1 401",
        ),
        (
            "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\nGET /healthz",
            "HTTP/1.1 200",
        ),
    ] {
        let mut connection = TcpStream::connect(address).unwrap();
        connection.write_all(sent.as_bytes()).unwrap();
        let mut got = String::new();
        connection.read_to_string(&mut got).unwrap();
        assert!(
            got.starts_with(response) && got.is_empty() == response.is_empty(),
            "{sent}: {got}"
        );
    }
}

#[test]
fn a_client_that_reads_no_response_holds_no_connection() {
    let limit = Duration::from_millis(100);
    let sandbox = Sandbox::builder().empty().request_time(limit);
    let sandbox = sandbox.start_blocking().unwrap();
    let address = sandbox.url().strip_prefix("http://").unwrap();
    let mut connection = TcpStream::connect(address).unwrap();
    let guard = Some(Duration::from_secs(20));
    connection.set_write_timeout(guard).unwrap();
    // The responses fill all buffers on the way, and then the requests do.
    let request = "GET /openapi/compute.json HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(100);
    let error = loop {
        if let Err(error) = connection.write_all(request.as_bytes()) {
            break error;
        }
    };
    let closed = [ErrorKind::BrokenPipe, ErrorKind::ConnectionReset];
    assert!(closed.contains(&error.kind()), "{error}");
}

#[tokio::test]
async fn an_unexposed_sandbox_accepts_only_names_of_this_machine() {
    let closed = Sandbox::builder().empty().start().await.unwrap();
    let exposed = Sandbox::builder().empty().exposed().start().await.unwrap();
    for (header, value, status) in [
        ("host", "localhost", 200),
        ("host", "LocalHost:8080", 200),
        ("host", "kfp.localhost", 200),
        ("host", "127.0.0.1", 200),
        ("host", "[::1]:80", 200),
        ("host", "192.0.2.1:8080", 200),
        ("host", "attacker.example", 421),
        ("host", "127.0.0.1.attacker.example:80", 421),
        ("host", "localhost.attacker.example", 421),
        ("host", "attacker.example@127.0.0.1", 200),
        ("host", "", 421),
        ("origin", "http://localhost:3000", 200),
        ("origin", "https://attacker.example", 421),
        ("origin", "null", 421),
    ] {
        let ask = async |sandbox: &Sandbox| {
            send(plain(sandbox, Method::GET, "/healthz").header(header, value))
                .await
                .status
        };
        assert_eq!(ask(&closed).await, status, "{header}: {value}");
        assert_eq!(ask(&exposed).await, 200, "{header}: {value}");
    }
    for path in [
        "/",
        "/openapi/kfp.json",
        "/.well-known/openid-configuration",
        "/runs",
    ] {
        let request = plain(&closed, Method::GET, path).header("host", "attacker.example");
        assert_eq!(send(request).await.status, 421, "{path}");
    }
}
