//! What is collected, and what rises in it.

use clap::{Args, Subcommand};
use jiff::civil::Date;
use lapwing_model::{Kind, Marking};

#[derive(Debug, Args)]
pub struct Feeds {
    #[command(subcommand)]
    pub action: Option<FeedsAction>,
}

#[derive(Debug, Subcommand)]
pub enum FeedsAction {
    /// Add a feed; nothing is taken from it before the first pull
    Add(AddFeed),
    /// List the feeds and how they went
    List,
    /// Pull feeds now
    Pull {
        /// Their names [default: all that are not paused]
        #[arg(value_name = "NAME")]
        names: Vec<String>,
        /// Only those that are due
        #[arg(long, conflicts_with = "names")]
        due: bool,
    },
    /// Leave a feed alone until it is resumed
    Pause {
        /// Its name
        name: String,
    },
    /// Take a paused feed up again
    Resume {
        /// Its name
        name: String,
    },
    /// Forget a feed; its documents stay
    Remove {
        /// Its name
        name: String,
    },
}

#[derive(Debug, Args)]
pub struct AddFeed {
    /// An address (http, https) or a folder
    #[arg(value_name = "URL|FOLDER")]
    pub address: String,
    /// rss, misp-feed, misp-server, taxii, csv, list, folder, posts, mastodon, page [default: told by the content]
    #[arg(long, value_name = "KIND", value_parser = |word: &str| word.parse::<lapwing_feeds::FeedKind>())]
    pub kind: Option<lapwing_feeds::FeedKind>,
    /// Its name [default: its host or folder]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// How often it is pulled: 30m, 1h, 1d
    #[arg(long, value_name = "INTERVAL", default_value = "1h", value_parser = lapwing_feeds::schedule::parse_interval)]
    pub every: u64,
    /// Who publishes it, where the documents do not say
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    /// The marking of what comes from it: clear, green, amber, amber+strict, red
    #[arg(long, value_name = "MARKING")]
    pub tlp: Option<Marking>,
    /// At most so many new things in one pull; the rest comes with the next [default: 1000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub quota: Option<u32>,
    /// The variable of the environment that holds its key, or `user:password`
    #[arg(long, value_name = "VARIABLE")]
    pub key_env: Option<String>,
    /// Fetch from private, loopback and link-local addresses too, also where the feed leads to them
    #[arg(long)]
    pub allow_private: bool,
    /// Take the entries of a feed alone, without the articles that they link to
    #[arg(long)]
    pub no_articles: bool,
}

#[derive(Debug, Args)]
pub struct Activity {
    /// The first day [default: six days before the last]
    #[arg(long, value_name = "DATE")]
    pub since: Option<Date>,
    /// The last day [default: today]
    #[arg(long, value_name = "DATE")]
    pub until: Option<Date>,
    /// Only names of this kind: vulnerability, threat-actor, malware …; may be given several times
    #[arg(long, value_name = "KIND", value_parser = |word: &str| word.parse::<Kind>())]
    pub kind: Vec<Kind>,
    /// Only channels whose name holds this
    #[arg(long, value_name = "NAME")]
    pub channel: Option<String>,
    /// The share of rising names that may be false alarms
    #[arg(long, value_name = "SHARE", default_value_t = 0.1, value_parser = parse_share)]
    pub rate: f64,
}

fn parse_share(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| "a share is from 0 to 1".to_owned())
}
