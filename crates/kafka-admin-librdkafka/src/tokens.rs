//! Tokens for OAUTHBEARER, from the provider to librdkafka. In: librdkafka's wish for one; out: the token, or why there is
//! none, which also explains the calls that fail meanwhile.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use kafka_admin::{AdminError, Token, TokenProvider};
use tokio::runtime::Handle;

use crate::shared::Shared;

/// How long the provider may take. librdkafka asks again ten seconds after a failure.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where tokens come from, and where their provider runs: the client's own thread must go on serving.
#[derive(Debug)]
pub(crate) struct Tokens {
    provider: Arc<dyn TokenProvider>,
    runtime: Handle,
}

impl Tokens {
    /// # Errors
    /// There is no tokio runtime around.
    pub(crate) fn new(provider: Arc<dyn TokenProvider>) -> Result<Self, AdminError> {
        let runtime = Handle::try_current().map_err(|_| AdminError::Client {
            message: "OAUTHBEARER needs a tokio runtime around the client".to_owned(),
        })?;
        Ok(Self { provider, runtime })
    }

    /// Gets a token and hands it over, in the background.
    pub(crate) fn fetch(&self, shared: Weak<Shared>) {
        let provider = Arc::clone(&self.provider);
        self.runtime.spawn(async move {
            let result = provider.token(Instant::now() + PATIENCE).await;
            // Gone: the client was closed meanwhile.
            if let Some(shared) = shared.upgrade() {
                hand_over(&shared, result);
            }
        });
    }
}

fn hand_over(shared: &Shared, result: Result<Token, AdminError>) {
    let failure = match result {
        Ok(token) => shared.set_token(&token).err(),
        // The kind is clear, and librdkafka puts words of its own before.
        Err(AdminError::Authentication { message }) => Some(message),
        Err(error) => Some(error.to_string()),
    };
    shared.token_failed(failure);
}
