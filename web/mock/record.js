// Records what a real server answers: `node mock/record.js http://127.0.0.1:8080`, with the reports of
// examples/exchange-2021 in its store and one hunt done. A second argument, the folder that the server
// hunts in, is taken out of what it says: fixtures hold no path of a machine.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const base = process.argv[2] ?? 'http://127.0.0.1:8080';
const folder = process.argv[3] ? `${process.argv[3].replace(/\/$/, '')}/` : '';
const out = {};

async function take(path, init) {
  const answer = await fetch(base + path, init);
  if (!answer.ok) {
    console.error(`${answer.status} ${path}`);
    return null;
  }
  const body = await answer.json();
  out[decodeURIComponent(path)] = body;
  return body;
}

for (const path of ['session', 'about', 'documents', 'indicators', 'entities/kinds', 'clusters', 'origins', 'gaps', 'techniques', 'history', 'hunt-root', 'hunts', 'users', 'keys', 'audit', 'complete?q=haf', 'search?q=exchange', 'attack', 'names', 'names/history', 'minted-clusters', 'minted-clusters/decisions', 'activity', 'feeds', 'webhooks', 'news'])
  await take(`/api/v1/${path}`);
for (const kind of ['campaign', 'threat-actor', 'cluster', 'malware', 'vulnerability', 'attack-pattern', 'sector', 'location']) await take(`/api/v1/entities?kind=${kind}`);
for (const { id } of (out['/api/v1/documents']?.items ?? [])) {
  await take(`/api/v1/documents/${id}`);
  await take(`/api/v1/documents/${id}/origin`);
}
for (const [kind, value] of [['campaign', 'Microsoft Exchange'], ['threat-actor', 'HAFNIUM'], ['threat-actor', 'Tortilla'], ['cluster', 'UNC2639'], ['vulnerability', 'CVE-2021-26855'], ['ipv4-addr', '103.77.192.219']]) {
  const of = `of=${encodeURIComponent(value)}&kind=${kind}`;
  await take(`/api/v1/page?${of}`);
  await take(`/api/v1/forecast?${of}`);
  await take(`/api/v1/graph?${of}&limit=60`);
  if (kind === 'ipv4-addr') {
    await take(`/api/v1/explain?${of}`);
    await take(`/api/v1/decay?kind=${kind}&value=${value}`);
  }
}
await take(`/api/v1/compare?a=${encodeURIComponent('threat-actor:HAFNIUM')}&b=${encodeURIComponent('threat-actor:Tortilla')}&rows=100`);
for (const { change } of (out['/api/v1/history']?.items ?? []).slice(0, 3)) await take(`/api/v1/history/${change}`);
for (const { name } of (out['/api/v1/minted-clusters']?.items ?? [])) await take(`/api/v1/minted-clusters/${name}`);
const hunt = out['/api/v1/hunts']?.items?.[0]?.id;
if (hunt) {
  await take(`/api/v1/hunts/${hunt}`);
  await take(`/api/v1/hunts/${hunt}/findings?limit=1000`);
}
await take('/api/v1/lookup', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ values: ['103.77.192[.]219', 'hafnium', '192.0.2.77'] }) });

// A line a route, so that a change of one shows as one.
const lines = Object.keys(out).sort().map((key) => `${JSON.stringify(key)}: ${JSON.stringify(out[key])}`.replaceAll(folder || '\u0000', ''));
writeFileSync(fileURLToPath(new URL('fixtures.json', import.meta.url)), `{\n${lines.join(',\n')}\n}\n`);
console.log(`${lines.length} answers recorded`);
