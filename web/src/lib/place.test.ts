import { describe, expect, it } from 'vitest';
import { parse, to, toThing } from './place';

describe('places', () => {
  it('of hostile names lead there and back', () => {
    for (const name of ['a/b', 'a?b=c', '#x', '<img onerror>', '100%', '\u202eabc', 'ü €', '..', '%2e%2e']) {
      const place = parse(toThing('malware', name));
      expect(place.page).toBe('thing');
      expect(place.args).toEqual(['malware', name]);
    }
  });
  it('without a page are home', () => {
    expect(parse('').page).toBe('home');
    expect(parse('#/').page).toBe('home');
  });
  it('carry queries, and leave empty ones out', () => {
    const href = to('search', [], { q: 'web & shell?', kind: '' });
    expect(parse(href).query.get('q')).toBe('web & shell?');
    expect(href).not.toContain('kind');
  });
  it('that are broken do not throw', () => {
    expect(parse('#/thing/%E0%A4%A/x').args[0]).toBe('%E0%A4%A');
  });
});
