// Answers of a real server, as recorded by record.js, so that pages can be written and looked at
// without a build of the Rust side. Writes are answered, and change nothing.
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const fixtures = JSON.parse(readFileSync(join(here, 'fixtures.json'), 'utf8'));
const dist = join(here, '..', 'dist');
const port = Number(process.env.PORT ?? 8787);
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml' };

/** The recorded answer to the very question, else to the same route about anything. */
function recorded(url) {
  const key = url.pathname + (url.search ? `?${decodeURIComponent(url.search.slice(1))}` : '');
  if (key in fixtures) return fixtures[key];
  const of = url.searchParams.get('of') ?? url.searchParams.get('value');
  const same = Object.keys(fixtures).filter((k) => k === url.pathname || k.startsWith(`${url.pathname}?`));
  return fixtures[same.find((k) => of && k.includes(`=${of}`)) ?? same.find((k) => !of || !k.includes('of=')) ?? ''];
}

function json(response, status, body, type = 'application/json') {
  response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store' });
  response.end(JSON.stringify(body));
}

createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://localhost');
  if (url.pathname.startsWith('/api/')) {
    if (url.pathname.endsWith('/events')) {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write(url.pathname.includes('/hunts/') ? 'event: done\ndata: {}\n\n' : ': quiet\n\n');
      return;
    }
    if (request.method !== 'GET' && !url.pathname.endsWith('/lookup')) {
      request.resume();
      const hunt = Object.keys(fixtures).find((k) => /\/hunts\/[^/]+$/.test(k));
      json(response, 201, url.pathname.endsWith('/hunts') ? { id: hunt?.split('/').pop(), state: 'queued' } : { change: 2, document: '', claim: '' });
      return;
    }
    request.resume();
    const answer = recorded(url);
    if (answer === undefined) json(response, 404, { title: 'Not Found', status: 404, detail: `nothing is recorded of ${url.pathname}`, hint: 'record it with mock/record.js' }, 'application/problem+json');
    else json(response, 200, answer);
    return;
  }
  const file = join(dist, normalize(url.pathname === '/' ? '/index.html' : url.pathname));
  if (!file.startsWith(dist) || !existsSync(file) || !statSync(file).isFile()) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { 'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream', 'Content-Security-Policy': POLICY });
  createReadStream(file).pipe(response);
}).listen(port, '127.0.0.1', () => console.log(`mock of \`lapwing serve\` on http://127.0.0.1:${port}`));
