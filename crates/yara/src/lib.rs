//! YARA rules over files and carved content, within limits.
//!
//! [`YaraRules`] loads folders and files of rules and is handed to a hunt as its
//! [`ContentRules`](lapwing_hunt::ContentRules). A rule that does not compile is named with file, line and
//! reason, and the others are used.
//!
//! ```
//! use lapwing_hunt::{Content, ContentRules};
//! use lapwing_yara::{YaraLimits, YaraRules};
//!
//! let rules = r#"rule marsh { strings: $a = "lapwing" condition: $a }"#;
//! let rules = YaraRules::from_text("own.yar", rules, YaraLimits::default());
//! let found = rules.scan(&Content { path: "note.txt", bytes: b"a lapwing" }).unwrap();
//! assert_eq!((found[0].rule.as_str(), found[0].strings[0].at), ("marsh", 2));
//! ```
#![deny(missing_docs)]

mod load;
mod says;
mod scan;
mod source;

pub use load::{YaraLimits, YaraRules};
