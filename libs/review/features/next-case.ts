import { Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Static } from 'typebox';
import { RequestCommand } from '../../context/decision.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IsLabel } from '../../http/field-rules.js';
import { closed, instant, orNull, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { type Clock, toIso } from '../../kernel/clock.js';
import { NotFound, Refusal, Unavailable } from '../../kernel/errors.js';
import { Turns } from '../../kernel/turns.js';
import { Waves } from '../../kernel/waves.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { CLOCK, SETTINGS } from '../../platform/ports.js';
import { caseFields, placeOf } from '../queries/case-fields.js';
import type { FlagsProgress } from '../queries/flags-ahead.js';
import { HeldClaims } from '../queries/held-claims.js';
import { type NextLimits, NextLimitsReader } from '../queries/next-limits.js';
import { isLead, REVIEWERS } from '../queries/reviewing-roles.js';
import { type Found, WaitingCases, type Wanted } from '../queries/waiting-cases.js';
import { CaseFactsReader } from './case-facts.js';
import { ClaimAnswer, claimed } from './claim-answer.js';
import { ClaimCaseHandler, type ClaimedCase } from './claim-case.js';

/** Cases that are tried in a row: each was refused for a reason that the view does not show. A repeat goes on after them. */
const MAX_REFUSED = 200;

/** A reviewer to whom many cases are refused keeps the others waiting no longer than this. */
const LONGEST_WAVE_MS = 100;

type Given = ClaimedCase & { caseId: string; patienceHours: number };

/** The next case, or undefined if none waits for this reviewer. */
export class NextCase extends RequestCommand<Given | undefined> {
  declare readonly queue: string;
}

@CommandHandler(NextCase)
export class NextCaseHandler implements ICommandHandler<NextCase> {
  private readonly turns = new Turns();
  /** The requests of one wave ask the same questions, so they share queries and the append of their claims. */
  private readonly waves = new Waves({ atOnce: 2, longestMs: LONGEST_WAVE_MS });
  /** By reviewer, the claim that is being noted for those who count. */
  private readonly noting = new Map<string, Promise<void>>();

  constructor(
    @Inject(NextLimitsReader) private readonly limits: NextLimitsReader,
    @Inject(WaitingCases) private readonly waiting: WaitingCases,
    @Inject(ClaimCaseHandler) private readonly claims: ClaimCaseHandler,
    @Inject(CaseFactsReader) private readonly facts: CaseFactsReader,
    @Inject(HeldClaims) private readonly held: HeldClaims,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** One request of a reviewer after the other, since each counts what those before it have claimed. */
  async execute(command: NextCase): Promise<Given | undefined> {
    const give = () => this.waves.run(() => this.give(command));
    if (this.settings.claimsPerReviewer === 0) return give();
    return this.turns.take(command.context.actor.id, give);
  }

  /** @returns the turn in which the next case may be reserved for them @throws Refusal enough-claimed */
  private async refuseEnough(reviewer: string): Promise<number> {
    await this.noting.get(reviewer);
    const { caseIds, turn } = await this.held.of(reviewer);
    const most = this.settings.claimsPerReviewer;
    if (caseIds.length < most) return turn;
    throw new Refusal(
      'enough-claimed',
      `${reviewer} has claimed ${caseIds.join(', ')}, and nobody gets another case with ${most} claims: judge, release or hand over one first`,
      { caseIds },
    );
  }

  private async give(command: NextCase): Promise<Given | undefined> {
    const { queue, context } = command;
    const { id: reviewer } = context.actor;
    const progress = this.facts.progress();
    // It is awaited later, if there is a case.
    progress.catch(() => undefined);
    const limits = this.limits.of(reviewer, queue);
    const wanted = { queue, reviewer, isGoldenLeftOut: isLead(context.actor) };
    for (let refused = 0; refused < MAX_REFUSED; refused++) {
      const turn = this.settings.claimsPerReviewer === 0 ? undefined : this.refuseEnough(reviewer);
      const found = await this.find(wanted, Promise.all([limits, turn]), isLead(context.actor));
      if (found === undefined) return undefined;
      const given = await this.claim(found, command, progress);
      if (!given) continue;
      const { patienceHours, gave } = await limits;
      gave(given.state.categories, given.position);
      return { ...given, patienceHours };
    }
    throw new Unavailable(
      'too-busy',
      `${MAX_REFUSED} cases of queue ${queue} in a row were refused to ${reviewer}: retry, which goes on with those after them`,
    );
  }

  private async find(
    wanted: Pick<Wanted, 'queue' | 'reviewer' | 'isGoldenLeftOut'>,
    read: Promise<[NextLimits, number | undefined]>,
    isLead: boolean,
  ): Promise<Found | undefined> {
    for (let n = 0; ; n++) {
      const standing = read.then(([{ accounts, tries }, turn]) => ({ accounts, turn, isLeftOut: tries[n]! }));
      // It is awaited once the queue serves the request.
      standing.catch(() => undefined);
      // What was escalated waits for leads alone.
      for (const isEscalated of isLead ? [true, false] : [false]) {
        const found = await this.waiting.find({ ...wanted, standing, isEscalated });
        if (found) return found;
      }
      const [{ tries }] = await read;
      if (n + 1 === tries.length) return undefined;
    }
  }

  /** @returns undefined if another process got the case, or if its own events refuse it: the view lags behind them */
  private async claim(
    { caseId, isReserved }: Found,
    { context }: NextCase,
    progress: Promise<FlagsProgress>,
  ): Promise<Omit<Given, 'patienceHours'> | undefined> {
    const { id: reviewer } = context.actor;
    const ready = isReserved.then((isOurs) => {
      if (!isOurs) throw new Contested();
    });
    let given: ClaimedCase;
    try {
      given = await this.claims.claim(caseId, context, { progress, ready });
    } catch (error) {
      if (error instanceof Contested) return undefined;
      const isRefused = error instanceof Refusal || error instanceof NotFound;
      await ready
        .then(() => (isRefused ? this.waiting.refused(caseId, reviewer) : this.waiting.release(caseId)))
        .catch(endsByItself);
      if (!isRefused) throw error;
      return undefined;
    }
    // The claim is stored: the reviewer must hear of it.
    const noted = this.waiting.claimed(caseId, given.position, given.claim.until).catch(endsByItself);
    this.noting.set(reviewer, noted);
    void noted.finally(() => this.noting.get(reviewer) === noted && this.noting.delete(reviewer));
    return { ...given, caseId };
  }
}

/** The case went to another process, or the reviewer got one there. */
class Contested extends Error {}

/** Without the database a reservation stays as it is until it expires, which is in a minute. */
const endsByItself = (): void => undefined;

const { status: _, reservedFor: __, reservedUntil: ___, queue: ____, ...claimedFields } = caseFields;

const NextCaseAnswer = closed({
  queue: text('The queue.'),
  claim: orNull(ClaimAnswer),
  case: orNull(
    closed(
      { ...claimedFields, openedAt: instant('When the round began.') },
      'The claimed case. GET /v1/cases/{id} shows more.',
    ),
  ),
});
export type NextCaseAnswer = Static<typeof NextCaseAnswer>;

export class QueueParam {
  @IsLabel('The queue.')
  id!: string;
}

@Controller('v1/queues')
export class NextCaseController {
  constructor(
    @Inject(CommandBus) private readonly commands: CommandBus,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Post(':id/next')
  @HttpCode(200)
  @Roles(...REVIEWERS)
  @Operation('Claims the case of a queue that is due first and that the caller may review', {
    description:
      'Two reviewers never get one case. Left out are cases that are claimed or kept for somebody else, those that wait for their verdicts to be final, those of the caller’s own images and flags and of linked accounts, those that the caller has judged, those of categories that the caller declined today, and without the skill `severe` those that name a clause of the highest severity. After `GATEHOUSE_SEVERE_IN_A_ROW` of these in a row another one goes first, if any waits. Leads get escalated cases first, others none of them, and no golden ones. Without a case, `claim` and `case` are null. A repeat claims another case, until the caller has as many as `GATEHOUSE_CLAIMS_PER_REVIEWER` says: GET /v1/cases?reviewer= lists those that the caller has.',
    answer: answer('NextCase', 'The claim, or null if no case of the queue waits for the caller.', NextCaseAnswer, {
      queue: 'default',
      claim: {
        caseId: 'img-1',
        reviewer: 'rev-1',
        until: '2022-05-19T10:15:00.000Z',
        token: 1,
        position: '1045',
      },
      case: {
        caseId: 'img-1',
        imageId: 'img-1',
        accountId: 'acc-1',
        round: 1,
        panelSize: 1,
        isEscalated: false,
        priority: 63,
        dueAt: '2022-05-19T18:52:48.000Z',
        openedAt: '2022-05-19T10:00:00.000Z',
        categories: ['violent'],
        verdictsGiven: 0,
      },
    }),
    refusals: { 404: ['queue-unknown'], 409: ['enough-claimed', 'skill-needed'], 503: ['not-caught-up', 'too-busy'] },
  })
  async nextCase(@Param() { id: queue }: QueueParam, @Context() context: Context): Promise<NextCaseAnswer> {
    const given = await this.commands.execute(new NextCase().with({ context, queue }));
    if (!given) return { queue, claim: null, case: null };
    const { caseId, state, accountId, patienceHours } = given;
    const { queue: _queue, ...place } = placeOf(state, { patienceHours, now: this.clock.now() });
    return {
      queue,
      claim: claimed(caseId, given),
      case: {
        caseId,
        imageId: state.imageId,
        accountId: accountId ?? null,
        round: state.round,
        panelSize: state.panelSize,
        isEscalated: state.isEscalated,
        ...place,
        openedAt: toIso(state.openedAt),
        categories: [...state.categories].sort(),
        // Hidden from a reviewer who is still to judge.
        verdictsGiven: 0,
      },
    };
  }
}
