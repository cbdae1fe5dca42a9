// What the activity routes send; one place to read it, whatever the server of the day leaves out.

export interface Post {
  document?: string;
  label?: string;
  channel?: string;
  author?: string;
  time?: string;
  text?: string;
  span?: { start: number; end: number };
}
export interface Rise {
  kind: string;
  value: string;
  name?: string;
  count: number;
  expected: number;
  probability?: number; // of so many by chance
  since?: string;
  until?: string;
  first_sighting?: boolean;
  series?: { day: string; count: number; expected?: number }[];
  posts?: Post[];
}
export interface Intention {
  intention: string;
  subject?: { kind: string; value: string; name?: string } | null;
  sense?: string; // emerging research, ongoing attack
  rule?: string;
  when?: string;
  posts?: Post[];
}
export interface Channel {
  name: string;
  posts: number;
  last?: string;
  kind?: string;
}
export interface ActivityAnswer {
  false_alarm_rate?: number;
  rising?: Rise[];
  first_sightings?: Rise[];
  intentions?: Intention[];
  channels?: Channel[];
}
export interface FeedItem {
  name: string;
  kind: string;
  url?: string;
  folder?: string;
  state?: string; // ok, failing, paused, never
  paused?: boolean;
  last_run?: string | null;
  last_success?: string | null;
  next?: string | null;
  items?: number;
  new?: number;
  errors?: number;
  error?: string | null;
  every?: string;
  tlp?: string;
}
export const feedState = (f: FeedItem): string =>
  f.paused ? 'paused' : (f.state ?? (f.error || (f.errors ?? 0) > 0 ? 'failing' : f.last_success ? 'ok' : 'never'));
