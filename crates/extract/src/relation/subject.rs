//! Who acts: the subject before a verb, those behind "by", and what pronouns stand for.

use lapwing_model::Kind;

use super::act::{Act, Form, is_software};
use super::clause::{Agent, Event, Reading};
use super::token::{Piece, Token};
use super::words::{ACTORS, BE, DEFINITE, JOINING, MALWARE, OTHER_VERBS, OTHERS, RELATIVES};

/// Who stands before a verb.
pub(super) enum Subject {
    /// Those who act.
    Agents(Vec<Agent>),
    /// The same as of the verb above.
    Shared,
    /// People who are no adversaries.
    Foreign,
    /// Nobody that can be told.
    Unknown,
}

impl Reading<'_> {
    pub(super) fn can_act(&self, name: usize) -> bool {
        let kind = self.kind(name);
        kind.is_actor_like()
            || matches!(
                kind,
                Kind::Campaign | Kind::Malware | Kind::Tool | Kind::FileName | Kind::FilePath
            )
            || kind.is_file_hash()
    }

    pub(super) fn agent(&self, name: usize) -> Agent {
        Agent { entity: self.mentions[name].entity.clone(), inferred: None }
    }

    /// A name with those joined to it before: "A, B and C".
    pub(super) fn group_of(&self, name: usize) -> Vec<Agent> {
        let mut agents = vec![self.agent(name)];
        let Some(mut at) = self.tokens.iter().position(|t| t.name() == Some(name)) else {
            return agents;
        };
        let kind = |n: usize| self.kind(n).is_actor_like();
        let mut joined = false;
        let mut found = Vec::new();
        while let Some(left) = self.joined_before(at) {
            let Some(n) =
                self.tokens[left].name().filter(|n| self.can_act(*n) && kind(*n) == kind(name))
            else {
                break;
            };
            joined |=
                (left..at).any(|k| matches!(self.word(k), "and" | "or" | "nor" | "with" | "well"));
            found.push(self.agent(n));
            at = left;
        }
        // A comma alone joins nothing: "unlike A, B uses".
        if joined {
            agents.extend(found);
        }
        agents
    }

    /// The name to which the one at `at` is joined by "and" or a comma.
    pub(super) fn joined_before(&self, at: usize) -> Option<usize> {
        let left = (0..at).rev().find(|k| self.tokens[*k].name().is_some())?;
        let between = left + 1..at;
        let only_joints = !between.is_empty()
            && between.clone().all(|k| self.tokens[k].piece == Piece::Comma || self.is(k, JOINING))
            && between.clone().any(|k| {
                self.tokens[k].piece == Piece::Comma
                    || matches!(self.word(k), "and" | "or" | "nor" | "well" | "with")
            });
        only_joints.then_some(left)
    }

    /// Those who act behind "by".
    pub(super) fn agents_at(&self, by: usize) -> Subject {
        let mut agents: Vec<Agent> = Vec::new();
        for k in by..(by + 12).min(self.tokens.len()) {
            let token = &self.tokens[k];
            match token.piece {
                // "by A, and B was": B opens the next clause.
                Piece::Name(_) if !agents.is_empty() && self.opens_clause(k) => break,
                Piece::Name(n) if self.can_act(n) => agents.push(self.agent(n)),
                Piece::Name(n) if agents.is_empty() && self.kind(n) == Kind::Identity => {
                    return Subject::Foreign;
                }
                Piece::Name(_) if agents.is_empty() => {}
                Piece::Name(_) | Piece::Break | Piece::Close => break,
                Piece::Comma if agents.is_empty() => break,
                Piece::Comma => {
                    if !self
                        .tokens
                        .get(k + 1)
                        .is_some_and(|t| t.name().is_some() || self.word(k + 1) == "and")
                    {
                        break;
                    }
                }
                Piece::Word if agents.is_empty() => {
                    if self.is(k, OTHERS) {
                        return Subject::Foreign;
                    }
                    let named = self.tokens.get(k + 1).is_some_and(|t| t.name().is_some());
                    if !named && (self.is(k, ACTORS | MALWARE)) {
                        if self.word(k + 1) == "of"
                            || matches!(
                                self.word(k + 1),
                                "called" | "named" | "known" | "dubbed" | "tracked"
                            )
                        {
                            continue;
                        }
                        if let Some(named) = self.among(k) {
                            return named;
                        }
                        return self.referent(k, by);
                    }
                    if self.act(k).is_some() && k > by || self.is(k, RELATIVES) {
                        break;
                    }
                }
                Piece::Word => {
                    if !matches!(self.word(k), "and" | "or" | "as" | "well" | "the" | "its") {
                        break;
                    }
                }
                Piece::Open if !agents.is_empty() => break,
                Piece::Possessive | Piece::Open => {}
            }
        }
        if agents.is_empty() { Subject::Unknown } else { Subject::Agents(agents) }
    }

    /// Whether a name behind "and" is the subject of what follows: "and B was".
    pub(super) fn opens_clause(&self, k: usize) -> bool {
        let joined = matches!(self.before(k), "and" | "but" | "while");
        let next = self.tokens.get(k + 1).is_some_and(|t| t.piece == Piece::Word)
            && self.is(k + 1, OTHER_VERBS | BE);
        joined && next
    }

    /// "several groups, among them A and B": A and B.
    fn among(&self, k: usize) -> Option<Subject> {
        let name = (k + 1..(k + 6).min(self.tokens.len()))
            .find(|n| self.tokens[*n].name().is_some_and(|n| self.can_act(n)))?;
        let between = k + 1..name;
        let cue = between
            .clone()
            .any(|b| matches!(self.word(b), "including" | "among" | "like" | "such"));
        let only = between.clone().all(|b| {
            self.tokens[b].piece == Piece::Comma
                || matches!(
                    self.word(b),
                    "including" | "among" | "like" | "such" | "as" | "them" | "the"
                )
        });
        (cue && only).then(|| self.agents_at(name))
    }

    /// What "the group", "the malware", "they", "it" at `k` stand for.
    pub(super) fn referent(&self, k: usize, from: usize) -> Subject {
        let word = self.word(k);
        // "the Marsh Heron operators", "the BogLoader malware"
        if let Some(n) =
            k.checked_sub(1).and_then(|b| self.tokens[b].name()).filter(|n| self.can_act(*n))
        {
            return Subject::Agents(vec![self.agent(n)]);
        }
        let definite = matches!(word, "they" | "it" | "them" | "itself")
            || (from.saturating_sub(1).max(k.saturating_sub(4))..k).any(|b| self.is(b, DEFINITE));
        if !definite {
            // "attackers used X": somebody, or the document's topic.
            return Subject::Unknown;
        }
        let actor = self.is(k, ACTORS);
        let find = |actor: bool| {
            let wanted = |kind: Kind| if actor { kind.is_actor_like() } else { is_software(kind) };
            let here = self.tokens[..k]
                .iter()
                .filter_map(Token::name)
                .rfind(|n| wanted(self.kind(*n)))
                .map(|n| self.mentions[n].entity.clone());
            let known = if actor { self.memory.actor_near() } else { self.memory.malware_near() };
            here.or_else(|| known.cloned())
        };
        // "it" is malware first, but a group is "it" too.
        let found = find(actor).or_else(|| find(true).filter(|_| word == "it"));
        let Some(entity) = found else { return Subject::Unknown };
        let first = (k.saturating_sub(3)..k)
            .rev()
            .take_while(|b| self.tokens[*b].piece == Piece::Word)
            .find(|b| self.is(*b, DEFINITE));
        let (a, b) = (self.start(first.unwrap_or(k)), self.tokens[k].end);
        Subject::Agents(vec![Agent { entity, inferred: self.lower.get(a..b).map(str::to_owned) }])
    }

    /// The subject that stands before a verb's group.
    pub(super) fn before_verb(
        &self,
        group: usize,
        clause: usize,
        participle: bool,
        above: Option<&Event>,
    ) -> Subject {
        let Some(mut k) = group.checked_sub(1).filter(|k| *k >= clause) else {
            return if above.is_some() { Subject::Shared } else { Subject::Unknown };
        };
        // What stands in brackets is no subject.
        while self.tokens[k].piece == Piece::Close {
            let open = (clause..k).rev().find(|o| self.tokens[*o].piece == Piece::Open);
            match open.and_then(|o| o.checked_sub(1)).filter(|o| *o >= clause) {
                Some(before) => k = before,
                None => return Subject::Unknown,
            }
        }
        // "which in turn drops": the pronoun before it is the subject.
        if self.word(k) == "turn" && self.before(k) == "in" && k >= clause + 2 {
            k -= 2;
        }
        let word = self.word(k);
        match self.tokens[k].piece {
            Piece::Name(n) if self.can_act(n) => {
                let agents = self.group_of(n);
                // "victims of X use"
                let first = self.tokens.iter().position(|t| t.name() == Some(n)).unwrap_or(k);
                let of_others =
                    self.before(first) == "of" && first >= 2 && self.is(first - 2, OTHERS);
                if of_others { Subject::Foreign } else { Subject::Agents(agents) }
            }
            Piece::Name(n) if self.kind(n) == Kind::Identity => {
                if participle {
                    self.nearest(k, clause)
                } else {
                    Subject::Foreign
                }
            }
            Piece::Name(_) => self.nearest(k, clause),
            // "X is a subgroup of Y that targets Z": X does.
            Piece::Word
                if word == "that"
                    && k >= 2
                    && self.tokens[k - 1].name().is_some()
                    && self.word(k - 2) == "of"
                    && (clause..k - 2).any(|b| self.is(b, BE)) =>
            {
                self.first(clause, k)
            }
            Piece::Word if matches!(word, "which" | "that" | "who") => {
                let antecedent = self.tokens[clause..k].iter().filter_map(Token::name).rfind(|n| {
                    self.can_act(*n) && (word != "who" || self.kind(*n).is_actor_like())
                });
                antecedent.map_or(Subject::Unknown, |n| Subject::Agents(vec![self.agent(n)]))
            }
            Piece::Word if matches!(word, "and" | "or" | "then" | "nor") => {
                if above.is_some_and(|a| !a.agents.is_empty() || a.foreign) {
                    Subject::Shared
                } else {
                    self.first(clause, k)
                }
            }
            Piece::Comma => match self.first(clause, k) {
                Subject::Unknown if above.is_some() => Subject::Shared,
                found => found,
            },
            Piece::Word if self.is(k, OTHERS) => Subject::Foreign,
            Piece::Word if self.is(k, ACTORS | MALWARE) => self.referent(k, clause),
            Piece::Word | Piece::Possessive => {
                if participle && above.is_none() {
                    return self.nearest(k, clause);
                }
                // "Marsh Heron campaigns use", "the BogLoader payload drops"
                for b in (clause.max(k.saturating_sub(4))..k).rev() {
                    match self.tokens[b].piece {
                        Piece::Name(n) if self.can_act(n) => {
                            return Subject::Agents(self.group_of(n));
                        }
                        Piece::Name(n) if self.kind(n) == Kind::Identity => {
                            return Subject::Foreign;
                        }
                        Piece::Comma | Piece::Open | Piece::Close => break,
                        Piece::Word if self.is(b, OTHERS) => return Subject::Foreign,
                        Piece::Word if self.is(b, DEFINITE) => break,
                        _ => {}
                    }
                }
                Subject::Unknown
            }
            _ => Subject::Unknown,
        }
    }

    /// The nearest who can act before `k`.
    pub(super) fn nearest(&self, k: usize, clause: usize) -> Subject {
        let found =
            self.tokens[clause..k].iter().filter_map(Token::name).rfind(|n| self.can_act(*n));
        found.map_or(Subject::Unknown, |n| Subject::Agents(self.group_of(n)))
    }

    /// The first who can act in the clause; an actor before malware.
    pub(super) fn first(&self, clause: usize, k: usize) -> Subject {
        let mut names =
            self.tokens[clause..k].iter().filter_map(Token::name).filter(|n| self.can_act(*n));
        let Some(first) = names.next() else { return Subject::Unknown };
        // A group is one subject: "A and B, both of Peru, use".
        let mut last = first;
        let mut at = self.tokens.iter().position(|t| t.name() == Some(first)).unwrap_or(clause);
        while let Some(next) = (at + 1..k).find(|b| self.tokens[*b].name().is_some())
            && self.joined_before(next) == Some(at)
            && let Some(n) = self.tokens[next].name().filter(|n| self.can_act(*n))
            && (at + 1..next).any(|b| self.word(b) == "and")
        {
            last = n;
            at = next;
        }
        Subject::Agents(self.group_of(last))
    }

    /// What a passive verb is done to: the names before it.
    pub(super) fn patients(
        &self,
        group: usize,
        clause: usize,
        act: Act,
        above: Option<&Event>,
    ) -> Vec<usize> {
        let mut found: Vec<usize> = Vec::new();
        let victims = matches!(act, Act::Hit | Act::Aim);
        let wanted = |kind: Kind| {
            if victims {
                matches!(kind, Kind::Sector | Kind::Location | Kind::Identity | Kind::Software)
            } else {
                is_software(kind)
                    || matches!(kind, Kind::Vulnerability | Kind::AttackPattern)
                    || super::act::is_host(kind)
                    || super::act::is_on_disk(kind)
            }
        };
        let mut right = group;
        for k in (clause..group).rev() {
            match self.tokens[k].piece {
                // "customers of X": somebody else than X.
                Piece::Name(n)
                    if self.kind(n) == Kind::Identity
                        && self.before(k) == "of"
                        && k >= 2
                        && self.is(k - 2, OTHERS) => {}
                Piece::Name(n) if wanted(self.kind(n)) => {
                    let between = k + 1..right;
                    let joined = found.is_empty()
                        || between.clone().all(|b| {
                            self.tokens[b].piece == Piece::Comma
                                || self.is(b, JOINING)
                                || (victims && !self.is(b, OTHER_VERBS) && self.act(b).is_none())
                        });
                    if !joined {
                        break;
                    }
                    found.push(n);
                    right = k;
                }
                Piece::Name(_) if victims => {}
                Piece::Name(_) if found.is_empty() => {}
                Piece::Name(_) => break,
                Piece::Word
                    if self.act(k).is_some_and(|(_, f)| f != Form::Noun)
                        && !self.is_noun(k, Form::Base) =>
                {
                    // "X, which targets Y, was used by"
                    if self.is(k.wrapping_sub(1), RELATIVES) {
                        found.clear();
                        right = k;
                        continue;
                    }
                    // "was developed and used by"
                    let joined = above.is_some_and(|a| a.passive && a.at == self.tokens[k].start);
                    if !joined {
                        break;
                    }
                }
                _ => {}
            }
        }
        found.reverse();
        found
    }
}
