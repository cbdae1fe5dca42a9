// Reports of our own making by several observers: two activities, each seen by two or three of them, a
// copy of one report, and posts of channels up to today. Hashes and names are invented and inert.
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const hash = (text) => createHash('sha256').update(text).digest('hex');
const list = (title, names) => `## ${title}\n\n${names.map((n) => `- ${n}`).join('\n')}\n`;
const reed = { hosts: ['reed-mail-login.top', 'reed-owa-update.xyz', 'heron-sync-node.top'], files: ['one', 'two', 'three'].map((n) => hash(`reed ${n}`)) };
const gull = { hosts: ['gull-cdn-assets.top', 'gull-share-doc.xyz'], files: ['four', 'five', 'six'].map((n) => hash(`gull ${n}`)) };

const REPORTS = [
  ['heron-alert.md', 'Heron Research', '2021-03-02', `# Mail servers of two ministries were entered\n\nHeron Research answered two incidents at ministries in February 2021. The intruders exploited CVE-2021-26855, left the China Chopper web shell behind and later used PlugX. They came back at night, packed mailboxes with 7-Zip and took them out over a rented server.\n\nWe attribute the activity to no known group.\n\n${list('Indicators of compromise', [...reed.hosts.slice(0, 2), ...reed.files.slice(0, 2)])}`],
  ['bittern-note.md', 'Bittern Labs', '2021-03-06', `# Behind the log-in page of a law firm\n\nA client of Bittern Labs, a law firm, noticed odd requests to its log-in page on 27 February 2021. Someone had put a script there that takes commands (China Chopper), and a service that is started by a signed program of a printer maker. Backups of the domain controller had been copied.\n\nAPT41 has used such a service before, which proves little.\n\n${list('Indicators of compromise', [reed.hosts[2], 'reed-printer-help.top', reed.files[2], hash('reed nine')])}`],
  ['egret-followup.md', 'Egret Response', '2021-03-12', `# What came after the updates\n\nEgret Response found the same web shells on four servers that had been updated on 3 March 2021. Who only updates does not drive out who is in. HAFNIUM exploited CVE-2021-26855.\n\n${list('Indicators of compromise', [reed.hosts[0], reed.hosts[2], reed.files[0], reed.files[2]])}`],
  ['gull-campaign.md', 'Bittern Labs', '2021-04-08', `# Invoices that open a door\n\nBittern Labs follows mails with invoices that load Cobalt Strike. Victims are shippers in northern Europe.\n\n${list('Indicators of compromise', [...gull.hosts, ...gull.files.slice(0, 2)])}`],
  ['gull-second.md', 'Heron Research', '2021-04-15', `# A shipper's week\n\nA shipping company asked Heron Research for help. A mail with an invoice had brought Cobalt Strike in; two days later files were encrypted.\n\n${list('Indicators of compromise', [...gull.hosts, gull.files[1], gull.files[2]])}`],
  ['marsh-daily.md', 'Marsh Daily', '2021-03-04', `# Ministries hacked through their mail\n\nThe security company Heron Research answered two incidents at ministries in February 2021. The intruders exploited CVE-2021-26855, left the China Chopper web shell behind and afterwards used PlugX. They returned at night, packed mailboxes with 7-Zip and took them out over a rented server.\n\nThe company attributes the activity to no known group.\n\n${list('Indicators of compromise', [...reed.hosts.slice(0, 2), ...reed.files.slice(0, 2)])}\nSource: Heron Research\n`],
];

const day = (back) => new Date(Date.now() - back * 86_400_000).toISOString().slice(0, 10);

/** Quiet weeks, then a burst on one name: six people in three days. */
function posts() {
  const rows = [];
  const post = (back, hour, channel, author, text) => rows.push({ time: `${day(back)}T${String(hour).padStart(2, '0')}:00:00Z`, channel, author, text });
  for (let back = 80; back > 0; back -= 1) {
    post(back, 9, 'marsh-talk', `author${back % 7}`, `Patch day notes ${back}: nothing about Windows that we did not know.`);
    if (back % 3 === 0) post(back, 11, 'vuln-chat', `author${back % 5}`, `Reading again on Mimikatz, part ${back}.`);
  }
  const people = ['ada', 'ben', 'cleo', 'dan', 'eva', 'finn', 'gil', 'hana', 'ivo', 'jule', 'kim', 'lev'];
  people.forEach((who, i) => post(i % 4 === 3 ? 1 : 0, i, 'vuln-chat', who, [`CVE-2021-26855 is being actively exploited, patch now (${who})`, `PoC for CVE-2021-26855 just dropped, ${who} says`, `Honeypots see a spike in scans for CVE-2021-26855, ${who}`][i % 3]));
  post(1, 20, 'market', 'seller', 'Selling VPN access to a shipping company, 300 hosts, bulk via UNC9911');
  return rows.map((row) => JSON.stringify(row)).join('\n');
}

/** Adds all of it to the store of a server. */
export function observe(server, { withPosts = true } = {}) {
  for (const [name, source, published, text] of REPORTS) {
    const path = join(server.folder, name);
    writeFileSync(path, text);
    server.run(['add', '--source', source, '--published', published, path]);
  }
  if (withPosts) {
    const path = join(server.folder, 'posts.jsonl');
    writeFileSync(path, posts());
    server.run(['add', path]);
  }
}

/** Entries of an Atom feed, for a folder that is pulled. */
export const FEED_REPORT = `# From the folder\n\nA feed brought this. HAFNIUM exploited CVE-2021-26855.\n\n${list('Indicators of compromise', ['folder-node-login.top'])}`;
