//! The Compute API and its login server on one loopback address, with a login file.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use compute_kfp::compute::{Client, Login};
use compute_kfp_test_server::{Received, Response, TestServer};
use serde_json::{Value, json};
use tempfile::TempDir;

pub type Form = BTreeMap<String, String>;
pub type Event = Box<dyn FnOnce(&mut State) + Send>;

/// State of the server, and the requests that it received.
pub struct State {
    /// The number in the valid tokens: `access-0`, `refresh-0`.
    pub issued: u64,
    /// `true` if the API accepts the access token with that number.
    pub access_is_good: bool,
    pub rotates: bool,
    /// `true` if it returns the lifetime of tokens.
    pub tells_lifetime: bool,
    /// Number of the next refreshes that get a 503.
    pub unavailable: u32,
    pub revokes: bool,
    pub members: u64,
    /// Login server that the API names, if it is another one.
    pub login_server: Option<String>,
    /// An event between a refresh request and its response.
    pub meanwhile: Option<Event>,
    pub forms: Vec<(String, Form)>,
    /// The header `authorization` of each call of the API.
    pub calls: Vec<(String, Option<String>)>,
}

pub struct World {
    pub url: String,
    pub directory: TempDir,
    pub state: Arc<Mutex<State>>,
    _server: TestServer,
}

impl World {
    /// Starts a server without a login file.
    pub fn new() -> Self {
        let state = Arc::new(Mutex::new(State {
            issued: 0,
            access_is_good: true,
            rotates: true,
            tells_lifetime: true,
            unavailable: 0,
            revokes: true,
            members: 1,
            login_server: None,
            meanwhile: None,
            forms: Vec::new(),
            calls: Vec::new(),
        }));
        let served = state.clone();
        let server = TestServer::start(move |request| served.lock().unwrap().respond(request));
        Self {
            url: server.url().to_owned(),
            directory: TempDir::new().unwrap(),
            state,
            _server: server,
        }
    }

    /// Starts a server with a login file whose tokens expire after this number of seconds.
    pub fn with_tokens(expire_after: i64) -> Self {
        let world = Self::new();
        world.store(&world.config(expire_after));
        world
    }

    pub fn config(&self, expire_after: i64) -> Value {
        json!({
            "default_host": self.url,
            "theme": {"dark": true},
            "auths": {
                "https://other.example": {"client_id": "x", "tokens": null, "note": [1, 2.5]},
                (self.url.clone()): {
                    "colour": "green",
                    "client_id": "compute",
                    "well_known_endpoint": format!("{}/known", self.url),
                    "tokens": tokens(0, expire_after),
                    "team_member_id": 7,
                },
            },
        })
    }

    pub fn path(&self) -> PathBuf {
        self.directory.path().join("config.json")
    }

    pub fn store(&self, config: &Value) {
        std::fs::write(self.path(), config.to_string()).unwrap();
    }

    pub fn stored(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.path()).unwrap()).unwrap()
    }

    /// Returns the entry of the file for the server.
    pub fn account(&self) -> Value {
        self.stored()["auths"][&self.url].clone()
    }

    pub fn login(&self) -> Login {
        Login::from_file(self.path()).unwrap()
    }

    pub fn client(&self) -> Client {
        Client::builder().login(self.login()).build().unwrap()
    }

    pub fn set(&self, set: impl FnOnce(&mut State)) {
        set(&mut self.state.lock().unwrap());
    }

    /// Returns the forms that were sent to a path.
    pub fn forms(&self, path: &str) -> Vec<Form> {
        let state = self.state.lock().unwrap();
        let sent = state.forms.iter().filter(|(to, _)| to == path);
        sent.map(|(_, form)| form.clone()).collect()
    }

    /// Returns the header `authorization` of each call to a path.
    pub fn calls(&self, path: &str) -> Vec<Option<String>> {
        let state = self.state.lock().unwrap();
        let sent = state.calls.iter().filter(|(to, _)| to == path);
        sent.map(|(_, authorization)| authorization.clone())
            .collect()
    }

    pub fn refreshes(&self) -> Vec<String> {
        let forms = self.forms("/token");
        let refreshes = forms
            .iter()
            .filter(|form| form["grant_type"] == "refresh_token");
        refreshes
            .map(|form| form["refresh_token"].clone())
            .collect()
    }
}

/// Returns tokens in the format of the file.
pub fn tokens(number: u64, expire_after: i64) -> Value {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    json!({
        "access_token": format!("access-{number}"),
        "scope": "kept",
        "expires_in": 300,
        "refresh_token": format!("refresh-{number}"),
        "generated_at": i64::try_from(now).unwrap() + expire_after - 300,
    })
}

impl State {
    fn respond(&mut self, request: &Received) -> Response {
        let (path, authorization) = (request.path(), request.header("authorization"));
        if request.body.is_empty() {
            let authorization = authorization.map(str::to_owned);
            self.calls.push((path.to_owned(), authorization));
        } else {
            self.forms.push((path.to_owned(), request.form()));
        }
        let url = format!("http://{}", request.header("host").unwrap());
        let (status, body) = self.content(path, &url, authorization);
        Response::json(status, body)
    }

    fn content(&mut self, path: &str, url: &str, authorization: Option<&str>) -> (u16, Value) {
        match path {
            "/auth_config" => (
                200,
                json!({
                    "client_id": "compute",
                    "audience": "compute-api",
                    "well_known_endpoint": self.login_server.clone().unwrap_or(format!("{url}/known")),
                }),
            ),
            "/known" => (
                200,
                json!({
                    "token_endpoint": format!("{url}/token"),
                    "device_authorization_endpoint": format!("{url}/device"),
                    "revocation_endpoint": format!("{url}/revoke"),
                }),
            ),
            "/device" => (
                200,
                json!({
                    "device_code": "d3vice-code",
                    "user_code": "WDJB-MJHT",
                    "verification_uri": "https://login.example.org/device",
                    "expires_in": 60,
                    "interval": 0,
                }),
            ),
            "/token" => self.token(),
            "/revoke" if self.revokes => (200, json!({})),
            "/revoke" => (503, json!({"error": "temporarily_unavailable"})),
            "/members"
                if self.access_is_good
                    && authorization == Some(&format!("Bearer access-{}", self.issued)) =>
            {
                let member = |id| json!({"id": id, "team_id": 1, "user_id": 2, "role": "member", "is_active": true});
                let members: Vec<Value> =
                    (0..self.members).map(|index| member(40 + index)).collect();
                (
                    200,
                    json!({"items": members, "total": self.members, "page": 1, "size": 50, "pages": 1}),
                )
            }
            "/members" => (
                401,
                json!({"detail": format!("not good: {authorization:?}")}),
            ),
            _ => (404, json!({"detail": path})),
        }
    }

    fn token(&mut self) -> (u16, Value) {
        let form = self.forms.last().unwrap().1.clone();
        if form["grant_type"] == "refresh_token" {
            if self.unavailable > 0 {
                self.unavailable -= 1;
                return (503, json!({"error": "temporarily_unavailable"}));
            }
            if let Some(meanwhile) = self.meanwhile.take() {
                meanwhile(self);
            }
            let number = if self.rotates { self.issued } else { 0 };
            if form["refresh_token"] != format!("refresh-{number}") {
                let description = format!("no such token: {}", form["refresh_token"]);
                return (
                    400,
                    json!({"error": "invalid_grant", "error_description": description}),
                );
            }
        }
        self.issued += 1;
        self.access_is_good = true;
        let mut response = json!({
            "access_token": format!("access-{}", self.issued),
            "token_type": "Bearer",
        });
        if self.tells_lifetime {
            response["expires_in"] = 300.into();
        }
        if self.rotates {
            response["refresh_token"] = format!("refresh-{}", self.issued).into();
        }
        (200, response)
    }
}
