use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use lapwing_model::{Marking, Pap};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::problem::Problem;

/// What a route asks of who calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Permission {
    /// Nothing: health, log-in, the pages without their data.
    Open,
    /// To look.
    Read,
    /// To add documents and one's own judgement, and to hunt.
    Analyse,
    /// To take facts out in bulk.
    Publish,
    /// To add documents as a machine does.
    Collect,
    /// Users, keys, webhooks, the audit log.
    Administer,
}

/// What a user or key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Looks.
    Reader,
    /// Looks, adds, judges, hunts.
    Analyst,
    /// As an analyst, and exports.
    Publisher,
    /// Adds documents, and sees nothing.
    Feed,
    /// May do all.
    Admin,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 5] =
        [Self::Reader, Self::Analyst, Self::Publisher, Self::Feed, Self::Admin];

    /// Whether the role includes a permission.
    #[must_use]
    pub fn may(self, permission: Permission) -> bool {
        use Permission::{Administer, Analyse, Collect, Open, Publish, Read};
        match permission {
            Open => true,
            Read => self != Self::Feed,
            Analyse => matches!(self, Self::Analyst | Self::Publisher | Self::Admin),
            Publish => matches!(self, Self::Publisher | Self::Admin),
            // An analyst adds documents too.
            Collect => self != Self::Reader,
            Administer => self == Self::Admin,
        }
    }

    /// Whether who has this role may hand out a key with another one.
    #[must_use]
    pub fn includes(self, key: Self) -> bool {
        match self {
            Self::Admin => true,
            Self::Publisher => key != Self::Admin,
            Self::Analyst => matches!(key, Self::Reader | Self::Analyst | Self::Feed),
            Self::Reader | Self::Feed => key == self,
        }
    }

    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Analyst => "analyst",
            Self::Publisher => "publisher",
            Self::Feed => "feed",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|role| role.as_str() == word).ok_or_else(|| {
            format!("`{word}` is no role; use reader, analyst, publisher, feed or admin")
        })
    }
}

/// Up to where somebody may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ceiling {
    /// Of the Traffic Light Protocol.
    pub tlp: Marking,
    /// Of the Permissible Actions Protocol.
    pub pap: Pap,
}

impl Ceiling {
    /// Sees all.
    pub const NONE: Self = Self { tlp: Marking::Red, pap: Pap::Red };

    /// Whether what is marked so may be seen.
    #[must_use]
    pub fn covers(self, marking: Self) -> bool {
        marking.tlp <= self.tlp && marking.pap <= self.pap
    }

    /// What both may see.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { tlp: self.tlp.min(other.tlp), pap: self.pap.min(other.pap) }
    }
}

/// Who asks, and what he may see. Every handler takes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asker {
    /// The user's name; `local` where nobody has to log in.
    pub who: String,
    /// The prefix of the API key that was used.
    pub key: Option<String>,
    /// What for.
    pub role: Role,
    /// Nothing above is shown to him.
    pub ceiling: Ceiling,
    /// Where he comes from.
    pub address: IpAddr,
    /// Whether a cookie told who he is.
    pub by_cookie: bool,
}

impl Asker {
    /// Who sits at the machine itself, where no user was made.
    #[must_use]
    pub fn local(address: IpAddr) -> Self {
        Self {
            who: "local".to_owned(),
            key: None,
            role: Role::Admin,
            ceiling: Ceiling::NONE,
            address,
            by_cookie: false,
        }
    }

    /// Nobody: has not said who he is.
    #[must_use]
    pub fn nobody(address: IpAddr) -> Self {
        Self {
            who: String::new(),
            key: None,
            role: Role::Feed,
            ceiling: Ceiling { tlp: Marking::Clear, pap: Pap::Clear },
            address,
            by_cookie: false,
        }
    }

    /// Whether he said who he is.
    #[must_use]
    pub fn is_known(&self) -> bool {
        !self.who.is_empty()
    }

    /// Whether he may do what a permission is for.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        permission == Permission::Open || (self.is_known() && self.role.may(permission))
    }

    /// What he may do, in words.
    #[must_use]
    pub fn permissions(&self) -> Vec<Permission> {
        use Permission::{Administer, Analyse, Collect, Publish, Read};
        [Read, Analyse, Publish, Collect, Administer]
            .into_iter()
            .filter(|permission| self.may(*permission))
            .collect()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Asker {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        // `access::check` puts him there before any handler runs.
        let nobody = || Self::nobody(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_else(nobody))
    }
}
