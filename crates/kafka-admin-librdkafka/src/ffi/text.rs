//! C strings, arrays and errors to Rust's.

use std::borrow::Cow;
use std::ffi::{CStr, c_char};

use rdkafka_sys::{rd_kafka_error_string, rd_kafka_error_t};

use super::raw;
use crate::error::Failure;

/// A C string; `None` for null. What is not UTF-8 is replaced.
///
/// # Safety
/// A non-null `text` must be a NUL-terminated string that outlives `'a`.
pub(super) unsafe fn borrowed<'a>(text: *const c_char) -> Option<Cow<'a, str>> {
    if text.is_null() {
        return None;
    }
    // SAFETY: promised by the caller.
    let text = unsafe { CStr::from_ptr(text) };
    Some(text.to_string_lossy())
}

/// A copy of a C string, else as [`borrowed`].
///
/// # Safety
/// A non-null `text` must be a live NUL-terminated string.
pub(super) unsafe fn text(text: *const c_char) -> Option<String> {
    // SAFETY: promised by the caller.
    unsafe { borrowed(text) }.map(Cow::into_owned)
}

/// A C array as a slice; empty for null.
///
/// # Safety
/// A non-null `array` must point to `len` initialised elements that outlive `'a`.
pub(super) unsafe fn slice<'a, T>(array: *const T, len: usize) -> &'a [T] {
    if array.is_null() || len == 0 {
        return &[];
    }
    // SAFETY: promised by the caller.
    unsafe { std::slice::from_raw_parts(array, len) }
}

/// What librdkafka says about a code.
pub(super) fn describe(code: i32) -> String {
    // SAFETY: takes any integer; the answer is static or thread-local text.
    let description = unsafe { raw::rd_kafka_err2str(code) };
    // SAFETY: never null, and copied before the next call on this thread.
    unsafe { text(description) }.unwrap_or_default()
}

/// Code and message of an error object; `None` for null and for the code 0.
///
/// # Safety
/// A non-null `error` must be live.
pub(super) unsafe fn failure(error: *const rd_kafka_error_t) -> Option<Failure> {
    if error.is_null() {
        return None;
    }
    // SAFETY: live, as promised.
    let code = unsafe { raw::rd_kafka_error_code(error) };
    if code == 0 {
        return None;
    }
    // SAFETY: live, as promised.
    let message = unsafe { rd_kafka_error_string(error) };
    // SAFETY: belongs to the error, never null.
    let message = unsafe { text(message) }.unwrap_or_default();
    Some(Failure { code, message })
}
