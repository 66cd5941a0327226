//! The static server: nginx, so that what answers is neither ours nor the bottleneck.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::Result;
use crate::candidate::{SERVER_CORE, pinned};

/// A running nginx; it ends with this value.
pub struct Nginx {
    process: Child,
    url: String,
    _folder: TempDir,
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
            _folder: folder,
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
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The nginx that `make bench` unpacked, or else that of the system.
fn program() -> std::ffi::OsString {
    let unpacked = Path::new(env!("CARGO_MANIFEST_DIR")).join("tools/nginx/usr/sbin/nginx");
    if unpacked.exists() {
        return unpacked.into();
    }
    "nginx".into()
}

fn configured(folder: &Path, data: &Path, port: u16) -> String {
    let (folder, data) = (folder.display(), data.display());
    format!(
        "daemon off;
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
        location = /jobs {{ try_files /jobs.json =404; }}
    }}
}}
"
    )
}
