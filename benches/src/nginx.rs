//! The static server: nginx, which is neither ours nor the bottleneck.

use std::ffi::OsString;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::Result;
use crate::candidate::{SERVER_CORE, pinned};

/// Latency of responses below `/slow`.
pub const LATENCY: Duration = Duration::from_millis(20);

/// A running nginx. It stops when this value is dropped.
pub struct Nginx {
    process: Child,
    url: String,
    /// Deleted after the process has ended.
    _directory: TempDir,
}

impl Nginx {
    /// Starts nginx on a free port of this machine, with the responses in `data`.
    pub fn start(data: &Path) -> Result<Self> {
        let directory = tempfile::Builder::new()
            .prefix("compute-kfp-nginx")
            .tempdir()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let configuration = directory.path().join("nginx.conf");
        fs::write(&configuration, configured(directory.path(), data, port))?;
        let process = pinned(SERVER_CORE)
            .arg(program())
            .arg("-c")
            .arg(&configuration)
            .arg("-p")
            .arg(directory.path())
            .stdin(Stdio::null())
            .spawn()
            .map_err(|error| format!("cannot start nginx: {error}; `make bench` installs it"))?;
        let nginx = Self {
            process,
            url: format!("http://127.0.0.1:{port}"),
            _directory: directory,
        };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if begun.elapsed() > Duration::from_secs(10) {
                return Err("nginx does not accept connections".into());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(nginx)
    }

    /// Returns the address, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns name and version.
    pub fn version(&self) -> Result<String> {
        let output = Command::new(program()).arg("-v").output()?;
        let said = String::from_utf8(output.stderr)?;
        Ok(said.trim().trim_start_matches("nginx version: ").to_owned())
    }

    /// Returns the address of a variant, such as `slow`.
    pub fn url_of(&self, variant: &str) -> String {
        format!("{}/{variant}", self.url)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Returns the path of a file that `make bench` unpacked.
fn unpacked(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tools/nginx")
        .join(path)
}

/// Returns the nginx that `make bench` unpacked, or that of the system.
fn program() -> OsString {
    let unpacked = unpacked("usr/sbin/nginx");
    if unpacked.exists() {
        return unpacked.into();
    }
    "nginx".into()
}

fn configured(directory: &Path, data: &Path, port: u16) -> String {
    let module = unpacked("usr/lib/nginx/modules/ngx_http_echo_module.so");
    let (module, directory, data) = (module.display(), directory.display(), data.display());
    let pause = LATENCY.as_secs_f64();
    format!(
        "daemon off;
load_module {module};
master_process off;
pid {directory}/pid;
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
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    open_file_cache max=2000 inactive=600s;
    server {{
        listen 127.0.0.1:{port} backlog=16384;
        root {data};
        location = /apis/v2beta1/runs {{ try_files /runs$arg_page_token.json =404; }}
        location /apis/v2beta1/runs/ {{ try_files /run.json =404; }}
        location = /long/apis/v2beta1/runs {{ try_files /long/runs$arg_page_token.json =404; }}
        location = /jobs {{ try_files /jobs$arg_page.json =404; }}
        location /slow/ {{
            rewrite ^/slow(/.*)$ $1 break;
            echo_sleep {pause};
            echo_exec $uri $args;
        }}
    }}
}}
"
    )
}
