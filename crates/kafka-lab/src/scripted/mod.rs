//! A cluster of any size that is not there: as many listeners as it has brokers, all in one process, answer what a
//! monitor asks of Kafka, by arithmetic. For sizes that no machine's Kafka holds, and for names that come and go by the
//! thousand. What it answers never changes but for the groups' names.

mod answers;
mod control;
mod groups;
mod server;
mod shape;

use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use crate::{LabError, Result, error::IoContext};
use server::Server;
pub use shape::Shape;

/// A scripted cluster; gone when this is dropped.
#[derive(Debug)]
pub struct Scripted {
    bootstrap: String,
    control: String,
    /// Dropped, it ends the thread.
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Scripted {
    /// Starts the brokers, on 127.0.0.1, in a thread of their own.
    ///
    /// # Errors
    /// A shape that cannot be, or no free port.
    pub fn start(shape: Shape) -> Result<Self> {
        shape.check().map_err(LabError::Input)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.context(|| "start a runtime".into())?;
        let bind = async {
            let (server, listeners) = Server::bind(shape).await?;
            Ok((server, listeners, control::bind().await?))
        };
        let (server, listeners, control) =
            runtime.block_on(bind).context(|| "listen on ports of 127.0.0.1".to_owned())?;
        let server = Arc::new(server);
        let bootstrap = server.bootstrap();
        let address = control.local_addr().context(|| "find the control port".into())?;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            runtime.block_on(async move {
                for (broker, listener) in listeners {
                    tokio::spawn(server::serve(Arc::clone(&server), broker, listener));
                }
                tokio::spawn(control::serve(server, control));
                // It ends by an error when the sender goes.
                let _ = stopped.await;
            });
        });
        Ok(Self { bootstrap, control: format!("http://{address}"), stop: Some(stop), thread: Some(thread) })
    }

    /// The address to give to a client.
    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// The control port's URL. Below it `/counts` has the requests so far by API, `/facts` the numbers to be found on a
    /// page about this cluster, and `/rename` gives all groups new names; all in JSON.
    pub fn control(&self) -> &str {
        &self.control
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It does nothing that panics; if it did, it is over all the same.
            let _ = thread.join();
        }
    }
}
