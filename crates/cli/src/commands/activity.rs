use lapwing_engine::{ActivityOptions, PostRow, Rising};
use serde_json::json;

use crate::args::Activity;
use crate::failure::{Failure, Outcome};
use crate::output::{Output, counted, one_line, table, unlinked};
use crate::session::Session;

/// Rows of each part; the rest is counted.
const SHOWN: usize = 15;
/// Posts under each row on a terminal.
const SHOWN_POSTS: usize = 2;

pub fn run(args: &Activity, session: &mut Session) -> Result<Outcome, Failure> {
    let engine = session.look()?;
    let until = args.until.unwrap_or(session.today);
    let options = ActivityOptions {
        since: args.since,
        until,
        kinds: args.kind.clone(),
        channel: args.channel.clone(),
        rate: args.rate,
    };
    if args.since.is_some_and(|since| since > until) {
        return Err(Failure::usage("--since is after --until"));
    }
    let activity = engine.activity(&options)?;
    if session.out.json {
        json_lines(&activity, &mut session.out)?;
    } else {
        print(&activity, &mut session.out)?;
    }
    if activity.posts == 0 {
        session.remark(
            "no posts of these days are in the store; `lapwing feeds add` collects them, `lapwing add` reads exports",
        )?;
    }
    Ok(Outcome::Done)
}

fn json_lines(activity: &lapwing_engine::Activity, out: &mut Output) -> Result<(), Failure> {
    let with = |what: &str, value: serde_json::Value| {
        let mut object = json!({ "what": what });
        if let (Some(object), serde_json::Value::Object(more)) = (object.as_object_mut(), value) {
            object.extend(more);
        }
        object
    };
    for row in &activity.rising {
        out.object(&with("rising", serde_json::to_value(row)?))?;
    }
    for row in &activity.first_sightings {
        out.object(&with("first-sighting", serde_json::to_value(row)?))?;
    }
    for row in &activity.intentions {
        out.object(&with("intention", serde_json::to_value(row)?))?;
    }
    for row in &activity.channels {
        out.object(&with("channel", serde_json::to_value(row)?))?;
    }
    out.object(&json!({
        "what": "summary", "since": activity.since, "until": activity.until,
        "posts": activity.posts, "judged": activity.judged, "past_days": activity.past_days,
        "rate": activity.rate, "model": activity.model,
    }))
}

fn print(activity: &lapwing_engine::Activity, out: &mut Output) -> Result<(), Failure> {
    out.line(&format!(
        "{} … {}: {} in {}",
        activity.since,
        activity.until,
        counted(activity.posts as u64, "post"),
        counted(activity.channels.iter().filter(|c| c.posts > 0).count() as u64, "channel")
    ))?;
    out.line(&format!(
        "\nRising against their own past ({} judged on {} of past; at most {:.0} % of these are chance)",
        counted(activity.judged as u64, "name"),
        counted(activity.past_days as u64, "day"),
        activity.rate * 100.0
    ))?;
    out.line(&format!("  model: {}", activity.model.model))?;
    if let (Some(score), Some(baseline)) = (activity.model.score, activity.model.baseline) {
        out.line(&format!("  tested on {}: {score}; {baseline}", activity.model.data))?;
    }
    for rising in activity.rising.iter().take(SHOWN) {
        out.line(&format!("  {}", headline(rising)))?;
        posts(&rising.posts, out)?;
    }
    rest(activity.rising.len(), out)?;
    if activity.rising.is_empty() {
        out.line("  nothing rises")?;
    }
    if !activity.first_sightings.is_empty() {
        out.line("\nNamed for the first time")?;
        let rows: Vec<Vec<String>> = activity
            .first_sightings
            .iter()
            .take(SHOWN)
            .map(|first| {
                vec![
                    format!("  {}", first.kind),
                    one_line(&unlinked(&first.value), 50),
                    first.day.to_string(),
                    counted(first.count as u64, "post"),
                    counted(first.authors as u64, "author"),
                    if first.known == Some(false) { "new name".to_owned() } else { String::new() },
                    one_line(&first.channels.join(", "), 60),
                ]
            })
            .collect();
        out.text(&table(&rows))?;
        rest(activity.first_sightings.len(), out)?;
    }
    if !activity.intentions.is_empty() {
        out.line("\nAnnounced")?;
        for intended in &activity.intentions {
            let about: Vec<String> =
                intended.about.iter().take(5).map(|(name, n)| format!("{name} {n}×")).collect();
            let about =
                if about.is_empty() { String::new() } else { format!(": {}", about.join(", ")) };
            out.line(&format!(
                "  {}, {} by {}{}",
                intended.title,
                counted(intended.count as u64, "post"),
                counted(intended.authors as u64, "author"),
                one_line(&unlinked(&about), 120)
            ))?;
            posts(&intended.posts, out)?;
        }
    }
    if !activity.channels.is_empty() {
        out.line("\nChannels")?;
        let rows: Vec<Vec<String>> = activity
            .channels
            .iter()
            .take(SHOWN)
            .map(|channel| {
                vec![
                    format!("  {}", one_line(&channel.channel, 60)),
                    counted(channel.posts as u64, "post"),
                    format!("usually {:.0}", channel.usual),
                    format!("last {}", channel.last),
                ]
            })
            .collect();
        out.text(&table(&rows))?;
        rest(activity.channels.len(), out)?;
    }
    Ok(())
}

fn rest(count: usize, out: &mut Output) -> Result<(), Failure> {
    if count > SHOWN {
        out.line(&format!("  … {} more with --json", count - SHOWN))?;
    }
    Ok(())
}

fn headline(rising: &Rising) -> String {
    let name = match &rising.name {
        Some(name) => format!("{} {name}", rising.value),
        None => rising.value.clone(),
    };
    let said: Vec<String> =
        rising.intentions.iter().map(|(id, count)| format!("{id} {count}×")).collect();
    let said = if said.is_empty() { String::new() } else { format!(" ({})", said.join(", ")) };
    let window = match rising.days {
        1 => format!("on {}", rising.day),
        days => format!("in the {days} days to {}", rising.day),
    };
    format!(
        "{} ({}): {} {window}, {:.1} expected; {}, {}; {}{said}",
        one_line(&unlinked(&name), 60),
        rising.kind,
        rising.count,
        rising.expected,
        counted(rising.authors as u64, "author"),
        counted(rising.channels.len() as u64, "channel"),
        rising.stage.as_str(),
    )
}

fn posts(posts: &[PostRow], out: &mut Output) -> Result<(), Failure> {
    for post in posts.iter().take(SHOWN_POSTS) {
        let time = post.time.get(..16).unwrap_or(&post.time).replace('T', " ");
        let author = post.author.as_deref().map(|a| format!(", {a}")).unwrap_or_default();
        out.line(&format!(
            "      {time} {}{}: {}",
            one_line(&post.channel, 30),
            one_line(&author, 30),
            one_line(&unlinked(&post.text), 110)
        ))?;
    }
    Ok(())
}
