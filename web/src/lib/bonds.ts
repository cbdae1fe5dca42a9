// What holds a cluster together, as the server writes it: `kind:value (weight)`, or a likeness in words.

import { inert } from './defang';
import { allKinds } from './kinds';

export interface Reason {
  kind?: string;
  value?: string;
  /** In words, where it is no value. */
  words: string;
  weight: number | null;
  /** A person's word. */
  decided: boolean;
}

const KINDS = [...allKinds()].sort((a, b) => b.length - a.length);
const DECIDED = 'decided by a person: ';

export function reason(text: string): Reason {
  if (text.startsWith(DECIDED)) return { words: text.slice(DECIDED.length), weight: null, decided: true };
  const weighed = /^(.*) \((\d+(?:\.\d+)?)\)$/s.exec(text);
  const body = weighed?.[1] ?? text;
  const weight = weighed ? Number(weighed[2]) : null;
  const kind = KINDS.find((k) => body.startsWith(`${k}:`));
  if (kind) return { kind, value: body.slice(kind.length + 1), words: '', weight, decided: false };
  return { words: inert(body, 200), weight, decided: false };
}
