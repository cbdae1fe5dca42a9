// A list that comes in pages: the next one is asked for when the reader nears the end.

import { Problem, get } from './api';
import type { List } from './types';

type Query = Record<string, string | number | undefined | null>;

export class Paged<T> {
  rows = $state.raw<T[]>([]);
  total = $state<number | null>(null);
  busy = $state(false);
  problem = $state.raw<Problem | null>(null);
  #next: string | null = null;
  #whole = false;
  #run = 0;
  #query: Query = {};

  constructor(readonly path: string, readonly limit = 200) {}

  /** Starts anew with these filters. */
  async ask(query: Query = {}): Promise<void> {
    this.#query = query;
    this.#next = null;
    this.#whole = false;
    this.#run += 1;
    await this.#fetch(true);
  }

  async more(): Promise<void> {
    if (this.busy || this.#whole || this.problem) return;
    await this.#fetch(false);
  }

  async #fetch(fresh: boolean): Promise<void> {
    const run = this.#run;
    this.busy = true;
    this.problem = null;
    try {
      const page = await get<List<T>>(this.path, { ...this.#query, limit: this.limit, cursor: this.#next });
      if (run !== this.#run) return;
      this.rows = fresh ? page.items : [...this.rows, ...page.items];
      this.#next = page.next ?? null;
      this.#whole = !page.next;
      if (page.total != null) this.total = page.total;
      else if (this.#whole) this.total = this.rows.length;
      else this.total = null;
    } catch (error) {
      if (run !== this.#run) return;
      if (fresh) this.rows = [];
      this.problem = error instanceof Problem ? error : new Problem(0, 'This list stumbled', String(error));
    } finally {
      if (run === this.#run) this.busy = false;
    }
  }

  get partial(): boolean {
    return !this.#whole;
  }
}
