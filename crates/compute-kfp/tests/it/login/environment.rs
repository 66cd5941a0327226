//! Clients configured by variables. A process cannot safely change its own environment, so each test
//! runs this program again, which then makes a call.

use std::process::Command;

use compute_kfp::compute::{Client, ClientBuilder};
use serde_json::Value;

use super::server::World;

const CHILD: &str = "COMPUTE_KFP_TEST_CHILD";
const OTHER_SERVER: &str = "COMPUTE_KFP_TEST_OTHER_SERVER";

/// Runs a program with these variables and this login file.
async fn run(world: &World, variables: &[(&str, &str)]) {
    let directory = world.directory.path().join(".quantuminspire");
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::copy(world.path(), directory.join("config.json")).unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "login::environment::a_login_is_the_last_resort"])
        .env_clear()
        .env("HOME", world.directory.path())
        .env("USERPROFILE", world.directory.path())
        .env(CHILD, "1")
        .envs(variables.iter().copied());
    let child = tokio::task::spawn_blocking(move || command.output());
    let output = child.await.unwrap().unwrap();
    assert!(output.status.success(), "{output:?}");
}

/// Returns the credential that this program sends.
async fn sent(world: &World, variables: &[(&str, &str)]) -> Option<String> {
    run(world, variables).await;
    let [sent] = world.calls("/members").try_into().unwrap();
    world.set(|state| state.calls.clear());
    sent
}

#[tokio::test]
async fn a_login_is_the_last_resort() {
    if std::env::var_os(CHILD).is_some() {
        let client = match std::env::var(OTHER_SERVER) {
            Ok(other) => {
                let builder = ClientBuilder::from_variables(&|name| std::env::var_os(name));
                builder.unwrap().endpoint(other).build().unwrap()
            }
            Err(_) => Client::from_env().unwrap(),
        };
        // Only the request counts, and not the response.
        let _ = client.read_members().send().await;
        return;
    }
    let world = World::with_tokens(300);
    let endpoint = ("COMPUTE_ENDPOINT", world.url.as_str());
    let login = Some("Bearer access-0".to_owned());
    assert_eq!(sent(&world, &[]).await, login);
    assert_eq!(sent(&world, &[endpoint]).await, login);
    let token = ("COMPUTE_TOKEN", "given");
    assert_eq!(
        sent(&world, &[endpoint, token]).await,
        Some("Bearer given".to_owned())
    );
    let path = world.directory.path().join("token");
    std::fs::write(&path, "filed\n").unwrap();
    let file = ("COMPUTE_TOKEN_FILE", path.to_str().unwrap());
    assert_eq!(
        sent(&world, &[endpoint, file]).await,
        Some("Bearer filed".to_owned())
    );
    assert_eq!(
        sent(&world, &[endpoint, file, token]).await,
        Some("Bearer given".to_owned())
    );
    let mut config = world.config(300);
    config["auths"][&world.url]["tokens"] = Value::Null;
    world.store(&config);
    assert_eq!(sent(&world, &[endpoint]).await, None);
    let other = World::new();
    world.store(&world.config(300));
    run(&world, &[(OTHER_SERVER, &other.url)]).await;
    assert_eq!(
        other.calls("/members"),
        [None],
        "the login is for the first server"
    );
}
