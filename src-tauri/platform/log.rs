//! Logs to stderr. Nothing that carries a signature is ever logged.

use lectern_server::object_store::log_filter_without_secrets;
use tracing_subscriber::EnvFilter;

const DEFAULT: &str = "warn,lectern=info,lectern_engine=info,lectern_server=info";

/// `LECTERN_LOG` changes what is said, never what is secret.
pub fn start() {
    let wanted = std::env::var("LECTERN_LOG").unwrap_or_else(|_| DEFAULT.to_owned());
    let filter = EnvFilter::new(log_filter_without_secrets(&wanted));
    // A second subscriber would be a fault of ours; the app works without one.
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
}
