//! The static server: nginx, so that what answers is neither ours nor the bottleneck.

use std::ffi::OsString;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::Result;
use crate::candidate::{SERVER_CORE, pinned};

/// How long it takes to answer what is asked for behind `/slow`.
pub const SLOW: Duration = Duration::from_millis(20);
/// How long it takes to hand out a token at `/token`.
pub const LOGIN: Duration = Duration::from_millis(200);

/// A running nginx; it ends with this value.
pub struct Nginx {
    process: Child,
    url: String,
    folder: TempDir,
}

impl Nginx {
    /// Starts nginx on a free port of this machine, with the answers in `data`.
    pub fn start(data: &Path) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("compute-kfp-nginx")
            .tempdir()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let configuration = folder.path().join("nginx.conf");
        fs::write(&configuration, configured(folder.path(), data, port))?;
        let process = pinned(SERVER_CORE)
            .arg(program())
            .arg("-c")
            .arg(&configuration)
            .arg("-p")
            .arg(folder.path())
            .stdin(Stdio::null())
            .spawn()
            .map_err(|error| {
                format!("nginx cannot be started ({error}); `make bench` installs it")
            })?;
        let nginx = Self {
            process,
            url: format!("http://127.0.0.1:{port}"),
            folder,
        };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if begun.elapsed() > Duration::from_secs(10) {
                return Err("nginx does not answer".into());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(nginx)
    }

    /// Its address, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its name and version.
    pub fn version(&self) -> Result<String> {
        let output = Command::new(program()).arg("-v").output()?;
        let said = String::from_utf8(output.stderr)?;
        Ok(said.trim().trim_start_matches("nginx version: ").to_owned())
    }

    /// The address of a folder that answers in another way, such as `slow`.
    pub fn url_of(&self, folder: &str) -> String {
        format!("{}/{folder}", self.url)
    }

    /// How many tokens it has handed out so far.
    pub fn logins(&self) -> Result<usize> {
        let log = fs::read_to_string(self.folder.path().join("logins"))?;
        Ok(log.lines().count())
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What `make bench` unpacked.
fn unpacked(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tools/nginx")
        .join(path)
}

/// The nginx that `make bench` unpacked, or else that of the system.
fn program() -> OsString {
    let unpacked = unpacked("usr/sbin/nginx");
    if unpacked.exists() {
        return unpacked.into();
    }
    "nginx".into()
}

fn configured(folder: &Path, data: &Path, port: u16) -> String {
    let module = unpacked("usr/lib/nginx/modules/ngx_http_echo_module.so");
    let (module, folder, data) = (module.display(), folder.display(), data.display());
    let (pause, login) = (SLOW.as_secs_f64(), LOGIN.as_secs_f64());
    format!(
        "daemon off;
load_module {module};
master_process off;
pid {folder}/pid;
error_log stderr error;
worker_rlimit_nofile 20000;
events {{ worker_connections 16384; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    keepalive_timeout 600s;
    tcp_nodelay on;
    sendfile on;
    default_type application/json;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    open_file_cache max=2000 inactive=600s;
    client_max_body_size 0;
    server {{
        listen 127.0.0.1:{port} backlog=16384;
        root {data};
        location = /apis/v2beta1/runs {{ try_files /runs$arg_page_token.json =404; }}
        location /apis/v2beta1/runs/ {{ try_files /run.json =404; }}
        location = /long/apis/v2beta1/runs {{ try_files /long/runs$arg_page_token.json =404; }}
        location = /jobs {{ try_files /jobs$arg_page.json =404; }}
        location = /apis/v2beta1/pipelines/upload {{
            client_body_buffer_size 64m;
            echo_read_request_body;
            echo '{{}}';
        }}
        location /running/ {{ try_files /running.json =404; }}
        location /slow/ {{
            rewrite ^/slow(/.*)$ $1 break;
            echo_sleep {pause};
            echo_exec $uri $args;
        }}
        location = /token {{
            access_log {folder}/logins;
            echo_sleep {login};
            echo '{{\"access_token\": \"renewed\", \"token_type\": \"Bearer\", \"expires_in\": 3600}}';
        }}
        location /strict/ {{
            if ($http_authorization != \"Bearer renewed\") {{ return 401; }}
            try_files /run.json =404;
        }}
    }}
}}
"
    )
}
