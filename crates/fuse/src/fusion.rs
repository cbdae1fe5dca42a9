use std::collections::{BTreeMap, BTreeSet};

use foldhash::HashMap;
use lapwing_knowledge::{Benign, Knowledge};
use lapwing_model::{
    AnalyticConfidence, Basis, Claim, ClaimId, Contribution, DocumentId, Entity, Fact, Marking,
    Object, Origin, OriginId, PartialDate, Period, Polarity, Relation, Role,
};

use crate::address::publisher_key;
use crate::agreement::claim_type;
use crate::calibration::Calibration;
use crate::learnt::{Record, Reliabilities};
use crate::origin::origin_of;
use crate::reliability::{SourceClass, reliability_of};
use crate::trace::Trace;
use crate::witness::{balance, strength};

/// Confidence of a plain statement whose author says nothing of how sure it is.
const PLAIN: f64 = 0.9;
/// At most this for a statement made with reserve.
const HEDGED: f64 = 0.6;
/// At most this for an indicator that many tenants share (cloud, CDN, hosting).
const SHARED: f64 = 0.7;
/// A model's output counts for half of what an observation would.
const PREDICTED: f64 = 0.5;

/// Whether a claim is VulDB's "Medium" on a value: its word for rented cloud hosts, not for doubt.
fn vuldb_medium(evidence: &Evidence<'_>) -> bool {
    let word = evidence.claim.stated_word.as_deref().unwrap_or("");
    evidence.claim.method.starts_with("vuldb")
        && evidence.subject.kind.is_observable()
        && word.eq_ignore_ascii_case("medium")
}

/// What a known-benign list leaves of the probability that a value indicates an attack.
const BENIGN: f64 = 0.15;
/// No fact is more, or less, probable than this.
pub(crate) const BOUNDS: (f64, f64) = (0.01, 0.99);
/// Begins the note of a value on a known-benign list.
pub(crate) const NOTE_BENIGN: &str = "known-benign list";
/// Begins the note of a value that many tenants share.
pub(crate) const NOTE_SHARED: &str = "shared (";
/// Begins the note of a statement that its own source took back.
pub(crate) const NOTE_REVOKED: &str = "taken back";

/// One visible claim with its names resolved.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// The claim's identifier.
    pub id: ClaimId,
    /// The document that makes it.
    pub document: DocumentId,
    /// The claim as it was made.
    pub claim: &'a Claim,
    /// Its subject, resolved.
    pub subject: &'a Entity,
    /// Its object, resolved.
    pub object: &'a Object,
}

/// What is known of a document when its claims are weighed.
#[derive(Debug)]
struct Standing<'a> {
    trace: Option<&'a Trace>,
    origin: OriginId,
    /// Letter of the document, and of the root that it goes back to.
    letter: char,
    root: char,
    /// Who speaks, when the document speaks for itself.
    voice: String,
    /// Whether that is a name, of whom something can be learnt.
    named: bool,
}

/// All that the fusion of any statement needs: reference data, documents, origins. Make it once
/// for a state of the store and fuse every statement with it.
#[derive(Debug)]
pub struct Fusion<'a> {
    knowledge: &'a Knowledge,
    standings: HashMap<DocumentId, Standing<'a>>,
    calibration: Calibration,
    learnt: Reliabilities,
}

/// The voice of an origin: claims of one voice do not confirm each other.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Weighed {
    pub contribution: Contribution,
    pub voice: String,
    /// The one quoted, when all that the origin says of it is one other's.
    pub quoted: Option<String>,
    /// Documents of the origin that make the claims.
    pub documents: Vec<DocumentId>,
    pub basis: Basis,
}

/// The arithmetic between contributions and probability.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sum {
    pub support: f64,
    pub against: f64,
    pub combined: f64,
    pub calibrated: f64,
    pub factor: f64,
    pub probability: f64,
}

impl<'a> Fusion<'a> {
    /// Makes the context of all visible documents.
    #[must_use]
    pub fn new(knowledge: &'a Knowledge, traces: &'a [Trace], origins: &'a [Origin]) -> Self {
        let by_id: HashMap<DocumentId, &Trace> = traces.iter().map(|t| (t.document(), t)).collect();
        let mut standings = HashMap::default();
        for origin in origins {
            let (voice, named) = voice_of(origin, &by_id);
            let root = root_letter(origin);
            for member in &origin.members {
                let standing = Standing {
                    trace: by_id.get(&member.document).copied(),
                    origin: origin.id,
                    letter: member.grade.reliability,
                    root,
                    voice: voice.clone(),
                    named,
                };
                standings.insert(member.document, standing);
            }
        }
        let calibration = Calibration::fitted();
        Self { knowledge, standings, calibration, learnt: Reliabilities::default() }
    }

    /// Uses what is learnt of the sources, in place of the priors of their classes.
    #[must_use]
    pub fn with_reliabilities(mut self, learnt: Reliabilities) -> Self {
        self.learnt = learnt;
        self
    }

    /// What is learnt of the voice of a document on statements as this one.
    pub(crate) fn record(&self, evidence: &Evidence<'_>) -> Option<&Record> {
        let standing = self.standings.get(&evidence.document).filter(|s| s.named)?;
        if reliability_of(standing.letter) > reliability_of(standing.root) {
            return None;
        }
        self.learnt.record(&standing.voice, claim_type(evidence))
    }

    /// The documents whose claims weigh by what is learnt of one of these sources.
    #[must_use]
    pub fn documents_of(&self, sources: &[String]) -> Vec<DocumentId> {
        let key = |voice: &str| voice.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
        let of =
            |standing: &Standing<'_>| standing.named && sources.contains(&key(&standing.voice));
        let mut documents: Vec<DocumentId> =
            self.standings.iter().filter(|(_, s)| of(s)).map(|(id, _)| *id).collect();
        documents.sort_unstable();
        documents
    }

    /// Reliability of a document on statements as this one: learnt of its root's publisher, less
    /// what it loses by being a copy. A copy never weighs more than what it copies, but for that of a
    /// better source, which stands for the text with its own name.
    fn reliability(&self, evidence: &Evidence<'_>) -> f64 {
        let Some(standing) = self.standings.get(&evidence.document) else {
            return reliability_of('F');
        };
        let own = reliability_of(standing.letter);
        let root = reliability_of(standing.root);
        let Some(record) = self.record(evidence) else { return own };
        record.reliability * (own / root)
    }

    /// The day on which a document was published.
    pub(crate) fn published(&self, document: DocumentId) -> Option<PartialDate> {
        self.trace(document)?.head.published
    }

    /// Class and key of the voice of what an origin adds; the key is empty for one without a name.
    pub(crate) fn voice_class(&self, weighed: &Weighed) -> (char, String) {
        if let Some(quoted) = &weighed.quoted {
            return (SourceClass::of_name(quoted).letter(), weighed.voice.clone());
        }
        let of = |standing: &&Standing<'_>| {
            standing.origin == weighed.contribution.origin && standing.voice == weighed.voice
        };
        // All documents of an origin have its voice and root.
        let standing = weighed.documents.iter().filter_map(|d| self.standings.get(d)).find(of);
        match standing {
            Some(standing) if standing.named => (standing.root, standing.voice.clone()),
            Some(standing) => (standing.root, String::new()),
            None => ('F', String::new()),
        }
    }

    /// Uses another calibration than the fitted one.
    #[must_use]
    pub fn with_calibration(mut self, calibration: Calibration) -> Self {
        self.calibration = calibration;
        self
    }

    /// Fuses all visible claims of one statement to its fact; `None` when there is none.
    ///
    /// The statement is that of the first claim by identifier; the order of `claims` and
    /// repeats have no effect.
    #[must_use]
    pub fn fuse(&self, claims: &[Evidence<'_>]) -> Option<Fact> {
        let claims = distinct(claims);
        let first = claims.first()?;
        let weighed = self.weigh(&claims);
        let benign = self.benign(first);
        let sum = self.sum(&weighed, benign.as_ref());
        let basis = basis(&weighed);
        let mut period = Period::default();
        let mut reported = Period::default();
        let mut marking = Marking::Clear;
        for evidence in &claims {
            if evidence.claim.polarity != Polarity::Denied {
                period = period.hull(evidence.claim.period);
            }
            if let Some(trace) = self.trace(evidence.document) {
                let published = trace.head.published;
                reported = reported.hull(Period { first: published, last: published });
                marking = marking.join(trace.head.marking.unwrap_or_default());
            }
        }
        Some(Fact {
            subject: first.subject.clone(),
            relation: first.claim.relation,
            object: first.object.clone(),
            probability: sum.probability,
            confidence: analytic_confidence(&weighed, basis, sum.against),
            basis,
            period,
            reported,
            marking,
            notes: self.notes(&claims, &weighed, basis, benign.as_ref()),
            contributions: weighed.into_iter().map(|w| w.contribution).collect(),
        })
    }

    fn trace(&self, document: DocumentId) -> Option<&'a Trace> {
        self.standings.get(&document).and_then(|s| s.trace)
    }

    /// What each origin adds: supporters first, then by falling weight.
    pub(crate) fn weigh(&self, claims: &[Evidence<'_>]) -> Vec<Weighed> {
        let mut groups: BTreeMap<(OriginId, bool), Vec<&Evidence<'_>>> = BTreeMap::new();
        for evidence in claims {
            let origin = self
                .standings
                .get(&evidence.document)
                .map_or_else(|| origin_of(evidence.document), |s| s.origin);
            let supports = evidence.claim.polarity != Polarity::Denied;
            groups.entry((origin, supports)).or_default().push(evidence);
        }
        let mut weighed: Vec<Weighed> = groups
            .into_iter()
            .filter_map(|((origin, supports), group)| self.weigh_origin(origin, supports, &group))
            .collect();
        weighed.sort_by(|a, b| {
            let (a, b) = (&a.contribution, &b.contribution);
            b.supports
                .cmp(&a.supports)
                .then(b.weight.total_cmp(&a.weight))
                .then(a.origin.cmp(&b.origin))
        });
        weighed
    }

    /// Within an origin the strongest claim counts.
    fn weigh_origin(
        &self,
        origin: OriginId,
        supports: bool,
        group: &[&Evidence<'_>],
    ) -> Option<Weighed> {
        let mut strongest: Option<Contribution> = None;
        for evidence in group {
            let reliability = self.reliability(evidence);
            let precision = evidence.claim.precision.probability();
            let stated = self.stated(evidence);
            let weight = reliability * precision * stated;
            let better = strongest.as_ref().is_none_or(|best| {
                weight.total_cmp(&best.weight).then(best.strongest.cmp(&evidence.id)).is_gt()
            });
            if better {
                strongest = Some(Contribution {
                    origin,
                    supports,
                    weight,
                    reliability,
                    precision,
                    stated,
                    strongest: evidence.id,
                    claims: Vec::new(),
                });
            }
        }
        let mut contribution = strongest?;
        contribution.claims = group.iter().map(|evidence| evidence.id).collect();
        let basis = group.iter().map(|evidence| evidence.claim.basis).min()?;
        let quoted = quoted(group);
        let voice = match &quoted {
            Some(name) => publisher_key(name),
            None => self.voice(origin, group),
        };
        let mut documents: Vec<DocumentId> = group.iter().map(|e| e.document).collect();
        documents.sort_unstable();
        documents.dedup();
        Some(Weighed { contribution, voice, quoted, documents, basis })
    }

    /// Who speaks: the publisher of the origin's root.
    fn voice(&self, origin: OriginId, group: &[&Evidence<'_>]) -> String {
        let own = group.iter().find_map(|e| self.standings.get(&e.document));
        own.map_or_else(|| origin.to_string(), |standing| standing.voice.clone())
    }

    /// How firmly a claim states it: the source's word, lowered by reserve, prediction and
    /// shared hosting.
    fn stated(&self, evidence: &Evidence<'_>) -> f64 {
        let claim = evidence.claim;
        let mut stated = claim.stated.map_or(PLAIN, lapwing_model::Confidence::probability);
        if claim.polarity == Polarity::Hedged {
            stated = stated.min(HEDGED);
        }
        if claim.polarity != Polarity::Denied
            && self.benign(evidence).is_some_and(|benign| benign.shared)
        {
            // VulDB's "Medium" says the same once more (see docs/confidence.md): counted once.
            let said = if vuldb_medium(evidence) { SHARED } else { stated };
            stated = said.min(SHARED);
        }
        if claim.basis == Basis::Predicted {
            stated *= PREDICTED;
        }
        stated
    }

    /// Across voices the odds multiply, for each side; the balance moves the probability away from
    /// even. Then calibrated.
    pub(crate) fn sum(&self, weighed: &[Weighed], benign: Option<&Benign>) -> Sum {
        let any = |supports: bool| {
            let mut voices: BTreeMap<&str, f64> = BTreeMap::new();
            for w in weighed.iter().filter(|w| w.contribution.supports == supports) {
                let strongest = voices.entry(&w.voice).or_default();
                *strongest = strongest.max(w.contribution.weight);
            }
            strength(voices.into_values())
        };
        let (support, against) = (any(true), any(false));
        let balance = balance(support, against);
        // Weak evidence is not evidence of the contrary: what a poor source states is open, not
        // unlikely. A model's output has no such credit: it states what nobody saw.
        let predicted = basis(weighed) == Basis::Predicted;
        let combined = if predicted { balance.max(0.0) } else { 0.5 + 0.5 * balance };
        let calibrated = if predicted { combined } else { self.calibration.apply(combined) };
        let factor = if benign.is_some_and(|benign| !benign.shared) { BENIGN } else { 1.0 };
        let probability = (calibrated * factor).clamp(BOUNDS.0, BOUNDS.1);
        Sum { support, against, combined, calibrated, factor, probability }
    }

    /// Whether the statement is that a value indicates an attack, and the value is known to be
    /// legitimate.
    pub(crate) fn benign(&self, evidence: &Evidence<'_>) -> Option<Benign> {
        let accused = match evidence.claim.relation {
            Relation::Role => {
                matches!(evidence.object, Object::Text(word) if word == Role::Indicator.as_str())
            }
            Relation::Indicates => true,
            _ => false,
        };
        (accused && evidence.subject.kind.is_observable())
            .then(|| self.knowledge.benign(evidence.subject))
            .flatten()
    }

    fn notes(
        &self,
        claims: &[Evidence<'_>],
        weighed: &[Weighed],
        basis: Basis,
        benign: Option<&Benign>,
    ) -> Vec<String> {
        let mut notes = BTreeSet::new();
        if let Some(benign) = benign {
            notes.insert(if benign.shared {
                format!("{NOTE_SHARED}{}): others use it too, so it counts for less", benign.list)
            } else {
                format!("{NOTE_BENIGN} {}: {}", benign.list, benign.why)
            });
        }
        if claims.iter().any(vuldb_medium) {
            notes.insert(
                "VulDB says Medium where a host is rented from a cloud: a word on shared hosting"
                    .to_owned(),
            );
        }
        if basis == Basis::Predicted {
            notes.insert("only predicted: no source says that it was seen".to_owned());
        }
        let deniers = || weighed.iter().filter(|w| !w.contribution.supports);
        let supporters = || weighed.iter().filter(|w| w.contribution.supports);
        if supporters().next().is_none() {
            notes.insert("only denied: no source states it".to_owned());
        } else if deniers().next().is_some() {
            notes.insert("disputed: some origins deny it".to_owned());
        }
        for denier in deniers() {
            if supporters().any(|s| s.voice == denier.voice) && self.took_back(claims, denier) {
                notes.insert(format!("{NOTE_REVOKED} by a source that stated it before"));
            }
        }
        let voices: BTreeSet<&str> = supporters().map(|w| w.voice.as_str()).collect();
        let origins = supporters().count();
        if voices.len() < origins {
            let (voices, origins) = (voices.len(), origins);
            notes.insert(format!("{origins} origins, but only {voices} speak for themselves"));
        }
        notes.into_iter().collect()
    }

    /// Whether the denial came after the last statement of the same origin.
    fn took_back(&self, claims: &[Evidence<'_>], denier: &Weighed) -> bool {
        let latest = |denied: bool| {
            claims
                .iter()
                .filter(|e| (e.claim.polarity == Polarity::Denied) == denied)
                .filter(|e| {
                    let standing = self.standings.get(&e.document);
                    standing.is_some_and(|s| s.voice == denier.voice)
                })
                .filter_map(|e| self.trace(e.document)?.head.published)
                .map(PartialDate::last_day)
                .max()
        };
        latest(true).zip(latest(false)).is_some_and(|(denied, stated)| denied > stated)
    }
}

/// Each claim once, in order of identifier.
pub(crate) fn distinct<'e>(claims: &[Evidence<'e>]) -> Vec<Evidence<'e>> {
    let mut claims = claims.to_vec();
    claims.sort_by(|a, b| (a.id, a.document, a.claim).cmp(&(b.id, b.document, b.claim)));
    claims.dedup_by(|a, b| (a.id, a.document) == (b.id, b.document));
    claims
}

/// The one quoted, when all that the claims say is one other's.
fn quoted(group: &[&Evidence<'_>]) -> Option<String> {
    let mut names: BTreeMap<String, &str> = BTreeMap::new();
    for evidence in group {
        let name = evidence.claim.said_by.as_deref().unwrap_or("");
        let known = names.entry(publisher_key(name)).or_insert(name);
        *known = name.min(known);
    }
    let (key, name) = names.pop_first()?;
    (names.is_empty() && !key.is_empty()).then(|| name.to_owned())
}

/// The letter of the root of an origin: that of its first member, which is the root where it is in
/// the store; else of the class that the outside source's name tells.
fn root_letter(origin: &Origin) -> char {
    let first = origin.members.first().map_or('F', |member| member.grade.reliability);
    if origin.root_seen {
        return first;
    }
    let name = origin.label.split([',', '(']).next().unwrap_or("");
    SourceClass::of_name(name).letter()
}

/// The publisher of an origin's root, or the origin itself where that is not known; and which.
fn voice_of(origin: &Origin, traces: &HashMap<DocumentId, &Trace>) -> (String, bool) {
    let publisher = if origin.root_seen {
        let root = origin.members.first().and_then(|m| traces.get(&m.document));
        root.map(|trace| trace.source_key()).unwrap_or_default()
    } else {
        let name = origin.label.split([',', '(']).next().unwrap_or("");
        publisher_key(name)
    };
    if publisher.is_empty() { (origin.id.to_string(), false) } else { (publisher, true) }
}

/// The strongest basis of those who support it, or of those who deny it where none does.
fn basis(weighed: &[Weighed]) -> Basis {
    let of = |supports| {
        weighed.iter().filter(|w| w.contribution.supports == supports).map(|w| w.basis).min()
    };
    of(true).or_else(|| of(false)).unwrap_or(Basis::Predicted)
}

/// How good the evidence is: number and quality of the independent voices that support it.
fn analytic_confidence(weighed: &[Weighed], basis: Basis, against: f64) -> AnalyticConfidence {
    let voices = |reliable: f64| {
        weighed
            .iter()
            .filter(|w| w.contribution.supports && w.contribution.reliability >= reliable)
            .filter(|w| w.contribution.stated * w.contribution.precision >= 0.4)
            .map(|w| w.voice.as_str())
            .collect::<BTreeSet<_>>()
            .len()
    };
    let (good, fair) = (voices(reliability_of('B')), voices(reliability_of('C')));
    if basis == Basis::Predicted || against >= 0.5 {
        AnalyticConfidence::Low
    } else if good >= 2 || fair >= 3 {
        AnalyticConfidence::High
    } else if good >= 1 || fair >= 2 {
        AnalyticConfidence::Moderate
    } else {
        AnalyticConfidence::Low
    }
}

#[cfg(test)]
mod tests;
