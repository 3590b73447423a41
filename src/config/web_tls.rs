//! `--server.tls.*`: flags in, the files of our own HTTPS out.

use super::{Flags, WebTls};

pub(super) fn files(flags: &Flags) -> Result<Option<WebTls>, String> {
    if !flags.server_tls_enabled.unwrap_or(false) {
        return Ok(None);
    }
    let (Some(cert_file), Some(key_file)) = (&flags.server_tls_cert_file, &flags.server_tls_key_file) else {
        return Err("--server.tls.enabled needs --server.tls.cert-file and --server.tls.key-file".to_owned());
    };
    let is_mutual = flags.server_tls_mutual_auth_enabled.unwrap_or(false);
    if is_mutual && flags.server_tls_ca_file.is_none() {
        return Err("--server.tls.mutual-auth-enabled needs --server.tls.ca-file".to_owned());
    }
    Ok(Some(WebTls {
        cert_file: cert_file.clone(),
        key_file: key_file.clone(),
        client_ca_file: flags.server_tls_ca_file.clone().filter(|_| is_mutual),
    }))
}

/// What was given without effect. No error, as charts do so, and kafka_exporter takes it.
pub(super) fn warning(flags: &Flags) -> Option<String> {
    let is_mutual = flags.server_tls_mutual_auth_enabled.unwrap_or(false);
    if flags.server_tls_enabled.unwrap_or(false) {
        let is_idle = flags.server_tls_ca_file.is_some() && !is_mutual;
        return is_idle.then(|| {
            "--server.tls.ca-file has no effect: clients need no certificate without --server.tls.mutual-auth-enabled"
                .to_owned()
        });
    }
    let given = [
        ("--server.tls.cert-file", flags.server_tls_cert_file.is_some()),
        ("--server.tls.key-file", flags.server_tls_key_file.is_some()),
        ("--server.tls.ca-file", flags.server_tls_ca_file.is_some()),
        ("--server.tls.mutual-auth-enabled", is_mutual),
    ];
    let first = given.into_iter().find_map(|(name, is_given)| is_given.then_some(name))?;
    Some(format!("{first} has no effect: all pages are plain HTTP without --server.tls.enabled"))
}
