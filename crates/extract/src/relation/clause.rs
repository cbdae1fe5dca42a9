//! The acts of a sentence: each verb with those who act, what it is done to, and how surely.
//!
//! No grammar, but the few habits of English that decide who does what: the subject stands before a
//! finite verb or behind "by", infinitives and participles share the subject of the verb above them,
//! "which" and "that" point at the name before them, commas close what they opened.

use lapwing_model::{Entity, Kind, Polarity};

use super::Memory;
use super::act::{Act, Form, Link, is_software};
use super::subject::Subject;
use super::token::{Piece, Token, tokens};
use super::words::{BE, DETERMINING, LEADING, LEADING_TO, OTHER_VERBS, RELATIVES};
use crate::mention::Mention;
use crate::sentence::Words;

/// One who acts.
#[derive(Clone, Debug)]
pub(super) struct Agent {
    pub(super) entity: Entity,
    /// Words that it was inferred from ("the group").
    pub(super) inferred: Option<String>,
}

/// A name that an act is done to or with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Object {
    /// Its place among the sentence's mentions.
    pub(super) name: usize,
    pub(super) link: Link,
    pub(super) polarity: Polarity,
}

/// One act.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) act: Act,
    /// The verb's place in the sentence.
    pub(super) at: usize,
    pub(super) end: usize,
    pub(super) agents: Vec<Agent>,
    pub(super) objects: Vec<Object>,
    pub(super) polarity: Polarity,
    /// The act is said to be by somebody who is no adversary, or by nobody who is named.
    pub(super) foreign: bool,
    pub(super) passive: bool,
    /// A participle before its subject.
    opens: bool,
}

/// Finds the acts of a sentence, in order.
pub(super) fn events(words: &Words, mentions: &[Mention], memory: &Memory) -> Vec<Event> {
    let tokens = tokens(words, mentions);
    Reading { lower: &words.lower, words, tokens: &tokens, mentions, memory }.read()
}

/// A sentence while its acts are read.
pub(super) struct Reading<'a> {
    pub(super) lower: &'a str,
    pub(super) words: &'a Words,
    pub(super) tokens: &'a [Token],
    pub(super) mentions: &'a [Mention],
    pub(super) memory: &'a Memory,
}

impl Reading<'_> {
    fn read(&self) -> Vec<Event> {
        let mut events: Vec<Event> = Vec::new();
        let mut clause = 0;
        for i in 0..self.tokens.len() {
            if self.tokens[i].piece == Piece::Break {
                clause = i + 1;
                continue;
            }
            let Some((act, form)) = self.act(i) else { continue };
            let above = events.iter().rposition(|e| e.at >= self.start(clause));
            let event = if self.is_noun(i, form) {
                self.noun(i, act, above.map(|a| &events[a]))
            } else {
                Some(self.verb(i, act, form, clause, &events, above))
            };
            events.extend(event);
        }
        // "Using X, the group targeted Y": the subject comes later.
        for i in 0..events.len() {
            if events[i].agents.is_empty()
                && events[i].opens
                && let Some(later) = events.get(i + 1).map(|e| (e.agents.clone(), e.foreign))
            {
                (events[i].agents, events[i].foreign) = later;
            }
        }
        events
    }

    pub(super) fn word(&self, i: usize) -> &str {
        self.tokens.get(i).map_or("", |t| t.word(self.lower))
    }

    /// Whether the word at `i` is one of a list of [`super::words`].
    pub(super) fn is(&self, i: usize, list: u16) -> bool {
        self.tokens.get(i).is_some_and(|t| t.bits & list != 0)
    }

    pub(super) fn before(&self, i: usize) -> &str {
        i.checked_sub(1).map_or("", |i| self.word(i))
    }

    pub(super) fn start(&self, i: usize) -> usize {
        self.tokens.get(i).map_or(self.lower.len(), |t| t.start)
    }

    pub(super) fn act(&self, i: usize) -> Option<(Act, Form)> {
        self.tokens.get(i).filter(|t| t.piece == Piece::Word)?;
        let word = self.word(i);
        Act::of(word).or_else(|| Act::with_particle(word, self.word(i + 1)))
    }

    pub(super) fn kind(&self, name: usize) -> Kind {
        self.mentions[name].entity.kind
    }

    /// Whether the word is a noun here: "the use of", "attacks on".
    pub(super) fn is_noun(&self, i: usize, form: Form) -> bool {
        if form == Form::Noun {
            return true;
        }
        if !matches!(form, Form::Base | Form::Third) {
            // "the targeting of banks"
            return form == Form::Ing && self.word(i + 1) == "of";
        }
        let determined = self.is(i.wrapping_sub(1), DETERMINING);
        let possessed = i > 0 && self.tokens[i - 1].piece == Piece::Possessive;
        // "attacks against X", "attack on X" behind a name or at the start: a verb takes no preposition there.
        let followed = matches!(
            self.word(i),
            "attacks"
                | "attack"
                | "exploits"
                | "exploit"
                | "breach"
                | "compromise"
                | "use"
                | "abuse"
        ) && matches!(
            self.word(i + 1),
            "against" | "on" | "of" | "by" | "at" | "for" | "targeting" | "in"
        );
        determined || possessed || followed
    }

    /// The first token of the verb's group: auxiliaries, adverbs and leading verbs before it.
    pub(super) fn group(&self, i: usize) -> usize {
        let mut first = i;
        while let Some(before) = first.checked_sub(1) {
            let leads = self.tokens[before].piece == Piece::Word && self.is(before, LEADING);
            if !leads {
                break;
            }
            first = before;
        }
        first
    }

    /// "to target": an infinitive of its own, not "continued to target".
    fn is_infinitive(&self, i: usize, group: usize) -> bool {
        let Some(to) = (group..i).rev().find(|k| self.word(*k) == "to") else { return false };
        let led = (group..to).rev().find(|k| !self.word(*k).ends_with("ly"));
        !led.is_some_and(|k| self.is(k, LEADING_TO))
    }

    fn is_passive(&self, i: usize, group: usize) -> bool {
        (group..i)
            .rev()
            .find(|k| {
                !self.word(*k).ends_with("ly")
                    && !matches!(
                        self.word(*k),
                        "also"
                            | "then"
                            | "later"
                            | "first"
                            | "not"
                            | "never"
                            | "often"
                            | "since"
                            | "only"
                    )
            })
            .is_some_and(|k| self.is(k, BE))
    }

    /// Where the agent behind "by" begins.
    pub(super) fn by(&self, i: usize) -> Option<usize> {
        (i + 1..(i + 8).min(self.tokens.len()))
            .take_while(|k| {
                !matches!(self.tokens[*k].piece, Piece::Break | Piece::Comma)
                    && Act::of(self.word(*k)).is_none_or(|(_, f)| f == Form::Noun || f == Form::Third)
                    && !self.is(*k, RELATIVES)
                    // "used X by Y" has its object already; "infected with X by Y" has not.
                    && (self.tokens[*k].name().is_none_or(|n| {
                        matches!(self.kind(n), Kind::Location | Kind::Sector)
                    }) || matches!(self.before(*k), "with" | "via" | "using" | "through"))
            })
            .find(|k| self.word(*k) == "by")
            .filter(|k| !self.act(k + 1).is_some_and(|(_, form)| form == Form::Ing))
            .map(|k| k + 1)
    }

    fn verb(
        &self,
        i: usize,
        act: Act,
        form: Form,
        clause: usize,
        events: &[Event],
        above: Option<usize>,
    ) -> Event {
        let group = self.group(i);
        let above = above.map(|a| &events[a]);
        let infinitive = form == Form::Base && self.is_infinitive(i, group);
        let has_be = self.is_passive(i, group);
        let by = if form == Form::Past { self.by(i) } else { None };
        let before_name = group.checked_sub(1).and_then(|k| self.tokens[k].name());
        let next = self.word(i + 1);
        // "BogLoader deployed in attacks": the past of what is done to things, with nothing behind it.
        let bare = form == Form::Past
            && matches!(act, Act::Use | Act::Drop | Act::Deliver | Act::Download | Act::Exploit)
            && matches!(next, "in" | "to" | "against" | "during" | "for" | "on" | "as")
            && !has_have(self, group, i)
            && before_name.is_none_or(|n| !self.kind(n).is_actor_like())
            && !matches!(self.before(i), "and" | "then")
            && !self.word(i).starts_with("rel");
        let passive = form == Form::Past && (has_be || by.is_some() || bare);
        let finite = !infinitive && (form != Form::Ing || has_be);
        let mut shared = false;
        let subject = if passive {
            by.map_or(Subject::Unknown, |by| self.agents_at(by))
        } else if infinitive || !finite {
            let subject = self.before_verb(group, clause, !finite, above);
            // "A used X to target Y", "A used X, targeting Y"
            match above {
                Some(_) if infinitive => Subject::Shared,
                Some(_) if !matches!(self.before(group), "that" | "which" | "who") => {
                    Subject::Shared
                }
                _ => subject,
            }
        } else {
            self.before_verb(group, clause, false, above)
        };
        let (mut agents, foreign) = match subject {
            Subject::Agents(agents) => (agents, false),
            Subject::Foreign => (Vec::new(), true),
            Subject::Unknown => (Vec::new(), false),
            Subject::Shared => {
                shared = true;
                above.map_or((Vec::new(), false), |a| (a.agents.clone(), a.foreign))
            }
        };
        let patients = if passive { self.patients(group, clause, act, above) } else { Vec::new() };
        if shared
            && agents.is_empty()
            && !foreign
            && let Some(above) = above.filter(|a| a.passive)
        {
            // "X was used to target Y": nobody else acts.
            agents = above
                .objects
                .iter()
                .filter(|o| is_software(self.kind(o.name)))
                .map(|o| Agent { entity: self.mentions[o.name].entity.clone(), inferred: None })
                .collect();
        }
        // "did not use X or exploit Y" denies both; "did not use X and exploited Y" does not.
        let own_tense = finite && form != Form::Base;
        let inherited = above
            .filter(|a| shared && !(own_tense && a.polarity == Polarity::Denied))
            .map(|a| a.polarity);
        let polarity = self.polarity(i, group, clause, inherited);
        let mut objects: Vec<Object> = patients
            .into_iter()
            .map(|name| Object { name, link: Link::Direct, polarity })
            .collect();
        objects.extend(self.objects(i, i + 1, act, passive, polarity));
        // "X, which A has used": the name before the pronoun is what was used.
        if !passive && let Some(name) = self.relative_object(group, clause) {
            objects.push(Object { name, link: Link::Direct, polarity });
        }
        if passive && agents.is_empty() && matches!(act, Act::Hit | Act::Aim) {
            agents = objects
                .iter()
                .filter(|o| o.link == Link::With && is_software(self.kind(o.name)))
                .map(|o| Agent { entity: self.mentions[o.name].entity.clone(), inferred: None })
                .collect();
        }
        let having = form == Form::Past && (group..i).any(|k| self.word(k) == "having");
        let opens = (form == Form::Ing || having)
            && !has_be
            && self.tokens[clause..group].iter().all(|t| t.name().is_none());
        let token = self.tokens[i];
        Event {
            act,
            at: token.start,
            end: token.end,
            agents,
            objects,
            polarity,
            foreign,
            passive,
            opens,
        }
    }

    /// "X was behind the breach of Y": X.
    fn behind(&self, i: usize) -> Option<Agent> {
        let cue = (i.saturating_sub(4)..i).rev().find(|k| {
            matches!(
                self.word(*k),
                "behind" | "responsible" | "responsibility" | "blamed" | "accused"
            )
        })?;
        let name = self.tokens[..cue].iter().filter_map(Token::name).rfind(|n| self.can_act(*n))?;
        Some(self.agent(name))
    }

    /// The name before "which" or "that", where the subject of the verb's group stands behind it.
    fn relative_object(&self, group: usize, clause: usize) -> Option<usize> {
        let subject = group.checked_sub(1).filter(|k| self.tokens[*k].name().is_some())?;
        let pronoun = subject.checked_sub(1).filter(|k| *k > clause)?;
        matches!(self.word(pronoun), "which" | "that").then_some(())?;
        // "X, a tool that A runs"
        (pronoun.saturating_sub(5).max(clause)..pronoun)
            .rev()
            .take_while(|k| self.act(*k).is_none() && !self.is(*k, OTHER_VERBS))
            .find_map(|k| self.tokens[k].name())
    }

    /// Where those stand to whom "attacks on X were attributed".
    fn attributed(&self, i: usize) -> Option<usize> {
        let rest = i + 1..self.tokens.len().min(i + 24);
        let cue = rest.take_while(|k| self.tokens[*k].piece != Piece::Break).find(|k| {
            matches!(
                self.word(*k),
                "attributed" | "attribute" | "attributes" | "ascribed" | "blamed" | "pinned"
            )
        })?;
        let denied = (cue.saturating_sub(4)..cue).any(|k| self.is(k, super::words::DENYING));
        let to = (cue + 1..cue + 3).find(|k| matches!(self.word(*k), "to" | "on"))?;
        (!denied).then_some(to + 1)
    }

    /// Where those stand by whom "attacks on X were carried out".
    fn carried_out(&self, i: usize) -> Option<usize> {
        let rest = i + 1..self.tokens.len().min(i + 16);
        let verb = rest
            .take_while(|k| self.tokens[*k].piece != Piece::Break)
            .find(|k| matches!(self.act(*k), Some((Act::Launch, Form::Past))))?;
        let denied = (verb.saturating_sub(3)..verb).any(|k| self.is(k, super::words::DENYING));
        let passive = self.is_passive(verb, self.group(verb));
        let by = (verb + 1..verb + 3).find(|k| self.word(*k) == "by")?;
        (passive && !denied).then_some(by + 1)
    }

    /// "attacks on X by Y", "Y's use of X".
    fn noun(&self, i: usize, act: Act, above: Option<&Event>) -> Option<Event> {
        // An attack on somebody is no success yet.
        let act = match self.word(i) {
            "attack" | "attacks" | "intrusion" | "intrusions" => Act::Aim,
            _ => act,
        };
        let next = self.word(i + 1);
        let link = Link::of(next).or((next == "by").then_some(Link::Apart))?;
        let takes = act.of_noun(link, next);
        let owner = (0..i)
            .rev()
            .take(4)
            .take_while(|k| {
                !matches!(self.tokens[*k].piece, Piece::Comma | Piece::Break | Piece::Close)
                    && self.act(*k).is_none()
            })
            .find_map(|k| self.tokens[k].name().map(|n| (k, n)))
            .filter(|(k, n)| {
                self.can_act(*n) && (k + 1 == i || self.tokens[k + 1].piece == Piece::Possessive)
            });
        let by = (i + 1..(i + 16).min(self.tokens.len()))
            .take_while(|k| self.tokens[*k].piece != Piece::Break && !self.is(*k, OTHER_VERBS))
            .find(|k| self.word(*k) == "by")
            .map(|k| k + 1)
            .or_else(|| self.carried_out(i).filter(|_| takes))
            .or_else(|| self.attributed(i).filter(|_| takes));
        if !takes && by.is_none() {
            return None;
        }
        let mut shared = false;
        let (agents, foreign) = match by.map(|by| self.agents_at(by)) {
            Some(Subject::Agents(agents)) => (agents, false),
            Some(Subject::Foreign) => (Vec::new(), true),
            _ => match owner {
                Some((_, n)) => (self.group_of(n), false),
                None if self.behind(i).is_some() => (self.behind(i).into_iter().collect(), false),
                None => {
                    shared = true;
                    above.map_or((Vec::new(), false), |a| (a.agents.clone(), a.foreign))
                }
            },
        };
        let mut objects = Vec::new();
        let inherited = above.filter(|_| shared).map(|a| a.polarity);
        let polarity = self.polarity(i, i, 0, inherited);
        for mut object in self.objects(i, i + 1, act, false, polarity) {
            // What a noun is "of", "on" or "against" is what its verb takes directly.
            if takes && object.link == link {
                object.link = Link::Direct;
            }
            objects.push(object);
        }
        let token = self.tokens[i];
        Some(Event {
            act,
            at: token.start,
            end: token.end,
            agents,
            objects,
            polarity,
            foreign,
            passive: false,
            opens: false,
        })
    }
}

/// Whether the verb's group says "has" or "had": no participle that hangs on a noun.
fn has_have(reading: &Reading<'_>, group: usize, i: usize) -> bool {
    (group..i).any(|k| matches!(reading.word(k), "has" | "have" | "had" | "having"))
}
