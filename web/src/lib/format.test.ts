import { describe, expect, it } from 'vitest';
import { ago, bytes, moment, percent } from './format';

describe('numbers and times', () => {
  it('never round a probability to certainty', () => {
    expect(percent(0.9999)).toBe('>99 %');
    expect(percent(0.004)).toBe('<1 %');
    expect(percent(1)).toBe('100 %');
    expect(percent(0.9645)).toBe(percent(0.965));
    expect(percent(0)).toBe('0 %');
    expect(percent(null)).toBe('–');
  });
  it('name sizes', () => {
    expect(bytes(999)).toBe('999 B');
    expect(bytes(1_500)).toBe('1.5 kB');
    expect(bytes(268_435_456)).toBe('268 MB');
  });
  it('write times as logs do', () => {
    expect(moment('2021-03-01T04:12:10.250Z')).toBe('2021-03-01 04:12:10');
    expect(moment(null)).toBe('–');
  });
  it('tell how long ago', () => {
    const now = Date.parse('2021-03-02T00:00:00Z');
    expect(ago('2021-03-01T22:00:00Z', now)).toBe('2 hours ago');
    expect(ago('2021-03-01T23:59:50Z', now)).toBe('just now');
    expect(ago(undefined, now)).toBe('never');
  });
});
