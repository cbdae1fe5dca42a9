// Pictures of the main pages for docs/screenshots: `node e2e/screenshots.js`. They depend on the fonts of
// the machine, so no test compares them; eyes do.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { launch, open } from './browser.js';
import { reports, root, serve } from './lapwing.js';
import { observe } from './observers.js';

const out = join(root, 'docs', 'screenshots');
mkdirSync(out, { recursive: true });
const [browser, server] = await Promise.all([launch(), serve({ add: [reports] })]);
observe(server);
const get = (path) => fetch(`${server.base}/api/v1${path}`).then((r) => r.json());
const hunt = await fetch(`${server.base}/api/v1/hunts`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"paths":["compromised"]}' }).then((r) => r.json());
while (!['done', 'failed'].includes((await get(`/hunts/${hunt.id}`)).state)) await new Promise((go) => setTimeout(go, 100));
const documents = (await get('/documents?limit=1000')).items;
const article = documents.find((d) => d.format === 'html') ?? documents[0];
const shared = (await get('/origins?limit=1000')).items.find((o) => o.documents.some((d) => d.label.includes('hacked through')));
const minted = (await get('/minted-clusters')).items;
const largest = [...minted].sort((a, b) => b.origins - a.origins)[0];

const shots = [
  ['home', '/home'],
  ['campaign', '/thing/campaign/Microsoft%20Exchange'],
  ['matrix', '/thing/campaign/Microsoft%20Exchange', (page) => page.locator('#s-timeline').evaluate((e) => e.scrollIntoView())],
  ['who-says-what', '/thing/campaign/Microsoft%20Exchange', (page) => page.locator('#s-says').evaluate((e) => e.scrollIntoView())],
  ['graph', '/thing/campaign/Microsoft%20Exchange', async (page) => {
    await page.getByRole('button', { name: /^Graph/ }).click();
    await page.waitForTimeout(2500);
  }],
  ['report', `/report/${article.id}`, async (page) => {
    await page.keyboard.press('j');
    await page.keyboard.press('j');
  }],
  ['indicator', '/thing/ipv4-addr/103.77.192.219', async (page) => {
    await page.locator('#s-why summary').first().waitFor();
    await page.keyboard.press('w');
    await page.waitForTimeout(300);
    await page.locator('.scroll').evaluate((e) => e.scrollTo(0, 120));
  }],
  ['indicators', '/indicators'],
  ['hunt', '/hunts'],
  ['verdict', `/hunt/${hunt.id}`],
  ['findings', `/hunt/${hunt.id}`, async (page) => {
    await page.locator('#s-time').evaluate((e) => e.scrollIntoView());
    for (let i = 0; i < 2; i += 1) await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.locator('#s-time').evaluate((e) => e.scrollIntoView());
  }],
  ['clusters', '/clusters', async (page) => {
    for (const c of minted.slice(1, 3)) await page.getByLabel(`choose ${c.name} for a merge`).check();
    await page.keyboard.press('m');
    await page.getByText('would become').waitFor();
  }],
  ['cluster', `/clusters/${largest?.name}`],
  ['names', '/names'],
  ['activity', '/activity'],
  ['look-up', '/lookup', async (page) => {
    await page.locator('#values').fill('103.77.192[.]219\n185[.]219[.]52[.]229\nhelp.aspx\nHAFNIUM\n192.0.2.123');
    await page.getByRole('button', { name: /Look up/ }).click();
    await page.getByText(/values in/).waitFor();
  }],
  ['origins', `/origins/${shared?.id ?? ''}`],
  ['compare', '/compare?a=threat-actor:HAFNIUM&b=threat-actor:Tortilla'],
  ['techniques', '/techniques'],
  ['overlay', '/techniques?a=threat-actor:HAFNIUM&b=malware:China%20Chopper', (page) => page.locator('.matrix').evaluate((e) => e.scrollTo(0, 330))],
  ['keys', '/home', (page) => page.keyboard.press('?')],
];
for (const [width, height] of [[1440, 900], [1024, 768]]) {
  for (const theme of ['light', 'dark']) {
    const tab = await open(browser, server.base, { theme, width, height });
    for (const [name, place, act] of shots) {
      // The main pages at both sizes, the others at the large one; a few in the dark as well.
      if (theme === 'dark' && (width < 1440 || !['home', 'campaign', 'report', 'graph', 'verdict', 'cluster'].includes(name))) continue;
      if (width < 1440 && ['matrix', 'who-says-what', 'look-up', 'compare', 'overlay', 'names', 'activity', 'clusters', 'keys'].includes(name)) continue;
      await tab.go(place);
      await act?.(tab.page);
      await tab.page.waitForTimeout(250);
      await tab.page.screenshot({ path: join(out, `${name}-${width}${theme === 'dark' ? '-dark' : ''}.png`) });
    }
    await tab.close();
  }
}
await browser.close();
await server.stop();
