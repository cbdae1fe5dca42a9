// Numbers, sizes and times as people read them. Times are UTC, as in logs.

export const number = (n: number | null | undefined): string => (n == null ? '–' : n.toLocaleString('en'));
export const percent = (p: number | null | undefined): string => {
  if (p == null) return '–';
  const value = p * 100;
  if (value > 0 && value < 1) return '<1 %';
  if (value < 100 && value > 99) return '>99 %';
  // The server rounds some probabilities to a thousandth and others not at all: a half of a percent is
  // rounded so that both are shown as one number.
  return `${Math.round(value - 0.05)} %`;
};

export function bytes(n: number | null | undefined): string {
  if (n == null) return '–';
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let at = 0;
  let value = n;
  while (value >= 1000 && at < units.length - 1) {
    value /= 1000;
    at += 1;
  }
  return `${at === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[at]}`;
}

/** `2021-03-01 04:12:10`, without the zone that is always UTC. */
export const moment = (time: string | null | undefined): string =>
  time ? time.replace('T', ' ').replace(/(\.\d+)?Z$/, '') : '–';
export const day = (time: string | null | undefined): string => (time ? time.slice(0, 10) : '–');

export function ago(time: string | null | undefined, now: number = Date.now()): string {
  if (!time) return 'never';
  const seconds = (now - Date.parse(time)) / 1000;
  if (Number.isNaN(seconds)) return time;
  const steps: [number, string][] = [
    [86400 * 365, 'year'],
    [86400 * 30, 'month'],
    [86400, 'day'],
    [3600, 'hour'],
    [60, 'minute'],
  ];
  for (const [size, word] of steps) {
    const n = Math.floor(seconds / size);
    if (n >= 1) return `${n} ${word}${n === 1 ? '' : 's'} ago`;
  }
  return 'just now';
}

export const count = (n: number, one: string, many = `${one}s`): string => `${number(n)} ${n === 1 ? one : many}`;
export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
export const words = (token: string | null | undefined): string => (token ?? '').replace(/[-_]/g, ' ');
