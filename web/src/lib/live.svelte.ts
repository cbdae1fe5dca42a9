// News of the server: pages that show lists read `live.version` and ask again when it moves.

import { address } from './api';

class Live {
  version = $state(0);
  connected = $state(false);
  #source: EventSource | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  start(): void {
    this.#source?.close();
    const source = new EventSource(address('/events'));
    this.#source = source;
    source.onopen = () => (this.connected = true);
    source.onerror = () => {
      this.connected = false;
      // The browser tries again by itself unless the server said that there is no such stream.
    };
    for (const name of ['change', 'undo', 'hunt']) source.addEventListener(name, () => this.bump());
  }

  /** Many changes in a moment are one. */
  bump(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (this.version += 1), 250);
  }
}

export const live = new Live();
