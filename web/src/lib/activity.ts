// What the routes of activity and feeds send.

export interface Post {
  document: string;
  time: string;
  channel: string;
  author?: string;
  text: string;
  intentions?: string[];
}
export interface Rise {
  kind: string;
  value: string;
  name?: string;
  day: string;
  days: number;
  count: number;
  expected: number;
  p: number;
  rate: number;
  authors: number;
  channels: string[];
  stage: string;
  intentions: Record<string, number>;
  counts: number[];
  posts: Post[];
}
export interface FirstSighting {
  kind: string;
  value: string;
  day: string;
  count: number;
  authors: number;
  channels: string[];
  known?: boolean;
  posts: Post[];
}
export interface Intended {
  intention: string;
  title: string;
  count: number;
  authors: number;
  about: [string, number][];
  posts: Post[];
}
export interface Channel {
  channel: string;
  posts: number;
  usual: number;
  last: string;
}
export interface ActivityAnswer {
  since: string;
  until: string;
  posts: number;
  judged: number;
  past_days: number;
  rate: number;
  model: { model?: string; data?: string; score?: string; baseline?: string };
  rising: Rise[];
  first_sightings: FirstSighting[];
  intentions: Intended[];
  channels: Channel[];
}
export interface FeedItem {
  name: string;
  kind: string;
  address: string;
  every: number; // seconds
  paused: boolean;
  health: string;
  due: boolean;
  last_run: string | null;
  last_success: string | null;
  next: string | null;
  failures: number;
  error: string | null;
  items: number;
  new: number;
  new_in_all: number;
}
