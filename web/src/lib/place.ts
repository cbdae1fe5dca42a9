// Pages are named behind `#`, so what an analyst looks at never reaches a log of web requests.

export interface Place {
  page: string;
  args: string[];
  query: URLSearchParams;
}

export function parse(hash: string): Place {
  const [path = '', search = ''] = hash.replace(/^#\/?/, '').split(/\?(.*)/s);
  const parts = path.split('/').map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  });
  return { page: parts[0] || 'home', args: parts.slice(1).filter((part) => part !== ''), query: new URLSearchParams(search) };
}

export type Values = Record<string, string | number | null | undefined>;

export function to(page: string, args: string[] = [], query: Values = {}): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') search.set(key, String(value));
  }
  const tail = search.toString();
  return `#/${[page, ...args.map(encodeURIComponent)].join('/')}${tail ? `?${tail}` : ''}`;
}

/** Where the page of a thing is. Names of a megabyte are cut: no browser follows them. */
export const toThing = (kind: string, value: string): string =>
  kind === 'report' && /^[0-9a-f]{32}$/.test(value) ? to('report', [value]) : to('thing', [kind, value.slice(0, 4000)]);
export const toReport = (id: string, at?: number): string => to('report', [id], { at });
