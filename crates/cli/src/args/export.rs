//! What goes out, and in what form.

use std::path::PathBuf;

use clap::Args;
use jiff::civil::Date;
use lapwing_engine::publish::export::ExportFormat;
use lapwing_model::{Kind, Marking, Pap, Status};

#[derive(Debug, Args)]
pub struct Export {
    /// The form: stix, stix2.0, misp, misp-feed, csv, list, suricata, zeek, sigma, yara, rpz, navigator, md, html, pdf
    #[arg(long = "as", value_name = "FORMAT", value_parser = |word: &str| word.parse::<ExportFormat>())]
    pub format: ExportFormat,
    /// Campaigns, actors, clusters, values or documents (title or identifier); quote names of several
    /// words [default: everything]
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// The file to write, or the folder where the format makes several files [default: standard output]
    #[arg(long, short, value_name = "PATH")]
    pub output: Option<PathBuf>,
    /// Nothing above this marking goes out: clear, green, amber, amber+strict, red
    #[arg(long, value_name = "CEILING", default_value = "clear")]
    pub tlp: Marking,
    /// As --tlp, of the Permissible Actions Protocol: clear, green, amber, red
    #[arg(long, value_name = "CEILING", default_value = "clear")]
    pub pap: Pap,
    /// Leave out what was last known before this day
    #[arg(long, value_name = "DATE")]
    pub since: Option<Date>,
    /// Only values of these kinds, separated by commas: ipv4-addr, domain-name, file:sha256 …
    #[arg(long, value_name = "KINDS", value_delimiter = ',', value_parser = |word: &str| word.parse::<Kind>())]
    pub kind: Vec<Kind>,
    /// Only indicators of these states, separated by commas: active, ageing, expired, revoked, undated
    /// [default: active, ageing and undated for rules and lists, all for the others]
    #[arg(long, value_name = "STATES", value_delimiter = ',', value_parser = parse_status)]
    pub status: Vec<Status>,
    /// Only what is at least so probable, 0 to 1
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = parse_probability)]
    pub least: f64,
    /// Take along values that are known as benign, labelled so (never in rules and lists)
    #[arg(long)]
    pub benign: bool,
    /// Export what was known by the end of this day
    #[arg(long, value_name = "DATE")]
    pub as_of: Option<Date>,
    /// Mark STIX objects in the manner of TLP 1.0 where it has the level
    #[arg(long)]
    pub tlp1: bool,
    /// Try Suricata rules with this program [default: `suricata`, where it is found]
    #[arg(long, value_name = "PROGRAM", conflicts_with = "no_suricata")]
    pub suricata: Option<PathBuf>,
    /// Do not run Suricata: only our own check of the rules' syntax
    #[arg(long)]
    pub no_suricata: bool,
    /// A TrueType or OpenType font for what the built-in ones of a PDF lack (Chinese, Arabic, Thai …)
    #[arg(long, value_name = "FILE")]
    pub font: Option<PathBuf>,
    /// Write what the format cannot carry to this file, as JSON Lines
    #[arg(long, value_name = "FILE")]
    pub loss_report: Option<PathBuf>,
}

fn parse_status(word: &str) -> Result<Status, String> {
    use Status::{Active, Ageing, Benign, Expired, Revoked, Undated};
    [Active, Ageing, Expired, Revoked, Benign, Undated]
        .into_iter()
        .find(|status| status.as_str() == word.to_ascii_lowercase())
        .ok_or_else(|| "one of: active, ageing, expired, revoked, benign, undated".to_owned())
}

fn parse_probability(text: &str) -> Result<f64, String> {
    let number: Result<f64, _> = text.parse();
    number.ok().filter(|p| (0.0..=1.0).contains(p)).ok_or_else(|| "a number from 0 to 1".to_owned())
}
