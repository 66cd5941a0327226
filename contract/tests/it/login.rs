//! Login, refresh and logout with a real OpenID provider.

use std::path::PathBuf;
use std::time::Duration;

use compute_kfp::compute::{self, Login};
use compute_kfp::credentials::RenewedToken;
use compute_kfp::oauth::{ClientCredentials, Provider, Tokens};
use compute_kfp::{Error, ErrorKind};
use compute_kfp_contract::LoginServer;
use serde_json::Value;
use tempfile::TempDir;

/// A session of a signed-in user.
struct Person {
    server: LoginServer,
    directory: TempDir,
    login: Login,
}

impl Person {
    async fn logged_in() -> Self {
        let server = LoginServer::start().await.unwrap();
        let directory = TempDir::new().unwrap();
        let pending = Login::device(format!("{}/api", server.url()))
            .file(directory.path().join("config.json"))
            .start()
            .await
            .unwrap();
        let approval = format!("{}/approve?user_code={}", server.url(), pending.user_code());
        let approved = reqwest::get(approval).await.unwrap();
        assert!(approved.status().is_success());
        let logged_in = pending.finish().await.unwrap();
        assert_eq!(logged_in.members.len(), 1);
        Self {
            server,
            directory,
            login: logged_in.login,
        }
    }

    fn client(&self) -> compute::Client {
        let login = self.login.clone();
        compute::Client::builder().login(login).build().unwrap()
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("config.json")
    }

    fn stored(&self, name: &str) -> Value {
        let file: Value = serde_json::from_slice(&std::fs::read(self.file()).unwrap()).unwrap();
        file["auths"][format!("{}/api", self.server.url())][name].clone()
    }

    fn token(&self, name: &str) -> String {
        self.stored("tokens")[name].as_str().unwrap().to_owned()
    }

    async fn refresh(&self, refresh_token: &str) -> Result<Tokens, Error> {
        let http = reqwest::Client::new().into();
        let known = well_known(&self.server);
        let provider = Provider::discover(&http, &known).await.unwrap();
        provider.refresh(&http, "compute", refresh_token).await
    }

    async fn expiry_of(&self, access_token: &str) {
        let url = format!("{}/api/members", self.server.url());
        let http = reqwest::Client::new();
        loop {
            let answer = http
                .get(&url)
                .bearer_auth(access_token)
                .send()
                .await
                .unwrap();
            if answer.status() == 401 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

fn well_known(server: &LoginServer) -> String {
    format!("{}/.well-known/openid-configuration", server.url())
}

fn is_refused(refreshed: Result<Tokens, Error>) {
    let error = refreshed.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert!(error.message().contains("invalid_grant"), "{error}");
}

#[tokio::test]
async fn a_login_lives_until_it_is_ended() {
    let person = Person::logged_in().await;
    assert_eq!(person.stored("team_member_id"), 17);

    let client = person.client();
    client.read_members().send().await.unwrap();
    let (access, refresh) = (person.token("access_token"), person.token("refresh_token"));

    person.expiry_of(&access).await;
    client.read_members().send().await.unwrap();
    assert_ne!(person.token("access_token"), access);
    let rotated = person.token("refresh_token");
    assert_ne!(rotated, refresh);

    person.login.log_out().await.unwrap();
    assert_eq!(person.stored("tokens"), Value::Null);
    is_refused(person.refresh(&rotated).await);
    let error = person.client().read_members().send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
}

#[tokio::test]
async fn a_refresh_token_works_once() {
    let person = Person::logged_in().await;
    let first = person.token("refresh_token");
    let tokens = person.refresh(&first).await.unwrap();
    assert!(tokens.refresh_token().is_some_and(|token| token != first));
    is_refused(person.refresh(&first).await);
}

#[tokio::test]
async fn a_program_has_an_account_of_its_own() {
    let server = LoginServer::start().await.unwrap();
    let client = |secret: &str| {
        let source = ClientCredentials::new(well_known(&server), "nightly", secret);
        compute::Client::builder()
            .endpoint(format!("{}/api", server.url()))
            .credentials(RenewedToken::new(source))
            .build()
            .unwrap()
    };
    let members = client("s3cret: of a program").read_members().send().await;
    assert_eq!(members.unwrap().total, 1);
    let error = client("wrong").read_members().send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert!(error.message().contains("invalid_client"), "{error}");
}
