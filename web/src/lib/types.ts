// Shapes that the server sends. What a page (`/api/v1/page`) holds is the JSON of `lapwing show`.

import type { components } from './openapi';

/** What the server's OpenAPI document declares. */
type Sent = components['schemas'];

export interface Span {
  start: number;
  end: number;
}
export interface Entity {
  kind: string;
  value: string;
  name?: string;
}
export type Thing = Entity | string;
export interface List<T> {
  items: T[];
  next?: string | null;
  total?: number | null;
}

export interface Quote {
  document: string;
  label: string;
  span: Span;
  text: string;
  said_by?: string;
  stated_word?: string;
  polarity: 'asserted' | 'hedged' | 'denied';
  basis: string;
}
export interface Evidence {
  probability: number;
  likelihood: string;
  confidence: 'low' | 'moderate' | 'high';
  basis: string;
  origins: number;
  against: number;
  documents: number;
  hedged: boolean;
  period?: { first?: string; last?: string };
  reported?: { first?: string; last?: string };
  marking: string;
  stated: string[];
  said_by: string[];
  notes: string[];
  quotes: Quote[];
}
export interface Judgement {
  sentence: string;
  subjects?: Entity[];
  subject?: Entity;
  relation: string;
  objects?: Thing[];
  object?: Thing;
  evidence: Evidence;
}
export interface ActorRow {
  actor: Entity;
  countries: Entity[];
  tracked_by: Entity[];
  aliases: Entity[];
  also_known_as: string[];
  ties: { sentence: string; evidence: Evidence }[];
  evidence: Evidence;
}
export interface TechniqueRow {
  technique: Entity;
  tactics: string[];
  weaknesses: Entity[];
  used_by: Entity[];
  basis: string;
  predicted_by?: string[];
  evidence: Evidence;
}
export interface IndicatorRow {
  indicator: Entity;
  status: string;
  indicates: Entity[];
  related: { relation: string; to: Entity }[];
  last_known?: string;
  evidence: Evidence;
}
export interface Gap {
  sentence?: string;
  document: string;
  label?: string;
  kind: string;
  what: string;
  count?: number | null;
  shown?: number | null;
  span?: Span;
}
export interface OriginMember {
  document: string;
  label: string;
  source?: string;
  format: string;
  published?: string;
  marking?: string;
  url?: string;
  grade: string;
  lineage: string;
  properties: [string, string][];
  why_included: string;
}
export interface PageOrigin {
  origin: string;
  label: string;
  root_seen: boolean;
  members: OriginMember[];
}
export interface Moment {
  date: string;
  what: string;
  sentence: string;
  evidence?: Evidence;
}
export interface VictimRow {
  victim: Entity;
  state: 'hit' | 'targeted' | 'possible';
  by: Entity[];
  evidence: Evidence;
}
/** Things of one side: how many there are, and the first of them. */
export interface Share {
  total: number;
  items: Entity[];
}
/** Two pages beside each other: what `/api/v1/compare` answers. */
export interface Compared {
  a: { subject: Entity; origins: number };
  b: { subject: Entity; origins: number };
  shared_origins: number;
  parts: { part: string; only_a: Share; both: Share; only_b: Share }[];
  techniques: { technique: Entity; tactics: string[]; side: 'a' | 'both' | 'b'; probability: number; basis: string }[];
}

export interface Page {
  page: string;
  subject: Entity;
  name: string;
  asked: string;
  today: string;
  as_of?: string;
  marking: string | null;
  counts: Record<string, number>;
  summary: string[];
  advice?: string[];
  judgements: Judgement[];
  actors: ActorRow[];
  distinct: { a?: Entity; b?: Entity; [key: string]: unknown }[];
  candidates: { entity: Entity; may_mean: string[] }[];
  timeline: Moment[];
  countries: { country: Entity; role: string; of: Entity[]; evidence: Evidence }[];
  victims: VictimRow[];
  vulnerabilities: {
    vulnerability: Entity;
    exploited_by: Entity[];
    affects: Entity[];
    does_not_affect: Entity[];
    weaknesses: Entity[];
    fixed_on?: string;
    only_predicted: boolean;
    evidence: Evidence;
  }[];
  indicators: IndicatorRow[];
  software: { software: Entity; used_by: Entity[]; only_predicted: boolean; evidence: Evidence }[];
  techniques: TechniqueRow[];
  denials: Judgement[];
  gaps: Gap[];
  origins: PageOrigin[];
  /** Documents that are not about it and state something of this page. */
  further?: PageOrigin[];
  references: { kind: string; value: string; cited_by: string[] }[];
  statements: Judgement[];
}

export interface OriginStep {
  origin: string;
  supports: boolean;
  reliability: number;
  precision: number;
  stated: number;
  weight: number;
  strongest: string;
  claims: number;
  counted: boolean;
}
export interface ExplainedClaim {
  claim: string;
  document: string;
  label: string;
  method: string;
  why?: string;
  span: Span;
  text: string;
  polarity: string;
  basis: string;
  stated?: string;
  said_by?: string;
}
export interface ExplainedFact {
  fact: {
    subject: Entity;
    relation: string;
    object: Thing;
    probability: number;
    marking: string;
    contributions: { origin: string; supports: boolean; claims: string[]; strongest: string }[];
  };
  likelihood: string;
  confidence: 'low' | 'moderate' | 'high';
  explanation: {
    statement: string;
    origins: OriginStep[];
    support: number;
    against: number;
    combined: number;
    calibrated: number;
    factor: number;
    probability: number;
    likelihood: string;
    confidence: string;
    basis: string;
    notes: string[];
  };
  claims: ExplainedClaim[];
}

export type IndicatorItem = Sent['IndicatorRow'];
export type EntityItem = Sent['EntityRow'];
export type DocumentItem = Sent['DocumentRow'];
export type OriginItem = Sent['OriginRow'];
export type DocumentOrigin = OriginItem & { derivations: Sent['DerivationRow'][] };
export type MintedItem = Sent['MintedRow'];
export type MintedCluster = Sent['MintedCluster'];
export type SuspectItem = Sent['SuspectRow'];
export type ClusterPreview = Sent['ClusterPreviewed'];
export type ClusterDecisionItem = Sent['ClusterDecisionRow'];
export type NameProposal = Sent['NameProposal'];
export type NameDecisionItem = Sent['NameDecision'];
export type NamePreview = Omit<Sent['NamePreviewed'], 'statements'> & { statements: (Omit<Sent['MovedRow'], 'object'> & { object: Thing })[] };
export type Webhook = Sent['WebhookRow'];
export type Decided = Sent['Decided'];
export type News = Omit<Sent['NewsAnswer'], 'moved'> & { moved: (Omit<Sent['MovedFactRow'], 'object'> & { object: Thing })[] };
export interface Correction {
  action: string;
  by: string;
  change: number;
}
export interface ClaimItem {
  id: string;
  subject: Entity;
  relation: string;
  object: Thing;
  resolved_subject?: Entity;
  resolved_object?: Thing;
  span: Span;
  polarity: string;
  basis: string;
  stated?: number | string;
  stated_word?: string;
  precision?: number;
  said_by?: string;
  method: string;
  why?: string;
  context?: string;
  role?: string;
  benign?: string;
  corrections?: Correction[];
}
export interface DocumentPage {
  document: {
    id: string;
    name: string;
    format: string;
    title?: string;
    source?: string;
    url?: string;
    published?: string;
    modified?: string;
    marking?: string;
    language?: string;
    properties?: [string, string][];
    text: string;
  };
  added: string;
  change: number;
  regions: { span: Span; is: string; level?: number }[];
  claims: ClaimItem[];
  claims_total: number;
  claims_next: string | null;
  gaps: Gap[];
  origin: OriginItem | null;
}
export interface ClaimPage {
  items: ClaimItem[];
  next: string | null;
  total: number;
}

export type LookupItem = Sent['Known'];
export type SearchAnswer = Sent['Found'];

export interface Forecast {
  question: string;
  value?: string;
  name?: string;
  probability?: number;
  none?: string; // why nothing is said
  horizon_days?: number;
  low?: number;
  high?: number;
  because?: string[];
  note?: string;
  model: string;
  data: string;
  score: string;
  baseline: string;
  horizon?: string;
}

export interface GraphNode {
  id: string;
  kind: string;
  value: string;
  name?: string;
  documents?: number;
  facts?: number;
  weight: number;
}
export interface GraphEdge {
  from: string;
  to: string;
  relation: string;
  probability: number;
  marking: string;
}
export interface GraphAnswer {
  centre: string;
  nodes: GraphNode[];
  edges: GraphEdge[];
  cut: boolean;
}

export interface Verdict {
  verdict: string;
  reasons: string[];
  next_steps: string[];
  looked_at: { source: string; files: number; records: number; bytes: number; from: string | null; until: string | null }[];
  not_looked_at: { what: string; why: string }[];
}
export type HuntItem = Sent['HuntRow'];
export interface HuntPage extends Omit<HuntItem, 'verdict'> {
  bytes?: number;
  records?: number;
  seconds?: number;
  problems?: string[];
  failed?: string | null;
  verdict: Verdict | string | null;
}
export interface Finding {
  n?: number;
  finding: string;
  rule?: string;
  file: string;
  record?: number | string;
  line?: number;
  offset?: number;
  time?: string | null;
  matched: string;
  matched_span?: [number, number] | null;
  kind: string;
  technique?: string | null;
  severity: string;
  confidence: number;
  proof?: string;
  why: string;
  evidence?: string;
}

export interface ChangeItem {
  change: number;
  at: string;
  command: string;
  documents: number;
  claims: number;
  gaps: number;
  undoes?: number | null;
  undone_by?: number | null;
  /** The change in whose place it stands: an edit. */
  replaces?: number | null;
  added?: { id: string; label: string }[];
}

export type Session = Sent['SessionInfo'];
export interface About {
  version: string;
  now: string;
  documents: number;
  origins: number;
  facts: number;
  indicators: number;
  gaps: number;
  changes: number;
  knowledge: { name: string; version?: string; entries?: number; [key: string]: unknown }[];
  hunt_root: boolean;
  url_adding: boolean;
  ceiling: string;
  limits: Record<string, number>;
}
