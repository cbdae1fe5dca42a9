use lapwing_fuse::{Explanation, Fusion, explain, standings};
use lapwing_model::{
    AnalyticConfidence, Basis, ClaimId, DocumentId, Entity, Fact, Likelihood, Polarity, Span,
};
use lapwing_store::{FactQuery, StoredClaim};
use serde::Serialize;

use crate::add::evidence;
use crate::quoting::{Texts, quote};
use crate::{Engine, EngineError};

/// A claim under a fact, with where it stands.
#[derive(Clone, Debug, Serialize)]
pub struct ExplainedClaim {
    /// The claim.
    pub claim: ClaimId,
    /// Its document.
    pub document: DocumentId,
    /// Name of the document for people.
    pub label: String,
    /// What made the claim.
    pub method: String,
    /// Why it was judged so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Where the evidence stands in the document's text.
    pub span: Span,
    /// The evidence with a little of the text around it.
    pub text: String,
    /// Asserted, hedged or denied.
    pub polarity: Polarity,
    /// Seen, judged or predicted.
    pub basis: Basis,
    /// The source's own word of confidence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stated: Option<String>,
    /// Whom the document quotes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub said_by: Option<String>,
}

/// A fact with its arithmetic and its evidence.
#[derive(Clone, Debug, Serialize)]
pub struct ExplainedFact {
    /// The fact.
    pub fact: Fact,
    /// The ICD-203 word for its probability.
    pub likelihood: Likelihood,
    /// How good the evidence is.
    pub confidence: AnalyticConfidence,
    /// How the probability came about.
    pub explanation: Explanation,
    /// The claims, by document and place.
    pub claims: Vec<ExplainedClaim>,
}

/// Facts whose claims are asked for at once: bounds what is in memory.
const AT_ONCE: usize = 512;

/// A part of what is said of a name or value, with the reasons for it.
#[derive(Clone, Debug)]
pub struct ExplainedPart {
    /// What the name or value stands for.
    pub subject: Entity,
    /// The facts of this part.
    pub facts: Vec<ExplainedFact>,
    /// How many there are in all.
    pub total: usize,
}

impl Engine {
    /// Why what is said of a name or value is believed: facts, origins, claims, spans, arithmetic.
    ///
    /// # Errors
    /// When nothing has that name, or the store cannot be read.
    pub fn explain(&self, asked: &str) -> Result<Vec<ExplainedFact>, EngineError> {
        Ok(self.explain_part(asked, 0, usize::MAX)?.facts)
    }

    /// As [`Engine::explain`], of the facts in their order only those from a place on, at most so many:
    /// of one whom thousands of facts concern, the evidence of the others is not read.
    ///
    /// # Errors
    /// When nothing has that name, or the store cannot be read.
    pub fn explain_part(
        &self,
        asked: &str,
        from: usize,
        most: usize,
    ) -> Result<ExplainedPart, EngineError> {
        let subject = self.topic(asked)?.subject;
        let query = FactQuery { either: Some(subject.clone()), ..FactQuery::default() };
        let mut facts = self.store.facts(&query)?;
        facts.sort_by(|a, b| {
            (a.relation, &a.subject, &a.object).cmp(&(b.relation, &b.subject, &b.object))
        });
        let total = facts.len();
        let mut fusion = Fusion::without_documents(&self.knowledge)
            .with_reliabilities(crate::derive::reliabilities(&self.store)?);
        if !self.store.has_standings()? {
            // A store of an older program, opened for reading only.
            let traces = crate::add::read_traces(self.store.traces()?)?;
            fusion.know(standings(&traces, &self.store.origins()?));
        }
        let mut explained = Vec::new();
        let mut texts = Texts::default();
        let wanted: Vec<Fact> = facts.into_iter().skip(from).take(most).collect();
        for facts in wanted.chunks(AT_ONCE) {
            for (fact, under) in facts.iter().zip(self.store.claims_of_facts(facts)?) {
                explained.push(self.explain_one(fact.clone(), under, &mut fusion, &mut texts)?);
            }
        }
        Ok(ExplainedPart { subject, facts: explained, total })
    }

    fn explain_one(
        &self,
        fact: Fact,
        under: Vec<StoredClaim>,
        fusion: &mut Fusion<'_>,
        texts: &mut Texts,
    ) -> Result<ExplainedFact, EngineError> {
        crate::derive::know(fusion, &self.store, &under)?;
        let explanation = explain(&fact, fusion, &evidence(&under));
        let mut claims = Vec::new();
        for stored in under {
            let Some(document) = texts.of(&self.store, stored.document)? else { continue };
            let quote = quote(&stored, &document.text);
            claims.push(ExplainedClaim {
                claim: stored.id,
                document: stored.document,
                label: document.label().to_owned(),
                span: quote.span,
                text: quote.text,
                polarity: quote.polarity,
                basis: quote.basis,
                stated: quote.stated_word,
                said_by: quote.said_by,
                method: stored.claim.method,
                why: stored.claim.why,
            });
        }
        claims.sort_by_key(|c| (c.label.clone(), c.document, c.span));
        Ok(ExplainedFact {
            likelihood: fact.likelihood(),
            confidence: fact.confidence,
            explanation,
            claims,
            fact,
        })
    }
}
