import { Controller, Get, Inject, Query } from '@nestjs/common';
import { type IQueryHandler, QueryBus, QueryHandler } from '@nestjs/cqrs';
import type { Static } from 'typebox';
import { FromLog } from '../../context/from-views.js';
import type { EventStore } from '../../event-store/event-store.js';
import { Transactor } from '../../event-store/transact.js';
import { Roles } from '../../http/credentials/route-access.js';
import {
  actor,
  closed,
  count,
  flag,
  instant,
  oneOf,
  orNull,
  page,
  position,
  text,
} from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Listing, type Page, PageQuery } from '../../http/paging.js';
import type { Clock } from '../../kernel/clock.js';
import { CLOCK, EVENT_STORE } from '../../platform/ports.js';
import { CHANGES } from '../change-events.js';
import { changedPhase, phaseOfChange, phaseThen, presentPhase } from './phase-answers.js';
import { RampStepsAnswer, stepAnswers } from './ramp-answers.js';
import {
  ENTRY_STATES,
  type EntryState,
  entryStates,
  LEDGER_TYPES,
  type LedgerEntry,
  rolloutLedger,
  type SetState,
} from './rollout-ledger.js';

const SetAnswer = closed({
  perWeek: orNull(count('The rate; null if none is set.')),
  daily: flag('Whether a seventh of it is admitted every day.'),
  paused: flag('Whether onboarding is paused.'),
  ...phaseThen,
  rampPlanId: orNull(text('The ramp plan in force; null without one.')),
});

const setExample: Omit<Static<typeof SetAnswer>, 'perWeek'> = {
  ...{ daily: false, paused: false, phase: 'weekly', ceiling: null, classes: null, restrictions: [], rampPlanId: null },
};

const HistoryEntry = closed({
  position: position('Its position in the log; `POST /v1/rollout/changes/{position}/revert` reverts it.'),
  type: oneOf(LEDGER_TYPES, 'What happened.'),
  time: instant('When it was stored.'),
  actor,
  state: oneOf(
    ENTRY_STATES,
    'What has become of it. `replaced`: another change came later; `recorded`: a step about another entry.',
  ),
  does: orNull(oneOf(CHANGES, 'What the change does.')),
  perWeek: orNull(count('The rate that it sets.')),
  ...phaseOfChange,
  by: text('Who decided it.'),
  approvedBy: orNull(text('Who approved it.')),
  reason: orNull(text('Why.')),
  changeId: orNull(text('The planned or proposed change.')),
  reverts: orNull(position('The event that it reverts.')),
  effectiveAt: orNull(instant('When a planned or proposed change takes effect; null for at once.')),
  expiresAt: orNull(instant('Until when a proposal can be approved.')),
  planId: orNull(text('The ramp plan that it is about or a step of.')),
  step: orNull(count('The index of the step of the ramp plan that it is, from 0.')),
  steps: orNull(RampStepsAnswer),
  batchId: orNull(text('The batch of invitations that it withdraws.')),
  before: SetAnswer,
  after: SetAnswer,
});
export type HistoryEntry = Static<typeof HistoryEntry>;

export class ListChanges extends PageQuery<Page<HistoryEntry>> {}

const LISTING = new Listing('rollout-changes');

@QueryHandler(ListChanges)
export class ListChangesHandler implements IQueryHandler<ListChanges> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(EVENT_STORE) private readonly store: Pick<EventStore, 'head'>,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute({ limit, cursor }: ListChanges): Promise<Page<HistoryEntry>> {
    const before = Number(LISTING.after(cursor, ['number'])?.[0] ?? Number.MAX_SAFE_INTEGER);
    // Read first, so that the changes include every event up to there.
    const head = await this.store.head();
    const { state } = await this.transactor.load(rolloutLedger, undefined);
    const states = entryStates(state.entries, this.clock.now());
    const rows = state.entries
      .map((entry, i) => ({ entry, state: states[i]! }))
      .filter(({ entry }) => entry.position < before)
      .reverse();
    const found = LISTING.page(rows.slice(0, limit + 1), limit, entryAnswer, ({ entry }) => [entry.position]);
    return { ...found, position: String(head) };
  }
}

type TextField = 'by' | 'proposedBy' | 'approvedBy' | 'reason' | 'changeId' | 'planId' | 'effectiveAt' | 'expiresAt';

const setAnswer = ({ ramp, phase, ...others }: SetState): Static<typeof SetAnswer> => ({
  ...{ ...others, ...presentPhase(phase) },
  rampPlanId: ramp?.planId ?? null,
});

function entryAnswer({ entry, state }: { entry: LedgerEntry; state: EntryState }): HistoryEntry {
  const { event, position: at, time, actor: by, change, before, after } = entry;
  // What an event of another type lacks is absent.
  const data: { [Field in TextField]?: string } & {
    reverts?: number;
    perWeek?: number;
    ramp?: { planId: string; step: number };
  } = event.data;
  return {
    ...{ position: String(at), type: event.type, time, actor: by, state },
    ...{ does: change?.does ?? null, perWeek: change?.perWeek ?? data.perWeek ?? null },
    ...changedPhase(change ?? {}),
    by: data.by ?? data.proposedBy ?? by.id,
    approvedBy: data.approvedBy ?? (event.type === 'ApprovalGiven' ? by.id : null),
    ...{ reason: data.reason ?? null, changeId: data.changeId ?? null },
    reverts: data.reverts === undefined ? null : String(data.reverts),
    ...{ effectiveAt: data.effectiveAt ?? null, expiresAt: data.expiresAt ?? null },
    ...{ planId: data.ramp?.planId ?? data.planId ?? null, step: data.ramp?.step ?? null },
    steps: event.type === 'RampPlanSet' ? stepAnswers(event.data.steps) : null,
    batchId: event.type === 'InvitationsWithdrawn' ? event.data.batchId : null,
    ...{ before: setAnswer(before), after: setAnswer(after) },
  };
}

@Controller('v1/rollout/history')
export class ListChangesController {
  constructor(@Inject(QueryBus) private readonly queries: QueryBus) {}

  @Get()
  @FromLog()
  @Roles('operator', 'administrator', 'compliance')
  @Operation('Every change of the rollout with who, why, before and after, the newest first', {
    answer: answer('RolloutHistory', 'A page of changes.', page(HistoryEntry, 'The changes.'), {
      items: [
        {
          ...{ position: '1041', type: 'OnboardingRateSet', time: '2022-05-18T08:00:00.000Z', state: 'in-force' },
          ...{ actor: { kind: 'user', id: 'olga', role: 'operator' }, does: 'set-rate', perWeek: 1000, by: 'olga' },
          ...{ approvedBy: null, reason: 'reviewers have time', changeId: null, reverts: null },
          ...{ effectiveAt: null, expiresAt: null },
          ...{ phase: null, ceiling: null, classes: null, restrictions: null },
          ...{ planId: null, step: null, steps: null, batchId: null },
          before: { ...setExample, perWeek: 500 },
          after: { ...setExample, perWeek: 1000 },
        },
      ],
      position: '1042',
    }),
  })
  listChanges(@Query() query: ListChanges): Promise<Page<HistoryEntry>> {
    return this.queries.execute(query);
  }
}
