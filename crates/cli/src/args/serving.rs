//! The server, and who may do what.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use jiff::civil::Date;
use lapwing_model::Marking;

use super::hunting::parse_time;

#[derive(Debug, Args)]
pub struct Serve {
    /// Where to listen; anything but loopback needs users
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    pub listen: std::net::SocketAddr,
    /// The certificate with its chain (PEM); the server then speaks HTTPS only
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The private key of the certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// The form of the log on standard error
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub log: Log,
    /// Analysts may hunt through what lies under this folder
    #[arg(long, value_name = "DIR")]
    pub hunt_root: Option<PathBuf>,
    /// Do not pull the feeds that are due (another process does)
    #[arg(long)]
    pub no_feeds: bool,
    /// Analysts may add documents by their address (public hosts only)
    #[arg(long)]
    pub allow_urls: bool,
    /// Largest upload, in MB
    #[arg(long, value_name = "MB", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub max_upload: u32,
    /// Requests a minute of one user, key or address
    #[arg(long, value_name = "N", default_value_t = 1200, value_parser = clap::value_parser!(u32).range(1..))]
    pub rate: u32,
}

/// The form of the server's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Log {
    /// Lines for people
    Text,
    /// One JSON object a line
    Json,
}

#[derive(Debug, Args)]
pub struct Users {
    #[command(subcommand)]
    pub action: UsersAction,
}

#[derive(Debug, Subcommand)]
pub enum UsersAction {
    /// List the users
    List,
    /// Make a user; the password is read from standard input, or made and shown once
    Add {
        /// The name to log in with
        name: String,
        #[command(flatten)]
        rights: Rights,
        /// Read the password from the first line of standard input
        #[arg(long)]
        password_stdin: bool,
    },
    /// Change a user's role, ceiling or password
    Set {
        /// The user
        name: String,
        /// What for: reader, analyst, publisher, feed, admin
        #[arg(long, value_name = "ROLE")]
        role: Option<lapwing_serve::Role>,
        /// Nothing above this TLP marking is shown
        #[arg(long, value_name = "MARKING")]
        tlp: Option<Marking>,
        /// Nothing above this PAP marking is shown
        #[arg(long, value_name = "MARKING")]
        pap: Option<lapwing_model::Pap>,
        /// Read a new password from the first line of standard input
        #[arg(long)]
        password_stdin: bool,
        /// The user may no longer log in
        #[arg(long, conflicts_with = "enable")]
        disable: bool,
        /// The user may log in again
        #[arg(long)]
        enable: bool,
    },
    /// Take a user away, with the keys
    Remove {
        /// The user
        name: String,
    },
}

/// What a user or key may do and see.
#[derive(Clone, Debug, Args)]
pub struct Rights {
    /// What for: reader, analyst, publisher, feed, admin
    #[arg(long, value_name = "ROLE", default_value = "reader")]
    pub role: lapwing_serve::Role,
    /// Nothing above this TLP marking is shown
    #[arg(long, value_name = "MARKING", default_value = "green")]
    pub tlp: Marking,
    /// Nothing above this PAP marking is shown
    #[arg(long, value_name = "MARKING", default_value = "red")]
    pub pap: lapwing_model::Pap,
}

#[derive(Debug, Args)]
pub struct Keys {
    #[command(subcommand)]
    pub action: KeysAction,
}

#[derive(Debug, Subcommand)]
pub enum KeysAction {
    /// List the keys
    List,
    /// Make a key and show it, once
    Add {
        /// Whose it is
        user: String,
        /// What it is for
        #[arg(long, value_name = "NAME", default_value = "")]
        name: String,
        #[command(flatten)]
        rights: Rights,
        /// From this day on it is worth nothing
        #[arg(long, value_name = "DATE")]
        expires: Option<Date>,
    },
    /// Take a key back for good
    Revoke {
        /// The part of the key after `lw_`
        key: String,
    },
}

#[derive(Debug, Args)]
pub struct Audit {
    /// Only what this user did
    #[arg(long, value_name = "NAME")]
    pub who: Option<String>,
    /// Only lines whose route or subject holds this
    #[arg(long, value_name = "TEXT")]
    pub what: Option<String>,
    /// Only what was refused
    #[arg(long)]
    pub denied: bool,
    /// Only from this time on
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub since: Option<jiff::Timestamp>,
    /// At most so many lines, the newest
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub limit: usize,
}

#[derive(Debug, Args)]
pub struct Mcp {
    /// The assistant may hunt through what lies under this folder
    #[arg(long, value_name = "DIR")]
    pub hunt_root: Option<PathBuf>,
}
