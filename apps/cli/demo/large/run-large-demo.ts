import pMap from 'p-map';
import type { EvaluationAnswer } from '../../../../libs/access/features/evaluation-schemas.js';
import type { WaitlistJoined } from '../../../../libs/account/index.js';
import type { AppealClaimAnswer } from '../../../../libs/appeals/features/claim-appeal.js';
import type { ApiClient } from '../../../../libs/cli/api-client.js';
import type { Session } from '../../../../libs/cli/session.js';
import type { ContentFlagged } from '../../../../libs/images/index.js';
import { eventsOf, type OutgoingEvent } from '../../../../libs/ingest/cli/cloud-event.js';
import { sendEvents, unordered } from '../../../../libs/ingest/cli/event-sender.js';
import { GatehouseError, Refusal } from '../../../../libs/kernel/errors.js';
import { settled } from '../../../../libs/operations/cli.js';
import type { StatusAnswer } from '../../../../libs/operations/index.js';
import type { CaseEntry } from '../../../../libs/review/queries/case-entry.js';
import type { IsolatedFlagger } from '../../../../libs/review/queries/list-isolated-flags.js';
import type { QueuesAnswer } from '../../../../libs/review/queries/list-queues.js';
import { safetyMetrics } from '../../../../libs/safety/cli.js';
import type { SafetyAnswer } from '../../../../libs/safety/index.js';
import { PlayedReviewer } from '../../reviewing/played-reviewer.js';
import { TemporaryTokens } from '../../reviewing/temporary-tokens.js';
import { letIn } from '../letting-in.js';
import { DEMO_SOURCE } from '../preview.js';
import { FlakyReviewers, lot } from './flaky-reviewers.js';
import { appealsWith, confirmations as confirmedPositions, orderedMeasures } from './found-figures.js';
import {
  appealOf,
  type Confirmation,
  deniedAccounts,
  errorsIn,
  LADDERS,
  ladderEntries,
  type Measure,
  measuresOf,
  outcomeOf,
} from './known-figures.js';
import {
  FLOOD_CATEGORY,
  type FlaggedImage,
  type LargePreview,
  type LargeSize,
  makeLargePreview,
} from './large-preview.js';

const IN_FLIGHT = 16;
const QUEUE = 'default';
/** Where flags wait that flooders made before they were noticed. */
const FLOOD_QUEUE = 'flood';
const PANEL = 3;
const RUN_CHARACTERS = 10;
/** The part of the dismissed images that somebody new flags again. */
const FLAGGED_AGAIN = 0.1;
const ALL = 1_000_000;
/** The backend counts the flags of a flagger that are kept apart no further. */
const MAX_COUNTED = 10_000;

/** A figure of the backend beside what the generator knows. */
export interface Check {
  what: string;
  expected: number;
  found: number;
}

export interface LargeReport {
  run: string;
  checks: Check[];
  metrics: SafetyAnswer;
}

/**
 * Plays a large preview on an empty backend: floods, repeated flags, reviewers who err, a ladder that changes, appeals. It
 * compares what the backend has made of it with what the generator knows.
 * @throws Refusal not-empty
 */
export async function runLargeDemo(session: Session, size: Omit<LargeSize, 'run'>): Promise<LargeReport> {
  const run = session.ids.next().replaceAll('-', '').slice(-RUN_CHARACTERS);
  return new LargeDemo(session, makeLargePreview({ ...size, run }), run, size.seed).play();
}

class LargeDemo {
  private readonly client: ApiClient;
  private readonly reviewers: FlakyReviewers;
  private readonly tokens: TemporaryTokens;
  private readonly images: ReadonlyMap<string, FlaggedImage>;
  private readonly checks: Check[] = [];
  private readonly people = new Map<string, Promise<ApiClient>>();
  private rounds = new Map<string, number>();

  constructor(
    private readonly session: Session,
    private readonly preview: LargePreview,
    private readonly run: string,
    private readonly seed: number,
  ) {
    this.client = session.client;
    this.reviewers = new FlakyReviewers(run, seed);
    this.tokens = new TemporaryTokens(session.client);
    this.images = new Map(preview.flagged.map((one) => [one.imageId, one]));
  }

  async play(): Promise<LargeReport> {
    const { preview, client, session } = this;
    await this.refuseUnlessEmpty();
    try {
      await this.send('joining', this.joins());
      await letIn(session, preview.accounts, this.run);
      await this.separateFloods();
      await this.send('generating images', preview.images);
      await this.send('sharing images', preview.shares);
      await this.send('flooding', preview.floods);
      for (const half of [0, 1] as const) {
        await this.setLadder(half);
        await this.send('flagging images', preview.flags[half]);
        if (half === 1) await this.send('flagging them again', preview.repeats);
        await this.review(preview.flagged.filter((one) => one.half === half).map(({ imageId }) => imageId));
      }
      const again = await this.flagAgain();
      await this.review(again);
      const cases = await this.checkCases(again.length);
      await this.appeal(cases);
      await settled(client, session.progress);
      await this.checkFlags();
    } finally {
      await this.tokens.revoke();
    }
    session.progress.end();
    return { run: this.run, checks: this.checks, metrics: await safetyMetrics(client) };
  }

  /** The ladder, the queues and the figures are those of the whole installation. */
  private async refuseUnlessEmpty(): Promise<void> {
    const { whole } = await safetyMetrics(this.client);
    if (whole.generated === 0 && whole.flags === 0) return;
    const message = `the backend has ${whole.generated} images: a large demo sets the ladder and the queues, so it needs a backend of its own (npm start with an empty GATEHOUSE_DATA)`;
    throw new Refusal('not-empty', message);
  }

  private joins(): OutgoingEvent[] {
    return this.preview.accounts.map((accountId, n) =>
      eventsOf(DEMO_SOURCE)<typeof WaitlistJoined>('WaitlistJoined', `demo-${this.run}-joined-${n + 1}`, {
        accountId,
        email: `${accountId}@demo.invalid`,
      }),
    );
  }

  private async send(label: string, events: readonly OutgoingEvent[]): Promise<void> {
    const { progress } = this.session;
    progress.start(label, events.length);
    const sent = await sendEvents(this.client, unordered(events), (done) => progress.update(done));
    const [refused] = sent.quarantined;
    if (refused) throw new GatehouseError('demo-refused', `${refused.id} was quarantined: ${refused.detail}`, 'failed');
  }

  /** A panel for the reviewers' queue, and a queue that nobody works on for what flooders flag. */
  private async separateFloods(): Promise<void> {
    const { patienceHours } = await this.client.get<QueuesAnswer>('/v1/queues');
    await this.client.put('/v1/queues', {
      queues: [{ id: QUEUE, panel: PANEL }, { id: FLOOD_QUEUE }],
      rules: [{ queue: FLOOD_QUEUE, categories: [FLOOD_CATEGORY] }],
      default: QUEUE,
      patienceHours,
      reason: 'a demonstration',
    });
  }

  private async setLadder(half: 0 | 1): Promise<void> {
    const body = { entries: ladderEntries(LADDERS[half]), reason: 'a demonstration' };
    await this.client.put('/v1/enforcement-ladder', body);
  }

  /** All reviewers together judge these cases. */
  private async review(caseIds: readonly string[]): Promise<void> {
    const { progress, clock } = this.session;
    await settled(this.client, progress);
    const left = new Set(caseIds);
    for (const caseId of caseIds) this.rounds.set(caseId, (this.rounds.get(caseId) ?? 0) + 1);
    progress.start('reviewing cases', caseIds.length);
    const work = async (name: string) => {
      const reviewer = new PlayedReviewer(await this.personOf(name, 'reviewer'), {
        queues: [QUEUE],
        opinionOf: (caseId) => this.reviewers.opinionOf(this.images.get(caseId)!, name, this.rounds.get(caseId)!),
        isDone: () => left.size === 0,
        clock,
        onVerdict: (caseId, status) => {
          if (status !== 'open') left.delete(caseId);
          progress.update(caseIds.length - left.size);
        },
      });
      await reviewer.work();
    };
    await Promise.all(this.reviewers.names.map(work));
  }

  /** Somebody who has flagged nothing yet flags some dismissed images again, which opens the next round. */
  private async flagAgain(): Promise<string[]> {
    await settled(this.client);
    const dismissed = await this.cases('dismissed');
    const again = dismissed
      .map(({ caseId }) => caseId)
      .filter((id) => lot(this.seed, 'again', this.images.get(id)!.place) < FLAGGED_AGAIN);
    const flags = again.map((imageId, n) =>
      eventsOf(DEMO_SOURCE)<typeof ContentFlagged>('ContentFlagged', `demo-${this.run}-again-${n + 1}`, {
        imageId,
        accountId: this.images.get(imageId)!.accountId,
        flaggedBy: `demo-${this.run}-newcomer-${n + 1}`,
        flaggerKind: 'user',
        categories: [this.images.get(imageId)!.category],
      }),
    );
    await this.send('flagging dismissed images', flags);
    return again;
  }

  private cases(status: string): Promise<CaseEntry[]> {
    return this.client.list<CaseEntry>('/v1/cases', { status, queue: QUEUE }, ALL);
  }

  private async checkCases(again: number): Promise<CaseEntry[]> {
    await settled(this.client);
    const [confirmed, dismissed] = await Promise.all([this.cases('confirmed'), this.cases('dismissed')]);
    const found = [...confirmed, ...dismissed];
    const outcomes = found.map((one) => outcomeOf(one, this.images.get(one.caseId)!, this.reviewers));
    const wrong = found.filter(({ status }, n) => status !== outcomes[n]).length;
    this.check('cases decided', this.preview.flagged.length, found.length);
    this.check('cases decided otherwise than by their verdicts', 0, wrong);
    this.check('cases confirmed', outcomes.filter((one) => one === 'confirmed').length, confirmed.length);
    const erred = errorsIn(found, this.images, this.reviewers);
    this.check('verdicts of reviewers who erred', erred.expected, erred.found);
    this.check('cases in a second round', again, found.filter(({ round }) => round === 2).length);
    return confirmed;
  }

  private async checkMeasures(known: ReadonlyMap<string, Measure>): Promise<void> {
    const found = await orderedMeasures(this.client);
    for (const measure of ['strike', 'suspend', 'deactivate'] as const) {
      const those = (of: ReadonlyMap<string, Measure>) => [...of.values()].filter((one) => one === measure).length;
      this.check(`confirmations whose measure is ${measure}`, those(known), those(found));
    }
  }

  /** Appeals against some measures, which somebody decides who took no part. */
  private async appeal(cases: readonly CaseEntry[]): Promise<void> {
    const confirmedAt = await confirmedPositions(this.client);
    const confirmations: Confirmation[] = cases
      .toSorted((a, b) => confirmedAt.get(a.caseId)! - confirmedAt.get(b.caseId)!)
      .map(({ caseId, round }) => {
        const { accountId, half } = this.images.get(caseId)!;
        return { caseId, accountId, ladder: LADDERS[round === 1 ? half : 1] };
      });
    const measures = measuresOf(confirmations);
    await this.checkMeasures(measures);
    const before = deniedAccounts(confirmations, measures, () => false);
    await this.checkAccess('before the appeals', before);

    const appeals = cases.flatMap(({ caseId }) => {
      const outcome = appealOf(this.seed, this.images.get(caseId)!);
      return outcome ? [{ caseId, outcome }] : [];
    });
    const { progress } = this.session;
    const service = await this.personOf(`demo-${this.run}-web`, 'service');
    const hearer = await this.personOf(`demo-${this.run}-hearer`, 'reviewer');
    progress.start('appeals', appeals.length);
    let heard = 0;
    const hear = async ({ caseId, outcome }: (typeof appeals)[number]) => {
      await service.post(`/v1/enforcements/${caseId}/appeals`, { text: 'please look again' }, { repeatable: true });
      const { token } = await hearer.post<AppealClaimAnswer>(`/v1/appeals/${caseId}/claim`, undefined, {
        repeatable: true,
      });
      const decision = { outcome, reason: 'a demonstration', token };
      await hearer.post(`/v1/appeals/${caseId}/decision`, decision, { repeatable: true });
      progress.update(++heard);
    };
    await pMap(appeals, hear, { concurrency: IN_FLIGHT });
    await settled(this.client, progress);
    const granted = new Set(appeals.filter(({ outcome }) => outcome === 'granted').map(({ caseId }) => caseId));
    const overturned = await this.cases('overturned');
    this.check('cases overturned on appeal', granted.size, overturned.length);
    this.check('appeals denied', appeals.length - granted.size, await appealsWith(this.client, 'denied', ALL));
    const after = deniedAccounts(confirmations, measures, (caseId) => granted.has(caseId));
    await this.checkAccess('after the appeals', after);
  }

  private async checkAccess(when: string, expected: ReturnType<typeof deniedAccounts>): Promise<void> {
    const { head } = await this.client.get<StatusAnswer>('/v1/status');
    const ask = async (accountId: string): Promise<string> => {
      const question = {
        subject: { type: 'account', id: accountId },
        action: { name: 'generate' },
        resource: { type: 'image', id: 'next-image' },
        context: { minPosition: head },
      };
      const path = '/access/v1/evaluation';
      const { decision, context } = await this.client.post<EvaluationAnswer>(path, question, { repeatable: true });
      return decision ? 'allowed' : (context.reason ?? 'denied');
    };
    const { accounts } = this.preview;
    const found = await pMap(accounts, ask, { concurrency: IN_FLIGHT });
    const wrong = accounts.filter((one, n) => found[n] !== (expected.get(one) ?? 'allowed')).length;
    const count = (reason: string) => [...expected.values()].filter((one) => one === reason).length;
    for (const reason of ['account-deactivated', 'account-suspended'])
      this.check(`accounts denied as ${reason} ${when}`, count(reason), found.filter((one) => one === reason).length);
    this.check(`accounts with another answer than known ${when}`, 0, wrong);
  }

  private async checkFlags(): Promise<void> {
    const { whole } = await safetyMetrics(this.client);
    const { flags, repeats, floods, images } = this.preview;
    const known = flags[0].length + flags[1].length + repeats.length + floods.length;
    const again = [...this.rounds.values()].filter((round) => round === 2).length;
    this.check('images generated', images.length, whole.generated);
    this.check('flags', known + again, whole.flags);
    await this.checkFloods();
  }

  /** Every flag of a flooder is in a case or kept apart, and what is kept apart is what exceeds the setting. */
  private async checkFloods(): Promise<void> {
    const { flooders, floods, flooded } = this.preview;
    const isolated = await this.client.list<IsolatedFlagger>('/v1/isolated-flags', {}, ALL);
    const ours = isolated.filter(({ flaggedBy }) => flooders.includes(flaggedBy));
    const waiting = ours.reduce((sum, one) => sum + one.waiting, 0);
    const open = await this.client.list<CaseEntry>('/v1/cases', { status: 'open', queue: FLOOD_QUEUE }, ALL);
    if (ours.length === 0) {
      this.check('cases that flooders opened, whom the setting lets', flooded.length, open.length);
      return;
    }
    const allowed = ours.reduce((sum, one) => sum + one.perHour, 0);
    const known = ours.map(({ flaggedBy, perHour }) => {
      const all = floods.filter(({ data }) => data.flaggedBy === flaggedBy).length;
      return Math.min(MAX_COUNTED, all - perHour);
    });
    this.check('flooders whose flags are kept apart', flooders.length, ours.length);
    this.check(
      'flags kept apart',
      known.reduce((sum, one) => sum + one, 0),
      waiting,
    );
    this.check('cases that flooders opened beyond the setting', 0, Math.max(0, open.length - allowed));
  }

  private personOf(name: string, role: string): Promise<ApiClient> {
    const known = this.people.get(name) ?? this.tokens.clientFor(name, role);
    this.people.set(name, known);
    return known;
  }

  private check(what: string, expected: number, found: number): void {
    this.checks.push({ what, expected, found });
  }
}
