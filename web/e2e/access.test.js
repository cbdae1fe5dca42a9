// Log-in, roles, denial: what a reader may not do is not offered, and refused when asked for anyway.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { launch, open } from './browser.js';
import { reports, serve } from './lapwing.js';

const refused = [/401/, /403/];
let browser;
let server;
before(async () => {
  [browser, server] = await Promise.all([launch(), serve({ add: [join(reports, 'campaign-page.md'), join(reports, 'notes.txt')] })]);
  const make = (body, headers = {}) => fetch(`${server.base}/api/v1/users`, { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(body) });
  const admin = await make({ name: 'root', password: 'correct horse battery', role: 'admin', ceiling: 'TLP:RED' });
  assert.equal(admin.status, 201, await admin.text());
  const basic = { Authorization: `Basic ${Buffer.from('root:correct horse battery').toString('base64')}` };
  const reader = await make({ name: 'anna', password: 'another long phrase', role: 'reader', ceiling: 'TLP:GREEN' }, basic);
  assert.equal(reader.status, 201, await reader.text());
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

async function logIn(page, name, password) {
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
}

test('a wrong password is told, a right one opens the pages', async () => {
  const tab = await open(browser, server.base, { expected: refused });
  const { page } = tab;
  await page.goto(`${server.base}/`);
  await logIn(page, 'anna', 'wrong');
  await page.getByRole('alert').getByText('Name or password is wrong').waitFor();
  await logIn(page, 'anna', 'another long phrase');
  await page.getByRole('heading', { name: 'What is known' }).waitFor();
  await page.getByText('anna', { exact: true }).waitFor();
  await tab.close();
});

test('a reader sees no more than the ceiling, and may change nothing', async () => {
  const tab = await open(browser, server.base, { expected: refused });
  const { page } = tab;
  await page.goto(`${server.base}/#/reports`);
  await logIn(page, 'anna', 'another long phrase');
  await page.getByRole('heading', { name: 'Reports', level: 1 }).waitFor();
  await page.getByRole('grid').getByText('Microsoft Exchange').first().waitFor();
  assert.equal(await page.getByText('Incident notes').count(), 0, 'an AMBER document is not there for GREEN');
  assert.equal(await page.getByRole('button', { name: /Add reports/ }).count(), 0);
  assert.equal(await page.getByRole('link', { name: 'Audit' }).count(), 0);
  const session = await page.evaluate(() => fetch('/api/v1/session').then((r) => r.json()));
  const status = (method, path, headers, body) =>
    page.evaluate(([m, p, h, b]) => fetch(`/api/v1${p}`, { method: m, headers: h, body: b }).then((r) => r.status), [method, path, headers, body]);
  const token = { 'X-CSRF-Token': session.csrf, 'Content-Type': 'application/json' };
  assert.equal(await status('POST', '/documents', token, '{"text":"x","name":"x.txt"}'), 403);
  assert.equal(await status('POST', '/history/1/undo', token), 403);
  assert.equal(await status('GET', '/audit', {}), 403);
  await page.goto(`${server.base}/#/audit`);
  await page.getByRole('alert').waitFor();
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByRole('button', { name: 'Log in' }).waitFor();
  await tab.close();
});

test('a write with a cookie and no token is refused', async () => {
  const tab = await open(browser, server.base, { expected: refused });
  const { page } = tab;
  await page.goto(`${server.base}/`);
  await logIn(page, 'root', 'correct horse battery');
  await page.getByRole('heading', { name: 'What is known' }).waitFor();
  const status = await page.evaluate(() => fetch('/api/v1/documents', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"text":"x","name":"x.txt"}' }).then((r) => r.status));
  assert.equal(status, 403);
  await page.goto(`${server.base}/#/audit`);
  await page.getByRole('grid').getByText('denied').first().waitFor();
  await tab.close();
});

test('the administrator makes a key, which is shown once', async () => {
  const tab = await open(browser, server.base, { expected: refused });
  const { page } = tab;
  await page.goto(`${server.base}/#/users`);
  await logIn(page, 'root', 'correct horse battery');
  await page.getByRole('heading', { name: 'Users and keys' }).waitFor();
  await page.getByRole('button', { name: 'Make a key' }).click();
  await page.getByLabel('What it is for').fill('siem');
  await page.getByRole('button', { name: 'Make', exact: true }).click();
  const key = await page.locator('.secret').innerText();
  assert.match(key, /^lw_/);
  await page.getByRole('button', { name: 'Done' }).click();
  const answer = await fetch(`${server.base}/api/v1/indicators`, { headers: { Authorization: `Bearer ${key}` } });
  assert.equal(answer.status, 200);
  assert.ok(!(await page.content()).includes(key), 'the key is nowhere on the page any more');
  await tab.close();
});
