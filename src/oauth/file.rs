//! A token file in, its token out. Somebody else renews it (a sidecar, Kubernetes for a projected service account), so it is
//! read whenever a token is asked for, which is once per connection.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use async_trait::async_trait;
use kafka_admin::{AdminError, Token, TokenProvider};
use secrecy::SecretString;

use super::{Fetched, failed, read};

/// Far more than any broker takes (`sasl.server.max.receive.size` is half of it).
const LARGEST: u64 = 1 << 20;

#[derive(Debug)]
pub(super) struct TokenFile {
    pub(super) path: PathBuf,
    pub(super) extensions: Vec<(String, String)>,
}

#[async_trait]
impl TokenProvider for TokenFile {
    async fn token(&self, deadline: Instant) -> Result<Token, AdminError> {
        let told = |error: String| failed(format!("token file {}: {error}", self.path.display()));
        let path = self.path.clone();
        // A file may be on a file system that hangs.
        let reading = tokio::task::spawn_blocking(move || read_file(&path));
        match tokio::time::timeout_at(deadline.into(), reading).await {
            Ok(Ok(Ok(fetched))) => Ok(fetched.token(&self.extensions)),
            Ok(Ok(Err(error))) => Err(told(error)),
            Ok(Err(_)) => Err(told("reading it was broken off".to_owned())),
            Err(_) => Err(told("not read in time".to_owned())),
        }
    }
}

fn read_file(path: &Path) -> Result<Fetched, String> {
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    file.take(LARGEST + 1).read_to_string(&mut text).map_err(|error| error.to_string())?;
    if text.len() as u64 > LARGEST {
        return Err(format!("more than {LARGEST} bytes are no token"));
    }
    read(SecretString::from(text.trim().to_owned()), None)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use kafka_lab::sasl::Issuer;
    use secrecy::ExposeSecret;

    use super::*;

    #[tokio::test]
    async fn the_file_is_read_again_for_each_token() {
        let folder = tempfile::tempdir().unwrap();
        let issuer = Issuer::new(folder.path()).unwrap();
        let path = folder.path().join("token");
        let file = TokenFile { path: path.clone(), extensions: vec![("pool".to_owned(), "a".to_owned())] };
        let ask = async || file.token(Instant::now() + Duration::from_secs(20)).await;
        let missing = ask().await.unwrap_err().to_string();
        assert!(missing.contains("token file") && missing.contains("No such file"), "{missing}");

        for (subject, seconds) in [("one", 100), ("two", 200)] {
            let token = issuer.sign(subject, Duration::from_secs(seconds)).unwrap();
            std::fs::write(&path, format!("{token}\n")).unwrap();
            let read = ask().await.unwrap();
            assert_eq!((read.value.expose_secret(), read.principal.as_str()), (token.as_str(), subject));
            let left = read.expires_at.duration_since(SystemTime::now()).unwrap();
            assert!(left <= Duration::from_secs(seconds) && left > Duration::from_secs(seconds - 30), "{left:?}");
            assert_eq!(read.extensions, [("pool".to_owned(), "a".to_owned())]);
        }

        std::fs::write(&path, issuer.sign("one", Duration::ZERO).unwrap()).unwrap();
        assert!(ask().await.unwrap_err().to_string().ends_with("the token has expired"));
        std::fs::write(&path, vec![b'a'; (1 << 20) + 1]).unwrap();
        assert!(ask().await.unwrap_err().to_string().ends_with("more than 1048576 bytes are no token"));
    }
}
