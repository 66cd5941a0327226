//! Content of a login file, and the parts that a change preserves.

use compute_kfp::ErrorKind;
use compute_kfp::compute::Login;
use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::server::World;

const HOST: &str = "https://api.example.org";

fn config() -> Value {
    json!({
        "default_host": HOST,
        "auths": {(HOST): {
            "client_id": "compute",
            "well_known_endpoint": "https://login.example.org/known",
            "tokens": {
                "access_token": "s3cret-access",
                "refresh_token": "s3cret-refresh",
                "expires_in": 300,
                "generated_at": 1.5,
            },
        }},
    })
}

fn written(content: impl AsRef<[u8]>) -> (TempDir, std::path::PathBuf) {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("config.json");
    std::fs::write(&path, content).unwrap();
    (directory, path)
}

fn read(path: &std::path::Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn the_default_host_is_the_one_to_log_in_to() {
    let (_directory, path) = written(config().to_string());
    let login = Login::from_file(&path).unwrap();
    assert_eq!(login.endpoint(), HOST);
    assert!(login.is_logged_in().unwrap());
    let (_directory, path) = written("{}");
    let login = Login::from_file(&path).unwrap();
    assert_eq!(login.endpoint(), compute_kfp::compute::DEFAULT_ENDPOINT);
    assert!(!login.is_logged_in().unwrap());
}

#[test]
fn a_host_is_known_with_and_without_a_slash_at_its_end() {
    let with_slash = config()
        .to_string()
        .replace(&format!("\"{HOST}\":"), &format!("\"{HOST}/\":"));
    for content in [config().to_string(), with_slash] {
        let (_directory, path) = written(content);
        for host in [HOST.to_owned(), format!("{HOST}/")] {
            let login = Login::from_file(&path).unwrap().host(host);
            assert!(login.is_logged_in().unwrap());
        }
    }
}

#[test]
fn the_error_of_a_missing_file_says_how_to_log_in() {
    let directory = TempDir::new().unwrap();
    let error = Login::from_file(directory.path().join("none.json")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert!(error.message().contains("none.json"), "{error}");
}

#[tokio::test]
async fn an_invalid_file_is_left_unchanged() {
    let place = "/auths/https:~1~1api.example.org";
    let with = |pointer: &str, value: Value| {
        let mut config = config();
        *config.pointer_mut(&pointer.replace('@', place)).unwrap() = value;
        config.to_string()
    };
    for (content, words) in [
        (
            "{\n  \"auths\": s3cret-access".to_owned(),
            "not JSON: expected value at line 2 column 12".to_owned(),
        ),
        ("[]".to_owned(), "`` has another type".to_owned()),
        (
            with("/auths", json!("s3cret-access")),
            "`/auths` has another type".to_owned(),
        ),
        (
            with("@", json!(["s3cret-access"])),
            format!("`{place}` has another type"),
        ),
        (
            with("@/tokens", json!({})),
            format!("`{place}/tokens`: missing field `access_token`"),
        ),
        (
            with("@/client_id", json!(7)),
            format!("`{place}/client_id` has another type"),
        ),
        (
            with("@/tokens", json!("s3cret-access")),
            format!("`{place}/tokens` has another type"),
        ),
        (
            with("@/tokens/expires_in", json!("s3cret-access")),
            format!("`{place}/tokens/expires_in` has another type"),
        ),
        (
            with("@/tokens/generated_at", json!(-1)),
            format!("`{place}/tokens/generated_at` has another type"),
        ),
    ] {
        let (_directory, path) = written(&content);
        let changed = match Login::from_file(&path) {
            Ok(login) => login.set_team_member_id(1).await,
            Err(error) => Err(error),
        };
        let error = changed.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        for words in [
            words.as_str(),
            "config.json",
            "move it away and log in again",
        ] {
            assert!(error.message().contains(words), "{error}");
        }
        assert!(
            !format!("{error} {error:?}").contains("s3cret"),
            "{error:?}"
        );
        assert_eq!(std::fs::read_to_string(&path).unwrap(), content);
    }
}

#[tokio::test]
async fn no_token_is_shown() {
    let (_directory, path) = written(config().to_string());
    let login = Login::from_file(&path).unwrap();
    let client = compute_kfp::compute::Client::builder().login(login.clone());
    let shown = format!("{login:?} {client:?} {:?}", client.clone().build().unwrap());
    assert!(!shown.contains("s3cret"), "{shown}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_is_readable_by_its_owner_alone_after_a_change() {
    use std::os::unix::fs::PermissionsExt;

    let mode =
        |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let (_directory, path) = written(config().to_string());
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
    Login::from_file(&path)
        .unwrap()
        .set_team_member_id(1)
        .await
        .unwrap();
    assert_eq!(mode(&path), 0o600);

    let world = World::new();
    let new = world.directory.path().join("new").join("config.json");
    let pending = Login::device(&world.url).file(&new).start().await.unwrap();
    pending.finish().await.unwrap();
    assert_eq!(mode(&new), 0o600);
    assert_eq!(mode(new.parent().unwrap()), 0o700);
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_behind_a_link_is_changed_and_the_link_stays() {
    let (_directory, path) = written(config().to_string());
    let elsewhere = TempDir::new().unwrap();
    let link = elsewhere.path().join("link.json");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    Login::from_file(&link)
        .unwrap()
        .set_team_member_id(3)
        .await
        .unwrap();
    assert!(link.is_symlink());
    assert_eq!(read(&path)["auths"][HOST]["team_member_id"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_changes_of_a_file_lose_nothing() {
    let mut config = config();
    for index in 0..20 {
        config["auths"][format!("https://{index}.example")] = config["auths"][HOST].clone();
    }
    let (_directory, path) = written(config.to_string());
    let mut changes = tokio::task::JoinSet::new();
    for index in 0..20 {
        let login = Login::from_file(&path)
            .unwrap()
            .host(format!("https://{index}.example"));
        changes.spawn(async move { login.set_team_member_id(index).await });
    }
    for outcome in changes.join_all().await {
        outcome.unwrap();
    }
    for index in 0..20 {
        assert_eq!(
            read(&path)["auths"][format!("https://{index}.example")]["team_member_id"],
            index
        );
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let name = prop_oneof![
            Just("auths".to_owned()),
            Just("default_host".to_owned()),
            Just(HOST.to_owned()),
            Just("tokens".to_owned()),
            Just("client_id".to_owned()),
            any::<String>(),
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name, inner), 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Tries all that reads or changes a file without a network.
fn exercise(content: &[u8]) -> Vec<u8> {
    let (_directory, path) = written(content);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    if let Ok(login) = Login::from_file(&path) {
        let login = login.host(HOST);
        let _ = login.is_logged_in();
        let _ = runtime.block_on(login.set_team_member_id(1));
    }
    std::fs::read(&path).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_without_harm(content in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(exercise(&content), content);
    }

    #[test]
    fn any_json_is_read_without_harm(content in any_json()) {
        let after: Value = serde_json::from_slice(&exercise(content.to_string().as_bytes())).unwrap();
        let mut after = after;
        if let Some(entry) = after.pointer_mut("/auths/https:~1~1api.example.org").and_then(Value::as_object_mut)
            && content.pointer("/auths/https:~1~1api.example.org/team_member_id").is_none() {
            entry.remove("team_member_id");
        }
        prop_assert_eq!(after.to_string(), content.to_string());
    }

    #[test]
    fn a_change_keeps_every_other_key(
        top in any_json(),
        in_account in any_json(),
        in_tokens in any_json(),
        name in "[^\"]{1,9}",
    ) {
        let name = format!("x-{name}");
        let mut content = config();
        content[&name] = top;
        content["auths"][HOST][&name] = in_account;
        content["auths"][HOST]["tokens"][&name] = in_tokens;
        let after = exercise(content.to_string().as_bytes());
        content["auths"][HOST]["team_member_id"] = 1.into();
        let after: Value = serde_json::from_slice(&after).unwrap();
        prop_assert_eq!(after.to_string(), content.to_string());
    }
}
