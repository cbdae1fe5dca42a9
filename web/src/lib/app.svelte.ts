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

class App {
  session = $state<Session | null>(null);
  theme = $state<Theme>((store.read('theme') as Theme | null) ?? 'system');
  notices = $state<Notice[]>([]);
  asOf = $state('');
  lastVisit = store.read('visit');
  #next = 1;

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
    store.write('visit', new Date().toISOString());
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
