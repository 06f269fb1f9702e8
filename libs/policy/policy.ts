import { DAY_MS, toIso } from '../kernel/clock.js';
import type { StreamKind } from '../kernel/decider.js';
import type { Position } from '../kernel/envelope.js';
import { InvalidInput, NotFound, Refusal } from '../kernel/errors.js';
import { type PolicyEvent, policyEvents } from './events.js';

type DataOf<Type extends PolicyEvent['type']> = Extract<PolicyEvent, { type: Type }>['data'];

export interface PolicyVersion {
  version: string;
  /** When it is to come into force, if that was set, in epoch milliseconds; otherwise it did so with its publication. */
  startsAt?: number;
  /** The order of versions, in epoch milliseconds: the latest that has started is in force. */
  since: number;
  /** How long after its start the versions before it still count. */
  graceDays: number;
  withdrawn: boolean;
  url?: string;
  /** Of its text. */
  digest?: string;
  /** None in versions that were published without. */
  clauses: readonly Clause[];
  /** Published before a broken event, which may have withdrawn or superseded it. */
  doubtful?: boolean;
}

export type Clause = NonNullable<DataOf<'ContentPolicyPublished'>['clauses']>[number];

export interface ContentPolicies {
  /** In the order of their publication. */
  versions: readonly PolicyVersion[];
  /** The position of the last broken event. */
  unreadable?: Position;
}

/** The kind has a single stream, `policy`. */
export const policyStream: StreamKind<ContentPolicies, PolicyEvent> = {
  category: 'policy',
  events: policyEvents,
  initial: { versions: [] },
  evolve(state, { type, data }, { time }) {
    const { versions, ...rest } = state;
    switch (type) {
      case 'ContentPolicyPublished': {
        if (versions.some(({ version }) => version === data.version)) return state;
        const { version, effectiveFrom, graceDays = 0, clauses = [], url, digest } = data;
        const common = {
          ...{ version, graceDays, clauses, withdrawn: false },
          ...(url !== undefined && { url }),
          ...(digest !== undefined && { digest }),
        };
        if (effectiveFrom === undefined) {
          // After those before it, even if the clock was set back.
          const earlier = versions.filter(({ startsAt }) => startsAt === undefined).map(({ since }) => since);
          const since = Math.max(Date.parse(time) || 0, ...earlier);
          return { ...rest, versions: [...versions, { ...common, since }] };
        }
        const startsAt = Date.parse(effectiveFrom);
        return { ...rest, versions: [...versions, { ...common, startsAt, since: startsAt }] };
      }
      case 'ContentPolicyWithdrawn':
        return {
          ...rest,
          versions: versions.map((one) => (one.version === data.version ? { ...one, withdrawn: true } : one)),
        };
    }
  },
  /** The event may have published or withdrawn any version. */
  evolveBroken: ({ versions }, { position: unreadable }) => ({
    versions: versions.map((one) => ({ ...one, doubtful: true })),
    unreadable,
  }),
};

/** What holds at one moment. */
export interface PoliciesInForce {
  /** The version in force. */
  current?: string;
  /** The versions whose acceptance suffices: the one in force, and those before it whose grace periods have not ended. */
  sufficient: ReadonlySet<string>;
  /** Versions that come into force later. They may be accepted already. */
  upcoming: ReadonlySet<string>;
  /** When any of this changes next, unless an event changes it, in epoch milliseconds; infinite if never. */
  until: number;
  /** The position of a broken event because of which no acceptance suffices: what it published or withdrew is not known. */
  unreadable?: Position;
}

/**
 * After a broken event, acceptances suffice again once a later version has superseded all before it, known or not.
 * @param now epoch milliseconds
 */
export function policiesAt({ versions, unreadable }: ContentPolicies, now: number): PoliciesInForce {
  const valid = versions.filter(({ withdrawn }) => !withdrawn);
  const started = valid.filter(({ startsAt }) => startsAt === undefined || startsAt <= now);
  const upcoming = valid.filter((one) => !started.includes(one));
  const newest = newestFirst(started);
  const sufficient = new Set<string>();
  const names = new Set(upcoming.map(({ version }) => version));
  let until = Math.min(...upcoming.map(({ since }) => since));
  let isKnown = unreadable === undefined;
  for (const one of newest) {
    if (one.doubtful) break;
    sufficient.add(one.version);
    // Those before it are superseded for good; what they would grant does not matter any more.
    if (graceEnd(one) <= now) {
      isKnown = true;
      break;
    }
    if (!isKnown || sufficient.size < newest.length) until = Math.min(until, graceEnd(one));
  }
  if (!isKnown) return { sufficient: new Set(), upcoming: names, until, unreadable: unreadable! };
  const current = newest[0]?.version;
  return { ...(current !== undefined && { current }), sufficient, upcoming: names, until };
}

/** A stable sort: of two with one start, the one that was published later is in force. */
const newestFirst = (versions: readonly PolicyVersion[]): PolicyVersion[] =>
  [...versions].sort((a, b) => a.since - b.since).reverse();

/** When the versions before it stop counting. */
const graceEnd = ({ since, graceDays }: PolicyVersion): number => since + graceDays * DAY_MS;

/**
 * When acceptances stop sufficing by the clock, and which version is then in force.
 * @param accepted versions of which at least one suffices now
 * @param now epoch milliseconds
 * @returns undefined if nothing that is published ends it
 */
export function acceptanceEnd(
  policies: ContentPolicies,
  accepted: readonly string[],
  now: number,
): { at: number; current?: string } | undefined {
  for (let at = now; ; ) {
    const { sufficient, current, until } = policiesAt(policies, at);
    if (!accepted.some((one) => sufficient.has(one))) return { at, ...(current !== undefined && { current }) };
    if (!(until > at && Number.isFinite(until))) return undefined;
    at = until;
  }
}

/**
 * Since when acceptances don't suffice, in epoch milliseconds: when the grace period of a later version ended.
 * @param accepted versions
 * @param at epoch milliseconds
 * @returns undefined if one of them suffices, if none ever did or one was withdrawn, or while it is not known
 */
export function outdatedSince(policies: ContentPolicies, accepted: readonly string[], at: number): number | undefined {
  const isAccepted = (sufficient: ReadonlySet<string>) => accepted.some((one) => sufficient.has(one));
  const { sufficient, unreadable } = policiesAt(policies, at);
  if (unreadable !== undefined || isAccepted(sufficient)) return undefined;
  const ends = policies.versions.filter(({ withdrawn }) => !withdrawn).map(graceEnd);
  const past = ends.filter((end) => end <= at).sort((a, b) => b - a);
  return past.find((end) => isAccepted(policiesAt(policies, end - 1).sufficient));
}

/** The clauses of the version in force; none if it was published without. @param now epoch milliseconds */
export function clausesAt(policies: ContentPolicies, now: number): readonly Clause[] {
  const { current } = policiesAt(policies, now);
  return policies.versions.find(({ version }) => version === current)?.clauses ?? [];
}

/** The ids of the clauses of every version that was not withdrawn. */
export const clausesOfValid = ({ versions }: ContentPolicies): Set<string> =>
  new Set(versions.filter(({ withdrawn }) => !withdrawn).flatMap(({ clauses }) => clauses.map(({ id }) => id)));

/**
 * How severe a violation of each clause is: the highest severity that any version gave it, also one that is superseded,
 * withdrawn or announced, since flags name clauses of earlier versions too. A clause that is not in it is unknown. Empty
 * while a broken event may have published a version in force.
 * @param now epoch milliseconds
 * @returns by the id of the clause, from 0 to 3; null if no version has clauses, so that nothing is said of severities
 */
export function severitiesAt(policies: ContentPolicies, now: number): ReadonlyMap<string, number> | null {
  const severities = new Map<string, number>();
  if (policiesAt(policies, now).unreadable !== undefined) return severities;
  if (policies.versions.every(({ clauses }) => clauses.length === 0)) return null;
  for (const { id, severity } of policies.versions.flatMap(({ clauses }) => clauses))
    severities.set(id, Math.max(severity, severities.get(id) ?? 0));
  return severities;
}

/**
 * A no-op for a version that is in force or scheduled like this.
 * @throws InvalidInput if two clauses have one id
 * @throws Refusal policy-superseded: accounts that accepted that version would count as up to date again
 * @throws Refusal policy-withdrawn, policy-published, effective-date-past
 */
export function publishPolicy(
  state: ContentPolicies,
  data: DataOf<'ContentPolicyPublished'>,
  now: number,
): PolicyEvent[] {
  const { version, effectiveFrom, graceDays = 0, clauses = [] } = data;
  refuseRepeatedIds(clauses);
  const known = state.versions.find((one) => one.version === version);
  const startsAt = effectiveFrom === undefined ? undefined : Date.parse(effectiveFrom);
  if (!known) {
    if (startsAt === undefined || startsAt > now) return [{ type: 'ContentPolicyPublished', data }];
    throw new Refusal(
      'effective-date-past',
      `${effectiveFrom} is over: give a later date, or none for a version that comes into force now`,
    );
  }
  if (known.withdrawn) throw withdrawn(version);
  const { current, upcoming } = policiesAt(state, now);
  if (version !== current && !upcoming.has(version)) {
    throw new Refusal(
      'policy-superseded',
      `content policy ${version} was superseded${current === undefined ? '' : ` by ${current}`}; publish it under a new version`,
    );
  }
  const isInTime = startsAt === undefined ? version === current : startsAt === known.startsAt;
  const differences = [
    !isInTime && 'effective date',
    graceDays !== known.graceDays && 'grace period',
    data.url !== known.url && 'link',
    data.digest !== known.digest && 'text',
    !areSame(clauses, known.clauses) && 'list of clauses',
  ].filter((one) => one !== false);
  if (differences.length === 0) return [];
  throw new Refusal(
    'policy-published',
    `content policy ${version} is published with another ${differences.join(' and another ')}: withdraw it, and publish it under a new version`,
    { differences },
  );
}

/**
 * The version in force before it is in force again, and who accepted that one is up to date.
 * @throws NotFound policy-unknown
 * @throws Refusal policy-needed: without any policy in force, everybody would be denied everything
 * @throws Refusal policy-counts: those who rely on a grace period would lose their access before it ends
 */
export function withdrawPolicy(
  state: ContentPolicies,
  data: DataOf<'ContentPolicyWithdrawn'>,
  now: number,
): PolicyEvent[] {
  const known = state.versions.find(({ version }) => version === data.version);
  if (!known) {
    throw new NotFound(
      'policy-unknown',
      `content policy ${data.version} was never published: GET /v1/policy lists all`,
    );
  }
  if (known.withdrawn) return [];
  const others = state.versions.filter((one) => one !== known);
  const { current, sufficient } = policiesAt(state, now);
  if (data.version !== current && sufficient.has(data.version)) throw counts(state, known);
  if (data.version === current && policiesAt({ versions: others }, now).current === undefined) {
    throw new Refusal(
      'policy-needed',
      `content policy ${data.version} is the only one in force: publish another first, and it supersedes this one`,
    );
  }
  return [{ type: 'ContentPolicyWithdrawn', data }];
}

/** A version stops counting when the first grace period after it ends, be it that of a version that is only announced. */
function counts({ versions }: ContentPolicies, known: PolicyVersion): Refusal {
  const newest = newestFirst(versions.filter((one) => !one.withdrawn));
  const from = toIso(Math.min(...newest.slice(0, newest.indexOf(known)).map(graceEnd)));
  return new Refusal(
    'policy-counts',
    `content policy ${known.version} still counts as accepted, and who relies on it would lose their access: withdraw it from ${from} on, when its grace period has ended`,
    { from },
  );
}

const withdrawn = (version: string) =>
  new Refusal('policy-withdrawn', `content policy ${version} was withdrawn; publish it under a new version`);

const areSame = (some: readonly Clause[], others: readonly Clause[]): boolean =>
  some.length === others.length &&
  some.every(({ id, title, severity, text }, place) => {
    const other = others[place]!;
    return id === other.id && title === other.title && severity === other.severity && text === other.text;
  });

function refuseRepeatedIds(clauses: readonly Clause[]): void {
  const repeated = clauses.findIndex(({ id }, place) => clauses.findIndex((one) => one.id === id) < place);
  if (repeated >= 0) {
    const { id } = clauses[repeated]!;
    throw new InvalidInput([
      { field: `/clauses/${repeated}/id`, message: `${id} is the id of an earlier clause too: give each its own` },
    ]);
  }
}
