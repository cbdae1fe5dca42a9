import { describe, expect, it } from 'vitest';
import { columns, soft, type AttackGrid, type Cell } from './attack';

const grid: AttackGrid = {
  version: '1',
  tactics: [{ id: 'persistence', name: 'Persistence' }, { id: 'impact', name: 'Impact' }],
  techniques: [
    { id: 'T1505', name: 'Server Software Component', tactics: ['persistence'] },
    { id: 'T1505.003', name: 'Web Shell', tactics: ['persistence'] },
    { id: 'T1505.004', name: 'IIS Components', tactics: ['persistence'] },
    { id: 'T1486', name: 'Data Encrypted for Impact', tactics: ['impact'] },
  ],
};
const shell: Cell = { id: 'T1505.003', name: 'Server Software Component: Web Shell', tactics: ['persistence'], probability: 0.9, side: 'a' };

describe('columns', () => {
  it('shows only what is told without a grid, under its technique', () => {
    const [one, ...more] = columns([shell], null, ['persistence', 'impact']);
    expect(more).toEqual([]);
    expect(one?.tops.map((t) => [t.id, t.name, t.cell])).toEqual([['T1505', 'Server Software Component', null]]);
    expect(one?.tops[0]?.subs.map((s) => s.id)).toEqual(['T1505.003']);
    expect(one?.known).toBe(1);
  });
  it('shows all of a grid, and counts what is told of it', () => {
    const all = columns([shell], grid, ['persistence', 'impact']);
    expect(all.map((c) => [c.title, c.known, c.all])).toEqual([['Persistence', 1, 3], ['Impact', 0, 1]]);
    expect(all[0]?.tops[0]?.subs.map((s) => s.id)).toEqual(['T1505.003']);
    expect(columns([shell], grid, ['persistence'], true)[0]?.tops[0]?.subs).toHaveLength(2);
  });
  it('keeps what the grid does not know', () => {
    const old: Cell = { id: 'T9999', name: 'Gone', tactics: [], probability: null, side: 'a' };
    const all = columns([old], grid, ['persistence', 'impact']);
    expect(all.at(-1)?.tactic).toBe('no tactic');
    expect(all.at(-1)?.tops[0]?.cell).toBe(old);
  });
});

describe('soft', () => {
  it('lets long words be broken where a reader would', () => {
    expect(soft('Multi-Factor Authentication')).toBe('Multi-Factor Authentica\u00adtion');
    expect(soft('Compromise Infrastructure')).toBe('Compromise Infrastruc\u00adture');
    expect(soft('System Shutdown/Reboot')).toBe('System Shutdown/\u200bReboot');
    expect(soft('Phishing')).toBe('Phish\u00ading');
  });
});
