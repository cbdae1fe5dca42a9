// The ways that people go, through a real browser and a real server.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { launch, open, settled } from './browser.js';
import { reports, serve, servers } from './lapwing.js';

let browser;
let server;
before(async () => {
  [browser, server] = await Promise.all([launch(), serve()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

test('add a report, read it, open the campaign, explain an indicator, hunt, export', async () => {
  const tab = await open(browser, server.base);
  const { page } = tab;
  await tab.go('/home');
  await page.getByText('The store is empty.').waitFor();

  // Add: one file first, which opens in the reader; then the others.
  await page.keyboard.press('g');
  await page.keyboard.press('r');
  await page.getByRole('heading', { name: 'Reports', level: 1 }).waitFor();
  await page.keyboard.press('n');
  await page.locator('input[type=file]').setInputFiles(join(reports, 'campaign-page.md'));
  await page.getByRole('dialog').getByRole('button', { name: 'Add', exact: true }).click();
  await page.waitForURL(/#\/report\//);
  await page.getByRole('tab', { name: /Stated/ }).waitFor();
  // Claims are highlighted, as many as there are: they come after the text.
  await page.locator('.text .m').nth(5).waitFor();
  await page.getByRole('tab', { name: /Gaps/ }).click();
  assert.match(await page.getByRole('tabpanel').innerText(), /hidden/);

  for (const name of ['article.html', 'bundle.stix.json', 'misp-event.json', 'feed.xml', 'notes.txt']) {
    if (await page.getByRole('dialog').isVisible()) await page.keyboard.press('Escape');
    await page.goto(`${server.base}/#/reports`);
    await settled(page);
    await page.getByRole('button', { name: /Add reports/ }).click();
    await page.locator('input[type=file]').setInputFiles(join(reports, name));
    await page.getByRole('dialog').getByRole('button', { name: 'Add', exact: true }).click();
    await Promise.race([page.waitForURL(/#\/report\//), page.locator('.added').waitFor()]);
  }

  // From a name in the reader to the campaign's page, by the search box.
  await page.goto(`${server.base}/#/home`);
  await settled(page);
  await page.keyboard.press('/');
  await page.keyboard.type('Microsoft Exchange', { delay: 5 });
  await page.locator('#search-list li').filter({ hasText: 'campaign' }).first().click();
  await page.getByRole('heading', { name: /Microsoft Exchange/, level: 1 }).waitFor();
  await page.getByRole('heading', { name: 'Key judgements' }).waitFor();
  await page.getByRole('heading', { name: 'Who says what' }).waitFor();

  // Explain an indicator, down to a sentence, and from there into the report.
  await page.keyboard.press('/');
  await page.keyboard.type('103.77.192[.]219', { delay: 5 });
  await page.locator('#search-list li').first().getByText('103[.]77[.]192[.]219').waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: '103[.]77[.]192[.]219' }).waitFor();
  await page.getByRole('heading', { name: 'Why we believe it' }).waitFor();
  await page.keyboard.press('w');
  await page.getByText('What each origin adds').first().waitFor();
  await page.locator('#s-why blockquote a').first().click();
  await page.waitForURL(/#\/report\/.*at=/);
  await page.locator('.text .m').first().waitFor();

  // Hunt the folder of the server.
  await page.goto(`${server.base}/#/hunts`);
  await settled(page);
  await page.getByLabel('compromised/').check();
  await page.keyboard.press('s');
  await page.getByRole('heading', { name: 'Compromised', level: 1 }).waitFor({ timeout: 60_000 });
  await page.getByRole('heading', { name: 'Timeline over all sources' }).waitFor();
  await page.getByRole('heading', { name: 'Not looked at' }).waitFor();
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.locator('article pre mark').first().waitFor();
  assert.ok(!(await page.locator('main').innerText()).includes(servers), 'where the folder lies on the server is told nowhere');

  for (const [name, holds] of [['Report (HTML)', '<html'], ['STIX sightings', '"sighting"'], ['CSV', ',']]) {
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name, exact: true }).click()]);
    const text = readFileSync(await download.path(), 'utf8');
    assert.ok(text.includes(holds), `${name} holds ${holds}`);
    assert.ok(!text.includes(servers), `${name} does not tell where the folder lies`);
  }
  await tab.close();
});

test('drop logs: an upload ends in a verdict', async () => {
  const tab = await open(browser, server.base);
  const { page } = tab;
  await tab.go('/hunts');
  const log = join(servers, 'clean', 'inetpub', 'logs', 'LogFiles', 'W3SVC1');
  const { readdirSync } = await import('node:fs');
  await page.locator('input[type=file]').setInputFiles(readdirSync(log).map((f) => join(log, f)));
  await page.getByRole('button', { name: /^Hunt/ }).click();
  await page.getByRole('heading', { name: 'Nothing found', level: 1 }).waitFor({ timeout: 60_000 });
  await tab.close();
});

test('a false positive is a claim, and undo takes it back', async () => {
  const tab = await open(browser, server.base);
  const { page } = tab;
  await tab.go('/thing/ipv4-addr/103.77.192.219');
  const chance = async () => (await page.locator('.head .likelihood .number').innerText()).trim();
  const at = await chance();
  await page.keyboard.press('f');
  await page.getByRole('textbox', { name: 'Why' }).fill('our own scanner');
  await page.getByRole('button', { name: 'Mark', exact: true }).click();
  await page.locator('.notice').getByText('is marked as a false positive').waitFor();
  await page.waitForFunction((before) => document.querySelector('.head .likelihood .number')?.textContent?.trim() !== before, at);
  await page.keyboard.press('z');
  await page.waitForFunction((before) => document.querySelector('.head .likelihood .number')?.textContent?.trim() === before, at);
  await tab.close();
});

test('correct a claim in the reader by the keyboard, and undo it in the history', async () => {
  const tab = await open(browser, server.base);
  const { page } = tab;
  await tab.go('/reports');
  await page.getByRole('link', { name: /Shops and town halls/ }).first().click();
  await page.locator('.text .m').first().waitFor();
  await page.keyboard.press('j');
  await page.locator('.claim-row.on').waitFor();
  await page.keyboard.press('x');
  await page.locator('.notice').getByText('Rejected').waitFor();
  await page.goto(`${server.base}/#/history`);
  await settled(page);
  await page.getByRole('button', { name: /^undo/ }).first().click();
  await page.getByRole('button', { name: /Undo change/ }).click();
  await page.locator('.notice').getByText('is taken back').waitFor();
  await page.getByText(/undone by/).first().waitFor();
  await tab.close();
});

test('look-up of many values, defanged and not, tells known from unknown', async () => {
  const tab = await open(browser, server.base);
  const { page } = tab;
  await tab.go('/lookup');
  await page.locator('#values').fill('103.77.192[.]219\n192.0.2.123\nhxxps://nothing[.]example/x\nHAFNIUM');
  await page.getByRole('button', { name: /Look up/ }).click();
  await page.getByText(/4 values in/).waitFor();
  assert.match(await page.getByRole('grid').innerText(), /103\[\.\]77\[\.\]192\[\.\]219/);
  assert.match(await page.getByRole('status').first().innerText(), /2 known/);
  await tab.close();
});

test('what the keyboard does is told by ?', async () => {
  const tab = await open(browser, server.base);
  await tab.go('/home');
  await tab.page.keyboard.press('?');
  await tab.page.getByRole('dialog').getByText('go to Reports').waitFor();
  await tab.page.keyboard.press('Escape');
  await tab.page.getByRole('dialog').waitFor({ state: 'hidden' });
  await tab.close();
});
