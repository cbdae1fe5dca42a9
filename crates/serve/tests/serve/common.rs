use std::fmt::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use jiff::Timestamp;
use lapwing_engine::read::Options;
use lapwing_engine::store::Store;
use lapwing_engine::{AddOptions, Engine, Input, Silent};
use lapwing_model::{Marking, Pap};
use lapwing_serve::{App, Config, LogForm, Role, new_account, new_key, router};
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt;

pub const NOW: &str = "2021-03-09T12:00:00Z";

pub fn now() -> Timestamp {
    NOW.parse().unwrap()
}

/// A server without a socket, on a store of its own.
pub struct Server {
    pub folder: TempDir,
    pub router: Router,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&self.bytes)))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The JSON of an answer that must be this status.
    #[track_caller]
    pub fn ok(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        if self.bytes.is_empty() { Value::Null } else { self.json() }
    }

    /// The problem of an answer that must be this status.
    #[track_caller]
    pub fn problem(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        assert_eq!(self.headers["content-type"], "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["status"], status);
        assert!(!problem["detail"].as_str().unwrap().is_empty());
        problem
    }
}

pub const CLEAR: &str = "# Exchange campaign\n\nHAFNIUM exploited CVE-2021-26855.\n\n\
    ## Indicators of compromise\n\n- 45.77.0[.]1\n- evil-clear[.]top\n";
pub const RED: &str = "# Secret note\n\nUNC9999 used ZebraShell against Contoso.\n\n\
    ## Indicators of compromise\n\n- 45.77.0[.]99\n- secret-red[.]top\n- 45.77.0[.]1\n";
pub const AMBER: &str = "# Partner note\n\nUNC7777 exploited CVE-2021-27065.\n\n\
    ## Indicators of compromise\n\n- 45.77.0[.]50\n- partner-amber[.]top\n";
/// What stands only in the documents above each ceiling.
pub const ONLY_RED: [&str; 6] =
    ["UNC9999", "ZebraShell", "45.77.0.99", "secret-red", "Secret note", "red.md"];
pub const ONLY_AMBER: [&str; 5] =
    ["UNC7777", "45.77.0.50", "partner-amber", "Partner note", "amber.md"];

pub fn add(engine: &mut Engine, name: &str, text: &str, marking: Option<Marking>) {
    let options = AddOptions {
        read: Options { marking, source: Some("Example".into()), ..Options::default() },
        command: format!("add {name} (by local)"),
    };
    let input = Input::Bytes { name: name.into(), bytes: text.into() };
    engine.add(&[input], &options, now(), &Silent).unwrap();
}

/// The store that belongs to a folder: a file in it or, where there is a database to test with, a
/// schema of its name.
pub fn place_in(folder: &Path) -> PathBuf {
    let server = std::env::var("LAPWING_TEST_POSTGRES").ok().filter(|address| !address.is_empty());
    let Some(address) = server else { return folder.join("store.db") };
    let mut place = format!("{address}?schema=serve_");
    for byte in folder.file_name().unwrap().as_encoded_bytes() {
        write!(place, "{byte:02x}").unwrap();
    }
    place.into()
}

impl Server {
    /// On a store with one public report.
    pub fn new() -> Self {
        Self::with(|engine| add(engine, "clear.md", CLEAR, None), |_| {})
    }

    pub fn with(fill: impl FnOnce(&mut Engine), change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = place_in(folder.path());
        fill(&mut Engine::open(&store).unwrap());
        let mut config = Config { log: LogForm::None, clock: Arc::new(now), ..Config::new(store) };
        change(&mut config);
        let app = App::open(config).unwrap();
        let router = router(&app);
        Self { folder, router }
    }

    pub fn store(&self) -> PathBuf {
        place_in(self.folder.path())
    }

    /// Makes a user with a key of the same rights; gives the key.
    pub fn user(&self, name: &str, role: Role, tlp: Marking) -> String {
        let mut store = Store::open(&self.store()).unwrap();
        let marks = (tlp, Pap::Red);
        let account = new_account(name, "correct horse", role, marks, now()).unwrap();
        store.put_account(&account).unwrap();
        let (key, secret) = new_key(name, "test", role, marks, None, now()).unwrap();
        store.put_api_key(&key).unwrap();
        secret
    }

    pub async fn send_from(&self, from: [u8; 4], mut request: Request<Body>) -> Answer {
        let address = SocketAddr::from((from, 50_000));
        request.extensions_mut().insert(ConnectInfo(address));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes().to_vec();
        Answer { status: parts.status, headers: parts.headers, bytes }
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        self.send_from([127, 0, 0, 1], request).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(request(Method::GET, path, None, None)).await
    }

    pub async fn get_as(&self, key: &str, path: &str) -> Answer {
        self.send(request(Method::GET, path, Some(key), None)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(request(Method::POST, path, None, Some(body))).await
    }

    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.send(request(method, path, None, body)).await
    }

    pub async fn call_as(
        &self,
        key: &str,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Answer {
        self.send(request(method, path, Some(key), body)).await
    }
}

pub fn request(
    method: Method,
    path: &str,
    key: Option<&str>,
    body: Option<Value>,
) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path).header("host", "localhost:8080");
    if let Some(key) = key {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    match body {
        Some(body) => request
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()))
            .unwrap(),
        None => request.body(Body::empty()).unwrap(),
    }
}

/// A form with files.
pub fn form(path: &str, key: Option<&str>, parts: &[(&str, Option<&str>, &str)]) -> Request<Body> {
    let mut body = String::new();
    for (name, file, content) in parts {
        let file = file.map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
        let _ = write!(
            body,
            "--lapwing\r\ncontent-disposition: form-data; name=\"{name}\"{file}\r\n\r\n{content}\r\n"
        );
    }
    body.push_str("--lapwing--\r\n");
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header("host", "localhost:8080")
        .header("content-type", "multipart/form-data; boundary=lapwing");
    if let Some(key) = key {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    request.body(Body::from(body)).unwrap()
}
