use jiff::Timestamp;
use lapwing_engine::store::{Feed, FeedSettings};
use lapwing_feeds::{Collector, FeedError, NewFeed, PullReport, schedule};
use lapwing_model::Problem;
use serde_json::json;

use crate::args::{AddFeed, Feeds, FeedsAction};
use crate::failure::{Failure, Outcome};
use crate::fetch;
use crate::output::{counted, one_line, table, unlinked};
use crate::progress::Bar;
use crate::session::Session;

pub fn run(args: Feeds, session: &mut Session) -> Result<Outcome, Failure> {
    let key = |name: &str| std::env::var(name).ok();
    let collector = Collector::new(&key).with_proxy(fetch::proxy());
    match args.action.unwrap_or(FeedsAction::List) {
        FeedsAction::Add(args) => add(args, &collector, session),
        FeedsAction::List => list(session),
        FeedsAction::Pull { names, due } => pull(names, due, &collector, session),
        FeedsAction::Pause { name } => {
            let feed = collector.pause(&session.open()?, &name, true)?;
            tell(&feed, "is paused; `lapwing feeds resume` takes it up again", session)
        }
        FeedsAction::Resume { name } => {
            let feed = collector.pause(&session.open()?, &name, false)?;
            tell(&feed, "goes on", session)
        }
        FeedsAction::Remove { name } => {
            let feed = collector.remove(&session.open()?, &name)?;
            tell(&feed, "is forgotten; its documents stay", session)
        }
    }
}

fn tell(feed: &Feed, what: &str, session: &mut Session) -> Result<Outcome, Failure> {
    if session.out.json {
        session.out.object(&shown(feed, session.now))?;
    } else {
        session.out.line(&format!("{} {what}", one_line(&feed.name, 60)))?;
    }
    Ok(Outcome::Done)
}

fn add(
    args: AddFeed,
    collector: &Collector<'_>,
    session: &mut Session,
) -> Result<Outcome, Failure> {
    let new = NewFeed {
        address: args.address,
        kind: args.kind,
        name: args.name,
        settings: FeedSettings {
            every: args.every,
            source: args.source,
            marking: args.tlp,
            quota: args.quota,
            key_env: args.key_env,
            allow_private: args.allow_private,
            named_private: false,
            articles: !args.no_articles,
            paused: false,
        },
    };
    let feed = collector.add(&session.open()?, new)?;
    if session.out.json {
        session.out.object(&shown(&feed, session.now))?;
    } else {
        session.out.line(&format!(
            "{}: {} at {}, every {}",
            one_line(&feed.name, 60),
            feed.kind,
            one_line(&unlinked(&feed.address), 120),
            schedule::interval(feed.settings.every)
        ))?;
        session.remark(&format!("pull it with `lapwing feeds pull {}`", feed.name))?;
    }
    Ok(Outcome::Done)
}

/// A feed as it is printed with `--json`; its key is not stored, and so not shown.
fn shown(feed: &Feed, now: Timestamp) -> serde_json::Value {
    json!({
        "name": feed.name, "kind": feed.kind, "address": feed.address,
        "every": feed.settings.every, "source": feed.settings.source,
        "marking": feed.settings.marking, "quota": feed.settings.quota,
        "key_env": feed.settings.key_env, "allow_private": feed.settings.allow_private,
        "articles": feed.settings.articles, "paused": feed.settings.paused,
        "due": schedule::is_due(feed, now), "last_run": feed.state.last_run,
        "last_success": feed.state.last_success, "next": feed.state.next,
        "failures": feed.state.failures, "error": feed.state.error,
        "items": feed.state.last_items, "new": feed.state.last_new,
        "new_in_all": feed.state.new, "pulls": feed.state.pulls,
        "etag": feed.state.etag, "last_modified": feed.state.last_modified,
    })
}

fn list(session: &mut Session) -> Result<Outcome, Failure> {
    let feeds = session.look()?.store().feeds()?;
    let now = session.now;
    if session.out.json {
        for feed in &feeds {
            session.out.object(&shown(feed, now))?;
        }
        return Ok(Outcome::Done);
    }
    if feeds.is_empty() {
        session.remark("there is no feed; `lapwing feeds add URL` makes one")?;
        return Ok(Outcome::Done);
    }
    let mut rows = vec![
        ["feed", "kind", "health", "last success", "next", "items", "new", "in all", "etag"]
            .map(str::to_owned)
            .to_vec(),
    ];
    rows.extend(feeds.iter().map(|feed| row(feed, now)));
    session.out.text(&table(&rows))?;
    for feed in feeds.iter().filter(|feed| feed.state.error.is_some()) {
        let error = feed.state.error.as_deref().unwrap_or_default();
        session.out.line(&format!("{}: {}", feed.name, one_line(&unlinked(error), 400)))?;
    }
    Ok(Outcome::Done)
}

fn row(feed: &Feed, now: Timestamp) -> Vec<String> {
    let state = &feed.state;
    let health = match (feed.settings.paused, state.failures, state.last_run) {
        (true, ..) => "paused".to_owned(),
        (_, 0, None) => "not pulled yet".to_owned(),
        (_, 0, Some(_)) => "fine".to_owned(),
        (_, failures, _) => format!("failed {failures}×"),
    };
    let minute = |time: Option<Timestamp>| {
        time.map_or("–".to_owned(), |time| time.strftime("%Y-%m-%d %H:%M").to_string())
    };
    let next = if feed.settings.paused {
        "–".to_owned()
    } else if schedule::is_due(feed, now) {
        "due".to_owned()
    } else {
        minute(state.next)
    };
    vec![
        one_line(&feed.name, 40),
        feed.kind.clone(),
        health,
        minute(state.last_success),
        next,
        state.last_items.to_string(),
        state.last_new.to_string(),
        state.new.to_string(),
        state.etag.as_deref().map_or("–".to_owned(), |etag| one_line(etag, 24)),
    ]
}

fn pull(
    names: Vec<String>,
    due: bool,
    collector: &Collector<'_>,
    session: &mut Session,
) -> Result<Outcome, Failure> {
    let mut engine = session.open()?;
    let chosen = if !names.is_empty() {
        // A wrong name is told before anything is fetched.
        for name in &names {
            collector.feed(&engine, name)?;
        }
        names
    } else if due {
        collector.due(engine.store(), session.now)?
    } else {
        let feeds = engine.store().feeds()?.into_iter();
        feeds.filter(|feed| !feed.settings.paused).map(|feed| feed.name).collect()
    };
    if chosen.is_empty() {
        let what = if due { "no feed is due" } else { "there is no feed to pull" };
        session.remark(what)?;
        return Ok(Outcome::Done);
    }
    let (mut failed, mut partly) = (0, false);
    let mut problems: Vec<Problem> = Vec::new();
    for name in &chosen {
        let bar = Bar::new(session.quiet);
        let report = collector.pull(&mut engine, name, Timestamp::now(), &bar);
        bar.done();
        let report = match report {
            Ok(report) => report,
            // Removed by another command in the meantime.
            Err(error @ FeedError::UnknownFeed { .. }) => {
                session.out.message(&format!("lapwing: {error}"))?;
                failed += 1;
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        match &report.outcome {
            Ok(pulled) => {
                partly |= !pulled.problems.is_empty();
                problems.extend(pulled.problems.iter().cloned());
            }
            Err(error) => {
                failed += 1;
                session.out.message(&format!("lapwing: feed {name}: {error}"))?;
            }
        }
        print(&report, session)?;
    }
    session.tell_problems(&problems)?;
    if failed == chosen.len() {
        return Err(Failure::usage(format!("{} failed", counted(failed as u64, "feed")))
            .hint("`lapwing feeds list` shows when each is tried again"));
    }
    Ok(if failed > 0 || partly { Outcome::Partial } else { Outcome::Done })
}

fn print(report: &PullReport, session: &mut Session) -> Result<(), Failure> {
    let feed = &report.feed;
    if session.out.json {
        let value = match &report.outcome {
            Ok(pulled) => json!({
                "feed": feed.name, "ok": true, "items": pulled.items,
                "new_documents": pulled.new_documents, "claims": pulled.claims,
                "unchanged": pulled.unchanged, "more": pulled.more,
                "problems": pulled.problems.len(), "next": feed.state.next,
            }),
            Err(error) => json!({
                "feed": feed.name, "ok": false, "error": error.to_string(),
                "failures": feed.state.failures, "next": feed.state.next,
            }),
        };
        return session.out.object(&value);
    }
    let name = one_line(&feed.name, 40);
    match &report.outcome {
        Ok(pulled) if pulled.unchanged => {
            session.out.line(&format!("{name}: nothing new since the last pull"))
        }
        Ok(pulled) => {
            let more = if pulled.more { "; more waits for the next pull" } else { "" };
            session.out.line(&format!(
                "{name}: {}, {}, {}{more}",
                counted(pulled.items, "item"),
                counted(pulled.new_documents, "new document"),
                counted(pulled.claims, "claim")
            ))
        }
        Err(_) => {
            let next = feed.state.next.map_or_else(String::new, |next| {
                format!(", tried again after {}", next.strftime("%Y-%m-%d %H:%M UTC"))
            });
            session.out.line(&format!("{name}: failed {}×{next}", feed.state.failures))
        }
    }
}
