import { appealStream } from '../../libs/appeals/appeal.js';
import { AppealFactsReader } from '../../libs/appeals/features/appeal-facts.js';
import { fileAppeal } from '../../libs/appeals/filing.js';
import { claimAppeal, decideAppeal } from '../../libs/appeals/hearing.js';
import { StoredHearings } from '../../libs/appeals/queries/stored-hearings.js';
import { enforcementStream } from '../../libs/enforcement/index.js';
import type { EventStore } from '../../libs/event-store/event-store.js';
import type { Transactor } from '../../libs/event-store/transact.js';
import type { Clock } from '../../libs/kernel/clock.js';
import type { CommandContext } from '../../libs/kernel/command-context.js';
import { handleInBulk } from '../../libs/review/bulk-decisions.js';
import { undoInBulk } from '../../libs/review/bulk-undoing.js';
import { type Case, caseStream, type Verdict } from '../../libs/review/case.js';
import { reopenCase } from '../../libs/review/claim-decisions.js';
import type { CaseEvent } from '../../libs/review/events.js';
import { openCase } from '../../libs/review/flag-decisions.js';
import { NO_STANDING } from '../../libs/review/priority.js';
import { reviewSettingsStream } from '../../libs/review/queue-rules.js';
import { giveVerdict } from '../../libs/review/verdict-decisions.js';
import { flag } from './case-file.js';

const LEAD: CommandContext = { actor: { kind: 'user', id: 'lena', role: 'lead' }, correlationid: 'spec' };
const SERVICE: CommandContext = { actor: { kind: 'service', id: 'web', role: 'service' }, correlationid: 'spec' };
const ROUTING = {
  ...{ rules: reviewSettingsStream.initial, panelSize: 1, severities: new Map(), reach: 0, records: new Map() },
  standing: NO_STANDING,
};

export interface Decision {
  kind: 'flag' | 'judge' | 'reopen' | 'bulk' | 'undo' | 'file' | 'decide';
  nth: number;
  verdict: Verdict;
  clause: string;
  outcome: 'granted' | 'partly-granted' | 'denied';
}

/** What people decide on cases and on appeals against them, by the decisions of the code; each of them by somebody new. */
export class DecidedCases {
  private people = 0;
  private readonly jobs = new Map<string, string>();

  constructor(
    private readonly store: EventStore,
    private readonly transactor: Transactor,
    private readonly clock: Clock,
    private readonly accountId: string,
  ) {}

  /** Gathers what the decision depends on in other streams. @returns takes it, with what was gathered, perhaps much later */
  async prepare({ kind, nth, verdict, clause, outcome }: Decision): Promise<() => Promise<unknown>> {
    const { transactor, clock, accountId } = this;
    const caseId = `img-${nth}`;
    const now = clock.now();
    const someone = `person-${this.people++}`;
    const onCase = (decide: (state: Case) => CaseEvent[]) => transactor.transact(caseStream, caseId, LEAD, decide);
    const appeals = new StoredHearings(transactor);
    if (kind === 'flag') {
      const flaggedBy = `flagger-${this.people % 4}`;
      return async () => {
        const position = Number.MAX_SAFE_INTEGER - 1_000_000 + this.people;
        const given = flag({ imageId: caseId, accountId, flagId: `flag-${someone}`, flaggedBy, flaggerKind: 'user' });
        await onCase((state) => openCase(state, { ...given, categories: [clause], position }));
      };
    }
    if (kind === 'judge') {
      const given = { caseId, reviewer: someone, verdict, now, reviewerSource: '/tool' };
      const named = verdict === 'unsafe' ? { clause } : {};
      return () => onCase((state) => giveVerdict(state, { ...given, ...named }, {}));
    }
    if (kind === 'reopen') {
      const isOpen = (await appeals.statusOf(caseId)) === 'open';
      return () => onCase((state) => reopenCase(state, { caseId, by: 'lena', reason: 'x', panelSize: 1 }, isOpen));
    }
    if (kind === 'bulk') {
      const job = {
        jobId: `job-${someone}`,
        filter: {},
        ...(verdict === 'safe' ? { action: 'dismiss' as const } : { action: 'confirm' as const, clause }),
      };
      this.jobs.set(caseId, job.jobId);
      const given = { caseId, by: 'lena', job, startedAt: now + 1, position: Number.MAX_SAFE_INTEGER, now };
      return () => onCase((state) => handleInBulk(state, given, ROUTING));
    }
    if (kind === 'undo') {
      const jobId = this.jobs.get(caseId) ?? 'none';
      const facts = { ...ROUTING, appeal: await appeals.statusOf(caseId) };
      return () => onCase((state) => undoInBulk(state, { caseId, by: 'lena', jobId, reason: 'x' }, facts));
    }
    if (kind === 'file') {
      const facts = await new AppealFactsReader(this.store, transactor, {} as never, {} as never).forFiling(caseId);
      const filing = { enforcementId: caseId, text: 'mine', hasNewEvidence: clause === 'spam', now };
      const given = { ...filing, windowDays: 180, deadlineDays: 14 };
      return () => transactor.transact(appealStream, caseId, SERVICE, (state) => fileAppeal(state, given, facts));
    }
    const { order } = (await transactor.load(enforcementStream, caseId)).state;
    const { round, inForce, status } = (await transactor.load(caseStream, caseId)).state;
    const isReopened = status === 'open' && inForce !== undefined;
    const facts = { order: order!, clauses: [], round, since: inForce?.since, isReopened };
    const by = { appealId: caseId, reviewer: someone, now };
    return async () => {
      const claimed = await transactor.transact(appealStream, caseId, LEAD, (state) =>
        claimAppeal(state, { ...by, leaseMs: 0 }, {}),
      );
      const decision = { ...by, token: claimed.state.claims, outcome, reason: 'x' };
      const other = outcome === 'partly-granted' ? { clause } : {};
      await transactor.transact(appealStream, caseId, LEAD, (state) =>
        decideAppeal(state, { ...decision, ...other }, facts),
      );
    };
  }
}
