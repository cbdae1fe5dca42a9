use std::collections::{BTreeMap, BTreeSet};

use foldhash::HashMap;
use lapwing_knowledge::{Benign, Knowledge};
use lapwing_model::{
    AnalyticConfidence, Basis, Claim, ClaimId, Contribution, DocumentId, Entity, Fact, Marking,
    Object, Origin, PartialDate, Polarity, Relation, Role,
};

use crate::agreement::{Agreement, claim_type};
use crate::by_origin::{ByOrigin, Speaker};
use crate::calibration::Calibration;
use crate::learnt::{Record, Reliabilities};
use crate::reliability::{SourceClass, reliability_of};
use crate::standing::{Standing, source_of, standings};
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
/// Begins the method of what an analyst of one's own team says: no reader and no extractor makes such
/// claims, so that nobody else can speak as one.
const OWN_ANALYST: &str = "analyst:";
/// What his word weighs: he has looked into it where it matters, so that it takes several independent
/// origins to outweigh him. See docs/confidence.md.
const OWN_ANALYST_WEIGHS: f64 = 0.995;

/// Whether an analyst of one's own team says it.
pub(crate) fn own_analyst(claim: &Claim) -> bool {
    claim.method.starts_with(OWN_ANALYST)
}

/// Whether a claim is VulDB's "Medium" on a value: its word for rented cloud hosts, not for doubt.
pub(crate) fn vuldb_medium(evidence: &Evidence<'_>) -> bool {
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
/// Begins the note of a value whose sources' lists are known to be left sooner, or later, than others'.
pub(crate) const NOTE_PACE: &str = "by its sources' own lists a day without a sighting counts ";
/// What is noted of a statement that an analyst of one's own team denies, or states.
const NOTE_OWN_DENIES: &str = "an analyst of one's own team says that it is not so";
const NOTE_OWN_STATES: &str = "an analyst of one's own team says so";
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

/// All that the fusion of any statement needs: reference data, and the standing of every document that
/// speaks on it.
#[derive(Debug)]
pub struct Fusion<'a> {
    knowledge: &'a Knowledge,
    standings: HashMap<DocumentId, Standing>,
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
    /// Who speaks for the origin, as far as that is known.
    pub speaker: Option<Speaker>,
    pub basis: Basis,
    /// How firmly it is stated at most, whatever the source is worth.
    pub firmness: f64,
    /// Whether an analyst of one's own team says it.
    pub own_analyst: bool,
    /// The day on which it was first said.
    pub since: Option<PartialDate>,
}

/// What comes of the claims of a statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Fusing {
    /// The fact.
    pub fact: Fact,
    /// Who agrees; `None` where that says nothing of anybody.
    pub agreement: Option<Agreement>,
    /// What [`Fusion::fuse_moved`] needs beside the fact; only of statements that many claims make.
    pub kept: Option<Vec<u8>>,
}

/// Statements of so many claims are worth keeping what was made of them.
const KEPT_FROM: usize = 64;

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
    pub fn new(knowledge: &'a Knowledge, traces: &[Trace], origins: &[Origin]) -> Self {
        let mut fusion = Self::without_documents(knowledge);
        fusion.know(standings(traces, origins));
        fusion
    }

    /// Makes the context without a document: [`Self::know`] adds those that are needed.
    #[must_use]
    pub fn without_documents(knowledge: &'a Knowledge) -> Self {
        Self {
            knowledge,
            standings: HashMap::default(),
            calibration: Calibration::fitted(),
            learnt: Reliabilities::default(),
        }
    }

    /// Adds the standings of documents.
    pub fn know(&mut self, standings: impl IntoIterator<Item = Standing>) {
        self.standings.extend(standings.into_iter().map(|s| (s.document, s)));
    }

    /// Whether the standing of a document is known.
    #[must_use]
    pub fn knows(&self, document: DocumentId) -> bool {
        self.standings.contains_key(&document)
    }

    /// How many documents are known.
    #[must_use]
    pub fn documents(&self) -> usize {
        self.standings.len()
    }

    /// Forgets all documents, to make room.
    pub fn forget_documents(&mut self) {
        self.standings.clear();
    }

    /// Uses what is learnt of the sources, in place of the priors of their classes.
    #[must_use]
    pub fn with_reliabilities(mut self, learnt: Reliabilities) -> Self {
        self.learnt = learnt;
        self
    }

    /// What is learnt of the voice of a document on statements as this one.
    pub(crate) fn record(&self, evidence: &Evidence<'_>) -> Option<&Record> {
        if own_analyst(evidence.claim) {
            return None;
        }
        let standing = self.standings.get(&evidence.document).filter(|s| s.named)?;
        if reliability_of(standing.letter) > reliability_of(standing.root) {
            return None;
        }
        self.learnt.record(&standing.voice, claim_type(evidence))
    }

    /// Reliability of a document on statements as this one: learnt of its root's publisher, less
    /// what it loses by being a copy. A copy never weighs more than what it copies, but for that of a
    /// better source, which stands for the text with its own name.
    pub(crate) fn reliability(&self, evidence: &Evidence<'_>) -> f64 {
        if own_analyst(evidence.claim) {
            return OWN_ANALYST_WEIGHS;
        }
        let Some(standing) = self.standings.get(&evidence.document) else {
            return reliability_of('F');
        };
        let own = reliability_of(standing.letter);
        let Some(record) = self.record(evidence) else { return own };
        // As a factor: what has not moved leaves the letter as it is, to the last bit.
        own * (record.reliability / record.prior)
    }

    /// The standing of a document that is known.
    pub(crate) fn standing(&self, document: DocumentId) -> Option<&Standing> {
        self.standings.get(&document)
    }

    /// Class and key of the voice of what an origin adds; the key is empty for one without a name.
    pub(crate) fn voice_class(weighed: &Weighed) -> (char, String) {
        if weighed.own_analyst {
            return (SourceClass::Government.letter(), weighed.voice.clone());
        }
        if let Some(quoted) = &weighed.quoted {
            return (SourceClass::of_name(quoted).letter(), weighed.voice.clone());
        }
        match weighed.speaker.as_ref().filter(|speaker| speaker.voice == weighed.voice) {
            Some(speaker) if speaker.named => (speaker.root, speaker.voice.clone()),
            Some(speaker) => (speaker.root, String::new()),
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
        Some(self.conclude(first, &self.by_origin(&claims)).fact)
    }

    /// As [`Self::fuse`], with who agrees on the statement (see [`Self::agreement`]), and what is to be kept
    /// for [`Self::fuse_moved`].
    #[must_use]
    pub fn fuse_and_agree(&self, claims: &[Evidence<'_>]) -> Option<Fusing> {
        let claims = distinct(claims);
        let first = claims.first()?;
        Some(self.conclude(first, &self.by_origin(&claims)))
    }

    /// What follows from the sum of all claims of a statement, one of which is given.
    pub(crate) fn conclude(&self, one: &Evidence<'_>, sum: &ByOrigin) -> Fusing {
        let weighed = sum.weighed();
        let agreement = self.agreement_of(one, &weighed);
        let many = sum.claims() >= KEPT_FROM;
        let kept = if many { sum.keep(self.shared(one)) } else { None };
        Fusing { fact: self.fact(one, sum, weighed), agreement, kept }
    }

    /// The fact of a sum, whose origins are weighed.
    fn fact(&self, one: &Evidence<'_>, by_origin: &ByOrigin, weighed: Vec<Weighed>) -> Fact {
        let benign = self.benign(one);
        let sum = self.sum(&weighed, benign.as_ref());
        let basis = basis(&weighed);
        Fact {
            subject: one.subject.clone(),
            relation: one.claim.relation,
            object: one.object.clone(),
            probability: sum.probability,
            confidence: analytic_confidence(&weighed, basis, sum.against),
            basis,
            period: by_origin.period,
            reported: by_origin.reported,
            marking: by_origin.marking,
            notes: {
                let mut notes = notes(by_origin, &weighed, basis, benign.as_ref());
                notes.extend(self.pace_note(one, &weighed, by_origin.marking));
                notes.sort_unstable();
                notes
            },
            contributions: weighed.into_iter().map(|w| w.contribution).collect(),
        }
    }

    /// What each origin adds: supporters first, then by falling weight.
    pub(crate) fn weigh(&self, claims: &[Evidence<'_>]) -> Vec<Weighed> {
        self.by_origin(claims).weighed()
    }

    /// How firmly a claim states it: the source's word, lowered by reserve, prediction and
    /// shared hosting.
    pub(crate) fn stated(&self, evidence: &Evidence<'_>) -> f64 {
        let claim = evidence.claim;
        let plain = if own_analyst(claim) { 1.0 } else { PLAIN };
        let mut stated = claim.stated.map_or(plain, lapwing_model::Confidence::probability);
        if claim.polarity == Polarity::Hedged {
            stated = stated.min(HEDGED);
        }
        if claim.polarity != Polarity::Denied
            && !own_analyst(claim)
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

    /// How fast a value goes out of use by what its sources' lists have told: the mean by weight of those who
    /// list it, as a factor; a source of which nothing is learnt goes with all.
    fn pace_note(
        &self,
        one: &Evidence<'_>,
        weighed: &[Weighed],
        marking: Marking,
    ) -> Option<String> {
        if !accuses(one) {
            return None;
        }
        let (mut sum, mut of) = (0.0, 0.0);
        for one_of in weighed.iter().filter(|w| w.contribution.supports) {
            let kind = one.subject.kind;
            let source = source_of(&one_of.voice);
            let pace = self.knowledge.pace(&source, kind, marking).unwrap_or(100);
            sum += one_of.contribution.weight * (f64::from(pace) / 100.0).ln();
            of += one_of.contribution.weight;
        }
        let times = format!("{:.2}", (sum / of).exp());
        (of > 0.0 && times != "1.00").then(|| format!("{NOTE_PACE}{times} times"))
    }

    /// Whether the statement is that a value indicates an attack, and the value is known to be
    /// legitimate.
    pub(crate) fn benign(&self, evidence: &Evidence<'_>) -> Option<Benign> {
        accuses(evidence).then(|| self.knowledge.benign(evidence.subject)).flatten()
    }
}

/// Whether the statement is that a value indicates an attack.
fn accuses(evidence: &Evidence<'_>) -> bool {
    let accused = match evidence.claim.relation {
        Relation::Role => {
            matches!(evidence.object, Object::Text(word) if word == Role::Indicator.as_str())
        }
        Relation::Indicates => true,
        _ => false,
    };
    accused && evidence.subject.kind.is_observable()
}

fn notes(
    by_origin: &ByOrigin,
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
    if by_origin.vuldb_medium {
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
    if deniers().any(|w| w.own_analyst) {
        notes.insert(NOTE_OWN_DENIES.to_owned());
    }
    if supporters().any(|w| w.own_analyst) {
        notes.insert(NOTE_OWN_STATES.to_owned());
    }
    for denier in deniers() {
        if supporters().any(|s| s.voice == denier.voice) && by_origin.took_back(&denier.voice) {
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

/// How surely the claim was read: nobody reads an analyst's own word for him.
pub(crate) fn precision(claim: &Claim) -> f64 {
    if own_analyst(claim) { 1.0 } else { claim.precision.probability() }
}

/// Each claim once, in order of identifier.
pub(crate) fn distinct<'e>(claims: &[Evidence<'e>]) -> Vec<Evidence<'e>> {
    let mut claims = claims.to_vec();
    claims.sort_by(|a, b| (a.id, a.document, a.claim).cmp(&(b.id, b.document, b.claim)));
    claims.dedup_by(|a, b| (a.id, a.document) == (b.id, b.document));
    claims
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
