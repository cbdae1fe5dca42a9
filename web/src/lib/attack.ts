// The whole matrix of ATT&CK, asked for once, as a ground for what reports speak of.

import { get } from './api';

export interface AttackTechnique {
  id: string;
  name: string;
  tactics: string[];
}
export interface AttackGrid {
  version: string | null;
  tactics: { id: string; name: string }[];
  techniques: AttackTechnique[];
}

let asked: Promise<AttackGrid> | null = null;

export function attackGrid(): Promise<AttackGrid> {
  asked ??= get<AttackGrid>('/attack').catch((error: unknown) => {
    asked = null; // the next page asks again
    throw error;
  });
  return asked;
}

/** What is told of a technique; `side` says of whom, where two are laid over each other. */
export interface Cell {
  id: string;
  name: string;
  tactics: string[];
  probability: number | null;
  basis?: string;
  side: 'a' | 'b' | 'both' | 'none';
  note?: string;
}
export interface Top {
  id: string;
  name: string;
  cell: Cell | null;
  subs: { id: string; name: string; cell: Cell | null }[];
  /** Sub-techniques in all. */
  all: number;
}
export interface Column {
  tactic: string;
  title: string;
  tops: Top[];
  known: number;
  all: number;
}

const parent = (id: string): string => id.split('.')[0] ?? id;
/** ATT&CK writes `Server Software Component: Web Shell` for a sub-technique. */
export const brief = (name: string): string => (name.includes(': ') ? (name.split(': ').at(-1) ?? name) : name);

const SOFT = '\u00ad';
/** Where a long word may be broken in a narrow column: browsers without a dictionary break it anywhere. */
export const soft = (text: string): string =>
  text
    .replace(/([a-z]{5,})(tion|ture|ment|sance|ding|ting|ing)(?=s?\b)/gi, `$1${SOFT}$2`)
    .replace(/(?<=[a-z])\/(?=[A-Z])/g, '/\u200b');

/** Columns of tactics. Without a grid, only what is told; with one, all of it. Sub-techniques that
 *  nobody tells of are left out unless `subs` asks for them. */
export function columns(cells: Cell[], grid: AttackGrid | null, order: string[], subs = false): Column[] {
  const told = new Map(cells.map((c) => [c.id, c]));
  const all = new Map<string, AttackTechnique>();
  if (grid) for (const t of grid.techniques) all.set(t.id, t);
  for (const c of cells) {
    if (!all.has(c.id)) all.set(c.id, { id: c.id, name: c.name, tactics: c.tactics });
    // A sub-technique stands under its technique, also where only it is told.
    const of = parent(c.id);
    if (!all.has(of)) all.set(of, { id: of, name: c.name.includes(': ') ? (c.name.split(': ')[0] ?? '') : '', tactics: c.tactics });
  }
  const tacticsOf = (t: AttackTechnique): string[] => (t.tactics.length ? t.tactics : ['no tactic']);
  const names = new Set([...all.values()].flatMap(tacticsOf));
  const known = order.filter((t) => names.has(t));
  const rest = [...names].filter((t) => !order.includes(t)).sort();
  const title = (t: string): string => grid?.tactics.find((x) => x.id === t)?.name ?? t.replace(/-/g, ' ').replace(/^./, (c) => c.toUpperCase());
  return [...known, ...rest].map((tactic) => {
    const here = [...all.values()].filter((t) => tacticsOf(t).includes(tactic)).sort((x, y) => x.id.localeCompare(y.id));
    const tops = here.filter((t) => !t.id.includes('.')).map((t): Top => {
      const under = here.filter((s) => s.id !== t.id && parent(s.id) === t.id);
      return {
        id: t.id,
        name: t.name,
        cell: told.get(t.id) ?? null,
        subs: under.map((s) => ({ id: s.id, name: s.name, cell: told.get(s.id) ?? null })).filter((s) => subs || s.cell),
        all: under.length,
      };
    });
    // A sub-technique whose technique stands in another column only.
    const orphans = here.filter((s) => s.id.includes('.') && !tops.some((t) => t.id === parent(s.id)) && (subs || told.has(s.id)));
    tops.push(...orphans.map((s): Top => ({ id: s.id, name: s.name, cell: told.get(s.id) ?? null, subs: [], all: 0 })));
    const count = tops.reduce((n, t) => n + (t.cell ? 1 : 0) + t.subs.filter((s) => s.cell).length, 0);
    return { tactic, title: title(tactic), tops, known: count, all: here.length };
  });
}
