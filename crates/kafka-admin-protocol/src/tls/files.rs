//! PEM files. In: paths; out: certificates and keys for rustls, or one line that names the file and what to do.

use std::{fs, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD};
// PBES2 (RFC 8018): rustls reads no encrypted keys.
use pkcs8::EncryptedPrivateKeyInfoRef;
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, pem, pem::PemObject},
};
use secrecy::{ExposeSecret, SecretString};

const LIBRDKAFKA: &str = "--kafka.client=librdkafka";

/// The certificates of a file, or the system's, as roots of trust.
pub(super) fn roots(file: Option<&Path>) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    match file {
        Some(file) => {
            let (added, ignored) = roots.add_parsable_certificates(certificates(file)?);
            if added == 0 {
                return Err(format!("CA file {}: none of its {ignored} certificates can be used", file.display()));
            }
        }
        None => {
            let system = rustls_native_certs::load_native_certs();
            let (added, _) = roots.add_parsable_certificates(system.certs);
            if added == 0 {
                let why = system.errors.first().map_or_else(String::new, |error| format!(" ({error})"));
                return Err(format!("TLS: the system has no CA certificates{why}: give a CA file"));
            }
        }
    }
    Ok(roots)
}

/// A client's certificate and those between it and its CA.
pub(super) fn chain(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    certificates(file)
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let text = read(file)?;
    let found: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(&text).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(format!("certificate file {}: no certificate in it, is it PEM?", file.display())),
        Err(error) => Err(format!("certificate file {}: {}", file.display(), fault(&error))),
    }
}

/// A private key in PKCS #8 (encrypted or not), PKCS #1 or SEC 1.
pub(super) fn key(file: &Path, password: Option<&SecretString>) -> Result<PrivateKeyDer<'static>, String> {
    let text = read(file)?;
    let failed = |what: &str| Err(format!("key file {}: {what}", file.display()));
    let text = String::from_utf8_lossy(&text);
    if let Some(body) = encrypted(&text) {
        let Some(password) = password else { return failed("the key is encrypted, and no pass phrase is given") };
        return match decrypt(body, password) {
            Ok(key) => Ok(key),
            Err(what) => failed(&what),
        };
    }
    // RFC 1421's headers, which OpenSSL wrote before PKCS #8.
    if text.contains("Proc-Type: 4,ENCRYPTED") {
        return failed(&format!(
            "the key is encrypted in OpenSSL's old form: convert it with openssl pkcs8 -topk8, or use {LIBRDKAFKA}"
        ));
    }
    match PrivateKeyDer::from_pem_slice(text.as_bytes()) {
        Ok(key) => Ok(key),
        Err(pem::Error::NoItemsFound) => failed("no private key in it, is it PEM?"),
        Err(error) => failed(fault(&error)),
    }
}

/// The base64 text of an encrypted PKCS #8 key (RFC 7468 section 11).
fn encrypted(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("-----BEGIN ENCRYPTED PRIVATE KEY-----")?;
    rest.split_once("-----END ENCRYPTED PRIVATE KEY-----").map(|(body, _)| body)
}

fn decrypt(body: &str, password: &SecretString) -> Result<PrivateKeyDer<'static>, String> {
    let body: String = body.split_ascii_whitespace().collect();
    let der = STANDARD.decode(body).map_err(|_| "its base64 is broken".to_owned())?;
    let info = EncryptedPrivateKeyInfoRef::try_from(der.as_slice());
    let info = info.map_err(|_| format!("the key is encrypted in a form unknown here: use {LIBRDKAFKA}"))?;
    match info.decrypt(password.expose_secret()) {
        Ok(key) => Ok(PrivatePkcs8KeyDer::from(key.as_bytes().to_vec()).into()),
        // A wrong pass phrase shows as wrong padding, or once in 256 as no key.
        Err(pkcs8::Error::EncryptedPrivateKey(pkcs8::pkcs5::Error::DecryptFailed) | pkcs8::Error::Asn1(_)) => {
            Err("the pass phrase does not decrypt the key".to_owned())
        }
        Err(error) => Err(format!("the key is encrypted in a form unknown here ({error}): use {LIBRDKAFKA}")),
    }
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    fs::read(file).map_err(|error| format!("read {}: {error}", file.display()))
}

/// What is wrong with the PEM, without anything of its content, which may be a key.
fn fault(error: &pem::Error) -> &'static str {
    match error {
        pem::Error::MissingSectionEnd { .. } => "a section has no end",
        pem::Error::IllegalSectionStart { .. } => "a section's first line is broken",
        pem::Error::Base64Decode(_) => "its base64 is broken",
        _ => "it is no PEM",
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use kafka_lab::tools;
    use rustls::crypto::aws_lc_rs::sign::any_supported_type;

    use super::*;

    /// Runs the command of that name: it makes keys in all the forms that users have.
    fn openssl(folder: &Path, arguments: &str) {
        let openssl = tools::find("openssl", "openssl").expect("openssl");
        let output = Command::new(openssl).current_dir(folder).args(arguments.split(' ')).output().expect("it runs");
        assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    }

    #[test]
    fn keys_are_read_in_all_their_forms_and_those_that_cannot_be_are_told_with_what_to_do() {
        let lab = kafka_lab::Lab::new().unwrap();
        let folder = lab.folder();
        for command in [
            "genrsa -traditional -out pkcs1 2048",
            "pkcs8 -topk8 -nocrypt -in pkcs1 -out pkcs8",
            "ecparam -name prime256v1 -genkey -noout -out sec1",
            "ecparam -name prime256v1 -genkey -out sec1-with-parameters",
            "pkcs8 -topk8 -in pkcs1 -out aes -passout pass:hunter2",
            "pkcs8 -topk8 -v2 aes-128-cbc -v2prf hmacWithSHA1 -in sec1 -out aes-sha1 -passout pass:hunter2",
            "pkcs8 -topk8 -scrypt -in sec1 -out scrypt -passout pass:hunter2",
            "pkcs8 -topk8 -v1 PBE-SHA1-3DES -in sec1 -out pbes1 -passout pass:hunter2",
            "rsa -in pkcs1 -traditional -aes128 -out old -passout pass:hunter2",
            "req -x509 -key pkcs1 -subj /CN=x -days 1 -out certificate",
        ] {
            openssl(folder, command);
        }
        fs::write(folder.join("cut"), "-----BEGIN PRIVATE KEY-----\naHVudGVyMg==\n").unwrap();
        fs::write(folder.join("nothing"), "hunter2").unwrap();
        let table = [
            ("pkcs1", None, Ok(())),
            ("pkcs8", None, Ok(())),
            ("sec1", None, Ok(())),
            ("sec1-with-parameters", None, Ok(())),
            ("pkcs8", Some("needless"), Ok(())),
            ("aes", Some("hunter2"), Ok(())),
            ("scrypt", Some("hunter2"), Ok(())),
            ("aes", Some("hunter3"), Err("the pass phrase does not decrypt the key")),
            ("aes", None, Err("the key is encrypted, and no pass phrase is given")),
            ("aes-sha1", Some("hunter2"), Err("unknown here")),
            ("pbes1", Some("hunter2"), Err("unknown here")),
            ("old", Some("hunter2"), Err("convert it with openssl pkcs8 -topk8, or use --kafka.client=librdkafka")),
            ("certificate", None, Err("no private key in it, is it PEM?")),
            ("nothing", None, Err("no private key in it, is it PEM?")),
            ("cut", None, Err("a section has no end")),
            ("absent", None, Err("No such file")),
        ];
        for (name, password, expected) in table {
            let password = password.map(SecretString::from);
            match (key(&folder.join(name), password.as_ref()), expected) {
                (Ok(key), Ok(())) => assert!(any_supported_type(&key).is_ok(), "{name}"),
                (Err(error), Err(expected)) => {
                    assert!(error.contains(expected) && error.contains(name), "{name}: {error}");
                    assert!(!error.contains("hunter"), "{name}: {error}");
                }
                (found, _) => panic!("{name}: {found:?}"),
            }
        }
        assert_eq!(chain(&folder.join("certificate")).unwrap().len(), 1);
        assert_eq!(roots(Some(&folder.join("certificate"))).unwrap().len(), 1);
        let error = roots(Some(&folder.join("pkcs8"))).unwrap_err();
        assert!(error.contains("no certificate in it, is it PEM?"), "{error}");
    }
}
