// Clusters, names and origins: looked at, decided, taken back; feeds and channels against the real routes.
import assert from 'node:assert/strict';
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { launch, open, settled } from './browser.js';
import { reports, serve } from './lapwing.js';
import { FEED_REPORT, observe } from './observers.js';

let browser;
let server;
before(async () => {
  [browser, server] = await Promise.all([launch(), serve({ add: [reports] })]);
  observe(server);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});
const get = (path) => fetch(`${server.base}/api/v1${path}`).then((r) => r.json());

test('a cluster: what holds it, whose it may be; merged after a look, and taken back', async () => {
  const tab = await open(browser, server.base);
  const { page } = tab;
  await tab.go('/clusters');
  const names = (await get('/minted-clusters')).items.map((c) => c.name);
  assert.ok(names.length >= 3, String(names));
  await page.getByRole('link', { name: names[1], exact: true }).click();
  await page.getByRole('heading', { name: names[1], level: 1 }).waitFor();
  for (const part of ['What holds it together', 'Whose it may be', 'How it came about', 'Its origins']) await page.getByRole('heading', { name: part, exact: true }).waitFor();
  await page.getByText('none of these').first().waitFor();
  assert.ok(!/[a-z]\.top\b/.test(await page.locator('main').innerText()), 'values are defanged, in sentences too');

  await tab.go('/clusters');
  for (const name of names.slice(1, 3)) await page.getByLabel(`choose ${name} for a merge`).check();
  await page.keyboard.press('m');
  await page.getByText('would become').waitFor();
  await page.getByRole('heading', { name: 'As it would be' }).waitFor();
  assert.equal((await get('/minted-clusters')).items.length, names.length, 'a look changes nothing');
  await page.getByLabel('Why').fill('one panel serves both');
  await page.getByRole('button', { name: 'Merge', exact: true }).click();
  await page.locator('.notice').getByText('kept as change').waitFor();
  await page.getByText('one panel serves both').waitFor();
  assert.equal((await get('/minted-clusters')).items.length, names.length - 1);
  await page.keyboard.press('z');
  await page.locator('.notice').getByText('is undone').waitFor();
  await page.getByText('taken back by change').waitFor();
  assert.deepEqual((await get('/minted-clusters')).items.map((c) => c.name), names);
  await tab.close();
});

test('a cluster is split after a look', async () => {
  const tab = await open(browser, server.base);
  const { page } = tab;
  const [cluster] = (await get('/minted-clusters')).items;
  await tab.go(`/clusters/${cluster.name}`);
  await page.locator('#s-origins input[type=checkbox]').last().check();
  await page.keyboard.press('s');
  await page.getByText('would become').waitFor();
  await page.getByText('In no cluster any more').waitFor();
  await page.getByRole('button', { name: 'Leave it' }).click();
  assert.equal((await get('/minted-clusters/decisions')).items.filter((d) => d.action === 'split').length, 0);
  await tab.close();
});

test('names: one means another after a look, and the way back', async () => {
  const tab = await open(browser, server.base);
  const { page } = tab;
  await tab.go('/names');
  await page.keyboard.press('n');
  await page.getByLabel('The name, as reports write it').fill('Tortilla');
  await page.getByLabel('What it means').fill('HAFNIUM');
  await page.getByLabel('Why').fill('to try it');
  await page.getByRole('button', { name: 'Preview' }).click();
  await page.getByText(/are written with this name/).waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Merge', exact: true }).click();
  await page.locator('.notice').getByText('Tortilla means HAFNIUM').waitFor();
  assert.equal((await get('/page?of=Tortilla')).subject.value, 'HAFNIUM');
  await page.getByText('to try it').waitFor();
  await page.keyboard.press('z');
  await page.locator('.notice').getByText('is undone').waitFor();
  assert.equal((await get('/page?of=Tortilla')).subject.value, 'Tortilla');
  await tab.close();
});

test('an origin shows the copy beside its source', async () => {
  const tab = await open(browser, server.base);
  const { page } = tab;
  await tab.go('/origins');
  await page.getByRole('link', { name: /Mail servers of two ministries/ }).first().click();
  await page.getByRole('heading', { name: 'Who copied whom' }).waitFor();
  await page.locator('.pair blockquote').first().waitFor();
  const [copy, source] = await page.locator('.pair').first().locator('blockquote').allInnerTexts();
  assert.match(copy, /The security company Heron Research/);
  assert.match(source, /^Heron Research answered/);
  assert.ok((await page.locator('.pair ins').count()) > 0, 'what differs is marked');
  await page.locator('.pair a').first().click();
  await page.waitForURL(/#\/report\/.*at=/);
  await tab.close();
});

test('channels: what rises against its baseline, what is new, what is announced', async () => {
  const tab = await open(browser, server.base);
  const { page } = tab;
  await tab.go('/activity');
  await page.locator('#s-rising').getByText('CVE-2021-26855').first().waitFor();
  await page.locator('#s-first').getByText('UNC9911').first().waitFor();
  await page.locator('#s-intentions').getByText('Access for sale').waitFor();
  await page.locator('#s-channels').getByText('marsh-talk').waitFor();
  await page.locator('#s-rising details summary').first().click();
  await page.locator('#s-rising .posts').getByText('dropped').first().waitFor();
  await tab.go('/home');
  await page.getByText('where').first().waitFor();
  await tab.close();
});

test('a feed is pulled, paused, taken up again and forgotten; what it brought stays', async () => {
  const folder = join(server.folder, 'incoming');
  mkdirSync(folder);
  writeFileSync(join(folder, 'report.md'), FEED_REPORT);
  // What was written just now may still be written to: a folder's feed leaves it for the next time.
  const past = new Date(Date.now() - 3600_000);
  utimesSync(join(folder, 'report.md'), past, past);
  server.run(['feeds', 'add', folder, '--name', 'incoming']);
  const tab = await open(browser, server.base);
  const { page } = tab;
  await tab.go('/feeds');
  const row = page.getByRole('row').filter({ hasText: 'incoming' });
  await row.getByRole('button', { name: /^Pull/ }).click();
  for (let i = 0; i < 200 && (await get('/feeds/incoming')).new_in_all === 0; i += 1) await new Promise((go) => setTimeout(go, 100));
  assert.equal((await get('/feeds/incoming')).new_in_all, 1);
  await page.reload();
  await settled(page);
  await row.getByText('fine').waitFor();
  await row.getByRole('button', { name: /^Pause/ }).click();
  await row.getByText('paused').waitFor();
  await row.getByRole('button', { name: /^Go on/ }).click();
  await row.getByText('fine').waitFor();
  await row.getByRole('button', { name: /^Remove/ }).click();
  await page.getByText('No feed yet').waitFor();
  assert.equal((await get('/indicators?q=folder-node-login')).items.length, 1);
  await page.getByRole('button', { name: 'Add a feed' }).click();
  await page.getByRole('dialog').getByLabel('Address').waitFor();
  await tab.close();
});

test('home tells what changed in what is known', async () => {
  const tab = await open(browser, server.base);
  const { page } = tab;
  await tab.go('/home');
  await page.getByRole('heading', { name: 'In the last seven days' }).waitFor();
  await page.getByRole('heading', { name: 'Names that are new' }).waitFor();
  // Half an hour away is a visit that has ended.
  await page.evaluate(() => localStorage.setItem('lapwing.seen', new Date(Date.now() - 3 * 3600_000).toISOString()));
  await page.reload();
  await settled(page);
  await page.getByRole('heading', { name: /Since your last visit, 3 hours ago/ }).waitFor();
  await page.reload();
  await settled(page);
  await page.getByRole('heading', { name: /Since your last visit, 3 hours ago/ }).waitFor();
  await tab.close();
});

test('the whole matrix: what is told stands among all of ATT&CK, and two can be laid over each other', async () => {
  const tab = await open(browser, server.base);
  const { page } = tab;
  await tab.go('/techniques');
  const matrix = page.getByRole('group', { name: 'ATT&CK matrix' });
  await matrix.getByText('T1566').first().waitFor();
  assert.ok((await matrix.locator('.cell.none').count()) > 200, 'those that nobody tells of');
  assert.ok((await matrix.locator('a.cell').count()) >= 5, 'those that are told of');
  await page.getByRole('searchbox', { name: 'find' }).fill('web shell');
  await page.waitForFunction(() => [...document.querySelectorAll('.matrix li')].filter((e) => e.offsetParent !== null).length < 10);
  await page.getByRole('searchbox', { name: 'find' }).fill('');
  await page.getByRole('combobox', { name: /^show/ }).selectOption({ label: 'HAFNIUM' });
  await page.getByRole('combobox', { name: /^lay over/ }).selectOption({ label: 'Tortilla' });
  await page.getByText(/of both/).waitFor();
  await page.getByText('only Tortilla').first().waitFor();
  await page.getByRole('button', { name: 'What is told' }).click();
  assert.equal(await matrix.locator('.cell.none:not(.over)').count(), 0);
  await tab.close();
});
