import { describe, expect, it } from 'vitest';
import { compared } from './compared';

describe('compared', () => {
  it('parts what is the same from what was put in', () => {
    expect(compared('the gang left a web shell behind', 'the group left a shell behind')).toEqual([
      ['the', true], [' gang', false], [' left a', true], [' web', false], [' shell behind', true],
    ]);
  });
  it('gives back all of the text', () => {
    for (const [a, b] of [['a b c', 'c b a'], ['', 'x'], ['x', ''], ['One, two.', 'one two'], ['a a b', 'a b b']] as const)
      expect(compared(a, b).map(([t]) => t).join('')).toBe(a);
  });
  it('takes no notice of case and marks', () => {
    expect(compared('One, two.', 'one two')).toEqual([['One, two.', true]]);
  });
  it('leaves very long ones whole', () => {
    const long = 'word '.repeat(500);
    expect(compared(long, 'word')).toEqual([[long, true]]);
  });
});
