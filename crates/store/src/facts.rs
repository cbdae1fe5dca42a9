//! Facts to rows and back, and the questions asked of them.

use crate::sql::types::Value;
use crate::sql::{Bulk, Connection, Row, params, params_from_iter};
use lapwing_model::{
    AnalyticConfidence, ClaimId, Contribution, Fact, Marking, Object, OriginId, Period, Relation,
};

use crate::aging::Aging;
use crate::claims::{basis, basis_number, relation};
use crate::codec::{Reader, Writer, date_number};
use crate::error::{Fault, StoreError};
use crate::names::Names;
use crate::names_server;
use crate::records::{FactQuery, KnownValue};
use crate::standing;
use crate::turns::Turns;

/// First byte of a fact's body: the version of its layout. The first wrote eight bytes for every number; it is read, and
/// goes when the fact is derived again.
const LAYOUT: u64 = 2;

/// Writes facts; [`Facts::finish`] sees to it that all are there.
pub(crate) struct Facts<'c> {
    facts: Bulk<'c>,
    turns: &'c Turns,
    touched: Bulk<'c>,
    /// The subject that was touched last: facts come in order of subject.
    last: Option<i64>,
}

/// What writes facts.
pub(crate) fn writer<'c>(conn: &'c Connection, turns: &'c Turns) -> Result<Facts<'c>, Fault> {
    let added = if turns.keeps() { "" } else { ", added = excluded.added" };
    let facts = conn.bulk(&format!(
        "INSERT INTO fact (subject, relation, object, object_entity, probability, first, \
             last, body, added) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9) \
             ON CONFLICT (subject, relation, object) DO UPDATE SET probability = excluded.probability, \
             first = excluded.first, last = excluded.last, body = excluded.body{added} \
             WHERE fact.body <> excluded.body"
    ))?;
    Ok(Facts { facts, turns, touched: standing::toucher(conn)?, last: None })
}

impl Facts<'_> {
    /// Writes the fact of a statement; tells whether it is another than before, as far as that is known
    /// at once: a server is told of many in one go.
    /// How a subject stands that is told otherwise need not be looked at (`is_told`).
    pub(crate) fn put(
        &mut self,
        (subject, relation, object): (i64, i64, i64),
        fact: &Fact,
        is_told: bool,
    ) -> Result<bool, Fault> {
        let object_entity = fact.object.entity().map(|_| object);
        let changed = self.facts.push(params![
            subject,
            relation,
            object,
            object_entity,
            fact.probability,
            fact.period.first.map(date_number),
            fact.period.last.map(date_number),
            encode(fact),
            self.turns.take(),
        ])?;
        // Where it is not known yet, the entities are looked at for nothing at worst.
        if changed != Some(0) {
            if !is_told && self.last.replace(subject) != Some(subject) {
                self.touched.push(params![subject])?;
            }
            if let Some(object) = object_entity {
                self.touched.push(params![object])?;
            }
        }
        Ok(changed.is_some_and(|changed| changed > 0))
    }

    /// Sees to it that all are there; tells how many are others than before.
    pub(crate) fn finish(self) -> Result<usize, Fault> {
        self.touched.finish()?;
        Ok(self.facts.finish()?)
    }
}

/// Takes the facts of statements away; tells how many there were.
pub(crate) fn remove(conn: &Connection, statements: &[(i64, i64, i64)]) -> Result<usize, Fault> {
    if statements.is_empty() {
        return Ok(0);
    }
    let mut gone = Vec::new();
    if let Some(session) = conn.postgres() {
        let sql = "DELETE FROM fact f USING unnest($1::int8[], $2::int8[], $3::int8[]) t (s, r, o)
            WHERE f.subject = t.s AND f.relation = t.r AND f.object = t.o
            RETURNING f.subject, f.object";
        for row in &session.query_columns(sql, columns(statements))?.all() {
            gone.push((row.get(0)?, row.get(1)?));
        }
    } else {
        let mut delete = conn.prepare_cached(
            "DELETE FROM fact WHERE subject = ?1 AND relation = ?2 AND object = ?3",
        )?;
        for statement in statements {
            if delete.execute(*statement)? > 0 {
                gone.push((statement.0, statement.2));
            }
        }
    }
    let mut touched = standing::toucher(conn)?;
    for (subject, object) in &gone {
        touched.push(params![subject])?;
        touched.push(params![object])?;
    }
    touched.finish()?;
    Ok(gone.len())
}

/// Statements as three columns.
pub(crate) fn columns(statements: &[(i64, i64, i64)]) -> Vec<Vec<Value>> {
    let column = |of: fn(&(i64, i64, i64)) -> i64| {
        statements.iter().map(|statement| of(statement).into()).collect()
    };
    vec![column(|s| s.0), column(|s| s.1), column(|s| s.2)]
}

/// Everything of a fact but its statement, which the row's key tells.
fn encode(fact: &Fact) -> Vec<u8> {
    // Taken apart by name: a field that is added to the model cannot be forgotten here.
    let Fact {
        subject: _,
        relation: _,
        object: _,
        probability,
        confidence,
        basis,
        period,
        reported,
        marking,
        contributions,
        notes,
    } = fact;
    let mut to = Writer::default();
    to.number(LAYOUT);
    to.float(*probability);
    to.number(match confidence {
        AnalyticConfidence::Low => 0,
        AnalyticConfidence::Moderate => 1,
        AnalyticConfidence::High => 2,
    });
    to.number(basis_number(*basis).into());
    for date in [period.first, period.last, reported.first, reported.last] {
        to.date(date);
    }
    to.number(marking_number(*marking));
    to.number(contributions.len() as u64);
    for contribution in contributions {
        let Contribution {
            origin,
            supports,
            weight,
            reliability,
            precision,
            stated,
            strongest,
            claims,
        } = contribution;
        to.id(origin.0);
        to.number((*supports).into());
        for share in [reliability, precision, stated] {
            to.share(*share);
        }
        // The weight is the product of these; another one is written out.
        let other = (reliability * precision * stated).to_bits() != weight.to_bits();
        to.number(other.into());
        if other {
            to.float(*weight);
        }
        to.id(strongest.0);
        // Most origins make one claim on a statement: it is the strongest and needs no list.
        let listed = if claims == &[*strongest] { None } else { Some(claims) };
        to.number(listed.map_or(0, |claims| claims.len() as u64 + 1));
        listed.into_iter().flatten().for_each(|claim| to.id(claim.0));
    }
    to.number(notes.len() as u64);
    for note in notes {
        to.text(note);
    }
    to.0
}

/// Bytes of an identifier and of a number with a fraction.
const ID: usize = 16;

fn marking_number(marking: Marking) -> u64 {
    match marking {
        Marking::Clear => 0,
        Marking::Green => 1,
        Marking::Amber => 2,
        Marking::AmberStrict => 3,
        Marking::Red => 4,
    }
}

pub(crate) fn decode(
    body: &[u8],
    subject: lapwing_model::Entity,
    relation: Relation,
    object: Object,
) -> Result<Fact, Fault> {
    decode_part(body, (subject, relation, object), Contributions::All)
}

/// Which contributions of a fact are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contributions {
    /// All.
    All,
    /// The first that supports it and the first that denies it: whether there is any. Thousands say what is
    /// widely shared, and who asks how a fact stands has no use for each of them.
    Sides,
}

/// As [`decode`], with no more contributions than are asked for.
pub(crate) fn decode_part(
    body: &[u8],
    (subject, relation, object): (lapwing_model::Entity, Relation, Object),
    which: Contributions,
) -> Result<Fact, Fault> {
    let mut from = Reader(body);
    let unknown = |what: &str| Fault::damaged(format!("a fact of unknown {what}"));
    let layout = from.number()?;
    if !(1..=LAYOUT).contains(&layout) {
        return Err(unknown("layout"));
    }
    let probability = from.float()?;
    let confidence = match from.number()? {
        0 => AnalyticConfidence::Low,
        1 => AnalyticConfidence::Moderate,
        2 => AnalyticConfidence::High,
        _ => return Err(unknown("confidence")),
    };
    let basis = basis(from.small()?)?;
    let period = Period { first: from.date()?, last: from.date()? };
    let reported = Period { first: from.date()?, last: from.date()? };
    let marking = match from.number()? {
        0 => Marking::Clear,
        1 => Marking::Green,
        2 => Marking::Amber,
        3 => Marking::AmberStrict,
        4 => Marking::Red,
        _ => return Err(unknown("marking")),
    };
    let mut contributions: Vec<Contribution> = Vec::new();
    for _ in 0..from.number()? {
        if which == Contributions::Sides {
            let begun = from.0;
            from.take(ID)?;
            let supports = from.number()? != 0;
            if contributions.iter().any(|known| known.supports == supports) {
                weighed(&mut from, layout)?;
                from.take(ID)?;
                let listed = from.small::<usize>()?.saturating_sub(1);
                from.take(listed.saturating_mul(ID))?;
                continue;
            }
            from.0 = begun;
        }
        let origin = OriginId(from.id()?);
        let supports = from.number()? != 0;
        let [weight, reliability, precision, stated] = weighed(&mut from, layout)?;
        let strongest = ClaimId(from.id()?);
        let claims = match from.number()? {
            0 => vec![strongest],
            count => {
                (1..count).map(|_| from.id().map(ClaimId)).collect::<Result<Vec<_>, Fault>>()?
            }
        };
        contributions.push(Contribution {
            origin,
            supports,
            weight,
            reliability,
            precision,
            stated,
            strongest,
            claims,
        });
    }
    let notes = (0..from.number()?).map(|_| from.text()).collect::<Result<Vec<_>, Fault>>()?;
    Ok(Fact {
        subject,
        relation,
        object,
        probability,
        confidence,
        basis,
        period,
        reported,
        marking,
        contributions,
        notes,
    })
}

/// What an origin adds: weight, reliability, precision, stated confidence.
fn weighed(from: &mut Reader<'_>, layout: u64) -> Result<[f64; 4], Fault> {
    if layout == 1 {
        return Ok([from.float()?, from.float()?, from.float()?, from.float()?]);
    }
    let [reliability, precision, stated] = [from.share()?, from.share()?, from.share()?];
    let weight = if from.number()? == 0 { reliability * precision * stated } else { from.float()? };
    Ok([weight, reliability, precision, stated])
}

fn read(conn: &Connection, names: &Names, row: &Row<'_>) -> Result<Fact, Fault> {
    let body = row.get_ref(3)?.as_blob().map_err(|e| Fault::damaged(e.to_string()))?;
    decode(
        body,
        names.entity_of(conn, row.get(0)?)?,
        relation(conn, names, row.get(1)?)?,
        names.object_of(conn, row.get(2)?)?,
    )
}

/// The facts on the part that each value plays, in the order of asking; none for an unknown one.
pub(crate) fn roles(
    conn: &Connection,
    names: &Names,
    values: &[lapwing_model::Entity],
) -> Result<Vec<Vec<Fact>>, Fault> {
    let Some(role) = names.find_word(conn, Relation::Role.as_str())? else {
        return Ok(vec![Vec::new(); values.len()]);
    };
    if conn.is_postgres() {
        return roles_at_once(conn, names, values, role);
    }
    let mut find = conn.prepare_cached(
        "SELECT f.object, f.body FROM entity e
         CROSS JOIN fact f ON f.subject = e.resolved AND f.relation = ?3
         WHERE e.kind = ?1 AND e.value = ?2",
    )?;
    let mut all = Vec::with_capacity(values.len());
    for value in values {
        let mut facts = Vec::new();
        if let Some(kind) = names.find_word(conn, value.kind.as_str())? {
            let mut rows = find.query(params![kind, value.value, role])?;
            while let Some(row) = rows.next()? {
                let object = names.object_of(conn, row.get(0)?)?;
                let body = row.get_ref(1)?.as_blob().map_err(|e| Fault::damaged(e.to_string()))?;
                facts.push(decode(body, value.clone(), Relation::Role, object)?);
            }
        }
        facts.sort_by(|a, b| a.object.cmp(&b.object));
        all.push(facts);
    }
    Ok(all)
}

/// As [`roles`], with one question for all values.
fn roles_at_once(
    conn: &Connection,
    names: &Names,
    values: &[lapwing_model::Entity],
    role: i64,
) -> Result<Vec<Vec<Fact>>, Fault> {
    let mut all: Vec<Vec<Fact>> = vec![Vec::new(); values.len()];
    let (mut kinds, mut texts) = (Vec::new(), Vec::new());
    for value in values {
        // No word has this number: the kind is not in the store.
        let kind = names.find_word(conn, value.kind.as_str())?.unwrap_or(-1);
        kinds.push(Value::Integer(kind));
        texts.push(Value::Text(value.value.clone()));
    }
    let Some(session) = conn.postgres() else { return Ok(all) };
    let sql = format!(
        "SELECT t.at, f.object, f.body
         FROM unnest($1::int8[], $2::text[]) WITH ORDINALITY AS t (kind, value, at)
         JOIN entity e ON e.kind = t.kind AND e.value = t.value
         JOIN fact f ON f.subject = e.resolved AND f.relation = {role}"
    );
    let rows = session.query_columns(&sql, vec![kinds, texts])?.all();
    names_server::load_of_rows(conn, names, &rows, &[1])?;
    for row in &rows {
        let at = row.get::<i64>(0)? as usize - 1;
        let (Some(value), Some(facts)) = (values.get(at), all.get_mut(at)) else { continue };
        let object = names.object_of(conn, row.get(1)?)?;
        let body = row.get_ref(2)?.as_blob().map_err(|e| Fault::damaged(e.to_string()))?;
        facts.push(decode(body, value.clone(), Relation::Role, object)?);
    }
    for facts in &mut all {
        facts.sort_by(|a, b| a.object.cmp(&b.object));
    }
    Ok(all)
}

/// What the store says of one value: its roles, what it indicates, when it loses its worth.
pub(crate) fn of_value(
    conn: &Connection,
    names: &Names,
    value: &lapwing_model::Entity,
) -> Result<KnownValue, Fault> {
    let mut known = KnownValue::default();
    let role = names.find_word(conn, Relation::Role.as_str())?;
    let indicates = names.find_word(conn, Relation::Indicates.as_str())?;
    let Some((role, indicates)) = role.zip(indicates) else { return Ok(known) };
    let Some(kind) = names.find_word(conn, value.kind.as_str())? else { return Ok(known) };
    let mut find = conn.prepare_cached(
        "SELECT f.relation, f.object, f.body, s.ages, s.ends FROM entity e
         CROSS JOIN fact f ON f.subject = e.n AND f.relation IN (?3, ?4)
         LEFT JOIN standing s ON s.n = e.n
         WHERE e.kind = ?1 AND e.value = ?2",
    )?;
    let mut rows = find.query(params![kind, value.value, role, indicates])?;
    while let Some(row) = rows.next()? {
        let object = names.object_of(conn, row.get(1)?)?;
        if row.get::<_, i64>(0)? == indicates {
            known.indicates.extend(object.entity().cloned());
            continue;
        }
        let days: (Option<i64>, Option<i64>) = (row.get(3)?, row.get(4)?);
        known.aging = days.0.zip(days.1).map(|(ages, ends)| Aging::of_columns(ages, ends));
        let body = row.get_ref(2)?.as_blob().map_err(|e| Fault::damaged(e.to_string()))?;
        known.roles.push(decode(body, value.clone(), Relation::Role, object)?);
    }
    known.roles.sort_by(|a, b| a.object.cmp(&b.object));
    known.indicates.sort();
    Ok(known)
}

/// Gives each fact that a query asks for, in order of kind and value of the subject, relation,
/// kind and value of the object.
pub(crate) fn each(
    conn: &Connection,
    names: &Names,
    query: &FactQuery,
    each: &mut dyn FnMut(Fact) -> Result<(), StoreError>,
) -> Result<(), Fault> {
    let Some((sql, values)) = select(conn, names, query)? else { return Ok(()) };
    let mut statement = conn.prepare_cached(&sql)?;
    // Those that are few come at once.
    let few = query.limit.is_some_and(|limit| limit <= 1000);
    let values = params_from_iter(values);
    let mut rows = if few { statement.query(values)? } else { statement.stream(values)? };
    loop {
        if rows.is_at_portion()? {
            names_server::load_of_rows(conn, names, rows.came(), &[0, 2])?;
        }
        let Some(row) = rows.next()? else { break };
        each(read(conn, names, &row)?)?;
    }
    Ok(())
}

/// What of a query an index tells, where it names neither subject nor object.
enum Few {
    /// The kind of the object.
    Objects,
    /// The verb.
    Verbs,
    /// Nothing, or nearly all facts have it.
    No,
}

/// More facts of a verb than these are read in the order of names rather than sorted.
const FEW_OF_A_VERB: i64 = 50_000;

fn few_of(conn: &Connection, names: &Names, query: &FactQuery) -> Result<Few, Fault> {
    let named = query.subject.is_some() || query.object.is_some() || query.either.is_some();
    if named || query.documents.is_some() || query.subject_kind.is_some() {
        return Ok(Few::No);
    }
    if query.object_kind.is_some() {
        return Ok(Few::Objects);
    }
    let relation = query.relation.or(query.role.map(|_| Relation::Role));
    let Some(relation) = relation else { return Ok(Few::No) };
    let Some(verb) = names.find_word(conn, relation.as_str())? else { return Ok(Few::No) };
    let role = match query.role {
        Some(role) => names.find(conn, &Object::Text(role.as_str().to_owned()))?,
        None => None,
    };
    let sql = match role {
        Some(role) => format!("relation = {verb} AND object = {}", role.n),
        None => format!("relation = {verb}"),
    };
    let sql = format!(
        "SELECT count(*) FROM (SELECT 1 FROM fact WHERE {sql} LIMIT {}) x",
        FEW_OF_A_VERB + 1
    );
    let count: i64 = conn.prepare_cached(&sql)?.query_row([], |row| row.get(0))?;
    Ok(if count <= FEW_OF_A_VERB { Few::Verbs } else { Few::No })
}

/// The SQL of a query and its values; `None` when it names something that the store has not.
fn select(
    conn: &Connection,
    names: &Names,
    query: &FactQuery,
) -> Result<Option<(String, Vec<Value>)>, Fault> {
    let mut values: Vec<Value> = Vec::new();
    let mut conditions: Vec<String> = Vec::new();
    // By the index of names, so that rows come in their order; where nothing but a verb or the kind
    // of an object is asked for, along the index that has just these.
    let mut from = match few_of(conn, names, query)? {
        Few::Objects => {
            "entity k CROSS JOIN fact f ON f.object = k.n CROSS JOIN entity s ON s.n = f.subject"
        }
        Few::Verbs => "fact f CROSS JOIN entity s ON s.n = f.subject",
        Few::No => "entity s CROSS JOIN fact f ON f.subject = s.n",
    }
    .to_owned();
    let number = |object: Object| Ok::<_, Fault>(names.find(conn, &object)?.map(|found| found.n));

    if let Some(subject) = &query.subject {
        let Some(n) = number(subject.clone().into())? else { return Ok(None) };
        values.push(n.into());
        conditions.push(format!("s.n = ?{}", values.len()));
    }
    if let Some(object) = &query.object {
        let Some(n) = number(object.clone().into())? else { return Ok(None) };
        values.push(n.into());
        if query.subject.is_none() {
            "fact f CROSS JOIN entity s ON s.n = f.subject".clone_into(&mut from);
        }
        conditions.push(format!("f.object = ?{}", values.len()));
    }
    if let Some(either) = &query.either {
        let Some(n) = number(either.clone().into())? else { return Ok(None) };
        values.push(n.into());
        let at = values.len();
        if query.subject.is_none() && query.object.is_none() {
            from = format!(
                "(SELECT subject, relation, object FROM fact WHERE subject = ?{at}
                  UNION SELECT subject, relation, object FROM fact WHERE object = ?{at}) x
                 CROSS JOIN fact f ON f.subject = x.subject AND f.relation = x.relation
                   AND f.object = x.object
                 CROSS JOIN entity s ON s.n = f.subject"
            );
        } else {
            conditions.push(format!("(f.subject = ?{at} OR f.object = ?{at})"));
        }
    }
    if let Some(relation) = query.relation {
        let Some(n) = names.find_word(conn, relation.as_str())? else { return Ok(None) };
        values.push(n.into());
        conditions.push(format!("f.relation = ?{}", values.len()));
    }
    if let Some(role) = query.role {
        let relation = names.find_word(conn, Relation::Role.as_str())?;
        let word = number(Object::Text(role.as_str().to_owned()))?;
        let (Some(relation), Some(word)) = (relation, word) else { return Ok(None) };
        values.extend([relation.into(), word.into()]);
        let at = values.len();
        conditions.push(format!("f.relation = ?{} AND f.object = ?{at}", at - 1));
    }
    let objects = if from.starts_with("entity k") { "k" } else { "o" };
    for (kind, table) in [(query.subject_kind, "s"), (query.object_kind, objects)] {
        let Some(kind) = kind else { continue };
        let Some(n) = names.find_word(conn, kind.as_str())? else { return Ok(None) };
        values.push(n.into());
        conditions.push(format!("{table}.kind = ?{}", values.len()));
    }
    if let Some(least) = query.least_probability {
        values.push(least.into());
        conditions.push(format!("f.probability >= ?{}", values.len()));
    }
    if let Some(documents) = &query.documents {
        let mut list = String::new();
        let mut find =
            conn.prepare_cached("SELECT n FROM document WHERE id = ?1 AND visible = 1")?;
        for document in documents {
            let mut rows = find.query([document.0])?;
            while let Some(row) = rows.next()? {
                list.push_str(if list.is_empty() { "[" } else { "," });
                list.push_str(&row.get::<_, i64>(0)?.to_string());
            }
        }
        if list.is_empty() {
            return Ok(None);
        }
        values.push((list + "]").into());
        let wanted = format!("(SELECT value FROM json_each(?{}))", values.len());
        if query.subject.is_none() && query.object.is_none() && query.either.is_none() {
            from = format!(
                "(SELECT DISTINCT resolved_subject, relation, resolved_object FROM claim
                  WHERE document IN {wanted}) x
                 CROSS JOIN fact f ON f.subject = x.resolved_subject AND f.relation = x.relation
                   AND f.object = x.resolved_object
                 CROSS JOIN entity s ON s.n = f.subject"
            );
        } else {
            conditions.push(format!(
                "EXISTS (SELECT 1 FROM claim c WHERE c.resolved_subject = f.subject
                   AND c.relation = f.relation AND c.resolved_object = f.object
                   AND c.document IN {wanted})"
            ));
        }
    }
    let mut sql = format!(
        "SELECT f.subject, f.relation, f.object, f.body FROM {from}
         CROSS JOIN entity o ON o.n = f.object"
    );
    if !conditions.is_empty() {
        sql.push_str(" WHERE ");
        sql.push_str(&conditions.join(" AND "));
    }
    sql.push_str(" ORDER BY s.kind, s.value, f.relation, o.kind, o.value");
    values.push(query.limit.map_or(i64::MAX, |limit| limit as i64).into());
    sql.push_str(" LIMIT ?");
    sql.push_str(&values.len().to_string());
    Ok(Some((sql, values)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use lapwing_model::{Entity, Kind};

    fn read(body: &[u8]) -> Result<Fact, Fault> {
        let subject = Entity::new(Kind::Ipv4Addr, "192.0.2.7");
        decode(body, subject, Relation::Role, Object::Text("indicator".to_owned()))
    }

    /// A fact of one claim as the first layout wrote it.
    fn first() -> Vec<u8> {
        let hex = "01fc71fbe59315e73f00010000fdc4d109fdc4d109010133998ae467fe199712650b3a720592cb0154e3a59bc420e03f\
            666666666666e63f9a9999999999e93fcdccccccccccec3fcce09fe266a884cc4522c27931301e1c0000";
        (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
            .collect()
    }

    #[test]
    fn the_first_layout_is_read_and_the_present_one_is_shorter() {
        let fact = read(&first()).unwrap();
        let [one] = fact.contributions.as_slice() else { panic!("{fact:?}") };
        let told = [one.reliability, one.precision, one.stated].map(|share| share.to_string());
        assert_eq!(told, ["0.7", "0.8", "0.9"]);
        assert!((one.weight - 0.504).abs() < 1e-12);
        let now = encode(&fact);
        assert_eq!(read(&now).unwrap(), fact);
        assert_eq!((first().len(), now.len()), (90, 65));
        for end in 0..now.len() {
            assert!(read(&now[..end]).is_err(), "{end}");
        }
    }

    #[test]
    fn a_weight_that_is_no_product_comes_back() {
        let mut fact = read(&first()).unwrap();
        fact.contributions[0].weight = 0.25;
        fact.contributions[0].stated = 1.0 / 3.0;
        let more = Contribution { origin: OriginId([7; 16]), ..fact.contributions[0].clone() };
        fact.contributions.push(more);
        let body = encode(&fact);
        assert_eq!(read(&body).unwrap(), fact);
        // Of two that support it, the first is enough, and the notes behind them are found.
        fact.notes.push("a note".to_owned());
        let statement = (fact.subject.clone(), fact.relation, fact.object.clone());
        let sides = decode_part(&encode(&fact), statement, Contributions::Sides).unwrap();
        assert_eq!(sides.contributions, fact.contributions[..1]);
        assert_eq!(sides.notes, fact.notes);
    }
}
