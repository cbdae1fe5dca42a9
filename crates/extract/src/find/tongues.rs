//! Scheduled tasks and services that a text in another language than English names: `geplante Aufgabe
//! namens X`, `tâche planifiée « X »`, `名为“X”的计划任务`.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use lapwing_model::Kind;

use super::named::window;
use super::{Found, Shape};

/// How much a noun says of what stands beside it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Says {
    /// A name may follow it at once.
    Name,
    /// Names may follow it, as it is a plural.
    Names,
    /// Only what is said to be its name is one: the noun means much else.
    Called,
}

use Kind::{ScheduledTask, WindowsService};
use Says::{Called, Name, Names};

/// Nouns. Those in Cyrillic are without their first letter, so that both spellings are found.
const NOUNS: &[(&str, Kind, Says)] = &[
    ("geplante aufgabe", ScheduledTask, Name),
    ("geplanten aufgabe", ScheduledTask, Name),
    ("geplante aufgaben", ScheduledTask, Names),
    ("geplanten aufgaben", ScheduledTask, Names),
    ("geplanter aufgaben", ScheduledTask, Names),
    ("geplanter task", ScheduledTask, Name),
    ("geplanten task", ScheduledTask, Name),
    ("geplante tasks", ScheduledTask, Names),
    ("windows-dienst", WindowsService, Name),
    ("windows-dienste", WindowsService, Names),
    ("dienst", WindowsService, Called),
    ("dienste", WindowsService, Called),
    ("tâche planifiée", ScheduledTask, Name),
    ("tâches planifiées", ScheduledTask, Names),
    ("tâche programmée", ScheduledTask, Name),
    ("service windows", WindowsService, Name),
    ("services windows", WindowsService, Names),
    ("service", WindowsService, Called),
    ("services", WindowsService, Called),
    ("tarea programada", ScheduledTask, Name),
    ("tareas programadas", ScheduledTask, Names),
    ("servicio de windows", WindowsService, Name),
    ("servicios de windows", WindowsService, Names),
    ("servicio", WindowsService, Called),
    ("servicios", WindowsService, Called),
    ("tarefa agendada", ScheduledTask, Name),
    ("tarefas agendadas", ScheduledTask, Names),
    ("serviço do windows", WindowsService, Name),
    ("serviço", WindowsService, Called),
    ("serviços", WindowsService, Called),
    ("attività pianificata", ScheduledTask, Name),
    ("attività pianificate", ScheduledTask, Names),
    ("operazione pianificata", ScheduledTask, Name),
    ("servizio windows", WindowsService, Name),
    ("servizio", WindowsService, Called),
    ("geplande taak", ScheduledTask, Name),
    ("geplande taken", ScheduledTask, Names),
    ("zaplanowane zadanie", ScheduledTask, Name),
    ("zaplanowane zadania", ScheduledTask, Names),
    ("апланированная задача", ScheduledTask, Name),
    ("апланированную задачу", ScheduledTask, Name),
    ("апланированной задачи", ScheduledTask, Name),
    ("апланированные задачи", ScheduledTask, Names),
    ("адача планировщика", ScheduledTask, Name),
    ("адачу планировщика", ScheduledTask, Name),
    ("адание планировщика", ScheduledTask, Name),
    ("лужба", WindowsService, Called),
    ("лужбу", WindowsService, Called),
    ("计划任务", ScheduledTask, Names),
    ("計劃任務", ScheduledTask, Names),
    ("排程工作", ScheduledTask, Names),
    ("定时任务", ScheduledTask, Names),
    ("服务", WindowsService, Called),
    ("服務", WindowsService, Called),
    ("スケジュールタスク", ScheduledTask, Names),
    ("スケジュールされたタスク", ScheduledTask, Names),
    ("サービス", WindowsService, Called),
    ("タスク", ScheduledTask, Called),
    ("任务", ScheduledTask, Called),
    ("예약 작업", ScheduledTask, Names),
    ("예약된 작업", ScheduledTask, Names),
];

/// Words that say that a name comes.
const CALLED: &[&str] = &[
    "namens",
    "genannt",
    "namen",
    "name",
    "nom",
    "nommé",
    "nommée",
    "nommés",
    "nommées",
    "appelé",
    "appelée",
    "appelés",
    "appelées",
    "dénommé",
    "dénommée",
    "intitulé",
    "intitulée",
    "llamado",
    "llamada",
    "llamados",
    "llamadas",
    "denominado",
    "denominada",
    "denominados",
    "denominadas",
    "nombre",
    "chamado",
    "chamada",
    "chamados",
    "chamadas",
    "nome",
    "denominato",
    "denominata",
    "denominate",
    "chiamato",
    "chiamata",
    "chiamate",
    "genaamd",
    "nazwie",
    "именем",
    "названием",
    "именами",
    "名为",
    "名為",
    "名称为",
    "名稱為",
];

/// Words that may stand between the noun and the name.
const BETWEEN: &[&str] = &[
    "mit", "dem", "den", "unter", "windows", "sous", "le", "les", "avec", "pour", "con", "el",
    "los", "com", "o", "de", "del", "il", "met", "de", "o", "с", "под", "windows,",
];

/// Between the names of a list.
const JOINTS: &[&str] =
    &["und ", "sowie ", "oder ", "et ", "ou ", "y ", "e ", "o ", "en ", "oraz ", "i ", "и "];

/// Between a name and the noun behind it, in languages that put it so.
const BEHIND: &[&str] =
    &["という名前の", "という名の", "という", "的", "라는 이름의 ", "라는 ", " ", ""];

/// Quotation marks: how one opens, and how it closes.
const QUOTES: &[(char, char)] = &[
    ('"', '"'),
    ('`', '`'),
    ('\'', '\''),
    ('\u{201c}', '\u{201d}'),
    ('\u{2018}', '\u{2019}'),
    ('\u{201e}', '\u{201c}'),
    ('\u{201a}', '\u{2018}'),
    ('«', '»'),
    ('»', '«'),
    ('「', '」'),
    ('『', '』'),
    ('《', '》'),
];

/// Longest name, in bytes.
const LONGEST: usize = 100;

/// So many names one sentence may list.
const MOST: usize = 24;

/// All nouns at once. The table is small and built from constants; without it nothing is found.
static SEARCH: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostLongest)
        .ascii_case_insensitive(true)
        .build(NOUNS.iter().map(|(noun, ..)| noun))
        .ok()
});

/// Adds what is named in `text[stretch]` to `found`.
pub(super) fn search(text: &str, stretch: Range<usize>, found: &mut Vec<Found>) {
    let (Some(search), Some(shown)) = (&*SEARCH, text.get(stretch.clone())) else { return };
    for hit in search.find_iter(shown.as_bytes()) {
        let Some((noun, kind, says)) = NOUNS.get(hit.pattern().as_usize()) else { continue };
        let (at, end) = (stretch.start + hit.start(), stretch.start + hit.end());
        let first = noun.chars().next().unwrap_or(' ');
        if !is_wide(first) && !stands_alone(text, at, end, is_cyrillic(first)) {
            continue;
        }
        let mut names = behind(text, end, *says);
        if names.is_empty() && is_wide(first) {
            names.extend(before(text, at, *says));
        }
        for range in names {
            let value = text[range.clone()].to_owned();
            found.push(Found { kind: *kind, value, range, shape: Shape::Plain });
        }
    }
}

/// Letters of scripts that set no blanks between words, or set endings to them.
fn is_wide(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}')
}

fn is_cyrillic(c: char) -> bool {
    matches!(c, '\u{400}'..='\u{4ff}')
}

/// Whether no letter stands at either end; of a noun without its first letter, one letter before it.
fn stands_alone(text: &str, at: usize, end: usize, headless: bool) -> bool {
    let mut ahead = text[..at].chars().rev();
    if headless && !ahead.next().is_some_and(char::is_alphabetic) {
        return false;
    }
    !ahead.next().is_some_and(char::is_alphanumeric)
        && !text[end..].chars().next().is_some_and(|c| c.is_alphanumeric() || c == '-')
}

/// The names that stand behind a noun.
fn behind(text: &str, end: usize, says: Says) -> Vec<Range<usize>> {
    let line = window(text, end..(end + 600).min(text.len()));
    let Some(line) = line.and_then(|w| w.split('\n').next()) else { return Vec::new() };
    let (mut at, mut called, mut told) = (0, false, false);
    for _ in 0..5 {
        let shown = line[at..].trim_start_matches([' ', '\u{a0}', ':', '：', '(']);
        called |= line[at..line.len() - shown.len()].contains([':', '：']);
        at = line.len() - shown.len();
        if let Some(word) = CALLED.iter().find(|w| w.starts_with(is_wide) && shown.starts_with(**w))
        {
            (called, told) = (true, true);
            at += word.len();
            continue;
        }
        let len = shown.find(|c: char| !c.is_alphabetic()).unwrap_or(shown.len());
        let word = shown[..len].to_lowercase();
        if CALLED.contains(&word.as_str()) {
            (called, told) = (true, true);
        } else if !BETWEEN.contains(&word.as_str()) {
            break;
        }
        at += len;
    }
    let mut names = Vec::new();
    // "Remote Services: Remote Desktop Protocol": a colon names nothing that means much else.
    if says == Called && !told {
        return names;
    }
    while names.len() < MOST {
        let Some((range, to)) = name_at(line, at, called) else { break };
        names.push(end + range.start..end + range.end);
        let rest = &line[to..];
        let next = rest.trim_start_matches([',', ';', '、', ' ']);
        let joint = JOINTS.iter().find_map(|joint| next.strip_prefix(joint));
        let next = joint.unwrap_or(next);
        if (says == Name && names.len() == 1) || next.len() == rest.len() {
            break;
        }
        at = line.len() - next.len();
    }
    names
}

/// The quoted name before a noun: `「X」というスケジュールタスク`.
fn before(text: &str, at: usize, says: Says) -> Option<Range<usize>> {
    let from = at.saturating_sub(LONGEST + 40);
    let line = window(text, from..at)?.rsplit('\n').next()?;
    for joint in BEHIND {
        if says == Called && joint.trim().is_empty() {
            continue;
        }
        let Some(shown) = line.strip_suffix(joint) else { continue };
        let Some((open, close)) =
            QUOTES.iter().find(|(open, close)| open != close && shown.ends_with(*close))
        else {
            continue;
        };
        let inside = &shown[..shown.len() - close.len_utf8()];
        let start = inside.rfind(*open)? + open.len_utf8();
        let base = at - line.len();
        return fits(&inside[start..]).then(|| base + start..base + inside.len());
    }
    None
}

/// A name at `line[at..]`, quoted or not, and where the text goes on behind it.
fn name_at(line: &str, at: usize, called: bool) -> Option<(Range<usize>, usize)> {
    let shown = line.get(at..)?;
    let first = shown.chars().next()?;
    if let Some((open, close)) = QUOTES.iter().find(|(open, _)| *open == first) {
        let from = at + open.len_utf8();
        let len = line[from..].find(*close)?;
        let inside = &line[from..from + len];
        let head = inside.len() - inside.trim_start().len();
        let value = inside.trim();
        let range = from + head..from + head + value.len();
        return fits(value).then_some((range, from + len + close.len_utf8()));
    }
    let len = shown
        .find(|c: char| {
            c.is_whitespace() || matches!(c, ',' | ';' | '"' | '`' | '|' | ')' | '<' | '«' | '、')
        })
        .unwrap_or(shown.len());
    let word = shown[..len].trim_end_matches(['.', ':', '!', '?']);
    let plain = word.bytes().all(|b| {
        b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'\\' | b'{' | b'}' | b'.' | b'$')
    });
    let pairs = || word.bytes().zip(word.bytes().skip(1));
    let marked =
        word.bytes().any(|b| b.is_ascii_digit() || matches!(b, b'_' | b'\\' | b'{' | b'$'))
            || pairs().any(|(a, b)| a.is_ascii_lowercase() && b.is_ascii_uppercase());
    let capital = called && word.starts_with(|c: char| c.is_ascii_uppercase());
    let fits = plain
        && (4..=LONGEST).contains(&word.len())
        && word.bytes().any(|b| b.is_ascii_alphabetic())
        && (marked || capital);
    fits.then_some((at..at + word.len(), at + word.len()))
}

fn fits(value: &str) -> bool {
    (3..=LONGEST).contains(&value.len()) && !value.ends_with(['.', ','])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<(Kind, String)> {
        let mut found = Vec::new();
        search(text, 0..text.len(), &mut found);
        found.into_iter().map(|f| (f.kind, f.value)).collect()
    }

    #[test]
    fn tasks_and_services_of_other_languages() {
        for (text, kind, values) in [
            ("legt eine geplante Aufgabe namens \"MarshUpd\" an", ScheduledTask, &["MarshUpd"][..]),
            (
                "die geplanten Aufgaben „MarshA“ und „Marsh B“ laufen",
                ScheduledTask,
                &["MarshA", "Marsh B"],
            ),
            ("Eine geplante Aufgabe mit dem Namen Kiebitz startet", ScheduledTask, &["Kiebitz"]),
            ("einen Dienst namens MarshSvc, der", WindowsService, &["MarshSvc"]),
            ("une tâche planifiée nommée « Marsh Maj » est", ScheduledTask, &["Marsh Maj"]),
            ("La tâche planifiée MarshMaj1 lance", ScheduledTask, &["MarshMaj1"]),
            ("un service nommé VanneauSvc", WindowsService, &["VanneauSvc"]),
            ("una tarea programada llamada \"Avefría\"", ScheduledTask, &["Avefría"]),
            (
                "Tareas programadas: MarshA1, MarshB2 y MarshC3.",
                ScheduledTask,
                &["MarshA1", "MarshB2", "MarshC3"],
            ),
            ("uma tarefa agendada com o nome \"Marsh\"", ScheduledTask, &["Marsh"]),
            ("un'attività pianificata denominata \"Marsh Agg\"", ScheduledTask, &["Marsh Agg"]),
            ("создаёт запланированную задачу «Чибис»", ScheduledTask, &["Чибис"]),
            ("创建名为“MarshUpdate”的计划任务", ScheduledTask, &["MarshUpdate"]),
            ("计划任务名为“Marsh”", ScheduledTask, &["Marsh"]),
            ("「MarshTask」というスケジュールタスクを作成", ScheduledTask, &["MarshTask"]),
            ("タスクスケジューラに「MarshUpd」というタスクを登録", ScheduledTask, &["MarshUpd"]),
        ] {
            let wanted: Vec<_> = values.iter().map(|v| (kind, (*v).to_owned())).collect();
            assert_eq!(shown(text), wanted, "{text}");
        }
        for text in [
            "Der Dienst \"Kiebitz\" ist ein Angebot",
            "eine geplante Aufgabe und ein Dienst",
            "geplante Aufgabe. MarshA1 lief",
            "un service client nommé",
            "la tarea programada se ejecuta cada hora",
            "该服务“很好”",
            "「Marsh」サービスは",
            "ungeplante Aufgabe MarshA1",
            "Remote Services: Remote Desktop Protocol",
            "T1102.001 Web Service: Dead Drop Resolver",
            "logsource: service: marsh_files",
        ] {
            assert_eq!(shown(text), [], "{text}");
        }
    }
}
