use lapwing_fuse::{Explanation, explain};
use lapwing_model::{AnalyticConfidence, ClaimId, DocumentId, Fact, Likelihood};
use lapwing_publish::Quote;
use lapwing_store::FactQuery;
use serde::Serialize;

use crate::show::quote;
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
    /// The evidence.
    #[serde(flatten)]
    pub quote: Quote,
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

impl Engine {
    /// Why what is said of a name or value is believed: facts, origins, claims, spans, arithmetic.
    ///
    /// # Errors
    /// When nothing has that name, or the store cannot be read.
    pub fn explain(&self, asked: &str) -> Result<Vec<ExplainedFact>, EngineError> {
        let topic = self.topic(asked)?;
        let query = FactQuery { either: Some(topic.subject), ..FactQuery::default() };
        let origins = self.store.origins()?;
        let mut explained = Vec::new();
        for fact in self.store.facts(&query)? {
            let mut claims = Vec::new();
            for id in fact.contributions.iter().flat_map(|c| &c.claims) {
                let Some(stored) = self.store.claim(*id)? else { continue };
                let Some(document) = self.store.document(stored.document)? else { continue };
                claims.push(ExplainedClaim {
                    claim: *id,
                    document: stored.document,
                    label: document.label().to_owned(),
                    method: stored.claim.method.clone(),
                    why: stored.claim.why.clone(),
                    quote: quote(&stored, &document.text),
                });
            }
            claims.sort_by_key(|c| (c.label.clone(), c.document, c.quote.span));
            explained.push(ExplainedFact {
                likelihood: fact.likelihood(),
                confidence: fact.confidence,
                explanation: explain(&fact, &origins),
                claims,
                fact,
            });
        }
        explained.sort_by(|a, b| {
            (a.fact.relation, &a.fact.subject, &a.fact.object).cmp(&(
                b.fact.relation,
                &b.fact.subject,
                &b.fact.object,
            ))
        });
        Ok(explained)
    }
}
