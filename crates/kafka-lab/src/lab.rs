//! One temporary folder and the guardian of all processes started in it.
//!
//! In: commands to run. Out: child processes that end with this process, however it ends. A small shell process, the guardian, holds the
//! reading end of a pipe: when this process dies (returns, panics, Ctrl-C, SIGKILL), the kernel closes the other end, and the guardian
//! kills each child's process group and removes the folder. No `unsafe`, no signal handler.

use std::{
    fs,
    io::Write,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use crate::{Guarded, Result, error::IoContext, folder};

/// A temporary folder, and processes that do not outlive this one.
#[derive(Debug)]
pub struct Lab {
    folder: PathBuf,
    guardian: Mutex<(Child, Option<ChildStdin>)>,
    keep: AtomicBool,
}

impl Lab {
    /// Makes the folder (in `$TMPDIR`; without it in /dev/shm if there is room, else in /tmp) and starts its guardian.
    ///
    /// # Errors
    /// When the folder cannot be made or `sh` not started.
    pub fn new() -> Result<Arc<Self>> {
        let folder = tempfile::Builder::new().prefix("kafka-lab-").tempdir_in(folder::parent());
        let folder = folder.context(|| "make a folder".into())?;
        let mut guardian = Command::new("sh")
            .args(["-c", include_str!("guardian.sh"), "kafka-lab-guardian"])
            .arg(folder.path())
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // A group of its own: Ctrl-C in the terminal, or a kill of this process's group, must not end the guardian.
            .process_group(0)
            .spawn()
            .context(|| "start sh as guardian".into())?;
        // std opens pipes close-on-exec: no other child inherits this end and keeps the guardian waiting.
        let pipe = guardian.stdin.take();
        // From here on it is the guardian that removes the folder.
        Ok(Arc::new(Self {
            folder: folder.keep(),
            guardian: Mutex::new((guardian, pipe)),
            keep: AtomicBool::new(false),
        }))
    }

    /// The temporary folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Leaves the folder in place at the end, for a look at what went wrong.
    pub fn keep(&self) {
        if !self.keep.swap(true, Ordering::Relaxed) && self.tell("keep").is_ok() {
            eprintln!("kafka-lab: kept {}", self.folder.display());
        }
    }

    /// The guardian's process id.
    pub fn guardian_pid(&self) -> u32 {
        self.guardian.lock().unwrap_or_else(PoisonError::into_inner).0.id()
    }

    /// Starts `command` so that it ends with this process. Its program, arguments, folder and variables are taken over; standard input is
    /// /dev/null, and the output goes where `stdout` and `stderr` say.
    ///
    /// # Errors
    /// When the process cannot be started. A program that cannot be executed ends with status 127.
    pub fn spawn_guarded(self: &Arc<Self>, command: &Command, stdout: Stdio, stderr: Stdio) -> Result<Guarded> {
        // The shell becomes the program (same process id) only when told to, that is when the guardian knows it: whenever this process
        // dies, either the guardian kills the child or the child reads the end of its input and ends.
        let mut shell = Command::new("sh");
        shell
            .args(["-c", "read -r go && exec \"$@\" </dev/null", "sh"])
            .arg(command.get_program())
            .args(command.get_args())
            .stdin(Stdio::piped())
            .stdout(stdout)
            .stderr(stderr)
            .process_group(0);
        for (key, value) in command.get_envs() {
            match value {
                Some(value) => shell.env(key, value),
                None => shell.env_remove(key),
            };
        }
        if let Some(folder) = command.get_current_dir() {
            shell.current_dir(folder);
        }
        let program = command.get_program().to_string_lossy().into_owned();
        let mut child = shell.spawn().context(|| format!("start {program}"))?;
        let input = child.stdin.take();
        let guarded = Guarded::new(child, Arc::clone(self));
        self.tell(&format!("add {}", guarded.pid()))?;
        if let Some(mut input) = input {
            input.write_all(b"go\n").context(|| format!("start {program}"))?;
        }
        Ok(guarded)
    }

    /// [`spawn_guarded`](Self::spawn_guarded) with all output appended to the file `log`.
    ///
    /// # Errors
    /// As there, and when the file cannot be opened.
    pub fn spawn_logged(self: &Arc<Self>, command: &Command, log: &Path) -> Result<Guarded> {
        let open =
            || fs::File::options().create(true).append(true).open(log).context(|| format!("open {}", log.display()));
        self.spawn_guarded(command, open()?.into(), open()?.into())
    }

    /// Tells the guardian that the process is gone, so that its number may be used by someone else.
    pub(crate) fn forget(&self, pid: u32) {
        // A guardian that is gone kills nobody.
        let _ = self.tell(&format!("del {pid}"));
    }

    fn tell(&self, line: &str) -> Result<()> {
        let mut guardian = self.guardian.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut guardian.1 {
            // One write, so that a death in the middle leaves no half line.
            Some(pipe) => pipe.write_all(format!("{line}\n").as_bytes()).context(|| "speak to the guardian".into()),
            None => Ok(()),
        }
    }
}

impl Drop for Lab {
    /// Lets the guardian do its work and waits for it.
    fn drop(&mut self) {
        if thread::panicking() {
            self.keep();
        }
        let guardian = self.guardian.get_mut().unwrap_or_else(PoisonError::into_inner);
        guardian.1 = None;
        let _ = guardian.0.wait();
    }
}
