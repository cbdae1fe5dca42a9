//! Decisions of people in a copy that holds only a part of the documents: which may be told there.

use std::collections::{BTreeMap, BTreeSet};

use lapwing_model::Marking;

use crate::sql::Connection;

use crate::error::Fault;

/// The decisions in force, each by its topic.
pub(crate) fn in_force(conn: &Connection) -> Result<BTreeMap<String, String>, Fault> {
    let found = crate::judgements::all(conn, "", true)?;
    Ok(found.into_iter().map(|record| (record.topic, record.body)).collect())
}

/// A decision on a name, and the entities of which one has to be named for either side.
struct OnName {
    n: i64,
    change: i64,
    name: BTreeSet<i64>,
    means: BTreeSet<i64>,
}

/// Deletes the decisions that speak of what no document here names, with the changes that made them.
/// One on a name stays when documents here give the name, and what it means under that or another
/// name. Below a ceiling (`below`, with the strictest marking that decisions may have, if any may
/// have one) those that are marked above it go, and those on anything else that are not marked.
#[expect(
    clippy::option_option,
    reason = "no ceiling; one that lets no marked one through; this one"
)]
pub(crate) fn keep_evident(conn: &Connection, below: Option<Option<Marking>>) -> Result<(), Fault> {
    let mut statement = conn.prepare(
        "SELECT n, change, topic, body ->> '$.name.value', body ->> '$.means.value',
           body ->> '$.means.kind', body ->> '$.marking' FROM judgement",
    )?;
    let mut found = statement.query([])?;
    let (mut on_names, mut gone) = (Vec::new(), Vec::new());
    while let Some(row) = found.next()? {
        let (n, change, topic): (i64, i64, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let name: Option<String> = row.get(3)?;
        let means: Option<String> = row.get(4)?;
        let kind: Option<String> = row.get(5)?;
        let marking: Option<String> = row.get(6)?;
        let marking = marking.map(|word| word.parse::<Marking>().ok());
        if let (Some(most), Some(marking)) = (below, marking)
            && marking.zip(most).is_none_or(|(marking, most)| marking > most)
        {
            gone.push((n, change));
            continue;
        }
        match (topic.starts_with("name/"), name, means, kind) {
            (true, Some(name), Some(means), Some(kind)) => {
                let given = spelled(conn, &name)?;
                let mut meant = bearing(conn, &means, &kind)?;
                if name.to_lowercase() != means.to_lowercase() {
                    // The name itself is no evidence of what it is decided to mean.
                    meant.retain(|n| !given.contains(n));
                }
                on_names.push(OnName { n, change, name: given, means: meant });
            }
            (false, ..) if below.is_none() || marking.is_some() => {}
            _ => gone.push((n, change)),
        }
    }
    drop(found);
    let asked: BTreeSet<i64> =
        on_names.iter().flat_map(|on| on.name.iter().chain(&on.means)).copied().collect();
    let named = named(conn, &asked)?;
    for on in on_names {
        if on.name.is_disjoint(&named) || on.means.is_disjoint(&named) {
            gone.push((on.n, on.change));
        }
    }
    for (n, change) in gone {
        conn.prepare_cached("DELETE FROM judgement WHERE n = ?1")?.execute([n])?;
        // Its command names what the decision was about.
        conn.prepare_cached("DELETE FROM change WHERE (id = ?1 OR undoes = ?1) AND documents = 0")?
            .execute([change])?;
    }
    Ok(())
}

/// The entities of a spelling in any case.
fn spelled(conn: &Connection, name: &str) -> Result<BTreeSet<i64>, Fault> {
    let mut statement = conn.prepare_cached("SELECT n FROM folded WHERE name = ?1")?;
    let found = statement.query_map([name.to_lowercase()], |row| row.get(0))?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// The entities that are resolved to one of a name and kind, that one included.
fn bearing(conn: &Connection, name: &str, kind: &str) -> Result<BTreeSet<i64>, Fault> {
    let mut statement = conn.prepare_cached(
        "SELECT e.n FROM word k JOIN entity m ON m.kind = k.n AND m.value = ?1
         JOIN entity e ON e.kind = m.kind AND e.resolved = m.resolved WHERE k.text = ?2",
    )?;
    let found = statement.query_map([name, kind], |row| row.get(0))?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// Which of some entities documents here name.
fn named(conn: &Connection, asked: &BTreeSet<i64>) -> Result<BTreeSet<i64>, Fault> {
    if asked.is_empty() {
        return Ok(BTreeSet::new());
    }
    let list: Vec<String> = asked.iter().map(ToString::to_string).collect();
    let list = list.join(",");
    // In one go through the claims, however many are asked for.
    let mut statement = conn.prepare(&format!(
        "SELECT DISTINCT subject FROM claim WHERE subject IN ({list})
         UNION SELECT DISTINCT object FROM claim WHERE object IN ({list})"
    ))?;
    let found = statement.query_map([], |row| row.get(0))?;
    Ok(found.collect::<Result<_, _>>()?)
}
