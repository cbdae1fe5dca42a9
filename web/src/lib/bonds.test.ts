import { describe, expect, it } from 'vitest';
import { reason } from './bonds';

describe('reason', () => {
  it('is a value with its weight', () => {
    expect(reason('ipv4-addr:198.51.100.7 (5.3)')).toEqual({ kind: 'ipv4-addr', value: '198.51.100.7', words: '', weight: 5.3, decided: false });
    expect(reason('file:sha256:ab12 (5)').kind).toBe('file:sha256');
  });
  it('is a likeness in words, inert', () => {
    expect(reason('network 198.51.100.0/24 (1.6)')).toEqual({ words: 'network 198[.]51[.]100[.]0/24', weight: 1.6, decided: false });
  });
  it('is the word of a person', () => {
    expect(reason('decided by a person: same panel')).toEqual({ words: 'same panel', weight: null, decided: true });
  });
});
