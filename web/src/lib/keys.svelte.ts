// The keyboard: pages register what their keys do, `?` shows all of it.

import { untrack } from 'svelte';

export interface Binding {
  keys: string; // `g h`, `j`, `Enter`, `Shift+A`
  what: string;
  run: (event: KeyboardEvent) => void;
}

class Keyboard {
  scopes = $state.raw<{ name: string; bindings: Binding[] }[]>([]);
  #first = '';
  #at = 0;

  register(name: string, bindings: Binding[]): () => void {
    const scope = { name, bindings };
    // Called from effects, which must not run again for what others register.
    untrack(() => (this.scopes = [...this.scopes, scope]));
    return () => untrack(() => (this.scopes = this.scopes.filter((s) => s !== scope)));
  }

  handle(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target as HTMLElement | null;
    const typing = target?.closest('input:not([type="checkbox"], [type="radio"], [type="file"]), textarea, select, [contenteditable="true"]');
    if (typing && event.key !== 'Escape') return;
    if (document.querySelector('dialog[open]') && event.key !== '?') return;
    const key = event.shiftKey && event.key.length > 1 ? `Shift+${event.key}` : event.key;
    const now = Date.now();
    const chord = this.#first && now - this.#at < 1200 ? `${this.#first} ${key}` : '';
    for (const { bindings } of [...this.scopes].reverse()) {
      const hit = (chord && bindings.find((b) => b.keys === chord)) || bindings.find((b) => b.keys === key);
      if (hit) {
        // A control that has the focus keeps its own Enter and space.
        if ((key === 'Enter' || key === ' ') && target?.closest('a, button, summary, [role="row"]')) return;
        event.preventDefault();
        this.#first = '';
        hit.run(event);
        return;
      }
    }
    const starts = this.scopes.some((s) => s.bindings.some((b) => b.keys.startsWith(`${key} `)));
    this.#first = starts ? key : '';
    this.#at = now;
  }
}

export const keyboard = new Keyboard();
