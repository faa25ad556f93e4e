//! The reference: nginx with a folder of files, as Debian gives it, on as many processes as there are cores.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use super::process::Process;

/// A running one.
pub(crate) struct Nginx {
    pub(crate) process: Process,
    files: PathBuf,
}

impl Nginx {
    /// Its own things are in `folder`.
    pub(crate) fn start(folder: &Path) -> Self {
        let files = folder.join("www");
        fs::create_dir_all(&files).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let (here, cores) = (folder.display(), std::thread::available_parallelism().unwrap());
        let config = format!(
            "daemon off; user root root; worker_processes {cores}; pid \"{here}/nginx.pid\";\n\
             error_log \"{here}/nginx.log\";\n\
             events {{ worker_connections 512; }}\n\
             http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; gzip_static on;\n\
             default_type application/json;\n\
             client_body_temp_path \"{here}/t1\"; proxy_temp_path \"{here}/t2\"; fastcgi_temp_path \"{here}/t3\";\n\
             uwsgi_temp_path \"{here}/t4\"; scgi_temp_path \"{here}/t5\";\n\
             server {{ listen 127.0.0.1:{port}; root \"{here}/www\"; }} }}\n"
        );
        let path = folder.join("nginx.conf");
        fs::write(&path, config).unwrap();
        let mut child = Command::new("nginx").arg("-c").arg(&path).stderr(Stdio::null()).spawn().unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        while std::net::TcpStream::connect(address).is_err() {
            assert!(child.try_wait().unwrap().is_none(), "nginx does not start with this configuration");
            sleep(Duration::from_millis(20));
        }
        Self { process: Process { child, address }, files }
    }

    /// Has `bytes` served as `/NAME`; as `NAME.gz` to those who take that in place of `NAME`.
    pub(crate) fn put(&self, name: &str, bytes: &[u8]) {
        fs::write(self.files.join(name), bytes).unwrap();
    }
}

/// Its first process ends the others, unless it is killed.
impl Drop for Nginx {
    fn drop(&mut self) {
        let ended = Command::new("kill").arg(self.process.child.id().to_string()).status();
        if ended.is_ok_and(|status| status.success()) {
            let _ = self.process.child.wait();
        }
    }
}
