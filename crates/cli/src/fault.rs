use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::sync::{Mutex, PoisonError};

use crate::failure::Failure;

/// What the last panic said, and where.
static LAST: Mutex<Option<String>> = Mutex::new(None);

/// Does the work; a panic that nobody caught becomes a [`Failure`] that names it.
///
/// Readers catch the panics of foreign parsers and name the file: those must not print as well.
pub fn caught<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    set_hook(Box::new(|panic| {
        // Empty unless `RUST_BACKTRACE` asks for one.
        let way = Backtrace::capture();
        let way = if way.status() == BacktraceStatus::Captured {
            format!("\n{way}")
        } else {
            String::new()
        };
        *LAST.lock().unwrap_or_else(PoisonError::into_inner) = Some(format!("{panic}{way}"));
    }));
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let last = LAST.lock().unwrap_or_else(PoisonError::into_inner).take();
        let what = last.unwrap_or_else(|| "it stopped in the middle".to_owned());
        Err(Failure::usage(format!("this is a fault of Lapwing: {what}"))
            .hint("please report it with the input that caused it"))
    })
}
