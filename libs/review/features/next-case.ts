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
import type { CommandContext } from '../../kernel/command-context.js';
import { NotFound, Refusal, Unavailable } from '../../kernel/errors.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { CLOCK, SETTINGS } from '../../platform/ports.js';
import { caseFields, placeOf } from '../queries/case-fields.js';
import { HeldClaims } from '../queries/held-claims.js';
import { type NextLimits, NextLimitsReader } from '../queries/next-limits.js';
import { isLead, REVIEWERS } from '../queries/reviewing-roles.js';
import { WaitingCases, type Wanted } from '../queries/waiting-cases.js';
import { ClaimAnswer, claimed } from './claim-answer.js';
import { ClaimCase, type ClaimedCase } from './claim-case.js';

/** Cases that are tried in a row: each was refused for a reason that the view does not show. A repeat goes on after them. */
const MAX_REFUSED = 200;

type Given = ClaimedCase & { caseId: string; patienceHours: number };

/** The next case, or undefined if none waits for this reviewer. */
export class NextCase extends RequestCommand<Given | undefined> {
  declare readonly queue: string;
}

@CommandHandler(NextCase)
export class NextCaseHandler implements ICommandHandler<NextCase> {
  /** By reviewer, the last of their requests. */
  private readonly asking = new Map<string, Promise<unknown>>();

  constructor(
    @Inject(NextLimitsReader) private readonly limits: NextLimitsReader,
    @Inject(WaitingCases) private readonly waiting: WaitingCases,
    @Inject(CommandBus) private readonly commands: CommandBus,
    @Inject(HeldClaims) private readonly held: HeldClaims,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** One request of a reviewer after the other, since each counts what those before it have claimed. */
  async execute(command: NextCase): Promise<Given | undefined> {
    const { id: reviewer } = command.context.actor;
    if (this.settings.claimsPerReviewer === 0) return this.give(command);
    const before = this.asking.get(reviewer);
    const given = (async () => {
      await before?.catch(() => undefined);
      await this.refuseEnough(reviewer);
      return this.give(command);
    })();
    this.asking.set(reviewer, given);
    try {
      return await given;
    } finally {
      if (this.asking.get(reviewer) === given) this.asking.delete(reviewer);
    }
  }

  /** @throws Refusal enough-claimed */
  private async refuseEnough(reviewer: string): Promise<void> {
    const caseIds = await this.held.of(reviewer);
    const most = this.settings.claimsPerReviewer;
    if (caseIds.length < most) return;
    throw new Refusal(
      'enough-claimed',
      `${reviewer} has claimed ${caseIds.join(', ')}, and nobody gets another case with ${most} claims: judge, release or hand over one first`,
      { caseIds },
    );
  }

  private async give({ queue, context }: NextCase): Promise<Given | undefined> {
    const { id: reviewer } = context.actor;
    const { accounts, tries, patienceHours, gave } = await this.limits.of(reviewer, queue);
    const wanted = { queue, reviewer, accounts, isGoldenLeftOut: isLead(context.actor) };
    for (let refused = 0; refused < MAX_REFUSED; refused++) {
      const caseId = await this.reserved(wanted, tries, isLead(context.actor));
      if (caseId === undefined) return undefined;
      const given = await this.claim(caseId, context);
      if (!given) continue;
      gave(given.state.categories, given.position);
      return { ...given, patienceHours };
    }
    throw new Unavailable(
      'too-busy',
      `${MAX_REFUSED} cases of queue ${queue} in a row were refused to ${reviewer}: retry, which goes on with those after them`,
    );
  }

  private async reserved(
    wanted: Omit<Wanted, 'isEscalated' | 'isLeftOut'>,
    tries: NextLimits['tries'],
    isLead: boolean,
  ): Promise<string | undefined> {
    for (const isLeftOut of tries) {
      // What was escalated waits for leads alone.
      for (const isEscalated of isLead ? [true, false] : [false]) {
        const caseId = await this.waiting.reserve({ ...wanted, isLeftOut, isEscalated });
        if (caseId !== undefined) return caseId;
      }
    }
    return undefined;
  }

  /** @returns undefined if the case's own events refuse it: the view lags behind them */
  private async claim(caseId: string, context: CommandContext): Promise<Omit<Given, 'patienceHours'> | undefined> {
    let given: ClaimedCase;
    try {
      given = await this.commands.execute(new ClaimCase().with({ context, caseId }));
    } catch (error) {
      if (error instanceof Refusal || error instanceof NotFound) {
        await this.waiting.refused(caseId, context.actor.id);
        return undefined;
      }
      await this.waiting.release(caseId).catch(endsByItself);
      throw error;
    }
    // The claim is stored: the reviewer must hear of it.
    await this.waiting.claimed(caseId, given.position).catch(endsByItself);
    return { ...given, caseId };
  }
}

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
