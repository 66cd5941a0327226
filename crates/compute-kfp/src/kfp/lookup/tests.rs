#![allow(
    clippy::unwrap_used,
    reason = "a failed unwrap in a test is a failed test"
)]

use std::fmt::Debug;
use std::fs;

use compute_kfp_sandbox::Sandbox;
use compute_kfp_test_server::TestServer;
use serde_json::json;
use tempfile::{TempDir, tempdir};

use super::*;
use crate::ErrorKind;
use crate::settings::Found;

fn found(setting: Setting, value: Option<String>, origin: Origin) -> Found {
    Found {
        setting,
        value,
        origin,
    }
}

const OF_THE_POD: &str = "t0ken-of-the-pod";
const ENDPOINT: &str = VARIABLES.endpoint;
const TOKEN: &str = VARIABLES.token;
const TOKEN_PATH: &str = VARIABLES.token_file;

/// A machine with variables, and files in a directory that is both root and home.
struct Machine {
    variables: Vec<(&'static str, OsString)>,
    files: TempDir,
}

impl Machine {
    fn with(variables: &[(&'static str, &str)]) -> Self {
        Self {
            variables: variables
                .iter()
                .map(|(name, value)| (*name, value.into()))
                .collect(),
            files: tempdir().unwrap(),
        }
    }

    fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.files.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    fn client(&self) -> Result<Client, Error> {
        self.lookup(|lookup| lookup.client()?.build())
    }

    fn lookup<T>(&self, look: impl FnOnce(&Places<'_>) -> T) -> T {
        let lookup = Places {
            variable: &|name| {
                let found = self.variables.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| value.clone())
            },
            root: self.files.path(),
            home: Some(self.files.path().to_owned()),
        };
        look(&lookup)
    }

    fn endpoint(&self) -> String {
        self.client().unwrap().transport().endpoint().to_owned()
    }

    #[track_caller]
    fn wrong(&self) -> Error {
        let error = self.client().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        error
    }
}

/// Returns whether calls carry the token of the sandbox, which rejects calls without it.
async fn is_accepted(machine: &Machine) -> bool {
    let client = machine.client().unwrap();
    match client.list_artifacts().send().await {
        Ok(_) => true,
        Err(error) if error.kind() == ErrorKind::Authentication => false,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn a_configured_endpoint_has_precedence() {
    let machine = Machine::with(&[
        (ENDPOINT, "https://kfp.example.org/ "),
        (IN_CLUSTER, "10.0.0.1"),
    ]);
    assert_eq!(machine.endpoint(), "https://kfp.example.org");
}

#[test]
fn a_pod_finds_the_server_of_its_cluster() {
    let in_cluster = "http://ml-pipeline.kubeflow.svc.cluster.local:8888";
    assert_eq!(
        Machine::with(&[(IN_CLUSTER, "10.0.0.1")]).endpoint(),
        in_cluster
    );
    let with_token = Machine::with(&[]).file(TOKEN_FILE, OF_THE_POD);
    assert_eq!(with_token.endpoint(), in_cluster);
    let named_token = Machine::with(&[(TOKEN_PATH, "/elsewhere")]);
    assert_eq!(named_token.endpoint(), in_cluster);
}

#[test]
fn outside_a_cluster_an_endpoint_is_required() {
    for variables in [
        &[][..],
        &[(ENDPOINT, " "), (IN_CLUSTER, ""), (TOKEN_PATH, "")],
    ] {
        let error = Machine::with(variables).wrong();
        assert!(
            error.message().contains("`KF_PIPELINES_ENDPOINT`"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn the_first_token_that_is_found_is_sent() {
    let server = Sandbox::builder()
        .kfp_token(OF_THE_POD)
        .require_kfp_token()
        .start()
        .await
        .unwrap();
    let good = tempdir().unwrap();
    let named = good.path().join("token");
    fs::write(&named, OF_THE_POD).unwrap();
    let named = named.to_str().unwrap();

    let endpoint = (ENDPOINT, server.url());
    assert!(!is_accepted(&Machine::with(&[endpoint])).await);

    let named_over_usual = Machine::with(&[endpoint, (TOKEN_PATH, named)]);
    assert!(is_accepted(&named_over_usual.file(TOKEN_FILE, "another")).await);

    let variable_over_named = [endpoint, (TOKEN_PATH, "/missing"), (TOKEN, OF_THE_POD)];
    assert!(is_accepted(&Machine::with(&variable_over_named)).await);
    let variable_over_named = [endpoint, (TOKEN_PATH, named), (TOKEN, "another")];
    assert!(!is_accepted(&Machine::with(&variable_over_named)).await);
}

/// Returns the host and the token of the only request that a client in this pod sends.
async fn sent_from_a_pod(variables: &[(&'static str, &str)]) -> [Option<String>; 2] {
    // As a proxy, the server receives requests to any host.
    let server = TestServer::playing([json!({})]);
    let machine = Machine::with(&[&[("KFP_PROXY", server.url())], variables].concat());
    let machine = machine.file(TOKEN_FILE, OF_THE_POD);
    let client = machine.client().unwrap();
    client.list_artifacts().send().await.unwrap();
    let request = server.only();
    ["host", "authorization"].map(|name| request.header(name).map(str::to_owned))
}

#[tokio::test]
async fn the_token_of_the_pod_is_sent_to_the_server_of_its_cluster_only() {
    let in_cluster = "ml-pipeline.kubeflow.svc.cluster.local:8888".to_owned();
    let token = format!("Bearer {OF_THE_POD}");
    let cluster = [Some(in_cluster), Some(token)];
    assert_eq!(sent_from_a_pod(&[]).await, cluster);
    let same = [(
        ENDPOINT,
        "http://ml-pipeline.kubeflow.svc.cluster.local:8888/",
    )];
    assert_eq!(sent_from_a_pod(&same).await, cluster);
    for other in ["http://localhost:31380", "http://kfp.team-b.svc"] {
        let [_, token] = sent_from_a_pod(&[(ENDPOINT, other)]).await;
        assert_eq!(token, None, "{other}");
    }
}

#[tokio::test]
async fn a_call_fails_if_the_configured_token_file_is_missing() {
    let server = Sandbox::builder().start().await.unwrap();
    let machine = Machine::with(&[(ENDPOINT, server.url()), (TOKEN_PATH, "/missing/token")]);
    let call = machine.client().unwrap();
    let error = call.list_artifacts().send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert!(error.message().contains("`/missing/token`"), "{error}");
    assert!(!error.was_sent());
}

#[test]
fn the_namespace_of_the_context_file_has_precedence_over_that_of_the_pod() {
    let namespace = |machine: Machine| {
        let client = machine.client().unwrap();
        client.namespace().map(str::to_owned)
    };
    let machine = || Machine::with(&[(IN_CLUSTER, "10.0.0.1")]);
    assert_eq!(namespace(machine()), None);
    let pod = || machine().file(NAMESPACE_FILE, "team-a\n");
    assert_eq!(namespace(pod()).as_deref(), Some("team-a"));
    let context = |json| namespace(pod().file(CONTEXT_FILE, json));
    assert_eq!(
        context(r#"{"namespace": "team-b"}"#).as_deref(),
        Some("team-b")
    );
    assert_eq!(context(r#"{"namespace": ""}"#).as_deref(), Some("team-a"));
    assert_eq!(context(r#"{"namespace": null}"#).as_deref(), Some("team-a"));
    assert_eq!(context("").as_deref(), Some("team-a"));
}

#[test]
fn the_error_of_an_invalid_context_file_names_the_file_and_the_place() {
    for (content, problem) in [
        (
            &b"{\"namespace\": "[..],
            "is not JSON: EOF while parsing a value at line 1 column 13",
        ),
        (
            b"{\"namespace\": \"a\"}}",
            "is not JSON: trailing characters at line 1 column 19",
        ),
        (b"[]", "is not a JSON object"),
        (b"\"s3cret\"", "is not a JSON object"),
        (
            b"{\"namespace\": \"\xff\"}",
            "stream did not contain valid UTF-8",
        ),
        (
            b"{\"client_authentication_cookie\": [\"s3cret\"]}",
            "has a `client_authentication_cookie` that is not a string",
        ),
        (
            b"{\"namespace\": 5}",
            "has a `namespace` that is not a string",
        ),
        (
            b"{\"client_authentication_header_name\": \"s3cret\"}",
            "has `client_authentication_header_name` and no `client_authentication_header_value`",
        ),
        (
            b"{\"client_authentication_header_value\": \"s3cret\"}",
            "has `client_authentication_header_value` and no `client_authentication_header_name`",
        ),
    ] {
        let machine = Machine::with(&[(ENDPOINT, "https://kfp.example.org")]);
        let error = machine.file(CONTEXT_FILE, content).wrong();
        assert!(error.message().contains(CONTEXT_FILE), "{error}");
        assert!(error.message().contains(problem), "{error}");
        assert!(!format!("{error}{error:?}").contains("s3cret"), "{error:?}");
    }
}

#[test]
fn the_error_of_a_directory_as_context_file_names_it() {
    let machine = Machine::with(&[(ENDPOINT, "https://kfp.example.org")]);
    let error = machine.file(&format!("{CONTEXT_FILE}/file"), "").wrong();
    assert!(error.message().contains(CONTEXT_FILE), "{error}");
}

#[cfg(unix)]
#[test]
fn the_error_of_a_variable_that_is_not_utf8_names_it_without_its_value() {
    use std::os::unix::ffi::OsStringExt as _;

    let mut machine = Machine::with(&[(ENDPOINT, "https://kfp.example.org")]);
    let value = OsString::from_vec(b"s3cret\xff".to_vec());
    machine.variables.push((TOKEN, value));
    let error = machine.wrong();
    assert!(error.message().contains("`KFP_TOKEN`"), "{error}");
    assert!(!shown(&error).contains("s3cret"), "{error:?}");
}

#[test]
fn debug_output_shows_no_secret() {
    let context = r#"{"client_authentication_cookie": "session=s3cret",
        "client_authentication_header_name": "user-id", "client_authentication_header_value": "s3cret"}"#;
    let machine = Machine::with(&[(IN_CLUSTER, "10.0.0.1"), (TOKEN, "s3cret")]);
    let client = machine.file(CONTEXT_FILE, context).client().unwrap();
    let builder = Client::builder("https://kfp.example.org").session_cookie("session=s3cret");
    assert!(!format!("{}{}", shown(&client), shown(&builder)).contains("s3cret"));
}

fn shown(value: &dyn Debug) -> String {
    format!("{value:?}\n{value:#?}")
}

#[test]
fn a_builder_lists_its_settings_and_their_origins_without_secrets() {
    let machine = Machine::with(&[])
        .file(TOKEN_FILE, OF_THE_POD)
        .file(NAMESPACE_FILE, "team-b")
        .file(
            CONTEXT_FILE,
            r#"{"client_authentication_cookie": "authservice_session=c00kie"}"#,
        );
    let root = machine.files.path();
    let builder = machine.lookup(|lookup| lookup.client().unwrap());
    let token_file = root.join(TOKEN_FILE);
    let of_the_pod = |setting, value: &str, path| {
        found(
            setting,
            Some(value.to_owned()),
            Origin::PodFile(root.join(path)),
        )
    };
    assert_eq!(
        builder.found(),
        [
            found(Setting::Endpoint, None, Origin::Cluster),
            of_the_pod(Setting::TokenFile, token_file.to_str().unwrap(), TOKEN_FILE),
            found(
                Setting::SessionCookie,
                None,
                Origin::ContextFile(root.join(CONTEXT_FILE))
            ),
            of_the_pod(Setting::Namespace, "team-b", NAMESPACE_FILE),
        ]
    );
}

#[test]
fn the_path_of_the_api_is_removed_from_an_endpoint() {
    let operations = crate::kfp::operations::OPERATIONS.iter();
    assert!(
        operations
            .clone()
            .all(|operation| operation.path.starts_with("/apis/v2beta1/"))
    );
    for (given, expected) in [
        (
            "https://kfp.example.org/apis/v2beta1",
            "https://kfp.example.org",
        ),
        (
            "https://kfp.example.org/pipeline/apis/v2beta1/",
            "https://kfp.example.org/pipeline",
        ),
        (
            "https://kfp.example.org/apis",
            "https://kfp.example.org/apis",
        ),
    ] {
        assert_eq!(Machine::with(&[(ENDPOINT, given)]).endpoint(), expected);
    }
}

#[test]
fn plain_http_is_allowed_by_a_variable() {
    let machine = |allow: &str| {
        let machine = [
            (ENDPOINT, "http://10.0.0.1:31380"),
            (TOKEN, OF_THE_POD),
            ("KFP_ALLOW_HTTP", allow),
        ];
        Machine::with(&machine).client()
    };
    for allow in ["true", "1", "yes"] {
        machine(allow).unwrap();
    }
    for refuse in ["", "false", "0"] {
        let error = machine(refuse).unwrap_err();
        assert!(error.message().contains("plain HTTP"), "{error}");
    }
    let error = machine("maybe").unwrap_err();
    assert!(error.message().contains("`KFP_ALLOW_HTTP`"), "{error}");
}

#[tokio::test]
async fn cookie_and_identity_header_come_from_variables_before_the_context_file() {
    let server = Sandbox::builder().start().await.unwrap();
    let context = r#"{"client_authentication_cookie": "session=context",
        "client_authentication_header_name": "x-context", "client_authentication_header_value": "c"}"#;
    let sent = async |variables: &[(&'static str, &str)]| {
        let endpoint = [(ENDPOINT, server.url())];
        let machine = Machine::with(&[&endpoint, variables].concat()).file(CONTEXT_FILE, context);
        let _ = machine.client().unwrap().list_runs().send().await;
        let request = server.received().pop().unwrap();
        ["cookie", "kubeflow-userid", "x-context"]
            .map(|name| request.header(name).unwrap_or_default().to_owned())
    };
    assert_eq!(sent(&[]).await, ["session=context", "", "c"]);
    let header = (
        VARIABLES.identity_header,
        "kubeflow-userid: user@example.org",
    );
    assert_eq!(
        sent(&[(VARIABLES.cookie, "session=variable"), header]).await,
        ["session=variable", "user@example.org", ""]
    );
    let directory = tempdir().unwrap();
    let file = directory.path().join("cookie");
    fs::write(&file, "session=file\n").unwrap();
    assert_eq!(
        sent(&[(VARIABLES.cookie_file, file.to_str().unwrap())]).await,
        ["session=file", "", "c"]
    );
}

#[test]
fn the_error_of_an_invalid_setting_names_it_without_secrets() {
    let endpoint = (ENDPOINT, "https://kfp.example.org");
    for (variable, value, said) in [
        (
            "KFP_CERTIFICATE_AUTHORITY",
            "/missing.pem",
            "certificate authority `/missing.pem`",
        ),
        (
            "KFP_CLIENT_CERTIFICATE",
            "/missing.pem",
            "client certificate `/missing.pem`",
        ),
        ("KFP_CLIENT_KEY", "/missing.pem", "`KFP_CLIENT_CERTIFICATE`"),
        (
            VARIABLES.cookie_file,
            "/missing",
            "session cookie `/missing`",
        ),
        (VARIABLES.identity_header, "s3cret", "`NAME: VALUE`"),
        (
            "KFP_INSECURE_SKIP_TLS_VERIFY",
            "perhaps",
            "`KFP_INSECURE_SKIP_TLS_VERIFY`",
        ),
        ("KFP_PROXY", "http://user:s3cret@:0:", "proxy"),
    ] {
        let error = Machine::with(&[endpoint, (variable, value)]).wrong();
        assert!(error.message().contains(said), "{error}");
        assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
    }
}

#[test]
fn credentials_of_the_context_file_can_be_left_out() {
    let context = r#"{"namespace": "team-a", "client_authentication_cookie": "session=context"}"#;
    let machine =
        Machine::with(&[(ENDPOINT, "https://kfp.example.org")]).file(CONTEXT_FILE, context);
    let builder = machine.lookup(|lookup| lookup.client().unwrap());
    let builder = builder.without_context_credentials();
    let found: Vec<Setting> = builder.found().iter().map(|found| found.setting).collect();
    assert_eq!(found, [Setting::Endpoint, Setting::Namespace]);
    assert!(builder.of_context_file.is_empty());
}
