// Starts the real `lapwing serve` on a store of its own in a temporary folder.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
const target = process.env.CARGO_TARGET_DIR ?? join(root, 'target');
export const binary = process.env.LAPWING_BIN ?? join(target, 'debug', 'lapwing');
export const reports = join(root, 'examples', 'exchange-2021', 'reports');
export const servers = join(root, 'examples', 'exchange-2021', 'servers');

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** A server with the reports named in its store; `stop()` ends it and removes the store. */
export async function serve({ add = [], options = ['--hunt-root', servers] } = {}) {
  if (!existsSync(binary)) throw new Error(`${binary} is not there: build it (cargo build), or name another in LAPWING_BIN`);
  const folder = mkdtempSync(join(tmpdir(), 'lapwing-e2e-'));
  const store = join(folder, 'store.db');
  // Exit code 3: parts could not be read, the rest stands.
  const run = (args, input) => {
    try {
      return execFileSync(binary, ['--store', store, '--quiet', ...args], { encoding: 'utf8', input, cwd: root, stdio: ['pipe', 'pipe', 'pipe'] });
    } catch (error) {
      if (error.status === 3) return error.stdout;
      throw new Error(`lapwing ${args.join(' ')}: ${error.stderr}`);
    }
  };
  // By their place in the repository: documents are named as they were given.
  if (add.length) run(['add', ...add.map((path) => relative(root, path))]);
  const port = await freePort();
  const child = spawn(binary, ['--store', store, 'serve', '--listen', `127.0.0.1:${port}`, ...options], { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.on('data', (data) => (log += data));
  const base = `http://127.0.0.1:${port}`;
  for (let tries = 0; ; tries += 1) {
    try {
      if ((await fetch(`${base}/healthz`)).ok) break;
    } catch {
      // not yet
    }
    if (child.exitCode !== null || tries > 150) throw new Error(`lapwing serve did not start:\n${log}`);
    await new Promise((go) => setTimeout(go, 100));
  }
  return {
    base,
    store,
    folder,
    run,
    log: () => log,
    async stop() {
      const gone = new Promise((go) => child.once('exit', go));
      child.kill('SIGTERM');
      await Promise.race([gone, new Promise((go) => setTimeout(go, 5000))]);
      if (child.exitCode === null) child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
