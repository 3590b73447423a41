//! Tokens for OAUTHBEARER, handed to librdkafka. In: a token, or why there is none; out: whether librdkafka took it.

use std::ffi::{CString, c_char};
use std::ptr;
use std::time::SystemTime;

use kafka_admin::Token;
use rdkafka_sys::RDKafka;
use secrecy::ExposeSecret;

use super::raw;

/// # Errors
/// What is wrong with the token, in words of ours: librdkafka's repeat it.
///
/// # Safety
/// `client` must be a live handle.
pub(super) unsafe fn set(client: *mut RDKafka, token: &Token) -> Result<(), String> {
    let text = |text: &str, what: &str| CString::new(text).map_err(|_| format!("{what} has a NUL character in it"));
    let since_epoch = token.expires_at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    // librdkafka counts in microseconds.
    let expires_at = i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX).min(i64::MAX / 1000);
    let value = text(token.value.expose_secret(), "the token")?;
    let principal = text(&token.principal, "the token's subject")?;
    let extensions = token.extensions.iter().flat_map(|(name, value)| [name, value]);
    let extensions = extensions.map(|part| text(part, "an extension")).collect::<Result<Vec<_>, _>>()?;
    let mut pointers: Vec<*const c_char> = extensions.iter().map(|part| part.as_ptr()).collect();
    // SAFETY: the handle is live as promised; all strings are live and copied; `pointers` has as many elements as said; a
    // null buffer of size 0 takes no text.
    let code = unsafe {
        raw::rd_kafka_oauthbearer_set_token(
            client,
            value.as_ptr(),
            expires_at,
            principal.as_ptr(),
            pointers.as_mut_ptr(),
            pointers.len(),
            ptr::null_mut(),
            0,
        )
    };
    if code == 0 { Ok(()) } else { Err("librdkafka does not take the token: has it expired?".to_owned()) }
}

/// Has librdkafka ask again in ten seconds.
///
/// # Safety
/// `client` must be a live handle.
pub(super) unsafe fn set_failure(client: *mut RDKafka, message: &str) {
    let message = CString::new(message.replace('\0', " ")).unwrap_or_default();
    // librdkafka wants some text.
    let message = if message.is_empty() { c"no token".to_owned() } else { message };
    // SAFETY: the handle is live as promised; the text is copied. That OAUTHBEARER may not be in use does not matter.
    unsafe { raw::rd_kafka_oauthbearer_set_token_failure(client, message.as_ptr()) };
}
