// A store made of strings that want to be more than text.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { launch, open, settled } from './browser.js';
import { serve } from './lapwing.js';

const IMG = '<img src=x onerror=alert(1)>';
const SCRIPT = '"><script>alert(2)</script>';
const TURNED = 'gpj.\u202eexe\u2066evil\u200b';
const LONG = 'A'.repeat(1_000_000);
let browser;
let server;
let ids;
before(async () => {
  [browser, server] = await Promise.all([launch(), serve()]);
  const rows = [IMG, SCRIPT, TURNED, LONG, 'javascript:alert(3)', '{{constructor.constructor("alert(4)")()}}', '${alert(5)}'];
  const bundle = {
    type: 'bundle', id: 'bundle--11111111-1111-4111-8111-111111111111',
    objects: rows.flatMap((name, i) => {
      const id = (kind) => `${kind}--00000000-0000-4000-8000-00000000000${i}`;
      const base = { spec_version: '2.1', created: '2021-03-01T00:00:00.000Z', modified: '2021-03-01T00:00:00.000Z' };
      return [
        { ...base, type: 'threat-actor', id: id('threat-actor'), name },
        { ...base, type: 'malware', id: id('malware'), name: `${name} family`, is_family: true },
        { ...base, type: 'campaign', id: id('campaign'), name: `${name} campaign` },
        { ...base, type: 'relationship', id: id('relationship'), relationship_type: 'uses', source_ref: id('threat-actor'), target_ref: id('malware') },
      ];
    }),
  };
  const files = { 'bundle.json': JSON.stringify(bundle), [`${IMG.replace(/[/\\]/g, '')}.txt`]: `${IMG}\n${SCRIPT}\n${TURNED}\nC2: hxxp://evil[.]example/${IMG}\n198.51.100.9\n`, 'long.txt': `The group ${LONG} was seen. 198.51.100.10\n` };
  const paths = Object.entries(files).map(([name, text]) => {
    const path = join(server.folder, name);
    writeFileSync(path, text);
    return path;
  });
  server.run(['add', ...paths]);
  const get = (path) => fetch(`${server.base}/api/v1${path}`).then((r) => r.json());
  ids = (await get('/documents')).items.map((d) => d.id);
  assert.ok(ids.length >= 3);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

async function harmless(page) {
  const found = await page.evaluate(() => ({
    images: document.querySelectorAll('main img, main script, main iframe, main object').length,
    handlers: [...document.querySelectorAll('main *')].filter((e) => [...e.attributes].some((a) => a.name.startsWith('on'))).length,
    outside: [...document.querySelectorAll('a[href], area[href]')].map((a) => a.href).filter((h) => !h.startsWith(location.origin)),
    turned: /[\u202a-\u202e\u2066-\u2069]/.test(document.querySelector('main')?.innerText ?? '') && !document.querySelector('.text'),
    longest: Math.max(0, ...[...document.querySelectorAll('main :not(.text *)')].map((e) => e.childElementCount ? 0 : (e.textContent ?? '').length)),
  }));
  assert.equal(found.images, 0, 'no element came out of a string');
  assert.equal(found.handlers, 0);
  assert.deepEqual(found.outside, [], 'no link leads away');
  assert.equal(found.turned, false, 'marks that turn text are shown as their code points');
  assert.ok(found.longest < 20_000, `a text of ${found.longest} characters is shown`);
}

test('hostile names, values and reports show harmlessly on every page', async () => {
  const tab = await open(browser, server.base, { expected: [/40[04]|41[34]/] });
  const { page } = tab;
  const places = ['/home', '/reports', '/topics?kind=threat-actor', '/topics?kind=malware', '/indicators', '/origins', '/history', '/clusters', '/about', '/search?q=alert',
    ...ids.map((id) => `/report/${id}`), ...[IMG, SCRIPT, TURNED].map((name) => `/thing/threat-actor/${encodeURIComponent(name)}`), `/thing/malware/${encodeURIComponent(`${IMG} family`)}`,
    `/search?q=${encodeURIComponent(IMG)}`, `/thing/${encodeURIComponent(IMG)}/x`];
  for (const place of places) {
    await tab.go(place);
    await harmless(page);
  }
  await tab.close();
});

test('hostile words typed into the boxes stay words', async () => {
  const tab = await open(browser, server.base, { expected: [/40[04]|41[34]/] });
  const { page } = tab;
  await tab.go('/lookup');
  await page.locator('#values').fill([IMG, SCRIPT, TURNED, 'javascript:alert(1)'].join('\n'));
  await page.getByRole('button', { name: /Look up/ }).click();
  await page.getByText(/values? in/).waitFor();
  await harmless(page);
  await page.locator('#search').fill(IMG);
  await page.waitForTimeout(300);
  await page.keyboard.press('Enter');
  await settled(page);
  await harmless(page);
  await tab.close();
});
