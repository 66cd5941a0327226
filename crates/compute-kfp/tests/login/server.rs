//! The Compute API and its login server in one, on loopback, with a login file beside.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use compute_kfp::compute::{Client, Login};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

pub type Form = BTreeMap<String, String>;
pub type Event = Box<dyn FnOnce(&mut State) + Send>;

/// What the server is asked, and how it is disposed.
pub struct State {
    /// The number in the tokens that are good: `access-0`, `refresh-0`.
    pub issued: u64,
    /// Whether the API takes the access token of that number.
    pub access_is_good: bool,
    pub rotates: bool,
    pub revokes: bool,
    pub members: u64,
    /// What happens when a refresh has come and is not answered yet.
    pub meanwhile: Option<Event>,
    pub forms: Vec<(String, Form)>,
    /// The header `authorization` of each call of the API.
    pub calls: Vec<(String, Option<String>)>,
}

pub struct World {
    pub url: String,
    pub folder: TempDir,
    pub state: Arc<Mutex<State>>,
}

impl World {
    /// A server, and no file yet.
    pub async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State {
            issued: 0,
            access_is_good: true,
            rotates: true,
            revokes: true,
            members: 1,
            meanwhile: None,
            forms: Vec::new(),
            calls: Vec::new(),
        }));
        let (served, address) = (state.clone(), url.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, address.clone(), served.clone()));
            }
        });
        Self {
            url,
            folder: TempDir::new().unwrap(),
            state,
        }
    }

    /// A server that knows the tokens of a file, which expire after so many seconds.
    pub async fn with_tokens(expire_after: i64) -> Self {
        let world = Self::new().await;
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
        self.folder.path().join("config.json")
    }

    pub fn store(&self, config: &Value) {
        std::fs::write(self.path(), config.to_string()).unwrap();
    }

    pub fn stored(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.path()).unwrap()).unwrap()
    }

    /// What the file holds for the server.
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

    /// The forms that were sent to a path.
    pub fn forms(&self, path: &str) -> Vec<Form> {
        let state = self.state.lock().unwrap();
        let sent = state.forms.iter().filter(|(to, _)| to == path);
        sent.map(|(_, form)| form.clone()).collect()
    }

    /// What authorised the calls of a path.
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

/// Tokens as the file holds them.
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

async fn serve(stream: TcpStream, url: String, state: Arc<Mutex<State>>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let mut first = String::new();
    stream.read_line(&mut first).await.ok()?;
    let path = first.split(' ').nth(1)?.split('?').next()?.to_owned();
    let (mut length, mut authorization) = (0, None);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        let Some((name, value)) = line.trim().split_once(": ") else {
            break;
        };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().ok()?,
            "authorization" => authorization = Some(value.to_owned()),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    let (status, body) = {
        let mut state = state.lock().unwrap();
        if length > 0 {
            let form = url::form_urlencoded::parse(&body).into_owned().collect();
            state.forms.push((path.clone(), form));
        } else {
            state.calls.push((path.clone(), authorization.clone()));
        }
        state.answer(&path, &url, authorization.as_deref())
    };
    let body = body.to_string();
    let head = format!(
        "HTTP/1.1 {status} Some\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).await.ok()
}

impl State {
    fn answer(&mut self, path: &str, url: &str, authorization: Option<&str>) -> (u16, Value) {
        match path {
            "/auth_config" => (
                200,
                json!({
                    "client_id": "compute",
                    "audience": "compute-api",
                    "well_known_endpoint": format!("{url}/known"),
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
        let mut answer = json!({
            "access_token": format!("access-{}", self.issued),
            "token_type": "Bearer",
            "expires_in": 300,
        });
        if self.rotates {
            answer["refresh_token"] = format!("refresh-{}", self.issued).into();
        }
        (200, answer)
    }
}
