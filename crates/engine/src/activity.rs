use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, Weekday};
use jiff::{Span, ToSpan};
use lapwing_extract::intention::{Intentions, Phase};
use lapwing_forecast::activity as model;
use lapwing_forecast::backtest::{BURSTS, Backtest};
use lapwing_model::{DocumentId, Entity, Kind};
use lapwing_store::{COUNTED, Post};
use serde::Serialize;

use crate::{Engine, EngineError};

/// Days that are looked at where the user names none.
const DAYS: i64 = 7;
/// Days that are judged at most.
const MOST_DAYS: usize = 92;
/// A name that was counted less often rises for nobody.
const LEAST_COUNT: u32 = 3;
/// Posts that are shown behind each answer.
const SHOWN_POSTS: usize = 5;
/// Characters of a post that are shown.
const SHOWN_TEXT: usize = 240;
/// Days of counts that are shown with a name.
const SHOWN_DAYS: usize = 28;

/// What to look at.
#[derive(Clone, Debug)]
pub struct ActivityOptions {
    /// The first day; six days before the last where it is not said.
    pub since: Option<Date>,
    /// The last day.
    pub until: Date,
    /// Kinds of names; all that are counted where none is named.
    pub kinds: Vec<Kind>,
    /// Only channels whose name holds this, in any case.
    pub channel: Option<String>,
    /// The share of names in the answer that may be false alarms.
    pub rate: f64,
}

impl ActivityOptions {
    /// The week that ends with a day, at a rate of one in ten.
    #[must_use]
    pub fn week_to(until: Date) -> Self {
        Self { since: None, until, kinds: Vec::new(), channel: None, rate: 0.1 }
    }
}

/// What went on in the channels.
#[derive(Clone, Debug, Serialize)]
pub struct Activity {
    /// The first day that was looked at.
    pub since: Date,
    /// The last day.
    pub until: Date,
    /// Posts of these days.
    pub posts: usize,
    /// Names that were judged, on how many days of past.
    pub judged: usize,
    /// Days of past before the first day, from the first post on.
    pub past_days: usize,
    /// The share of names under `rising` that may be false alarms.
    pub rate: f64,
    /// The model, and what it was tested on.
    pub model: Backtest,
    /// Names that rise against their own past, the least expected first.
    pub rising: Vec<Rising>,
    /// Names that no document spoke of before.
    pub first_sightings: Vec<FirstSighting>,
    /// What posts announce.
    pub intentions: Vec<Intended>,
    /// The channels, those with most posts first.
    pub channels: Vec<ChannelActivity>,
}

/// Whether a name is talked about, studied, or used in attacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Two or more people tell of attacks.
    OngoingAttack,
    /// Somebody published research or an exploit, and at most one tells of attacks.
    EmergingResearch,
    /// Only what is done against it is told.
    Mitigation,
    /// Nothing of this is told.
    Talk,
}

impl Stage {
    /// In words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OngoingAttack => "ongoing attack",
            Self::EmergingResearch => "emerging research",
            Self::Mitigation => "mitigation",
            Self::Talk => "talk",
        }
    }
}

/// A name that rises.
#[derive(Clone, Debug, Serialize)]
pub struct Rising {
    /// What it is.
    pub kind: Kind,
    /// Its name or value.
    pub value: String,
    /// Its name, where the value is a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The last day of the rise.
    pub day: Date,
    /// So many days are judged together.
    pub days: usize,
    /// Posts in them: one an author and day, the same text once a day.
    pub count: u32,
    /// Posts that were to be expected.
    pub expected: f64,
    /// How likely so many are without any rise.
    pub p: f64,
    /// The least rate of false alarms at which it is told.
    pub rate: f64,
    /// Authors in these days.
    pub authors: usize,
    /// Channels in these days.
    pub channels: Vec<String>,
    /// Whether it is studied or used.
    pub stage: Stage,
    /// What posts announce of it, with their number.
    pub intentions: BTreeMap<String, usize>,
    /// Counts of the last days up to the rise.
    pub counts: Vec<u32>,
    /// Posts behind it, the latest first, one an author before a second.
    pub posts: Vec<PostRow>,
}

/// A name that no document spoke of before.
#[derive(Clone, Debug, Serialize)]
pub struct FirstSighting {
    /// What it is.
    pub kind: Kind,
    /// Its name or value.
    pub value: String,
    /// When it was first named.
    pub day: Date,
    /// Posts that name it.
    pub count: usize,
    /// Their authors.
    pub authors: usize,
    /// Their channels.
    pub channels: Vec<String>,
    /// Whether the reference data knows the name; `None` for vulnerabilities, which it does not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<bool>,
    /// Posts behind it, the first first.
    pub posts: Vec<PostRow>,
}

/// Something that posts announce.
#[derive(Clone, Debug, Serialize)]
pub struct Intended {
    /// Its identifier, as `exploit-published`.
    pub intention: String,
    /// Its name for people.
    pub title: String,
    /// Posts that announce it.
    pub count: usize,
    /// Their authors.
    pub authors: usize,
    /// Names in these posts, with the number of posts, the most frequent first.
    pub about: Vec<(String, usize)>,
    /// The posts, the latest first.
    pub posts: Vec<PostRow>,
}

/// How much was posted in a channel.
#[derive(Clone, Debug, Serialize)]
pub struct ChannelActivity {
    /// Its name.
    pub channel: String,
    /// Posts in the days that were looked at.
    pub posts: usize,
    /// Posts that its past would make in as many days.
    pub usual: f64,
    /// The day of its last post.
    pub last: Date,
}

/// A post, to be shown.
#[derive(Clone, Debug, Serialize)]
pub struct PostRow {
    /// The document.
    pub document: DocumentId,
    /// When it was posted: a time, or a day.
    pub time: String,
    /// Where.
    pub channel: String,
    /// By whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// Its address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Its beginning.
    pub text: String,
    /// What it announces.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub intentions: Vec<String>,
}

/// A post as it is counted.
struct Counted {
    row: PostRow,
    day: usize,
    names: Vec<Entity>,
    /// Indices of what it announces.
    announces: Vec<usize>,
}

impl Counted {
    /// Who posted it: a post without an author is its own.
    fn author(&self) -> String {
        match &self.row.author {
            Some(author) => format!("{author}\n{}", self.row.channel),
            None => self.row.document.to_string(),
        }
    }
}

impl Engine {
    /// What is rising, new and announced in the posts of the channels.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn activity(&self, options: &ActivityOptions) -> Result<Activity, EngineError> {
        let until = options.until;
        let earliest = until.saturating_sub((MOST_DAYS as i64 - 1).days());
        let since = options.since.unwrap_or(until.saturating_sub((DAYS - 1).days()));
        let since = since.clamp(earliest, until);
        // Past enough for every day on which the calibration is learnt.
        let past = (2 * model::BASELINE + model::WINDOWS[1]) as i64;
        let from = since.saturating_sub(past.days());
        let posts = self.posts(from, since, options)?;
        // A name that was not collected yet was not silent: the past begins with the first post.
        let first = posts.first().map_or_else(|| days_between(from, since), |post| post.day);
        let at = |date: Date| days_between(from, date).saturating_sub(first);
        let (start, end) = (at(since), at(until));
        let posts: Vec<Counted> =
            posts.into_iter().map(|post| Counted { day: post.day - first, ..post }).collect();
        let day_of = |day: usize| from.saturating_add(((first + day) as i64).days());
        let in_window: Vec<&Counted> = posts.iter().filter(|post| post.day >= start).collect();
        let series = series(&posts, end + 1);
        let weekday = weekday(day_of(0).weekday());
        let judged = judge(&series, weekday, start, end, options.rate);
        let mut answer = Activity {
            since,
            until,
            posts: in_window.len(),
            judged: series.len(),
            past_days: start,
            rate: options.rate,
            model: BURSTS,
            rising: Vec::new(),
            first_sightings: self.first_sightings(&posts, start, since, &day_of)?,
            intentions: intentions(&in_window),
            channels: channels(&posts, start, end, &day_of),
        };
        for (entity, day, judgement, rate) in judged {
            let from = (day + 1).saturating_sub(judgement.days);
            let behind: Vec<&Counted> = posts
                .iter()
                .filter(|post| (from..=day).contains(&post.day) && post.names.contains(entity))
                .collect();
            let counts = &series[entity];
            answer.rising.push(Rising {
                kind: entity.kind,
                value: entity.value.clone(),
                name: self.technique_name(entity),
                day: day_of(day),
                days: judgement.days,
                count: judgement.count,
                expected: (judgement.expected * 100.0).round() / 100.0,
                p: judgement.p,
                rate,
                authors: authors(&behind),
                channels: channel_names(&behind),
                stage: stage(&behind),
                intentions: announced(&behind),
                counts: counts[(day + 1).saturating_sub(SHOWN_DAYS)..=day].to_vec(),
                posts: shown(&behind, true),
            });
        }
        Ok(answer)
    }

    /// The posts from a day on, in order; what they announce only from `since` on.
    fn posts(
        &self,
        from: Date,
        since: Date,
        options: &ActivityOptions,
    ) -> Result<Vec<Counted>, EngineError> {
        let channel = options.channel.as_deref().map(str::to_lowercase);
        let kinds = if options.kinds.is_empty() { &COUNTED[..] } else { &options.kinds };
        let rules = Intentions::builtin();
        let mut posts = Vec::new();
        self.store().each_post(from, options.until, &mut |mut post| {
            let place = channel_of(&post);
            if channel.as_ref().is_some_and(|wanted| !place.to_lowercase().contains(wanted)) {
                return Ok(());
            }
            post.names.retain(|name| kinds.contains(&name.kind));
            let announces: Vec<usize> = if post.day >= since {
                rules.of(&post.document.text).into_iter().map(|found| found.intention).collect()
            } else {
                Vec::new()
            };
            let property = |name: &str| {
                let mut properties = post.document.properties.iter();
                properties.find(|(key, _)| key == name).map(|(_, value)| value.clone())
            };
            let row = PostRow {
                document: post.document.id,
                time: property("time").unwrap_or_else(|| post.day.to_string()),
                channel: place,
                author: property("author"),
                link: post.document.url.clone(),
                text: beginning(&post.document.text),
                intentions: announces.iter().map(|at| rules.all()[*at].id.clone()).collect(),
            };
            let day = days_between(from, post.day);
            posts.push(Counted { row, day, names: post.names, announces });
            Ok(())
        })?;
        posts.sort_by(|a, b| {
            (a.day, &a.row.time, a.row.document).cmp(&(b.day, &b.row.time, b.row.document))
        });
        Ok(posts)
    }

    fn first_sightings(
        &self,
        posts: &[Counted],
        start: usize,
        since: Date,
        day_of: &dyn Fn(usize) -> Date,
    ) -> Result<Vec<FirstSighting>, EngineError> {
        let named = |kind: Kind| {
            matches!(
                kind,
                Kind::ThreatActor
                    | Kind::Cluster
                    | Kind::Malware
                    | Kind::Tool
                    | Kind::Vulnerability
            )
        };
        let mut by_name: BTreeMap<&Entity, Vec<&Counted>> = BTreeMap::new();
        for post in posts {
            for name in post.names.iter().filter(|name| named(name.kind)) {
                by_name.entry(name).or_default().push(post);
            }
        }
        let knowledge = self.knowledge();
        let mut found = Vec::new();
        for (entity, posts) in by_name {
            let Some(first) = posts.first().filter(|post| post.day >= start) else { continue };
            if self.store().spoken_of_before(entity, since)? {
                continue;
            }
            found.push(FirstSighting {
                kind: entity.kind,
                value: entity.value.clone(),
                day: day_of(first.day),
                count: posts.len(),
                authors: authors(&posts),
                channels: channel_names(&posts),
                known: (entity.kind != Kind::Vulnerability).then(|| {
                    !knowledge.actors_named(&entity.value).is_empty()
                        || !knowledge.software_named(&entity.value).is_empty()
                }),
                posts: posts.iter().take(SHOWN_POSTS).map(|post| post.row.clone()).collect(),
            });
        }
        found.sort_by(|a, b| {
            (b.authors, b.count, a.kind, &a.value).cmp(&(a.authors, a.count, b.kind, &b.value))
        });
        Ok(found)
    }

    fn technique_name(&self, entity: &Entity) -> Option<String> {
        if entity.kind != Kind::AttackPattern {
            return None;
        }
        self.knowledge().technique(&entity.value).map(|technique| technique.name.clone())
    }
}

/// Where a post or an entry of a feed was published.
fn channel_of(post: &Post) -> String {
    let mut properties = post.document.properties.iter();
    let named = properties.find(|(key, _)| key == "channel").map(|(_, value)| value.clone());
    named.or_else(|| post.document.source.clone()).unwrap_or_else(|| {
        post.document.container.clone().unwrap_or_else(|| "(no channel)".to_owned())
    })
}

fn days_between(from: Date, to: Date) -> usize {
    from.until(to).map_or(0, |span: Span| span.get_days().max(0) as usize)
}

fn weekday(day: Weekday) -> usize {
    day.to_monday_zero_offset() as usize
}

/// Counts a day of each name: one an author and day, and the same words once a day, so that neither
/// who shouts nor who copies makes a rise.
fn series(posts: &[Counted], days: usize) -> BTreeMap<Entity, Vec<u32>> {
    let mut series: BTreeMap<Entity, Vec<u32>> = BTreeMap::new();
    let mut seen: BTreeSet<(usize, &Entity, String)> = BTreeSet::new();
    for post in posts {
        let words = post.row.text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        for name in &post.names {
            let new_author = seen.insert((post.day, name, post.author()));
            let new_words = seen.insert((post.day, name, format!("\u{0}{words}")));
            if new_author && new_words {
                let counts = series.entry(name.clone()).or_insert_with(|| vec![0; days]);
                if let Some(count) = counts.get_mut(post.day) {
                    *count += 1;
                }
            }
        }
    }
    series
}

type Judged<'a> = (&'a Entity, usize, model::Judgement, f64);

/// The names that rise on some day of the window, each on its least expected day.
fn judge(
    series: &BTreeMap<Entity, Vec<u32>>,
    weekday: usize,
    start: usize,
    end: usize,
    rate: f64,
) -> Vec<Judged<'_>> {
    let all: Vec<&[u32]> = series.values().map(Vec::as_slice).collect();
    let fitted = model::Activity::fit(&all, weekday, start);
    let mut p = Vec::new();
    let mut judged = Vec::new();
    for day in start..=end {
        for (entity, counts) in series {
            let Some(judgement) = fitted.judge(counts, day) else { continue };
            p.push(judgement.p);
            judged.push((entity, day, judgement));
        }
    }
    let rates = model::discoveries(&p);
    let mut best: BTreeMap<&Entity, Judged<'_>> = BTreeMap::new();
    for ((entity, day, judgement), false_rate) in judged.into_iter().zip(rates) {
        if false_rate > rate || judgement.count < LEAST_COUNT {
            continue;
        }
        let known = best.get(entity).map(|(_, _, known, _)| known.p);
        if known.is_none_or(|known| judgement.p <= known) {
            best.insert(entity, (entity, day, judgement, false_rate));
        }
    }
    let mut rising: Vec<Judged<'_>> = best.into_values().collect();
    rising.sort_by(|a, b| a.2.p.total_cmp(&b.2.p).then_with(|| a.0.cmp(b.0)));
    rising
}

fn authors(posts: &[&Counted]) -> usize {
    posts.iter().map(|post| post.author()).collect::<BTreeSet<_>>().len()
}

fn channel_names(posts: &[&Counted]) -> Vec<String> {
    let names: BTreeSet<&str> = posts.iter().map(|post| post.row.channel.as_str()).collect();
    names.into_iter().map(str::to_owned).collect()
}

fn announced(posts: &[&Counted]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for id in posts.iter().flat_map(|post| &post.row.intentions) {
        *counts.entry(id.clone()).or_default() += 1;
    }
    counts
}

fn stage(posts: &[&Counted]) -> Stage {
    let rules = Intentions::builtin();
    let of = |phase: Phase| {
        let says =
            |post: &&&Counted| post.announces.iter().any(|at| rules.all()[*at].phase == phase);
        posts.iter().filter(says).copied().collect::<Vec<_>>()
    };
    if authors(&of(Phase::Attack)) >= 2 {
        Stage::OngoingAttack
    } else if !of(Phase::Research).is_empty() {
        Stage::EmergingResearch
    } else if !of(Phase::Defence).is_empty() {
        Stage::Mitigation
    } else {
        Stage::Talk
    }
}

/// The posts to show: the latest first; where `announcing`, those that announce something first.
fn shown(posts: &[&Counted], announcing: bool) -> Vec<PostRow> {
    let mut order: Vec<&&Counted> = posts.iter().collect();
    order.sort_by(|a, b| {
        let quiet = |post: &Counted| announcing && post.announces.is_empty();
        (quiet(a), &b.row.time, a.row.document).cmp(&(quiet(b), &a.row.time, b.row.document))
    });
    let mut authors = BTreeSet::new();
    let (first, more): (Vec<&&Counted>, Vec<&&Counted>) =
        order.into_iter().partition(|post| authors.insert(post.author()));
    first.into_iter().chain(more).take(SHOWN_POSTS).map(|post| post.row.clone()).collect()
}

fn intentions(posts: &[&Counted]) -> Vec<Intended> {
    let rules = Intentions::builtin();
    let mut all = Vec::new();
    for (at, intention) in rules.all().iter().enumerate() {
        let says: Vec<&Counted> =
            posts.iter().filter(|post| post.announces.contains(&at)).copied().collect();
        if says.is_empty() {
            continue;
        }
        let mut about: BTreeMap<&str, usize> = BTreeMap::new();
        for name in says.iter().flat_map(|post| &post.names) {
            *about.entry(&name.value).or_default() += 1;
        }
        let mut about: Vec<(String, usize)> =
            about.into_iter().map(|(name, count)| (name.to_owned(), count)).collect();
        about.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
        about.truncate(10);
        all.push(Intended {
            intention: intention.id.clone(),
            title: intention.title.clone(),
            count: says.len(),
            authors: authors(&says),
            about,
            posts: shown(&says, false),
        });
    }
    all
}

fn channels(
    posts: &[Counted],
    start: usize,
    end: usize,
    day_of: &dyn Fn(usize) -> Date,
) -> Vec<ChannelActivity> {
    let mut by_name: BTreeMap<&str, (usize, usize, usize, usize)> = BTreeMap::new();
    for post in posts {
        let entry = by_name.entry(&post.row.channel).or_insert((0, 0, post.day, post.day));
        if post.day >= start {
            entry.0 += 1;
        } else {
            entry.1 += 1;
        }
        entry.3 = post.day;
    }
    let mut channels: Vec<ChannelActivity> = by_name
        .into_iter()
        .map(|(channel, (posts, before, first, last))| {
            let past = start.saturating_sub(first).max(1) as f64;
            let usual = before as f64 * (end + 1 - start) as f64 / past;
            ChannelActivity {
                channel: channel.to_owned(),
                posts,
                usual: (usual * 10.0).round() / 10.0,
                last: day_of(last),
            }
        })
        .collect();
    channels.sort_by(|a, b| (b.posts, &a.channel).cmp(&(a.posts, &b.channel)));
    channels
}

/// The beginning of a post, on one line.
fn beginning(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= SHOWN_TEXT {
        return line;
    }
    let mut cut: String = line.chars().take(SHOWN_TEXT - 1).collect();
    cut.push('…');
    cut
}
