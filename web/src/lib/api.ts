// The one way to the server: same origin, JSON, problems as `Problem`.

import type { Session } from './types';

export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly hint?: string,
    readonly near: { kind: string; value: string }[] = [],
    readonly requestId?: string,
  ) {
    super(detail || title);
  }
}

let csrf: string | null = null;
let onUnauthorised: () => void = () => {};

export function useSession(session: Session): void {
  csrf = session.csrf ?? null;
}
export function whenUnauthorised(run: () => void): void {
  onUnauthorised = run;
}

type Query = Record<string, string | number | undefined | null>;

export function address(path: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') search.set(key, String(value));
  }
  const tail = search.toString();
  return `/api/v1${path}${tail ? `?${tail}` : ''}`;
}

async function send<T>(method: string, url: string, init: RequestInit = {}): Promise<T> {
  const headers = new Headers(init.headers);
  headers.set('Accept', 'application/json');
  if (method !== 'GET' && csrf) headers.set('X-CSRF-Token', csrf);
  let answer: Response;
  try {
    answer = await fetch(url, { ...init, method, headers, credentials: 'same-origin' });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new Problem(0, 'No answer', 'The server does not answer.', 'Is `lapwing serve` still running?');
  }
  if (answer.status === 204) return undefined as T;
  const text = await answer.text();
  let body: unknown;
  try {
    body = text ? JSON.parse(text) : undefined;
  } catch {
    body = undefined;
  }
  if (answer.ok) {
    if (body === undefined) throw new Problem(answer.status, 'Unreadable answer', `${url} gave no JSON.`);
    return body as T;
  }
  if (answer.status === 401) onUnauthorised();
  const p = (body ?? {}) as { title?: string; detail?: string; hint?: string; near?: []; request_id?: string };
  throw new Problem(
    answer.status,
    p.title ?? (answer.statusText || `Status ${answer.status}`),
    p.detail ?? `${method} ${url.split('?')[0]} was refused.`,
    p.hint,
    p.near,
    p.request_id ?? answer.headers.get('X-Request-Id') ?? undefined,
  );
}

export const get = <T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> =>
  send<T>('GET', address(path, query), signal ? { signal } : {});
export const post = <T>(path: string, body?: unknown, signal?: AbortSignal): Promise<T> =>
  send<T>('POST', address(path), {
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
    ...(signal ? { signal } : {}),
  });
export const patch = <T>(path: string, body: unknown): Promise<T> =>
  send<T>('PATCH', address(path), { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } });
export const remove = (path: string): Promise<void> => send<void>('DELETE', address(path));

/** Sends files; says how much is on its way. `fetch` has no progress of uploads, so this does not use it. */
export function upload<T>(path: string, form: FormData, progress: (sent: number, total: number) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', address(path));
    request.setRequestHeader('Accept', 'application/json');
    if (csrf) request.setRequestHeader('X-CSRF-Token', csrf);
    request.upload.onprogress = (event) => progress(event.loaded, event.total);
    request.onerror = () => reject(new Problem(0, 'No answer', 'The upload was cut off.', 'Is the server still running, and are the files below its limit?'));
    request.onload = () => {
      let body: Record<string, unknown> = {};
      try {
        body = JSON.parse(request.responseText) as Record<string, unknown>;
      } catch {
        // The status says enough.
      }
      if (request.status >= 200 && request.status < 300) return resolve(body as T);
      if (request.status === 401) onUnauthorised();
      reject(
        new Problem(request.status, String(body.title ?? `Status ${request.status}`), String(body.detail ?? 'The upload was refused.'), body.hint as string | undefined),
      );
    };
    request.send(form);
  });
}
