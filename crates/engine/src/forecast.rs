use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use lapwing_forecast::backtest::{self, Backtest};
use lapwing_forecast::{Attribution, Completion, Recurrence, Sets, next, recurrence};
use lapwing_model::{Basis, Entity, Fact, Kind, Relation, Role, Status};
use lapwing_publish::Picture;
use serde::Serialize;

use crate::{Engine, EngineError, ShowOptions, Statuses};

/// How to forecast.
#[derive(Clone, Copy, Debug)]
pub struct ForecastOptions {
    /// The day from which is looked ahead.
    pub today: Date,
    /// Use only what was known by the end of this day, and look ahead from it.
    pub as_of: Option<Date>,
}

/// A question about the future.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Question {
    /// Techniques that likely belong to the intrusion and were not reported: look here next.
    TechniquesToLookFor,
    /// Techniques with which it will be reported within about a year.
    TechniquesNext,
    /// Whether there will be a further report.
    Reports,
    /// How long the indicators are of use.
    Indicators,
    /// Whose activity it is.
    Actor,
    /// Weaknesses that the pattern points to.
    Weaknesses,
    /// Whom it will aim at.
    Targets,
}

/// One answer: a statement about the future with its credentials, or why there is none.
#[derive(Clone, Debug, Serialize)]
pub struct Forecast {
    /// What was asked.
    pub question: Question,
    /// The technique, value, actor, sector …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Its name, where the value is an identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How probable, 0 to 1; none where nothing was tested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// Within so many days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub horizon_days: Option<u32>,
    /// Status of an indicator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// Days until the indicator expires if it is not seen again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days_left: Option<u32>,
    /// What speaks for it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<String>,
    /// More to know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Why there is no forecast.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub none: Option<String>,
    /// Model, data, score and baseline.
    #[serde(flatten)]
    pub backtest: Backtest,
}

impl Forecast {
    fn of(question: Question, backtest: Backtest) -> Self {
        Self {
            question,
            value: None,
            name: None,
            probability: None,
            horizon_days: None,
            status: None,
            days_left: None,
            because: Vec::new(),
            note: None,
            none: None,
            backtest,
        }
    }

    fn none(question: Question, backtest: Backtest, why: impl Into<String>) -> Self {
        Self { none: Some(why.into()), ..Self::of(question, backtest) }
    }
}

/// All that can be said of the future of a name.
#[derive(Clone, Debug)]
pub struct Outlook {
    /// Of what.
    pub subject: Entity,
    /// From which day on.
    pub today: Date,
    /// Number of documents that it rests on.
    pub documents: usize,
    /// The answers, by question, the likeliest first.
    pub forecasts: Vec<Forecast>,
}

/// Techniques that are listed of each kind.
const TECHNIQUES: usize = 12;
/// Fewer given techniques say too little of what else there is.
const LEAST_TECHNIQUES: usize = 2;
/// Half-year windows of the back-test, in days.
const HORIZONS: [u32; 3] = [30, 90, 180];
/// Days that a version of ATT&CK two on is away, on average over its releases.
const VERSIONS_AHEAD: u32 = 365;
/// Fewer dated reports have no rhythm.
const LEAST_REPORTS: usize = 2;

impl Engine {
    /// What comes next for a campaign, actor, malware …, with the credentials of each statement.
    ///
    /// # Errors
    /// When nothing has that name, or the store cannot be read.
    pub fn forecast(&self, asked: &str, options: &ForecastOptions) -> Result<Outlook, EngineError> {
        let shown = ShowOptions { today: options.today, as_of: options.as_of };
        let picture = match options.as_of {
            Some(date) => self.as_of(date)?.picture(asked, &shown)?,
            None => self.picture(asked, &shown)?,
        };
        let today = options.as_of.unwrap_or(options.today);
        let mut forecasts = self.techniques(&picture, options.as_of.is_some());
        forecasts.extend(reports(&picture, today));
        forecasts.extend(indicators(&picture, &self.statuses(today)?, today));
        forecasts.extend(self.actor(&picture));
        forecasts.push(weaknesses(&picture));
        forecasts.extend(self.targets(&picture));
        Ok(Outlook {
            subject: picture.subject.clone(),
            today,
            documents: picture.documents.len(),
            forecasts,
        })
    }

    /// Identifiers that ATT&CK has for the subject.
    fn attack_ids(&self, subject: &Entity) -> BTreeSet<String> {
        let known = &self.knowledge;
        let name = &subject.value;
        match subject.kind {
            Kind::ThreatActor | Kind::Cluster => {
                known.actors_named(name).iter().map(|actor| actor.id.clone()).collect()
            }
            Kind::Campaign => known.campaigns_named(name).iter().map(|c| c.id.clone()).collect(),
            Kind::Malware | Kind::Tool => {
                known.software_named(name).iter().map(|s| s.id.clone()).collect()
            }
            _ => BTreeSet::new(),
        }
    }

    /// Which techniques go with those seen, and which it will be reported with next; `looking_back` when it is asked
    /// from a day that has passed.
    fn techniques(&self, picture: &Picture, looking_back: bool) -> Vec<Forecast> {
        use Question::{TechniquesNext, TechniquesToLookFor};
        let own = self.attack_ids(&picture.subject);
        let mut given: BTreeSet<String> = named(picture, |kind| kind == Kind::AttackPattern)
            .into_iter()
            .filter_map(|id| Some(self.knowledge.current_technique(&id)?.id.clone()))
            .collect();
        let recorded: BTreeSet<&str> = own
            .iter()
            .flat_map(|id| self.knowledge.uses(id))
            .map(String::as_str)
            .filter(|id| id.starts_with('T'))
            .collect();
        let mut note = None;
        if given.len() < LEAST_TECHNIQUES && recorded.len() >= LEAST_TECHNIQUES {
            note = Some("from ATT&CK's profile: the reports name too few techniques".to_owned());
            given.extend(recorded.iter().map(|id| (*id).to_owned()));
        }
        if given.len() < LEAST_TECHNIQUES {
            let why = format!(
                "{} known; two are needed to say what goes with them",
                match given.len() {
                    0 => "no technique is",
                    _ => "only one technique is",
                }
            );
            return vec![
                Forecast::none(TechniquesToLookFor, backtest::COMPLETION, why.clone()),
                Forecast::none(TechniquesNext, backtest::NEXT, why),
            ];
        }
        let model = Completion::fit(self.profiles(&own));
        let given: Vec<&str> = given.iter().map(String::as_str).collect();
        let similar: Vec<String> = model
            .similar(&given)
            .into_iter()
            .take(3)
            .map(|similar| self.attack_name(&similar.name))
            .collect();
        let name_of = |id: &str| self.knowledge.technique(id).map(|t| t.name.clone());
        let mut forecasts: Vec<Forecast> = model
            .suggest(&given)
            .into_iter()
            .take(TECHNIQUES)
            .map(|suggestion| {
                let mut because: Vec<String> =
                    suggestion.because.iter().map(|reason| reason.item.clone()).collect();
                because.push(format!("seen in {} profiles", suggestion.sets));
                let known = recorded.contains(suggestion.item.as_str());
                Forecast {
                    name: name_of(&suggestion.item),
                    value: Some(suggestion.item),
                    probability: Some(suggestion.probability),
                    because,
                    note: known
                        .then(|| "ATT&CK records it of this name already".to_owned())
                        .or_else(|| note.clone()),
                    ..Forecast::of(TechniquesToLookFor, backtest::COMPLETION)
                }
            })
            .collect();
        // The order is the model's; what is shown is the probability, and it is read as the order.
        let shown = |forecast: &Forecast| forecast.probability.unwrap_or(0.0);
        forecasts.sort_by(|a, b| shown(b).total_cmp(&shown(a)));
        if let Some(first) = forecasts.first_mut()
            && !similar.is_empty()
        {
            first.because.push(format!("most alike: {}", similar.join(", ")));
        }
        if forecasts.is_empty() {
            let why = "none of its techniques is in a profile of ATT&CK";
            forecasts.push(Forecast::none(TechniquesToLookFor, backtest::COMPLETION, why));
        }
        let groups = Completion::fit(self.group_profiles(&own));
        // What ATT&CK records today is no forecast, but it was not known on every day that has passed.
        let mut had = given.clone();
        if !looking_back {
            had.extend(recorded.iter().filter(|id| !given.contains(id)));
        }
        let next = next::next(&groups, &had);
        if next.is_empty() {
            let why = "none of its techniques is in the profile of a group";
            forecasts.push(Forecast::none(TechniquesNext, backtest::NEXT, why));
        }
        forecasts.extend(next.into_iter().take(TECHNIQUES).map(|(id, probability)| {
            Forecast {
                name: name_of(&id),
                note: recorded
                    .contains(id.as_str())
                    .then(|| "ATT&CK records it of this name already".to_owned()),
                value: Some(id),
                probability: Some(probability),
                horizon_days: Some(VERSIONS_AHEAD),
                ..Forecast::of(TechniquesNext, backtest::NEXT)
            }
        }));
        forecasts
    }

    /// Technique sets of groups, campaigns and software, without the subject's own.
    fn profiles(&self, without: &BTreeSet<String>) -> Sets {
        let known = &self.knowledge;
        let actors = known.actors().iter().map(|actor| &actor.id);
        let campaigns = known.campaigns().iter().map(|campaign| &campaign.id);
        let software = known.software().iter().map(|software| &software.id);
        self.sets(actors.chain(campaigns).chain(software), without)
    }

    fn group_profiles(&self, without: &BTreeSet<String>) -> Sets {
        self.sets(self.knowledge.actors().iter().map(|actor| &actor.id), without)
    }

    fn sets<'a>(
        &'a self,
        ids: impl Iterator<Item = &'a String>,
        without: &BTreeSet<String>,
    ) -> Sets {
        let rows: BTreeMap<&str, Vec<&str>> = ids
            .filter(|id| !without.contains(*id))
            .map(|id| {
                let used = self.knowledge.uses(id).iter().map(String::as_str);
                (id.as_str(), used.filter(|item| item.starts_with('T')).collect())
            })
            .collect();
        Sets::new(rows)
    }

    fn attack_name(&self, id: &str) -> String {
        let known = &self.knowledge;
        let name = known
            .actor(id)
            .map(|actor| &actor.name)
            .or_else(|| known.campaign(id).map(|campaign| &campaign.name))
            .or_else(|| known.software_by_id(id).map(|software| &software.name));
        name.cloned().unwrap_or_else(|| id.to_owned())
    }

    /// Whose activity an unattributed campaign or cluster is.
    fn actor(&self, picture: &Picture) -> Vec<Forecast> {
        let question = Question::Actor;
        if !matches!(picture.subject.kind, Kind::Campaign | Kind::Cluster) {
            return Vec::new();
        }
        let known = &self.knowledge;
        let mut evidence: BTreeSet<String> = named(picture, |kind| kind == Kind::AttackPattern)
            .into_iter()
            .filter_map(|id| Some(known.current_technique(&id)?.id.clone()))
            .collect();
        for name in named(picture, |kind| matches!(kind, Kind::Malware | Kind::Tool)) {
            let ids = known.software_named(&name).into_iter().map(|software| software.id.clone());
            evidence.extend(ids.filter(|id| id.starts_with('S')));
        }
        let own = self.attack_ids(&picture.subject);
        let actors = known.actors().iter().map(|actor| (actor.id.as_str(), known.uses(&actor.id)));
        let campaigns = known
            .campaigns()
            .iter()
            .filter(|campaign| campaign.attributed_to.len() == 1 && !own.contains(&campaign.id))
            .map(|campaign| (campaign.attributed_to[0].as_str(), known.uses(&campaign.id)));
        let model = Attribution::fit(
            actors
                .chain(campaigns)
                .filter(|(id, _)| !own.contains(*id))
                .map(|(id, uses)| (id, uses.iter().map(String::as_str).collect())),
        );
        let evidence: Vec<&str> = evidence.iter().map(String::as_str).collect();
        let ranked = model.rank(&evidence);
        let [first, second, ..] = &ranked[..] else {
            let why = "none of its techniques or software is in the profile of an actor";
            return vec![Forecast::none(question, backtest::ATTRIBUTION, why)];
        };
        let margin = first.score - second.score;
        let by_software = first.because.iter().any(|piece| piece.starts_with('S'));
        if margin < Attribution::least_margin() || !by_software {
            let names: Vec<String> =
                ranked.iter().take(3).map(|candidate| self.attack_name(&candidate.actor)).collect();
            let why = if by_software {
                format!("no actor stands out: {} are about as near", names.join(", "))
            } else {
                "only techniques match; techniques alone name nobody".to_owned()
            };
            return vec![Forecast::none(question, backtest::ATTRIBUTION, why)];
        }
        vec![Forecast {
            value: Some(first.actor.clone()),
            name: Some(self.attack_name(&first.actor)),
            because: first.because.iter().map(|id| self.attack_name_or_technique(id)).collect(),
            note: Some(format!(
                "resembles its profile; the next nearest is {}",
                self.attack_name(&second.actor)
            )),
            ..Forecast::of(question, backtest::ATTRIBUTION)
        }]
    }

    fn attack_name_or_technique(&self, id: &str) -> String {
        match self.knowledge.technique(id) {
            Some(technique) => format!("{id} {}", technique.name),
            None => self.attack_name(id),
        }
    }

    /// Sectors and places that sources outside the store record: no model was tested.
    fn targets(&self, picture: &Picture) -> Vec<Forecast> {
        let question = Question::Targets;
        let mut forecasts = Vec::new();
        let seen = named(picture, |kind| matches!(kind, Kind::Sector | Kind::Location));
        for id in self.attack_ids(&picture.subject) {
            let Some(targets) = self.knowledge.targets(&id) else { continue };
            for value in targets.sectors.iter().chain(&targets.places) {
                if !seen.contains(value) {
                    let name = self.knowledge.places().iter().find(|place| place.code == *value);
                    forecasts.push(Forecast {
                        value: Some(value.clone()),
                        name: name.map(|place| place.name.clone()),
                        note: Some("recorded as a target elsewhere, not in these reports".into()),
                        ..Forecast::of(question, backtest::RECORDED)
                    });
                }
            }
        }
        if forecasts.is_empty() {
            let why =
                "no public history of victims carries a model that beats the list of those known";
            forecasts.push(Forecast::none(question, backtest::RECORDED, why));
        }
        forecasts
    }
}

/// Values of a kind that facts with support speak of; what is only predicted does not count.
fn named(picture: &Picture, wanted: impl Fn(Kind) -> bool) -> BTreeSet<String> {
    let mut values = BTreeSet::new();
    for fact in picture.facts.iter().filter(|fact| stands(fact)) {
        for entity in std::iter::once(&fact.subject).chain(fact.object.entity()) {
            if wanted(entity.kind) && *entity != picture.subject {
                values.insert(entity.value.clone());
            }
        }
    }
    values
}

fn stands(fact: &Fact) -> bool {
    fact.origins_for() > 0 && fact.basis != Basis::Predicted && fact.probability >= 0.3
}

/// Whether there will be a further report.
fn reports(picture: &Picture, today: Date) -> Vec<Forecast> {
    let question = Question::Reports;
    // One day an origin: copies are no further report.
    let mut first: BTreeMap<_, Date> = BTreeMap::new();
    for document in &picture.documents {
        let Some(published) = document.published else { continue };
        let published = published.first_day();
        let slot = first.entry(document.origin).or_insert(published);
        *slot = published.min(*slot);
    }
    let days: Vec<i32> = first.values().map(|day| days_between(*day, today)).collect();
    let days: Vec<i32> = days.into_iter().filter(|ago| *ago >= 0).map(|ago| -ago).collect();
    if days.len() < LEAST_REPORTS {
        let why = format!(
            "{} of a known date; two are needed",
            match days.len() {
                0 => "there is no report",
                _ => "there is only one report",
            }
        );
        return vec![Forecast::none(question, backtest::RECURRENCE, why)];
    }
    let Some(row) = recurrence::features(&days, 0) else { return Vec::new() };
    let within = |days: u32| Recurrence::builtin().probability(&row, days);
    let quiet = days.iter().max().map_or(0, |day| -day);
    let mut forecasts: Vec<Forecast> = HORIZONS
        .into_iter()
        .map(|horizon| Forecast {
            value: Some("a further report".into()),
            probability: Some(within(horizon)),
            horizon_days: Some(horizon),
            because: vec![format!("{} reports so far, the last {quiet} days ago", days.len())],
            ..Forecast::of(question, backtest::RECURRENCE)
        })
        .collect();
    let why = "how many: the pool that beats naive counts learns from many series, and this is one";
    forecasts.push(Forecast::none(question, backtest::ACTIVITY, why));
    forecasts
}

/// How long the indicators are of use, those with most life left first.
fn indicators(picture: &Picture, statuses: &Statuses, today: Date) -> Vec<Forecast> {
    let question = Question::Indicators;
    let mut forecasts = Vec::new();
    for (fact, status) in picture.facts.iter().zip(&picture.statuses) {
        let indicator = fact.relation == Relation::Role
            && fact.object.key().ends_with(Role::Indicator.as_str());
        if !indicator || !stands(fact) || matches!(status, Status::Benign | Status::Revoked) {
            continue;
        }
        let Some(last) = fact.last_known() else { continue };
        let first = fact.period.first.or(fact.reported.first).unwrap_or(last);
        let Some(life) = statuses.read(fact).life else { continue };
        let age = days_between(first.first_day(), last.last_day()).max(0);
        let unseen = days_between(last.last_day(), today).max(0);
        forecasts.push(Forecast {
            value: Some(fact.subject.value.clone()),
            name: Some(fact.subject.kind.to_string()),
            probability: Some(life.probability),
            status: Some(life.status),
            days_left: Some(life.days_left),
            because: vec![format!("last known {unseen} days ago, {age} days after the first")],
            ..Forecast::of(
                question,
                if life.scored { backtest::LIFETIME } else { backtest::LIFETIME_RULE },
            )
        });
    }
    forecasts.sort_by(|a, b| {
        b.probability
            .unwrap_or_default()
            .total_cmp(&a.probability.unwrap_or_default())
            .then_with(|| (&a.name, &a.value).cmp(&(&b.name, &b.value)))
    });
    if forecasts.is_empty() {
        forecasts.push(Forecast::none(
            question,
            backtest::LIFETIME,
            "no dated indicator is known of it",
        ));
    }
    forecasts
}

/// Weaknesses of what it exploited: no history was found on which a forecast beats a count.
fn weaknesses(picture: &Picture) -> Forecast {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for fact in picture.facts.iter().filter(|fact| stands(fact)) {
        if fact.relation == Relation::HasWeakness
            && let Some(weakness) = fact.object.entity()
        {
            *counts.entry(weakness.value.clone()).or_default() += 1;
        }
    }
    let mut seen: Vec<(String, usize)> = counts.into_iter().collect();
    seen.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    let seen: Vec<String> = seen.into_iter().take(5).map(|(id, n)| format!("{id} ({n})")).collect();
    let why = "no public history shows which weaknesses follow, so nothing could be tested";
    Forecast { because: seen, ..Forecast::none(Question::Weaknesses, backtest::RECORDED, why) }
}

/// Days from `from` to `to`, negative when `to` is earlier.
fn days_between(from: Date, to: Date) -> i32 {
    to.since(from).map_or(0, |span| span.get_days())
}
