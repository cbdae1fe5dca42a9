// What all pages share: who is here, how it looks, notices.

import { get, useSession } from './api';
import type { Session } from './types';

export interface Notice {
  id: number;
  text: string;
  tone: 'good' | 'bad';
  change?: number; // can be undone
}

type Theme = 'light' | 'dark' | 'system';

const store = {
  read(key: string): string | null {
    try {
      return localStorage.getItem(`lapwing.${key}`);
    } catch {
      return null; // storage is forbidden: all works, nothing is remembered
    }
  },
  write(key: string, value: string): void {
    try {
      localStorage.setItem(`lapwing.${key}`, value);
    } catch {
      // as above
    }
  },
};

/** So long without a look ends a visit. */
const AWAY = 30 * 60_000;

class App {
  session = $state<Session | null>(null);
  theme = $state<Theme>((store.read('theme') as Theme | null) ?? 'system');
  notices = $state<Notice[]>([]);
  asOf = $state('');
  /** When the visit before this one ended: reloading a page is no new visit, half an hour away is. */
  lastVisit: string | null = null;
  #next = 1;
  #watch: ReturnType<typeof setInterval> | undefined;

  constructor() {
    const media = matchMedia('(prefers-color-scheme: dark)');
    media.addEventListener('change', () => this.paint());
    this.paint();
  }

  paint(): void {
    const dark = this.theme === 'dark' || (this.theme === 'system' && matchMedia('(prefers-color-scheme: dark)').matches);
    document.documentElement.dataset.theme = dark ? 'dark' : 'light';
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    store.write('theme', theme);
    this.paint();
  }

  async start(): Promise<void> {
    this.set(await get<Session>('/session'));
    this.#visit();
    this.#watch ??= setInterval(() => this.#visit(), 60_000);
  }

  #visit(): void {
    if (document.hidden) return;
    const seen = store.read('seen');
    const now = Date.now();
    if (seen && now - Date.parse(seen) > AWAY) store.write('visit', seen);
    this.lastVisit = store.read('visit');
    store.write('seen', new Date(now).toISOString());
  }

  set(session: Session): void {
    this.session = session;
    useSession(session);
  }

  get loginNeeded(): boolean {
    return this.session?.mode === 'users' && !this.session.user;
  }

  may(what: string): boolean {
    return this.session?.may.some((m) => m === what) ?? false;
  }

  say(text: string, tone: Notice['tone'] = 'good', change?: number): void {
    const id = this.#next++;
    this.notices = [...this.notices.slice(-2), change === undefined ? { id, text, tone } : { id, text, tone, change }];
    setTimeout(() => this.dismiss(id), tone === 'bad' ? 12000 : 8000);
  }

  dismiss(id: number): void {
    this.notices = this.notices.filter((n) => n.id !== id);
  }
}

export const app = new App();
export const remembered = store;
