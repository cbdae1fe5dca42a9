// Records what a real server answers: `node mock/record.js` starts one with the reports of
// examples/exchange-2021, further observers and posts in its store, and one hunt done.
// `node mock/record.js URL FOLDER` asks another; FOLDER, which that server hunts in, is taken out of what
// it says: fixtures hold no path of a machine.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { reports, serve, servers } from '../e2e/lapwing.js';
import { observe } from '../e2e/observers.js';

const own = process.argv[2] ? null : await serve({ add: [reports] });
const base = own?.base ?? process.argv[2];
const folders = (own ? [servers, own.folder] : [process.argv[3] ?? '\u0000']).map((path) => `${path.replace(/\/$/, '')}/`);
const out = {};
if (own) {
  observe(own);
  const asked = await fetch(`${base}/api/v1/hunts`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"paths":["compromised"]}' });
  const { id } = await asked.json();
  const state = async () => (await (await fetch(`${base}/api/v1/hunts/${id}`)).json()).state;
  while (!['done', 'failed'].includes(await state())) await new Promise((go) => setTimeout(go, 200));
}

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
// Of posts the list is enough.
const documents = await (await fetch(`${base}/api/v1/documents?limit=1000`)).json();
for (const { id } of documents.items.filter((d) => d.format !== 'post')) {
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
const lines = Object.keys(out).sort().map((key) => `${JSON.stringify(key)}: ${JSON.stringify(out[key])}`)
  .map((line) => folders.reduce((clean, folder) => clean.replaceAll(folder, ''), line));
writeFileSync(fileURLToPath(new URL('fixtures.json', import.meta.url)), `{\n${lines.join(',\n')}\n}\n`);
console.log(`${lines.length} answers recorded`);
await own?.stop();
