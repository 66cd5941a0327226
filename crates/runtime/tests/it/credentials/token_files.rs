//! Tokens that are rotated on disk.

use std::error::Error as _;
use std::fs::{self, File};
use std::path::Path;
use std::time::SystemTime;

use compute_kfp_runtime::credentials::{Credentials, TokenFile};
use compute_kfp_runtime::{ErrorKind, Request, Transport};
use tempfile::{TempDir, tempdir};

use super::{FOR_USERS, authorization, bearer, refused};
use compute_kfp_test_server::{Response, TestServer};

fn directory() -> (TempDir, std::path::PathBuf) {
    let directory = tempdir().unwrap();
    let path = directory.path().join("token");
    (directory, path)
}

fn modified(path: &Path) -> SystemTime {
    fs::metadata(path).unwrap().modified().unwrap()
}

/// Writes to a file so that its metadata does not tell.
fn write_unseen(path: &Path, text: &str) {
    let before = modified(path);
    fs::write(path, text).unwrap();
    let file = File::options().write(true).open(path).unwrap();
    file.set_modified(before).unwrap();
}

#[tokio::test]
async fn a_rotated_token_is_sent_with_the_next_request() {
    let (_folder, path) = directory();
    let server = TestServer::playing([Response::json(200, "{}")]);
    let transport = Transport::builder(server.url())
        .credentials("user", TokenFile::new(&path))
        .build()
        .unwrap();
    for token in ["first\n", "the second\n"] {
        fs::write(&path, token).unwrap();
        transport
            .send_empty(Request::new(&FOR_USERS))
            .await
            .unwrap();
    }
    let sent: Vec<_> = server
        .requests()
        .iter()
        .map(|request| request.header("authorization").unwrap().to_owned())
        .collect();
    assert_eq!(sent, ["Bearer first", "Bearer the second"]);
}

#[tokio::test]
async fn a_token_is_read_again_even_if_the_metadata_of_its_file_did_not_change() {
    let (_folder, path) = directory();
    fs::write(&path, "first").unwrap();
    let token = TokenFile::new(&path);
    assert_eq!(bearer(&token).await.unwrap(), "Bearer first");
    assert!(!token.renew(&refused("first")).await.unwrap());
    write_unseen(&path, "other");
    assert!(token.renew(&refused("first")).await.unwrap());
    assert_eq!(bearer(&token).await.unwrap(), "Bearer other");
}

#[cfg(unix)]
#[tokio::test]
async fn another_file_in_its_place_is_read_however_much_it_looks_like_the_first() {
    let (directory, path) = directory();
    fs::write(&path, "first").unwrap();
    let token = TokenFile::new(&path);
    bearer(&token).await.unwrap();
    let other = directory.path().join("other");
    fs::write(&other, "other").unwrap();
    let file = File::options().write(true).open(&other).unwrap();
    file.set_modified(modified(&path)).unwrap();
    fs::rename(&other, &path).unwrap();
    assert_eq!(bearer(&token).await.unwrap(), "Bearer other");
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_that_is_swapped_as_kubernetes_does_is_followed() {
    use std::os::unix::fs::symlink;

    let (directory, path) = directory();
    let write = |version: &str| {
        let data = directory.path().join(version);
        fs::create_dir(&data).unwrap();
        fs::write(data.join("token"), version).unwrap();
        symlink(version, directory.path().join("..new")).unwrap();
        fs::rename(
            directory.path().join("..new"),
            directory.path().join("..data"),
        )
        .unwrap();
    };
    symlink("..data/token", &path).unwrap();
    let token = TokenFile::new(&path);
    for version in ["..2025_01", "..2025_02"] {
        write(version);
        assert_eq!(bearer(&token).await.unwrap(), format!("Bearer {version}"));
    }
}

#[tokio::test]
async fn the_token_is_kept_while_the_file_cannot_be_read() {
    let (_folder, path) = directory();
    fs::write(&path, "held").unwrap();
    let token = TokenFile::new(&path);
    bearer(&token).await.unwrap();
    fs::remove_file(&path).unwrap();
    assert_eq!(bearer(&token).await.unwrap(), "Bearer held");
    assert!(!token.renew(&refused("held")).await.unwrap());
    for unusable in [&b""[..], b"\xff\xfe"] {
        fs::write(&path, unusable).unwrap();
        assert_eq!(bearer(&token).await.unwrap(), "Bearer held");
    }
    fs::write(&path, "the next").unwrap();
    assert_eq!(bearer(&token).await.unwrap(), "Bearer the next");
}

#[tokio::test]
async fn a_file_without_a_token_is_named() {
    let (_folder, path) = directory();
    let token = TokenFile::new(&path);
    let too_much = vec![b'x'; 1024 * 1024 + 1];
    let cases: [(Option<&[u8]>, &str); 5] = [
        (None, "cannot be read"),
        (Some(b""), "is empty"),
        (Some(b" \n"), "is empty"),
        (Some(b"s3cret\xff"), "is not UTF-8"),
        (Some(&too_much), "has more than 1 MiB"),
    ];
    for (content, problem) in cases {
        if let Some(content) = content {
            fs::write(&path, content).unwrap();
        }
        let error = bearer(&token).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Authentication);
        let start = format!("the token file `{}` {problem}", path.display());
        assert!(error.message().starts_with(&start), "{error}");
        assert_eq!(error.source().is_some(), content.is_none());
    }
    let mut just_fits = vec![b' '; 1024 * 1024];
    just_fits[..5].copy_from_slice(b"token");
    fs::write(&path, just_fits).unwrap();
    assert_eq!(bearer(&token).await.unwrap(), "Bearer token");
}

#[cfg(unix)]
#[tokio::test]
async fn what_is_no_regular_file_is_refused_at_once() {
    let directory = tempfile::tempdir().unwrap();
    for path in [std::path::Path::new("/dev/zero"), directory.path()] {
        let error = TokenFile::new(path).authorize(&mut authorization()).await;
        let message = error.unwrap_err().to_string();
        assert!(message.contains("not a regular file"), "{message}");
    }
    let file = directory.path().join("token");
    std::fs::write(&file, "\u{feff}Bearer  tok-1\n").unwrap();
    let link = directory.path().join("link");
    std::os::unix::fs::symlink(&file, &link).unwrap();
    let mut authorised = authorization();
    TokenFile::new(link)
        .authorize(&mut authorised)
        .await
        .unwrap();
    assert_eq!(authorised.headers()["authorization"], "Bearer tok-1");
}
