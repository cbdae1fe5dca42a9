// Two passages word by word: which words of one stand, in this order, in the other too.

const MOST = 400; // words: longer ones are shown as they are

/** The pieces of `text`, each with whether it stands in `other` as well. */
export function compared(text: string, other: string): [string, boolean][] {
  const words = text.match(/\s*\S+/g) ?? [];
  const theirs = other.match(/\S+/g) ?? [];
  if (words.length > MOST || theirs.length > MOST) return [[text, true]];
  const plain = (word: string): string => word.trim().toLowerCase().replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '');
  const a = words.map(plain);
  const b = theirs.map(plain);
  // The longest common run of words, from the end, so that the way forward can be read off.
  const table = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i -= 1) {
    const row = table[i];
    const below = table[i + 1];
    if (!row || !below) continue;
    for (let k = b.length - 1; k >= 0; k -= 1) row[k] = a[i] === b[k] ? (below[k + 1] ?? 0) + 1 : Math.max(below[k] ?? 0, row[k + 1] ?? 0);
  }
  const pieces: [string, boolean][] = [];
  let k = 0;
  words.forEach((word, i) => {
    let same = false;
    // Skip what only the other has, as long as no common word is lost by it.
    while (k < b.length && a[i] !== b[k] && (table[i]?.[k + 1] ?? 0) === (table[i]?.[k] ?? 0)) k += 1;
    if (k < b.length && a[i] === b[k]) {
      same = true;
      k += 1;
    }
    const last = pieces.at(-1);
    if (last && last[1] === same) last[0] += word;
    else pieces.push([word, same]);
  });
  return pieces;
}
