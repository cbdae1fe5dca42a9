// Where the reader is, as state that pages follow.

import { parse, to, type Place, type Values } from './place';

export { parse, to, toReport, toThing } from './place';
export type { Place } from './place';

class Router {
  place = $state<Place>(parse(location.hash));

  constructor() {
    addEventListener('hashchange', () => {
      this.place = parse(location.hash);
    });
  }

  go(href: string): void {
    location.hash = href.replace(/^#/, '');
  }

  /** Changes the query without a step in the browser's history. */
  amend(values: Values): void {
    const query: Values = Object.fromEntries(this.place.query);
    const href = to(this.place.page, this.place.args, { ...query, ...values });
    if (href === location.hash) return;
    history.replaceState(null, '', href);
    this.place = parse(href);
  }
}

export const router = new Router();
