//! A small server of our own, which answers as badly as it is told to.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What came in.
#[derive(Clone, Debug)]
pub struct Asked {
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }
}

/// What goes out.
pub enum Answer {
    /// A whole answer: status line, headers, body.
    Whole(&'static str, Vec<(String, String)>, Vec<u8>),
    /// Bytes as they are, then the end.
    Raw(Vec<u8>),
    /// Nothing, for a long time.
    Hang,
    /// A body that never ends.
    Endless,
    /// A byte now and then.
    Drip,
}

impl Answer {
    pub fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self::Whole("200 OK", Vec::new(), body.into())
    }

    pub fn typed(media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::ok(body).with("Content-Type", media_type)
    }

    pub fn status(status: &'static str) -> Self {
        Self::Whole(status, Vec::new(), Vec::new())
    }

    pub fn redirect(to: &str) -> Self {
        Self::status("302 Found").with("Location", to)
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        if let Self::Whole(_, headers, _) = &mut self {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }
}

type Handler = dyn Fn(&Asked) -> Answer + Send + Sync;

pub struct Server {
    pub address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    pub fn start(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (log, answer): (_, Arc<Handler>) = (Arc::clone(&asked), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
                thread::spawn(move || {
                    // A client that goes away is no failure of the server.
                    let _ = serve(stream, &log, &*answer);
                });
            }
        });
        Self { address, asked }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    /// What was asked so far, and forgets it.
    pub fn taken(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    /// The paths that were asked for so far, and forgets them.
    pub fn paths(&self) -> Vec<String> {
        self.taken().into_iter().map(|asked| asked.path).collect()
    }
}

fn serve(mut stream: TcpStream, log: &Mutex<Vec<Asked>>, answer: &Handler) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = Vec::new();
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim().split_once(':') else { break };
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let mut asked = Asked { path, headers, body: String::new() };
    let length = asked.header("content-length").and_then(|v| v.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    asked.body = String::from_utf8_lossy(&body).into_owned();
    log.lock().unwrap().push(asked.clone());
    match answer(&asked) {
        Answer::Whole(status, headers, body) => {
            write!(
                stream,
                "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n",
                body.len()
            )?;
            for (name, value) in headers {
                write!(stream, "{name}: {value}\r\n")?;
            }
            stream.write_all(b"\r\n")?;
            stream.write_all(&body)?;
        }
        Answer::Raw(bytes) => stream.write_all(&bytes)?,
        Answer::Hang => thread::sleep(Duration::from_secs(20)),
        Answer::Endless => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")?;
            let block = vec![b'a'; 64 << 10];
            loop {
                stream.write_all(&block)?;
            }
        }
        Answer::Drip => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")?;
            loop {
                stream.write_all(b"a")?;
                thread::sleep(Duration::from_millis(30));
            }
        }
    }
    stream.flush()
}
