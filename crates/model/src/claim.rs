use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{ClaimId, Confidence, DocumentId, Entity, KindError, Period, Span};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// All values, in the order of their declaration.
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];

            /// The word used in JSON and in the store.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = KindError;
            fn from_str(text: &str) -> Result<Self, KindError> {
                match text { $($word => Ok($name::$variant),)* _ => Err(KindError(text.to_owned())) }
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

words! {
    /// The verb between subject and object; STIX 2.1's relationship type where there is one.
    Relation {
        /// Unary: the subject plays a [`Role`] in the document (object: the role's word).
        Role = "role",
        /// Indicator or observable → campaign, actor, malware, cluster.
        Indicates = "indicates",
        /// Actor, campaign, malware → technique, malware, tool.
        Uses = "uses",
        /// Actor, campaign, cluster, malware → sector, location, identity, software.
        Targets = "targets",
        /// As `targets`, where the source says that the victim was really hit.
        Compromises = "compromises",
        /// Campaign, cluster, malware, exploitation → actor; actor → identity.
        AttributedTo = "attributed-to",
        /// Actor, malware, campaign → vulnerability.
        Exploits = "exploits",
        /// Malware, file → address, domain, URL.
        CommunicatesWith = "communicates-with",
        /// Malware, file → file, malware.
        Drops = "drops",
        /// Malware, file → file, malware, URL that it fetches (STIX `downloads`).
        Downloads = "downloads",
        /// Actor, campaign, malware → malware that it brings to victims (STIX `delivers`).
        Delivers = "delivers",
        /// Malware → malware that it was made from (STIX `variant-of`).
        VariantOf = "variant-of",
        /// Where something is, operates or is hosted, with no more said (object: location).
        LocatedAt = "located-at",
        /// Actor, malware → the location it comes from.
        OriginatesFrom = "originates-from",
        /// Actor → location or identity that is said to stand behind it.
        SponsoredBy = "sponsored-by",
        /// Address → domain, domain → address (STIX `resolves-to`).
        ResolvesTo = "resolves-to",
        /// Address → autonomous system (STIX `belongs-to`).
        BelongsTo = "belongs-to",
        /// Part → whole: cluster, actor, report → campaign.
        PartOf = "part-of",
        /// Two names that the source says mean the same.
        AliasOf = "alias-of",
        /// Technique or vulnerability → weakness.
        HasWeakness = "has-weakness",
        /// Vulnerability → software, with what is affected.
        Affects = "affects",
        /// Actor, cluster → identity that tracks it.
        TrackedBy = "tracked-by",
        /// Two values of the same file (hash and name, two hashes) or of one object.
        SameObject = "same-object",
        /// Document → what it was made from (object: report, URL or identity).
        DerivedFrom = "derived-from",
        /// Document or entity → what it points to for more.
        References = "references",
        /// Entity → when it was first seen (object: date).
        FirstSeen = "first-seen",
        /// Entity → when it was last seen (object: date).
        LastSeen = "last-seen",
        /// Vulnerability, software → when a fix came out (object: date).
        FixedOn = "fixed-on",
        /// Entity → motive, goal, type, any other property (object: `name=value`).
        Property = "property",
        /// Document → what it is about (its title, or the topic that it declares).
        About = "about",
        /// Any other relation that a source states.
        RelatedTo = "related-to",
    }
}

words! {
    /// What a value is in the document that names it.
    Role {
        /// Hostile infrastructure, file or trace: use it to detect.
        Indicator = "indicator",
        /// An entity that the document speaks of (actor, malware, technique, sector …).
        Subject = "subject",
        /// A link or site that the document cites.
        Reference = "reference",
        /// A victim's own value.
        Victim = "victim",
        /// Legitimate, named but not accused.
        Benign = "benign",
        /// A legitimate tool or file that the adversary used.
        Tool = "tool",
        /// The publisher's or author's own.
        Publisher = "publisher",
        /// Stands there, and its role cannot be told.
        Unclear = "unclear",
    }
}

words! {
    /// How firmly a document states something.
    Polarity {
        /// Stated as so.
        Asserted = "asserted",
        /// Stated with reserve ("likely", "believed", "said to").
        Hedged = "hedged",
        /// Stated as not so.
        Denied = "denied",
    }
}

words! {
    /// What the statement rests on.
    Basis {
        /// The document (or the source it quotes) says that it was seen.
        Observed = "observed",
        /// A judgement of an analyst.
        Assessed = "assessed",
        /// The output of a source's model: no observation.
        Predicted = "predicted",
    }
}

/// What a claim says of its subject: another entity, or plain text (a date, a role, a property).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Object {
    /// Another entity.
    Entity(Entity),
    /// A role's word, a date, `name=value`.
    Text(String),
}

impl Object {
    /// The entity, where it is one.
    #[must_use]
    pub fn entity(&self) -> Option<&Entity> {
        match self {
            Self::Entity(entity) => Some(entity),
            Self::Text(_) => None,
        }
    }

    /// `kind:value` of an entity, or the text.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Entity(entity) => entity.key(),
            Self::Text(text) => text.clone(),
        }
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entity(entity) => entity.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl From<Entity> for Object {
    fn from(entity: Entity) -> Self {
        Self::Entity(entity)
    }
}

/// One statement that a document makes, with the place where it makes it.
///
/// A value that merely stands in the document is a claim too: relation [`Relation::Role`],
/// object the role's word (see [`Claim::mention`]).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Claim {
    /// Of what.
    pub subject: Entity,
    /// The verb.
    pub relation: Relation,
    /// What.
    pub object: Object,
    /// The evidence in the document's text.
    pub span: Span,
    /// Asserted, hedged or denied.
    pub polarity: Polarity,
    /// Seen, judged or predicted.
    pub basis: Basis,
    /// How sure the source says it is, turned to percent; `None` when it says nothing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub stated: Option<Confidence>,
    /// The source's own word for that ("High", "with high confidence", "3").
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub stated_word: Option<String>,
    /// How often a claim made in this way is right (the extractor's precision).
    pub precision: Confidence,
    /// Who says it, where the document quotes another ("Microsoft", "Mandiant").
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub said_by: Option<String>,
    /// When it held.
    #[serde(skip_serializing_if = "Period::is_open", default)]
    pub period: Period,
    /// What made the claim, as `vuldb:ioc`, `misp:attribute`, `extract:gazetteer`.
    pub method: String,
    /// Why it was judged so, in words (context, list, heading).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub why: Option<String>,
    /// The heading, table column or category under which it stands.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub context: Option<String>,
}

impl Claim {
    /// Makes an asserted, observed claim with full precision and no method.
    pub fn new(subject: Entity, relation: Relation, object: impl Into<Object>, span: Span) -> Self {
        Self {
            subject,
            relation,
            object: object.into(),
            span,
            polarity: Polarity::Asserted,
            basis: Basis::Observed,
            stated: None,
            stated_word: None,
            precision: Confidence::FULL,
            said_by: None,
            period: Period::default(),
            method: String::new(),
            why: None,
            context: None,
        }
    }

    /// Makes the claim that `subject` stands at `span` in the given role.
    #[must_use]
    pub fn mention(subject: Entity, role: Role, span: Span) -> Self {
        Self::new(subject, Relation::Role, Object::Text(role.as_str().to_owned()), span)
    }

    /// Sets what made the claim and how often it is right.
    #[must_use]
    pub fn by(mut self, method: impl Into<String>, precision: Confidence) -> Self {
        self.method = method.into();
        self.precision = precision;
        self
    }

    /// The role, when this claim is a mention.
    #[must_use]
    pub fn role(&self) -> Option<Role> {
        match (&self.object, self.relation) {
            (Object::Text(word), Relation::Role) => word.parse().ok(),
            _ => None,
        }
    }

    /// The identifier of this claim in `document`: the same claim always has the same.
    #[must_use]
    pub fn id(&self, document: DocumentId) -> ClaimId {
        ClaimId::of_parts(&[
            &document.0,
            self.subject.key().as_bytes(),
            self.relation.as_str().as_bytes(),
            self.object.key().as_bytes(),
            &self.span.start.to_le_bytes(),
            &self.span.end.to_le_bytes(),
            self.polarity.as_str().as_bytes(),
            self.method.as_bytes(),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;

    #[test]
    fn words_round_trip_and_ids_tell_claims_apart() {
        for relation in Relation::ALL {
            assert_eq!(relation.as_str().parse(), Ok(*relation));
        }
        let entity = Entity::new(Kind::Ipv4Addr, "192.0.2.1");
        let claim = Claim::mention(entity, Role::Indicator, Span::new(0, 9));
        assert_eq!(claim.role(), Some(Role::Indicator));
        let document = DocumentId::of(b"x");
        let moved = Claim { span: Span::new(1, 9), ..claim.clone() };
        assert_eq!(claim.id(document), claim.clone().id(document));
        assert_ne!(claim.id(document), moved.id(document));
    }

    #[test]
    fn a_claim_survives_json() {
        let mut claim = Claim::new(
            Entity::new(Kind::ThreatActor, "Tortilla"),
            Relation::Uses,
            Entity::new(Kind::AttackPattern, "T1068"),
            Span::new(3, 9),
        );
        claim.period.first = "2021-01".parse().ok();
        let text = serde_json::to_string(&claim).unwrap();
        assert_eq!(serde_json::from_str::<Claim>(&text).unwrap(), claim);
    }
}
