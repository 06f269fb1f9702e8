import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { currentCases } from '../../../test/support/current-cases.js';
import { monotonicClock } from '../../../test/support/monotonic-clock.js';
import { type SilentDatabase, silentDatabase } from '../../../test/support/silent-database.js';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { until } from '../../../test/support/until.js';
import type { EventStore } from '../../event-store/event-store.js';
import { PostgresEventStore } from '../../event-store/postgres/postgres-event-store.js';
import { newEvent } from '../../event-store/sample-events.contract.js';
import { systemClock } from '../../kernel/clock.js';
import { PositionGone } from '../../kernel/errors.js';
import { LogTail } from '../../subscriptions/log-tail.js';
import { AccessReplica } from './access-replica.js';
import { DecisionPoint, type ImageLookup } from './decision-point.js';
import { readEvaluation } from './evaluation-request.js';

const STALENESS_MS = 600_000;
const STALE = { decision: false, reason: 'decision-point-stale' };
const ALLOWED = { decision: true };
const EPOCH = { current: '9c1f03ab55d2' };

const asked = (action: string, minPosition: number | string = 0) =>
  readEvaluation(
    {
      subject: { type: 'account', id: 'ann' },
      action: { name: action },
      resource: { type: 'image', id: 'img' },
      context: { minPosition },
    },
    EPOCH.current,
  );
const facts = { photorealistic: false };
/** An image that is no photograph, in a view that is up to date. */
const drawnImage: ImageLookup = async () => ({ facts, asOf: Number.MAX_SAFE_INTEGER, isParked: false });

describe('the decision point', () => {
  let database: TestDatabase;
  let silent: SilentDatabase;
  let store: PostgresEventStore;
  let replica: AccessReplica;
  const stop = new AbortController();
  const monotonic = monotonicClock();

  beforeAll(async () => {
    database = await createTestDatabase();
    silent = await silentDatabase(database.connection);
    store = new PostgresEventStore(silent.connection);
    const ann = [
      newEvent('WaitlistJoined', { accountId: 'ann' }),
      newEvent('AccountOnboarded', { accountId: 'ann', cohortId: 'c' }),
      newEvent('PolicyAccepted', { accountId: 'ann', version: '1' }),
    ];
    await store.append([
      { stream: 'policy', expected: 'no-stream', events: [newEvent('ContentPolicyPublished', { version: '1' })] },
      { stream: 'account-ann', expected: 'no-stream', events: ann },
    ]);
    replica = new AccessReplica(store, new LogTail(store), { accounts: 10 });
    await replica.start(stop.signal, { enforcing: { position: 0, parked: [] } });
  });
  afterAll(async () => {
    stop.abort();
    silent.speak();
    await store.close();
    await silent.close();
    await database.drop();
    monotonic.restore();
  });

  const untilFresh = () => until(() => replica.ageMs < STALENESS_MS / 2);

  const pointWith = (lookup: ImageLookup, waitMs: number, log: EventStore = store, more = {}) =>
    new DecisionPoint(replica, log, currentCases(store, silent.connection), systemClock, lookup, EPOCH, {
      stalenessMs: STALENESS_MS,
      waitMs,
      ...more,
    });

  it('denies sharing by the rule about photorealistic faces as its stream says, and reports each deny', async () => {
    const denied: string[] = [];
    const more = { shareDenied: (reason: string) => denied.push(reason) };
    const point = pointWith(async () => ({ ...(await drawnImage('', 0, 0)), facts: undefined }), 1_000, store, more);
    const share = async (from: number, properties = {}) => {
      const question = asked('share', from);
      const { reason } = await point.evaluate({ ...question, resource: { ...question.resource, properties } });
      return reason ?? 'allowed';
    };
    const change = async (type: string, cohortId?: string) => {
      const data = { rule: 'photorealistic-faces', reason: 'a trial', ...(cohortId && { cohortId }) };
      await store.append([{ stream: 'rules', expected: 'any', events: [newEvent(type, data)] }]);
      return store.head();
    };
    const face = { photorealistic: true, faces: true };
    await untilFresh();
    expect([await share(0, face), await share(0)]).toEqual(['face-sharing-restricted', 'image-facts-unknown']);
    expect(await share(await change('ImageRuleLifted', 'other'), face)).toBe('face-sharing-restricted');
    expect(await share(await change('ImageRuleLifted', 'c'), face)).toBe('allowed');
    // Nobody says whose image it is.
    expect(await share(0)).toBe('image-facts-unknown');
    expect(await share(await change('ImageRuleSet', 'c'))).toBe('image-facts-unknown');
    expect(denied).toEqual([
      'face-sharing-restricted',
      'image-facts-unknown',
      'face-sharing-restricted',
      'image-facts-unknown',
      'image-facts-unknown',
    ]);
  });

  describe('of an image that no event has reported yet', () => {
    const of = (accountId?: string) => ({
      facts: accountId === undefined ? undefined : { ...facts, accountId },
      asOf: Number.MAX_SAFE_INTEGER,
      isParked: false,
    });
    /** Whether each lookup of the image would wait for it, and the answer. */
    const shareOf = async (lookup: (isAwaited: boolean) => ReturnType<typeof of>, properties = {}, more = {}) => {
      const waits: boolean[] = [];
      const found: ImageLookup = async (_, __, ___, isAwaited = false) => {
        waits.push(isAwaited);
        return lookup(isAwaited);
      };
      await untilFresh();
      const question = asked('share');
      const one = { ...question, resource: { ...question.resource, properties } };
      const { reason = 'allowed' } = await pointWith(found, 1_000, store, more).evaluate(one);
      return { waits, reason };
    };

    it('waits until it is known whose it is', async () => {
      const ofWhom = (accountId: string) => (isAwaited: boolean) => of(isAwaited ? accountId : undefined);
      expect(await shareOf(ofWhom('ann'))).toEqual({ waits: [false, true], reason: 'allowed' });
      expect(await shareOf(ofWhom('bob'))).toEqual({ waits: [false, true], reason: 'not-image-owner' });
      expect(await shareOf(() => of())).toEqual({ waits: [false, true], reason: 'image-facts-unknown' });
    });

    it('does not wait if it is known or parked, the caller says what it shows, or the setting allows the unknown', async () => {
      expect(await shareOf(() => of('ann'))).toEqual({ waits: [false], reason: 'allowed' });
      expect(await shareOf(() => ({ ...of(), isParked: true }))).toEqual({ waits: [false], reason: 'image-parked' });
      const said = { photorealistic: false };
      expect(await shareOf(() => of(), said)).toEqual({ waits: [false], reason: 'allowed' });
      const allowed = await shareOf(() => of(), {}, { mayShareUnknown: true });
      expect(allowed).toEqual({ waits: [false], reason: 'allowed' });
    });
  });

  it('reports a share of a withheld image, from memory or not, and no other use of it', async () => {
    const denied: string[] = [];
    const point = pointWith(drawnImage, 1_000, store, { shareDenied: (reason: string) => denied.push(reason) });
    const withheld = newEvent('ImageWithheld', { imageId: 'img-w', caseId: 'img-w' });
    await store.append([{ stream: 'image-img-w', expected: 'any', events: [withheld] }]);
    await untilFresh();
    const ask = async (action: string) => {
      const question = asked(action, await store.head());
      return (await point.evaluate({ ...question, resource: { ...question.resource, id: 'img-w' } })).reason;
    };
    expect(await ask('share')).toBe('image-withheld');
    expect(await ask('share')).toBe('image-withheld');
    expect(await ask('download')).toBe('image-withheld');
    expect(denied).toEqual(['image-withheld', 'image-withheld']);
  });

  it('waits once per request, however many of its evaluations need a position that does not come', async () => {
    const longer = Object.assign(Object.create(store) as EventStore, { head: async () => 2_000_000 });
    const point = pointWith(drawnImage, 1_000, longer);
    await untilFresh();
    const questions = Array.from({ length: 50 }, (_, n) => asked('generate', 1_000_000 + n));
    const started = performance.now();
    const evaluations = [...questions, asked('generate')];
    const answers = await point.evaluateAll({ evaluations, semantic: 'permit_on_first_permit' });
    expect(performance.now() - started).toBeLessThan((questions.length * 1_000) / 2);
    expect(answers).toEqual([...questions.map(() => STALE), ALLOWED]);
  });

  it('refuses a position of another epoch, and one that the log ends before', async () => {
    const position = (minPosition: string) => asked('generate', minPosition);
    expect(position(`${EPOCH.current}-7`).minPosition).toBe(7);
    expect(() => position('000000000000-7')).toThrow(PositionGone);
    await untilFresh();
    const beyond = pointWith(drawnImage, 50).evaluate(position(`${(await store.head()) + 1}`));
    await expect(beyond).rejects.toThrow(PositionGone);
  });

  it('shares one deadline between the wait for the account and the wait for the image', async () => {
    const deadlines: number[] = [];
    const point = pointWith((...question) => {
      deadlines.push(question[2]);
      return drawnImage(...question);
    }, 60_000);
    await untilFresh();
    const next = (await store.head()) + 1;
    const answer = point.evaluate(asked('share', next));
    const latest = performance.now() + 60_000;
    await store.append([{ stream: 'other', expected: 'any', events: [newEvent('Unrelated', {})] }]);
    expect(await answer).toEqual(ALLOWED);
    expect(deadlines).toHaveLength(1);
    expect(deadlines[0]).toBeLessThanOrEqual(latest);
  });

  it('denies sharing while the images view is too far behind, and allows other actions', async () => {
    const head = await store.head();
    await untilFresh();
    const known = (asOf: number) => pointWith(async () => ({ facts, asOf, isParked: false }), 100);
    expect(await known(head).evaluate(asked('share'))).toEqual(ALLOWED);
    await store.append([{ stream: 'other', expected: 'any', events: [newEvent('Unrelated', {})] }]);
    monotonic.pass(STALENESS_MS + 1);
    await until(() => replica.headWithin(STALENESS_MS) === head + 1);
    expect(await known(head).evaluate(asked('share'))).toEqual(STALE);
    expect(await known(head + 1).evaluate(asked('share'))).toEqual(ALLOWED);
    expect(await known(0).evaluate(asked('generate'))).toEqual(ALLOWED);
  });

  it('answers from memory within the staleness bound, denies past it, and allows again once the log answers', async () => {
    const point = pointWith(drawnImage, 100);
    await untilFresh();
    expect(await point.evaluate(asked('generate'))).toEqual(ALLOWED);
    silent.fallSilent();
    expect(await point.evaluate(asked('generate'))).toEqual(ALLOWED);
    monotonic.pass(STALENESS_MS + 1);
    expect(await point.evaluate(asked('generate'))).toEqual(STALE);
    silent.speak();
    await untilFresh();
    expect(await point.evaluate(asked('generate'))).toEqual(ALLOWED);
  });

  it('denies if the state became stale during the decision', async () => {
    const point = pointWith(async (...question) => {
      silent.fallSilent();
      monotonic.pass(STALENESS_MS + 1);
      return drawnImage(...question);
    }, 100);
    await untilFresh();
    expect(await point.evaluate(asked('share'))).toEqual(STALE);
    silent.speak();
  });
});
