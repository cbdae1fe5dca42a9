// Byte spans of a document's text, as claims carry them, to pieces of a JavaScript string.

export interface Mark {
  start: number; // bytes
  end: number;
  id: string;
}

/** Maps byte offsets of the UTF-8 form to indices of the string, for all offsets asked in one walk. */
export function byteIndex(text: string, offsets: Iterable<number>): Map<number, number> {
  const wanted = [...new Set(offsets)].sort((a, b) => a - b);
  const map = new Map<number, number>();
  let at = 0;
  let byte = 0;
  for (const offset of wanted) {
    while (byte < offset && at < text.length) {
      const code = text.charCodeAt(at);
      if (code < 0x80) byte += 1;
      else if (code < 0x800) byte += 2;
      else if (code >= 0xd800 && code < 0xdc00 && at + 1 < text.length) {
        byte += 4;
        at += 1;
      } else byte += 3;
      at += 1;
    }
    map.set(offset, at);
  }
  return map;
}

export interface Piece {
  text: string;
  start: number; // index in the string
  ids: string[]; // marks that cover it, the shortest first
}

/** Cuts `text` at every border of a mark; each piece knows the marks over it. */
export function pieces(text: string, marks: Mark[]): Piece[] {
  const map = byteIndex(text, marks.flatMap((m) => [m.start, m.end]));
  const spans = marks
    .map((m) => ({ id: m.id, from: map.get(m.start) ?? 0, to: map.get(m.end) ?? 0 }))
    .filter((m) => m.to > m.from);
  const starts = [...spans].sort((a, b) => a.from - b.from);
  const borders = [...new Set([0, text.length, ...spans.flatMap((s) => [s.from, s.to])])].sort((a, b) => a - b);
  const out: Piece[] = [];
  let open: typeof spans = [];
  let next = 0;
  for (let i = 0; i + 1 < borders.length; i += 1) {
    const from = borders[i] ?? 0;
    const to = borders[i + 1] ?? text.length;
    open = open.filter((s) => s.to > from);
    while (next < starts.length && (starts[next]?.from ?? Infinity) <= from) {
      const span = starts[next];
      if (span && span.to > from) open.push(span);
      next += 1;
    }
    out.push({
      text: text.slice(from, to),
      start: from,
      ids: [...open].sort((a, b) => a.to - a.from - (b.to - b.from)).map((s) => s.id),
    });
  }
  return out;
}

/** The byte offset of an index of the string. */
export function byteOffset(text: string, index: number): number {
  return new TextEncoder().encode(text.slice(0, index)).length;
}
