// What the kinds of things are called, and which of nine colours they share.

export type Group = 'net' | 'file' | 'host' | 'who' | 'soft' | 'ttp' | 'vuln' | 'where' | 'none';

interface KindInfo {
  short: string;
  one: string;
  many: string;
  group: Group;
}

const K = (short: string, one: string, many: string, group: Group): KindInfo => ({ short, one, many, group });

const KINDS: Record<string, KindInfo> = {
  'ipv4-addr': K('IPv4', 'IPv4 address', 'IPv4 addresses', 'net'),
  'ipv6-addr': K('IPv6', 'IPv6 address', 'IPv6 addresses', 'net'),
  'domain-name': K('domain', 'domain name', 'domain names', 'net'),
  url: K('URL', 'URL', 'URLs', 'net'),
  'email-addr': K('mail', 'mail address', 'mail addresses', 'net'),
  'file:md5': K('MD5', 'MD5 hash', 'MD5 hashes', 'file'),
  'file:sha1': K('SHA-1', 'SHA-1 hash', 'SHA-1 hashes', 'file'),
  'file:sha256': K('SHA-256', 'SHA-256 hash', 'SHA-256 hashes', 'file'),
  'file:sha512': K('SHA-512', 'SHA-512 hash', 'SHA-512 hashes', 'file'),
  'file:ssdeep': K('ssdeep', 'ssdeep hash', 'ssdeep hashes', 'file'),
  'file:imphash': K('imphash', 'import hash', 'import hashes', 'file'),
  'file:tlsh': K('TLSH', 'TLSH hash', 'TLSH hashes', 'file'),
  'file:vhash': K('vhash', 'vhash', 'vhashes', 'file'),
  'file:authentihash': K('authentihash', 'authentihash', 'authentihashes', 'file'),
  'file:name': K('file', 'file name', 'file names', 'file'),
  'file:path': K('path', 'file path', 'file paths', 'file'),
  'autonomous-system': K('AS', 'autonomous system', 'autonomous systems', 'net'),
  'mac-addr': K('MAC', 'MAC address', 'MAC addresses', 'net'),
  'windows-registry-key': K('registry', 'registry key', 'registry keys', 'host'),
  mutex: K('mutex', 'mutex', 'mutexes', 'host'),
  'user-agent': K('user agent', 'user agent', 'user agents', 'net'),
  'cryptocurrency-wallet': K('wallet', 'wallet address', 'wallet addresses', 'host'),
  process: K('process', 'process', 'processes', 'host'),
  'named-pipe': K('pipe', 'named pipe', 'named pipes', 'host'),
  'x509-certificate': K('certificate', 'certificate', 'certificates', 'net'),
  'network-fingerprint': K('fingerprint', 'network fingerprint', 'network fingerprints', 'net'),
  'user-account': K('account', 'user account', 'user accounts', 'host'),
  'windows-service': K('service', 'Windows service', 'Windows services', 'host'),
  'scheduled-task': K('task', 'scheduled task', 'scheduled tasks', 'host'),
  vulnerability: K('CVE', 'vulnerability', 'vulnerabilities', 'vuln'),
  weakness: K('CWE', 'weakness', 'weaknesses', 'vuln'),
  'attack-pattern': K('technique', 'technique', 'techniques', 'ttp'),
  'threat-actor': K('actor', 'threat actor', 'threat actors', 'who'),
  cluster: K('cluster', 'cluster', 'clusters', 'who'),
  malware: K('malware', 'malware family', 'malware families', 'soft'),
  tool: K('tool', 'tool', 'tools', 'soft'),
  campaign: K('campaign', 'campaign', 'campaigns', 'who'),
  location: K('place', 'location', 'locations', 'where'),
  sector: K('sector', 'sector', 'sectors', 'where'),
  identity: K('organisation', 'organisation', 'organisations', 'where'),
  software: K('product', 'product', 'products', 'soft'),
  pattern: K('pattern', 'pattern', 'patterns', 'none'),
  other: K('other', 'other value', 'other values', 'none'),
  report: K('report', 'report', 'reports', 'none'),
};

const UNKNOWN = K('value', 'value', 'values', 'none');

export const kindOf = (kind: string): KindInfo => KINDS[kind] ?? { ...UNKNOWN, short: kind };
export const allKinds = (): string[] => Object.keys(KINDS);

// Shown as values, though not all of them can be looked for in logs.
const LITERAL = new Set(['pattern', 'other']);
export const isValue = (kind: string): boolean => OBSERVABLE.has(kind) || LITERAL.has(kind);

const OBSERVABLE = new Set(
  Object.keys(KINDS).slice(0, Object.keys(KINDS).indexOf('vulnerability')),
);

/** Whether values of this kind are seen in logs and files. */
export const isObservable = (kind: string): boolean => OBSERVABLE.has(kind);

const DECLARED: Record<string, [string, string]> = { indicator: ['indicator', 'indicators'], row: ['row', 'rows'], reference: ['reference', 'references'] };

/** So many of what a document declares and does not show: a kind, or a word of its own. */
export function missing(what: string, count: number | null | undefined): string {
  const [one, many] = DECLARED[what] ?? (KINDS[what] ? [KINDS[what].one, KINDS[what].many] : [`${what} value`, `${what} values`]);
  return count == null ? `an unknown number of ${many}` : `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}

/** Groups in the order of the legend, with the words for them. */
export const GROUPS: [Group, string][] = [
  ['net', 'network'],
  ['file', 'files'],
  ['host', 'on a host'],
  ['who', 'who'],
  ['soft', 'software'],
  ['ttp', 'techniques'],
  ['vuln', 'weaknesses'],
  ['where', 'victims, places'],
  ['none', 'not an indicator'],
];
