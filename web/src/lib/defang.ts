// Makes values inert for the eye and the clipboard, as `lapwing show` writes them.

const DOTTED = new Set(['ipv4-addr', 'domain-name', 'user-account']);

/** The value as it may be shown: dots, schemes and at-signs of live values are broken. */
export function defang(kind: string, value: string): string {
  if (kind === 'url') {
    const match = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/is.exec(value);
    if (!match) return value.replace(/\./g, '[.]');
    const scheme = (match[1] ?? '').replace(/^http/i, 'hxxp').replace(/^ftp/i, 'fxp');
    return `${scheme}://${(match[2] ?? '').replace(/\./g, '[.]')}${match[3] ?? ''}`;
  }
  if (kind === 'email-addr') return value.replace('@', '[@]').replace(/\./g, '[.]');
  if (kind === 'ipv6-addr') return value.replace(/:/, '[:]');
  if (kind === 'pattern') return value.replace(/:\/\//g, '[:]//').replace(/([0-9A-Za-z])\.(?=[0-9A-Za-z])/g, '$1[.]');
  if (DOTTED.has(kind)) return value.replace(/\./g, '[.]');
  return value;
}

// Characters that no one sees and that turn or hide text; shown as their code point.
// eslint-disable-next-line no-control-regex
const UNSEEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** Text with unseen characters made visible, cut to `most` characters. */
export function visible(text: string | null | undefined, most = 400): string {
  if (!text) return '';
  const cut = text.length > 4000 ? `… (${text.length.toLocaleString('en')} characters)` : '…';
  const head = text.length > most ? text.slice(0, most) + cut : text;
  return head.replace(UNSEEN, (c) => `⟨U+${(c.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`);
}

/** A value as shown: defanged, unseen characters visible, cut. */
export const shown = (kind: string, value: string, most = 400): string => defang(kind, visible(value, most));

// What follows the last dot of a file's name; the few that are top-level domains too (zip, sh, py) count as hosts.
const FILES = /^(?:aspx?|ashx|asmx|bak|bat|bin|cab|cmd|conf|config|csv|dat|db|dll|dmp|docx?|evtx?|exe|gz|hta|html?|ini|iso|jar|js|jsonl?|jspx?|lnk|log|md|msi|pdf|php|png|ps1|psm1|rar|rtf|svg|sys|tar|tmp|txt|vbs|wsf|xlsx?|xml|ya?ml|yar|7z)$/i;

/** A sentence that may name values: addresses and hosts in it are made inert; names of files stay as they are. */
export function inert(text: string, most = 400): string {
  return visible(text, most)
    .replace(/\b(https?|ftp):\/\//gi, (scheme) => scheme.replace(/http/i, 'hxxp').replace(/ftp/i, 'fxp'))
    .replace(/\b\d{1,3}(?:\.\d{1,3}){3}\b/g, (address) => address.replace(/\./g, '[.]'))
    .replace(/(?<![a-z0-9_.-])[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.([a-z][a-z0-9-]+)(?![a-z0-9-])/gi, (host: string, last: string) => (FILES.test(last) ? host : host.replace(/\./g, '[.]')))
    .replace(/(?<=[a-z0-9])@(?=[a-z0-9])/gi, '[@]');
}
