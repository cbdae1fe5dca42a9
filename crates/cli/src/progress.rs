use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressStyle};
use lapwing_engine::Progress;

/// A line on standard error that says how far the work is; only on a terminal.
pub struct Bar {
    line: ProgressBar,
    documents: AtomicU64,
    bytes: AtomicU64,
    findings: AtomicU64,
}

impl Bar {
    pub fn new(quiet: bool) -> Self {
        let bar = if quiet || !std::io::stderr().is_terminal() {
            ProgressBar::hidden()
        } else {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {wide_msg}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        };
        Self {
            line: bar,
            documents: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            findings: AtomicU64::new(0),
        }
    }

    pub fn done(&self) {
        self.line.finish_and_clear();
    }

    fn show(&self, what: &str) {
        let bytes = HumanBytes(self.bytes.load(Ordering::Relaxed));
        let documents = self.documents.load(Ordering::Relaxed);
        let findings = self.findings.load(Ordering::Relaxed);
        let mut message = String::new();
        if documents > 0 {
            message = format!("{} documents, ", HumanCount(documents));
        }
        message = format!("{message}{bytes}");
        if findings > 0 {
            message = format!("{message}, {} findings", HumanCount(findings));
        }
        self.line.set_message(format!("{message}  {}", crate::output::one_line(what, 80)));
    }
}

impl Progress for Bar {
    fn document(&self, name: &str, bytes: u64) {
        self.documents.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.show(name);
    }

    fn stage(&self, what: &str) {
        self.show(what);
    }

    fn file(&self, name: &str) {
        self.show(name);
    }

    fn bytes(&self, count: u64) {
        self.bytes.fetch_add(count, Ordering::Relaxed);
    }

    fn finding(&self) {
        self.findings.fetch_add(1, Ordering::Relaxed);
    }
}
