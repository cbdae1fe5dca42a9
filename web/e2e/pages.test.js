// Every page, light and dark: no violation of WCAG 2.2 AA, nothing on the console, nothing from elsewhere.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { launch, open, violations } from './browser.js';
import { reports, root, serve } from './lapwing.js';
import { observe } from './observers.js';

let browser;
let server;
let places;
before(async () => {
  [browser, server] = await Promise.all([launch(), serve({ add: [reports] })]);
  observe(server);
  const get = (path) => fetch(`${server.base}/api/v1${path}`).then((r) => r.json());
  const started = await fetch(`${server.base}/api/v1/hunts`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"paths":["compromised"]}' }).then((r) => r.json());
  for (let i = 0; i < 600 && !['done', 'failed'].includes((await get(`/hunts/${started.id}`)).state); i += 1) await new Promise((go) => setTimeout(go, 100));
  const documents = (await get('/documents')).items;
  const origins = (await get('/origins')).items;
  const copied = origins.find((o) => o.documents.some((d) => d.label.includes('hacked through')));
  const minted = (await get('/minted-clusters')).items;
  // A decision, so that there is one to be shown.
  await fetch(`${server.base}/api/v1/minted-clusters/decisions`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ action: 'merge', clusters: minted.slice(0, 2).map((c) => c.name), because: 'to show it' }) });
  places = [
    '/home', '/lookup', '/search?q=exchange', '/reports', `/report/${documents[0].id}`, `/report/${documents.at(-1).id}`, '/indicators', '/topics?kind=threat-actor',
    '/thing/threat-actor/HAFNIUM', '/thing/campaign/Microsoft%20Exchange', '/thing/vulnerability/CVE-2021-26855', '/thing/cluster/UNC2639', '/thing/ipv4-addr/103.77.192.219',
    '/compare?a=threat-actor:HAFNIUM&b=threat-actor:Tortilla', '/techniques', '/origins', `/origins/${origins[0].id}`, `/origins/${copied.id}`, '/clusters', `/clusters/${minted[0].name}`, '/names', '/names?name=APT41&means=HAFNIUM', '/techniques?a=threat-actor:HAFNIUM&b=threat-actor:Tortilla', '/hunts', `/hunt/${started.id}`, '/gaps',
    '/activity', '/feeds', '/history', '/history/1', '/users', '/audit', '/settings', '/about', '/nowhere',
  ];
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

for (const theme of ['light', 'dark']) {
  test(`every page is accessible, ${theme}`, async () => {
    const tab = await open(browser, server.base, { theme });
    const found = [];
    for (const place of places) {
      await tab.go(place);
      for (const violation of await violations(tab.page)) found.push(`${place}  ${violation}`);
    }
    assert.deepEqual(found, []);
    await tab.close();
  });
}

test('pages hold at 1024 by 768: nothing is wider than the window', async () => {
  const tab = await open(browser, server.base, { width: 1024, height: 768 });
  for (const place of places) {
    await tab.go(place);
    const wide = await tab.page.evaluate(() => {
      const scroll = document.querySelector('.scroll');
      return scroll ? scroll.scrollWidth - scroll.clientWidth : 0;
    });
    assert.ok(wide <= 0, `${place} is ${wide} pixels too wide`);
  }
  await tab.close();
});

test('the policy of the server allows nothing inline and nothing from elsewhere', async () => {
  const answer = await fetch(`${server.base}/`);
  const policy = answer.headers.get('content-security-policy') ?? '';
  assert.match(policy, /default-src 'none'/);
  assert.ok(!policy.includes('unsafe'), policy);
  assert.ok(!/<script(?![^>]*\ssrc=)|\sstyle=|<style/.test(await answer.text()), 'no inline script or style');
});

test('the first load is below 300 kB compressed', async () => {
  const tab = await open(browser, server.base);
  const files = new Set();
  tab.page.on('response', (response) => {
    const path = new URL(response.url()).pathname;
    if (!path.startsWith('/api/')) files.add(path === '/' ? '/index.html' : path);
  });
  await tab.go('/home');
  const dist = join(root, 'web', 'dist');
  const sum = [...files].reduce((total, path) => total + gzipSync(readFileSync(join(dist, path))).length, 0);
  assert.ok(readdirSync(dist).length > 0);
  assert.ok(sum > 10_000 && sum < 300_000, `${sum} bytes`);
  await tab.close();
});

test('a page can be printed: the frame is left out', async () => {
  const tab = await open(browser, server.base);
  await tab.go('/thing/threat-actor/HAFNIUM');
  await tab.page.emulateMedia({ media: 'print' });
  assert.equal(await tab.page.locator('.rail').isVisible(), false);
  assert.equal(await tab.page.locator('.topbar').isVisible(), false);
  assert.equal(await tab.page.getByRole('heading', { name: 'HAFNIUM', level: 1 }).isVisible(), true);
  await tab.close();
});
