//! Content that is sent as it is: from files, bytes and streams.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use compute_kfp_runtime::operation::{Body, BodyKind, BodyPart, Operation};
use compute_kfp_runtime::{Content, Error, ErrorKind, Request, Transport};
use tokio::io::{AsyncRead, AsyncReadExt as _, ReadBuf};

use crate::item::{POST, ServerTransport as _};
use compute_kfp_test_server::{Received, Response, TestServer};

fn file(content: Content) -> Request {
    let mut request = Request::new(&POST);
    request.file_part("uploadfile", content);
    request
}

fn raw(content: Content) -> Request {
    let mut request = Request::new(&POST);
    request.raw_body("application/yaml", content);
    request
}

async fn sent(request: Request) -> Received {
    let server = TestServer::playing([Response::json(200, "{}")]);
    server.transport().send_empty(request).await.unwrap();
    server.only()
}

async fn refused(request: Request) -> Error {
    let server = TestServer::playing([Response::json(200, "{}")]);
    let error = server.transport().send_empty(request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error:?}");
    assert_eq!(server.requests().len(), 0);
    error
}

/// A file that goes when the test ends.
struct OnDisk(std::path::PathBuf);

impl OnDisk {
    fn new(name: &str, content: &[u8]) -> Self {
        let directory =
            std::env::temp_dir().join(format!("runtime-upload-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let path = directory.join(name);
        std::fs::write(&path, content).unwrap();
        Self(path)
    }
}

impl Drop for OnDisk {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(self.0.parent().unwrap());
    }
}

/// The headers and the content of each part.
pub fn parts(request: &Received) -> Vec<(String, String)> {
    let kind = request.header("content-type").unwrap();
    let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap();
    let mut parts: Vec<&str> = request.text().split(&format!("--{boundary}")).collect();
    assert_eq!((parts.remove(0), parts.pop()), ("", Some("--\r\n")));
    parts
        .into_iter()
        .map(|part| {
            part.trim_start_matches("\r\n")
                .split_once("\r\n\r\n")
                .unwrap()
        })
        .map(|(head, content)| {
            (
                head.to_owned(),
                content.strip_suffix("\r\n").unwrap().to_owned(),
            )
        })
        .collect()
}

#[tokio::test]
async fn a_form_has_its_texts_and_files_in_order_and_the_last_of_each_name() {
    let mut request = file(Content::from(b"old".to_vec()));
    request.value_part("note", "ü & \"quotes\"");
    request.file_part(
        "uploadfile",
        Content::from(b"new".to_vec()).named("train.yaml"),
    );
    let request = sent(request).await;
    assert_eq!(
        request.header("content-length"),
        Some(request.body.len().to_string().as_str())
    );
    assert_eq!(
        parts(&request),
        [
            (
                "Content-Disposition: form-data; name=\"note\"".to_owned(),
                "ü & \"quotes\"".to_owned()
            ),
            (
                "Content-Disposition: form-data; name=\"uploadfile\"; filename=\"train.yaml\"\r\n\
                 content-type: application/octet-stream"
                    .to_owned(),
                "new".to_owned()
            ),
        ]
    );
}

#[tokio::test]
async fn what_was_read_is_told_from_the_start_each_time_it_is_sent() {
    let length = 300_000;
    let told = Arc::new(std::sync::Mutex::new(Vec::new()));
    let content = Content::from(vec![b'x'; length]);
    let content = content.on_read({
        let told = told.clone();
        move |bytes| told.lock().unwrap().push(bytes)
    });
    for _ in 0..2 {
        sent(file(content.clone())).await;
        let told = std::mem::take(&mut *told.lock().unwrap());
        assert!(told.len() > 1 && told.is_sorted(), "{told:?}");
        assert_eq!(told.last(), Some(&(length as u64)));
    }
}

#[tokio::test]
async fn a_file_is_sent_under_its_own_name_with_its_length() {
    let on_disk = OnDisk::new("my pipeline ü.yaml", b"components: {}");
    let request = sent(file(Content::file(&on_disk.0))).await;
    assert!(request.header("content-length").is_some());
    let [(head, content)] = parts(&request).try_into().unwrap();
    assert!(head.contains("filename=\"my pipeline ü.yaml\""), "{head}");
    assert_eq!(content, "components: {}");

    let renamed = sent(file(Content::from(on_disk.0.as_path()).named("other.yaml"))).await;
    assert!(renamed.text().contains("filename=\"other.yaml\""));
}

#[tokio::test]
async fn a_file_name_cannot_break_out_of_its_header() {
    let request = sent(file(
        Content::from(vec![b'x']).named("a\"; name=\"b\r\nx-admin: yes"),
    ))
    .await;
    let [(head, _)] = parts(&request).try_into().unwrap();
    assert!(
        head.contains("filename=\"a%22; name=%22b%0D%0Ax-admin: yes\""),
        "{head}"
    );
    assert_eq!(head.lines().count(), 2);
}

#[tokio::test]
async fn a_stream_announces_its_length_where_it_is_known() {
    let known = sent(raw(Content::stream(&b"abc"[..], Some(3)))).await;
    assert_eq!(
        (known.header("content-length"), known.text()),
        (Some("3"), "abc")
    );
    let unknown = sent(raw(Content::stream(&b"abc"[..], None))).await;
    assert_eq!(
        (unknown.header("transfer-encoding"), unknown.text()),
        (Some("chunked"), "abc")
    );

    let known = sent(file(Content::stream(&b"abc"[..], Some(3)))).await;
    assert!(known.header("content-length").is_some());
    assert_eq!(parts(&known)[0].1, "abc");
    let unknown = sent(file(Content::stream(&b"abc"[..], None))).await;
    assert_eq!(unknown.header("transfer-encoding"), Some("chunked"));
    assert_eq!(parts(&unknown)[0].1, "abc");
}

#[tokio::test]
async fn bytes_and_files_are_sent_again_and_a_stream_is_not() {
    let on_disk = OnDisk::new("again.yaml", b"same");
    let server = TestServer::playing([Response::json(200, "{}")]);
    let transport = server.transport();
    for request in [
        raw(Content::from("same".to_owned())),
        raw(Content::file(&on_disk.0)),
    ] {
        transport.send_empty(request.clone()).await.unwrap();
        transport.send_empty(request).await.unwrap();
    }
    assert!(
        server
            .requests()
            .iter()
            .all(|request| request.text() == "same")
    );

    let request = raw(Content::stream(&b"once"[..], Some(4)));
    transport.send_empty(request.clone()).await.unwrap();
    let error = transport.send_empty(request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(!error.was_sent());
    assert!(error.message().contains("already sent"), "{error}");
    assert_eq!(server.requests().len(), 5);
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_named_and_nothing_is_sent() {
    let missing = refused(file(Content::file("no/such/pipeline.yaml"))).await;
    assert!(
        missing.message().contains("no/such/pipeline.yaml"),
        "{missing}"
    );
    assert!(!missing.was_sent());
    let directory = refused(raw(Content::file(std::env::temp_dir()))).await;
    assert!(directory.message().contains("directory"), "{directory}");
}

#[tokio::test]
async fn content_of_another_length_than_announced_is_an_error_that_says_so() {
    for (length, said) in [
        (5, "ended after 3 bytes, 5 were announced"),
        (2, "more than the 2 bytes"),
    ] {
        for request in [
            raw(Content::stream(&b"abc"[..], Some(length))),
            file(Content::stream(&b"abc"[..], Some(length))),
        ] {
            let error = refused(request).await;
            assert!(error.message().contains(said), "{error:?}");
            assert!(error.was_sent());
        }
    }
}

#[tokio::test]
async fn a_stream_that_breaks_is_told_apart_from_the_connection() {
    struct Broken;
    impl AsyncRead for Broken {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Poll::Ready(Err(io::Error::other("the disk is gone")))
        }
    }
    let error = refused(raw(Content::stream(Broken, None))).await;
    assert!(error.message().contains("the disk is gone"), "{error}");
}

/// Gives zeros, and notes how far it was ever ahead of the server.
struct Ahead {
    left: u64,
    given: u64,
    arrived: Arc<AtomicU64>,
    most: Arc<AtomicU64>,
}

impl AsyncRead for Ahead {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let ahead = self.given - self.arrived.load(Ordering::SeqCst).min(self.given);
        self.most.fetch_max(ahead, Ordering::SeqCst);
        let piece = buffer.remaining().min(usize::try_from(self.left).unwrap());
        buffer.initialize_unfilled_to(piece);
        buffer.advance(piece);
        self.left -= piece as u64;
        self.given += piece as u64;
        Poll::Ready(Ok(()))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_stream_is_never_held_in_memory() {
    const SIZE: u64 = 64 * 1024 * 1024;
    // Sockets hold some MiB of their own.
    const HELD: u64 = 24 * 1024 * 1024;
    for multipart in [true, false] {
        let server = TestServer::playing([Response::json(200, "{}")]);
        let most = Arc::new(AtomicU64::new(0));
        let reader = Ahead {
            left: SIZE,
            given: 0,
            arrived: server.body_bytes(),
            most: most.clone(),
        };
        let content = Content::stream(reader, Some(SIZE));
        let request = if multipart {
            file(content)
        } else {
            raw(content)
        };
        server.transport().send_empty(request).await.unwrap();
        assert!(server.only().body.len() as u64 >= SIZE);
        assert!(most.load(Ordering::SeqCst) < HELD, "{most:?}");
    }
}

#[tokio::test]
async fn an_upload_may_take_longer_than_any_limit_while_it_moves_on() {
    let server = TestServer::playing([Response::json(200, "{}")]);
    let transport = Transport::builder(server.url())
        .timeout(Duration::from_millis(1))
        .read_timeout(Duration::from_millis(400))
        .build()
        .unwrap();
    let (reader, writer) = tokio::io::simplex(1);
    let slow = tokio::spawn(async move {
        let (mut writer, mut tick) = (writer, tokio::time::interval(Duration::from_millis(25)));
        for _ in 0..40 {
            tick.tick().await;
            tokio::io::AsyncWriteExt::write_all(&mut writer, b"x")
                .await
                .unwrap();
        }
    });
    transport
        .send_empty(raw(Content::stream(reader, Some(40))))
        .await
        .unwrap();
    slow.await.unwrap();
    assert_eq!(server.only().body.len(), 40);
}

#[tokio::test]
async fn an_upload_that_got_stuck_ends() {
    const SHORT: Duration = Duration::from_millis(20);
    let server = TestServer::playing([Response::json(200, "{}")]);
    let builder = Transport::builder(server.url());
    for builder in [builder.clone().read_timeout(SHORT), builder.timeout(SHORT)] {
        let (reader, _held) = tokio::io::simplex(1);
        let request = raw(Content::stream(reader, Some(40)));
        let error = builder
            .build()
            .unwrap()
            .send_empty(request)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        assert!(error.was_sent());
    }
}

#[tokio::test]
async fn a_pipe_is_sent_without_a_length() {
    let content = Content::stream(tokio::io::repeat(b'x').take(10), None);
    assert_eq!(sent(raw(content)).await.text(), "xxxxxxxxxx");
}

#[tokio::test]
async fn a_file_that_the_server_would_refuse_is_named_before_it_is_sent() {
    static UPLOAD: Operation = Operation::new("upload", "upload", "POST", "/upload")
        .bodies(&[Body::new(
            "body",
            BodyKind::Multipart(&[BodyPart::new("package", true)
                .required()
                .max_bytes(10)
                .file_endings(&[".yaml", ".tar.gz"])]),
        )])
        .body_required();
    let request = |content: Content| {
        let mut request = Request::new(&UPLOAD);
        request.file_part("package", content);
        request
    };
    let server = TestServer::start(|_| Response::json(200, "{}"));
    let named = |name: &str, bytes: usize| Content::from(vec![b'a'; bytes]).named(name);
    for (content, expected) in [
        (named("a.txt", 3), "does not accept `a.txt`"),
        (named("yaml", 3), ".yaml, .tar.gz"),
        (
            named("a.yaml", 11),
            "`a.yaml` has 11 bytes; the server accepts at most 10",
        ),
        (Content::from(vec![b'a'; 11]), "`package` has 11 bytes"),
    ] {
        let error = server.transport().send_empty(request(content)).await;
        let error = error.unwrap_err();
        assert!(error.message().contains(expected), "{error}");
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(!error.was_sent());
    }
    assert_eq!(server.requests().len(), 0);
    for content in [
        named("a.yaml", 10),
        named("A.TAR.GZ", 0),
        Content::from(vec![b'a'; 10]),
    ] {
        server
            .transport()
            .send_empty(request(content))
            .await
            .unwrap();
    }
}
