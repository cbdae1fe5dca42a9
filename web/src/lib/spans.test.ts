import { describe, expect, it } from 'vitest';
import { byteIndex, byteOffset, pieces } from './spans';

const bytes = (text: string): number => new TextEncoder().encode(text).length;

describe('byte offsets', () => {
  it('are found across characters of one to four bytes', () => {
    const text = 'a é € 😀 z';
    for (let index = 0; index <= text.length; index += 1) {
      const inPair = index > 0 && /[\ud800-\udbff]/.test(text[index - 1] ?? '') && /[\udc00-\udfff]/.test(text[index] ?? '');
      if (inPair) continue;
      const byte = bytes(text.slice(0, index));
      expect(byteIndex(text, [byte]).get(byte)).toBe(index);
      expect(byteOffset(text, index)).toBe(byte);
    }
  });
  it('beyond the end are the end', () => {
    expect(byteIndex('abc', [99]).get(99)).toBe(3);
  });
});

describe('pieces', () => {
  it('give the text back, whatever the marks', () => {
    const text = 'Größe 😀 of 198.51.100.7 and evil.test';
    const marks = [
      { id: 'a', start: 0, end: 7 },
      { id: 'b', start: 4, end: 30 },
      { id: 'c', start: 4, end: 4 },
      { id: 'd', start: 20, end: 900 },
    ];
    expect(pieces(text, marks).map((p) => p.text).join('')).toBe(text);
  });
  it('name the shortest mark first', () => {
    const found = pieces('0123456789', [
      { id: 'long', start: 0, end: 10 },
      { id: 'short', start: 3, end: 5 },
    ]);
    expect(found.find((p) => p.text === '34')?.ids).toEqual(['short', 'long']);
    expect(found.map((p) => p.text)).toEqual(['012', '34', '56789']);
  });
  it('of ten thousand marks are cut in a moment', () => {
    const text = 'x'.repeat(200_000);
    const marks = Array.from({ length: 10_000 }, (_, i) => ({ id: String(i), start: i * 20, end: i * 20 + 10 }));
    const before = performance.now();
    expect(pieces(text, marks)).toHaveLength(20_000);
    expect(performance.now() - before).toBeLessThan(1000);
  });
});
