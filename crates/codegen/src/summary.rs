//! The facts about an API that the files of its crate show.

use crate::argument::arguments;
use crate::model::{Api, Operation, SchemeKind, Success};
use crate::prose::one_line;

/// A summary of an API.
#[derive(Clone, Debug)]
pub(crate) struct Summary {
    pub title: String,
    pub version: String,
    pub operations: usize,
    pub types: usize,
    pub server: String,
    pub first_call: Option<FirstCall>,
}

/// The call in the example.
#[derive(Clone, Debug)]
pub(crate) struct FirstCall {
    pub call: String,
    /// The constant of the security scheme, and matching credentials.
    pub credentials: Option<(String, &'static str)>,
}

impl Summary {
    pub(crate) fn of(api: &Api) -> Self {
        let server = api.servers.first().map(|server| server.url.as_str());
        Self {
            title: one_line(&api.title),
            version: one_line(&api.version),
            operations: api.operations.len(),
            types: api.schemas.len(),
            server: one_line(server.unwrap_or("https://api.example.org")),
            first_call: first_call(api),
        }
    }
}

/// The operation that is easiest to call: it only reads and requires few arguments.
fn first_call(api: &Api) -> Option<FirstCall> {
    let mut best: Option<((bool, usize), FirstCall)> = None;
    for operation in &api.operations {
        let printed = matches!(operation.success, Success::Json(_) | Success::Empty);
        if operation.deprecated || !printed {
            continue;
        }
        let required = arguments(api, operation)
            .into_iter()
            .filter(|it| it.required);
        let Some(values) = required.map(|it| it.example).collect::<Option<Vec<_>>>() else {
            continue;
        };
        let rank = (operation.method != "GET", values.len());
        if best.as_ref().is_none_or(|(other, _)| rank < *other) {
            let call = FirstCall {
                call: format!("{}({})", operation.name, values.join(", ")),
                credentials: credentials(api, operation),
            };
            best = Some((rank, call));
        }
    }
    best.map(|(_, call)| call)
}

fn credentials(api: &Api, operation: &Operation) -> Option<(String, &'static str)> {
    let name = operation.security.iter().find_map(|all| all.first())?;
    let scheme = api.security_schemes.iter().find(|it| it.name == *name)?;
    let example = match &scheme.kind {
        // Specs without OAuth 2 or OpenAPI 3 declare bearer tokens like this.
        SchemeKind::ApiKey { name, .. } if name.eq_ignore_ascii_case("authorization") => {
            "BearerToken::new(\"token\")"
        }
        SchemeKind::Bearer => "BearerToken::new(\"token\")",
        // The value is `user:password`.
        SchemeKind::Basic => "BearerToken::new(\"dXNlcjpwYXNzd29yZA==\")",
        SchemeKind::ApiKey { .. } => "ApiKey::new(\"key\")",
    };
    Some((scheme.constant.clone(), example))
}
