//! Ctrl-C as a wish to come to an end: the first is noted, the second ends the program as ever.
#![allow(unsafe_code)]

use std::sync::atomic::{AtomicBool, Ordering};

static WISHED: AtomicBool = AtomicBool::new(false);

/// Whether Ctrl-C was pressed since [`watch`].
pub fn wished() -> bool {
    WISHED.load(Ordering::Relaxed)
}

/// From now on the first Ctrl-C is noted, and does not end the program.
pub fn watch() {
    system::watch();
}

#[cfg(unix)]
mod system {
    use std::ffi::c_int;

    use super::{Ordering, WISHED};

    const SIGINT: c_int = 2;
    /// The system's own way, as a handler.
    const DEFAULT: usize = 0;

    unsafe extern "C" {
        fn signal(number: c_int, handler: usize) -> usize;
    }

    extern "C" fn note(number: c_int) {
        WISHED.store(true, Ordering::Relaxed);
        // SAFETY: `signal` may be called in a handler (POSIX lists it as async-signal-safe), and the
        // default is a handler that every signal has.
        unsafe { signal(number, DEFAULT) };
    }

    pub fn watch() {
        let handler: extern "C" fn(c_int) = note;
        // SAFETY: the handler lives as long as the program, has the type that the system calls, and
        // does nothing but store to an atomic and call `signal`.
        unsafe { signal(SIGINT, handler as usize) };
    }
}

#[cfg(windows)]
mod system {
    use super::{Ordering, WISHED};

    #[link(name = "kernel32")]
    unsafe extern "system" {
        fn SetConsoleCtrlHandler(handler: extern "system" fn(u32) -> i32, add: i32) -> i32;
    }

    /// Says that the first Ctrl-C is dealt with; the next goes to the system's own handler.
    extern "system" fn note(kind: u32) -> i32 {
        i32::from(kind == 0 && !WISHED.swap(true, Ordering::Relaxed))
    }

    pub fn watch() {
        // SAFETY: the handler lives as long as the program and has the type that the system calls; it
        // runs on a thread of its own and only swaps an atomic.
        unsafe { SetConsoleCtrlHandler(note, 1) };
    }
}

#[cfg(not(any(unix, windows)))]
mod system {
    /// Nothing to watch: Ctrl-C ends the program.
    pub fn watch() {}
}
