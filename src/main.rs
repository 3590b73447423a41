//! Arguments, configuration, logging, run, exit code: 0 after a stop that was asked for, 1 when something could not be
//! started, 2 for a command line that cannot be understood.

use std::process::ExitCode;
use std::time::Duration;

use kafka_vitals::cli::{check, rules, serve};
use kafka_vitals::config::{Config, ConfigError, Invocation, from_command_line, usage_line};
use kafka_vitals::logging;

#[cfg(all(feature = "jemalloc", target_os = "linux"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).peekable();
    if arguments.next_if(|first| first == "rules").is_some() {
        return rules::run(arguments);
    }
    if arguments.next_if(|first| first == "check").is_some() {
        return check::run(arguments);
    }
    match from_command_line(std::env::args_os()) {
        Ok(Invocation::Check(config)) => {
            config.warnings.iter().for_each(|warning| eprintln!("warning: {warning}"));
            finish(serve::check(&config).map(|()| eprintln!("the configuration is good")))
        }
        Ok(Invocation::Serve(config)) => finish(serve_until_stopped(*config)),
        Err(ConfigError::Usage(error)) if !error.use_stderr() => {
            // Help and version, to standard output; a closed pipe is no error.
            let _ = error.print();
            ExitCode::SUCCESS
        }
        Err(ConfigError::Usage(error)) => {
            eprintln!("kafka-vitals: {}; see --help", usage_line(&error));
            ExitCode::from(2)
        }
        Err(error) => finish(Err(error.to_string())),
    }
}

fn serve_until_stopped(config: Config) -> Result<(), String> {
    logging::start(&config.log);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start threads: {error}"))?;
    let result = runtime.block_on(serve::run(config));
    // Dropping it would wait for calls into librdkafka that block until their time is over.
    runtime.shutdown_timeout(Duration::from_secs(1));
    result
}

fn finish(result: Result<(), String>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kafka-vitals: {error}");
            ExitCode::FAILURE
        }
    }
}
