import { describe, expect, it } from 'vitest';
import { defang, inert, shown, visible } from './defang';

describe('defang', () => {
  it.each([
    ['ipv4-addr', '198.51.100.7', '198[.]51[.]100[.]7'],
    ['domain-name', 'evil.example', 'evil[.]example'],
    ['url', 'https://evil.example/a.b?c=d.e', 'hxxps://evil[.]example/a.b?c=d.e'],
    ['url', 'HTTP://evil.example', 'hxxp://evil[.]example'],
    ['email-addr', 'a.b@evil.example', 'a[.]b[@]evil[.]example'],
    ['ipv6-addr', '2001:db8::1', '2001[:]db8::1'],
    ['file:sha256', 'ab12', 'ab12'],
    ['file:name', 'help.aspx', 'help.aspx'],
    ['pattern', "[url:value = 'http://a.example/x']", "[url:value = 'http[:]//a[.]example/x']"],
  ])('%s %s', (kind, value, inert) => {
    expect(defang(kind, value)).toBe(inert);
  });
  it('leaves no URL that a browser would open', () => {
    for (const url of ['http://a.b', 'https://a.b/c', 'ftp://a.b', 'no scheme a.b']) {
      expect(defang('url', url)).not.toMatch(/^(https?|ftp):\/\//);
    }
  });
});

describe('visible', () => {
  it('shows what turns or hides text', () => {
    expect(visible('a\u202eb\u200bc\u0000')).toBe('a⟨U+202E⟩b⟨U+200B⟩c⟨U+0000⟩');
  });
  it('cuts a name of a megabyte, and says so', () => {
    const long = shown('malware', 'x'.repeat(1_000_000), 100);
    expect(long.length).toBeLessThan(140);
    expect(long).toContain('1,000,000 characters');
  });
  it('keeps lines and markup as text', () => {
    expect(visible('<img src=x onerror=alert(1)>\n')).toBe('<img src=x onerror=alert(1)>\n');
  });
  it('of nothing is nothing', () => {
    expect(visible(null)).toBe('');
  });
});

describe('inert', () => {
  it.each([
    ['A and B share ipv4-addr:198.51.100.7 (5.3)', 'A and B share ipv4-addr:198[.]51[.]100[.]7 (5.3)'],
    ['by domain-name:a.evil.example (4.0), more', 'by domain-name:a[.]evil[.]example (4.0), more'],
    ['see https://evil.example/x', 'see hxxps://evil[.]example/x'],
    ['mail a@evil.example', 'mail a[@]evil[.]example'],
    ['It grew. Then it stopped.', 'It grew. Then it stopped.'],
    ['see u_ex210301.log line 27 (help.aspx)', 'see u_ex210301.log line 27 (help.aspx)'],
    ['from evil.top, then www.evil.co.uk.', 'from evil[.]top, then www[.]evil[.]co[.]uk.'],
    ['version 15.1.2176 and v18.1', 'version 15.1.2176 and v18.1'],
  ])('%s', (text, safe) => {
    expect(inert(text)).toBe(safe);
  });
});
