//! Tokens in environment variables, in a process of their own: this one's cannot be changed.

use std::env;
use std::ffi::{OsStr, OsString};

use compute_kfp_runtime::ErrorKind;
use compute_kfp_runtime::credentials::TokenVariable;

use super::{bearer, received};
use crate::child;

const VARIABLE: &str = "CREDENTIALS_TEST_TOKEN";
const CHILD: &str = "CREDENTIALS_TEST_CHILD";
const MARK: &str = "outcome: ";

/// Runs the test in a process that has this value of the variable.
fn outcome(value: Option<&OsStr>) -> String {
    let test = "credentials::environment::the_token_is_what_the_variable_holds";
    let mut command = child::only(test);
    command.env(CHILD, "1").env_remove(VARIABLE);
    if let Some(value) = value {
        command.env(VARIABLE, value);
    }
    let printed = child::run(command);
    let (_, outcome) = printed.split_once(MARK).expect(&printed);
    outcome.lines().next().unwrap().to_owned()
}

#[tokio::test]
async fn the_token_is_what_the_variable_holds() {
    if env::var_os(CHILD).is_some() {
        match bearer(&TokenVariable::new(VARIABLE)).await {
            Ok(header) => println!("\n{MARK}{header}"),
            Err(error) => println!("\n{MARK}{:?}: {error}", error.kind()),
        }
        return;
    }
    assert_eq!(outcome(Some(" s3cret\n".as_ref())), "Bearer s3cret");
    for (value, problem) in [
        (None, "is not set"),
        (Some(OsString::new()), "is empty"),
        (Some(" ".into()), "is empty"),
        #[cfg(unix)]
        (
            Some(std::os::unix::ffi::OsStringExt::from_vec(
                b"s3cret\xff".to_vec(),
            )),
            "is not UTF-8",
        ),
    ] {
        let outcome = outcome(value.as_deref());
        let start = format!("Authentication: the environment variable `{VARIABLE}` {problem}");
        assert!(outcome.starts_with(&start), "{outcome}");
        assert!(!outcome.contains("s3cret"), "{outcome}");
    }
}

#[tokio::test]
async fn the_token_of_a_variable_is_sent() {
    // Cargo sets it for the programs that it runs.
    let request = received(TokenVariable::new("CARGO_PKG_NAME"))
        .await
        .unwrap();
    assert_eq!(
        request.header("authorization"),
        Some("Bearer compute-kfp-runtime")
    );
}

#[tokio::test]
async fn a_name_that_no_variable_has_is_an_error() {
    for name in ["", "A=B", "A\0"] {
        let error = bearer(&TokenVariable::new(name)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
    }
}
