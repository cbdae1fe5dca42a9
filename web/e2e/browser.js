// A browser whose pages are watched: an error on the console, a request off the origin or a breach of
// the policy fails the test in which it happens.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import { chromium } from 'playwright-core';

const require = createRequire(import.meta.url);
const axeSource = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const executablePath = process.env.CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);

export async function launch() {
  if (!executablePath) throw new Error('no Chromium: apt-get install chromium, or name one in CHROMIUM');
  // Root, as in most containers, has no sandbox.
  return chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });
}

/** A page with its watch; `expected` lists patterns of console errors that the test provokes. */
export async function open(browser, base, { theme = 'light', width = 1440, height = 900, expected = [], ...more } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, reducedMotion: 'reduce', ...more });
  if (process.env.LAPWING_WEB_DIST) await fromFolder(context, base, process.env.LAPWING_WEB_DIST);
  const page = await context.newPage();
  const wrong = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || /Content Security Policy/.test(message.text())) {
      const text = `${message.text()} ${message.location().url}`;
      if (!expected.some((pattern) => pattern.test(text))) wrong.push(text);
    }
  });
  page.on('pageerror', (error) => wrong.push(String(error.stack ?? error)));
  page.on('dialog', (dialog) => {
    wrong.push(`a script opened a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(base) && !url.startsWith('data:') && !url.startsWith('blob:')) wrong.push(`request off the origin: ${url}`);
  });
  return {
    page,
    context,
    async go(hash) {
      await page.goto(`${base}/#${hash}`);
      await settled(page);
    },
    check: () => assert.deepEqual(wrong, []),
    async close() {
      await context.close();
      assert.deepEqual(wrong, []);
    },
  };
}

const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml' };

/** Takes the pages from a folder instead of the binary, under the binary's own policy: no build of it
 *  is needed to try a change of a page. */
async function fromFolder(context, base, dist) {
  const policy = (await fetch(`${base}/`)).headers.get('content-security-policy') ?? '';
  await context.route(
    (url) => url.href.startsWith(base) && !/^\/(api|healthz|readyz)/.test(url.pathname),
    async (route) => {
      const path = new URL(route.request().url()).pathname;
      const file = join(dist, path === '/' ? 'index.html' : path);
      if (!existsSync(file)) return route.continue();
      await route.fulfill({ status: 200, body: readFileSync(file), headers: { 'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream', 'Content-Security-Policy': policy } });
    },
  );
}

/** Waits until the page shows its heading and asks for nothing more. */
export async function settled(page) {
  await page.locator('h1').first().waitFor();
  await page.waitForFunction(() => !document.querySelector('.wait') && !document.querySelector('[aria-busy="true"]'), null, { timeout: 60_000 });
}

/** What axe-core finds against WCAG 2.2 AA, as lines. */
export async function violations(page) {
  await page.evaluate(axeSource);
  const found = await page.evaluate(() =>
    globalThis.axe.run(document, { runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] } }),
  );
  return found.violations.flatMap((v) => v.nodes.slice(0, 4).map((n) => `${v.id}: ${n.target.join(' ')}: ${n.failureSummary?.split('\n').slice(1, 3).join(' ').trim()}`));
}
