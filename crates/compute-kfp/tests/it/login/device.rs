//! Start and end of a login.

use compute_kfp::ErrorKind;
use compute_kfp::compute::Login;
use compute_kfp::compute::login::LoggedIn;
use serde_json::{Value, json};

use super::server::World;

async fn log_in(world: &World) -> LoggedIn {
    let login = Login::device(format!("{}/", world.url)).file(world.path());
    let pending = login.start().await.unwrap();
    assert_eq!(pending.user_code(), "WDJB-MJHT");
    pending.finish().await.unwrap()
}

#[tokio::test]
async fn a_login_by_a_browser_is_stored() {
    let world = World::new();
    let logged_in = log_in(&world).await;
    assert_eq!(
        world.calls("/auth_config"),
        [None],
        "no credential goes there"
    );
    assert_eq!(
        world.calls("/members"),
        [Some("Bearer access-1".to_owned())]
    );
    let [asked] = world.forms("/device").try_into().unwrap();
    assert_eq!(asked["audience"], "compute-api");
    assert_eq!(
        asked["scope"],
        "api-access openid profile email offline_access"
    );
    let [polled] = world.forms("/token").try_into().unwrap();
    assert_eq!(polled["code_verifier"].len(), 64);

    let stored = world.stored();
    assert_eq!(stored["default_host"], json!(world.url));
    let mut account = world.account();
    assert!(account["tokens"]["generated_at"].is_u64());
    account["tokens"]["generated_at"] = 0.into();
    assert_eq!(
        account,
        json!({
            "client_id": "compute",
            "code_challenge_method": "S256",
            "code_verifyer_length": 64,
            "well_known_endpoint": format!("{}/known", world.url),
            "audience": "compute-api",
            "scope": "api-access openid profile email offline_access",
            "team_member_id": 40,
            "tokens": {
                "access_token": "access-1",
                "expires_in": 300,
                "refresh_token": "refresh-1",
                "generated_at": 0,
            },
        })
    );
    assert_eq!(logged_in.members.len(), 1);
    assert_eq!(logged_in.login.team_member_id().unwrap(), Some(40));
}

#[tokio::test]
async fn a_new_login_preserves_the_rest_of_the_file() {
    let world = World::with_tokens(-60);
    let mut config = world.config(-60);
    config["default_host"] = "https://other.example".into();
    world.store(&config);
    log_in(&world).await;
    let stored = world.stored();
    assert_eq!(stored["default_host"], "https://other.example");
    assert_eq!(stored["theme"], config["theme"]);
    assert_eq!(
        stored["auths"]["https://other.example"],
        config["auths"]["https://other.example"]
    );
    assert_eq!(world.account()["colour"], "green");
    assert_eq!(world.account()["tokens"]["scope"], "kept");
}

#[tokio::test]
async fn of_several_memberships_none_is_chosen() {
    for members in [0, 2] {
        let world = World::new();
        world.set(|state| state.members = members);
        let logged_in = log_in(&world).await;
        assert_eq!(world.account()["team_member_id"], Value::Null);
        assert_eq!(logged_in.members.len() as u64, members);
        logged_in.login.set_team_member_id(41).await.unwrap();
        assert_eq!(world.account()["team_member_id"], 41);
    }
}

#[tokio::test]
async fn a_login_that_cannot_be_stored_is_not_started() {
    let world = World::new();
    std::fs::write(world.path(), "[]").unwrap();
    let started = Login::device(&world.url).file(world.path()).start().await;
    assert_eq!(started.unwrap_err().kind(), ErrorKind::Configuration);
    assert_eq!(world.forms("/device").len(), 0);
    let started = Login::device("http://api.example.org").file(world.directory.path().join("new"));
    assert_eq!(
        started.start().await.unwrap_err().kind(),
        ErrorKind::Configuration
    );
}

#[tokio::test]
async fn logging_out_revokes_and_forgets_the_tokens() {
    let world = World::with_tokens(300);
    world.login().log_out().await.unwrap();
    let [revocation] = world.forms("/revoke").try_into().unwrap();
    assert_eq!(revocation["token"], "refresh-0");
    assert_eq!(revocation["token_type_hint"], "refresh_token");
    assert_eq!(revocation["client_id"], "compute");
    let mut expected = world.config(300);
    expected["auths"][&world.url]["tokens"] = Value::Null;
    assert_eq!(world.stored(), expected);
    world.login().log_out().await.unwrap();
    assert_eq!(
        world.forms("/revoke").len(),
        1,
        "there is nothing left to revoke"
    );
    assert!(!world.login().is_logged_in().unwrap());
}

#[tokio::test]
async fn tokens_that_cannot_be_revoked_are_removed() {
    let world = World::with_tokens(300);
    world.set(|state| state.revokes = false);
    let error = world.login().log_out().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert!(
        error
            .message()
            .contains("the refresh token may still be valid"),
        "{error}"
    );
    assert_eq!(world.account()["tokens"], Value::Null);
}

#[tokio::test]
async fn a_changed_login_server_is_refused() {
    let world = World::with_tokens(300);
    let mut config = world.config(300);
    config["auths"][&world.url]["well_known_endpoint"] = "https://login.example.org/known".into();
    world.store(&config);
    let login = || Login::device(&world.url).file(world.path()).start();
    let error = login().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    for server in [
        "`https://login.example.org/known`",
        &format!("`{}/known`", world.url),
    ] {
        assert!(error.message().contains(server), "{error}");
    }
    // After a logout, there are no tokens to lose.
    config["auths"][&world.url]["tokens"] = serde_json::Value::Null;
    world.store(&config);
    drop(login().await.unwrap());
}

#[tokio::test]
async fn the_login_server_of_another_api_is_refused_unless_allowed() {
    let (world, other) = (World::with_tokens(300), World::new());
    let known = format!("{}/known", world.url);
    other.set(|state| state.login_server = Some(known.clone()));
    for path in ["known", "known/", "./known?realm=other"] {
        let named = format!("{}/{path}", world.url);
        other.set(|state| state.login_server = Some(named));
        let login = Login::device(&other.url).file(world.path()).start();
        let error = login.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        for url in [&world.url, &other.url] {
            assert!(error.message().contains(&format!("`{url}`")), "{error}");
        }
    }
    assert_eq!(world.forms("/device").len(), 0);
    // Without tokens for it, too: the first API would accept those of its login server.
    let mut config = world.config(300);
    config["auths"][&world.url]["tokens"] = Value::Null;
    world.store(&config);
    let login = || Login::device(&other.url).file(world.path());
    assert_eq!(
        login().start().await.unwrap_err().kind(),
        ErrorKind::Configuration
    );

    other.set(|state| state.login_server = Some(known));
    drop(login().share_login_server(true).start().await.unwrap());
    assert_eq!(world.forms("/device").len(), 1);
}
