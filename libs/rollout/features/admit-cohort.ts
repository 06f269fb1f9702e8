import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { Command, CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { ArrayMaxSize, ArrayMinSize, ArrayUnique, IsArray, IsInt, Max, Min } from 'class-validator';
import { Transactor } from '../../event-store/transact.js';
import type { CommandResult } from '../../event-store/write-result.js';
import { ACCOUNTS_PER_EVENT, MAX_PER_WEEK } from '../../events/schemas.js';
import { Roles } from '../../http/credentials/route-access.js';
import { AreEntityIds, IfGiven, IsEntityId } from '../../http/field-rules.js';
import { Context } from '../../http/request-context.js';
import { type WriteReceipt, writeReceipt } from '../../http/write-receipt.js';
import type { Clock } from '../../kernel/clock.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { InvalidInput, Refusal } from '../../kernel/errors.js';
import type { Ids } from '../../kernel/ids.js';
import { CLOCK, IDS } from '../../platform/ports.js';
import { type Admission, admitWaiting } from '../admission.js';
import { Admissions } from '../queries/admissions.js';
import { PeopleLeft } from '../queries/people-left.js';
import { refuseUnlessWaiting } from '../queries/waiting-turns.js';
import { admitCohort, rolloutStream } from '../rollout.js';

export interface CohortAsked {
  cohortId: string;
  size?: number;
  accounts?: readonly string[];
  priority?: number;
}

export interface CohortGranted extends CommandResult {
  admission: Admission;
}

export class AdmitCohort extends Command<CohortGranted> {
  constructor(
    readonly asked: CohortAsked,
    readonly context: CommandContext,
  ) {
    super();
  }
}

/** Grants a cohort within the rate; the onboarding process chooses who is in it and lets them in. */
@CommandHandler(AdmitCohort)
export class AdmitCohortHandler implements ICommandHandler<AdmitCohort> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(Admissions) private readonly admissions: Admissions,
    @Inject(PeopleLeft) private readonly peopleLeft: PeopleLeft,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute({ asked, context }: AdmitCohort): Promise<CohortGranted> {
    const known = await this.alreadyGranted(asked);
    if (known) return known;
    const decide = await this.decisionOn(asked);
    const { events, position } = await this.transactor.transact(rolloutStream, undefined, context, (state) =>
      decide(state, { ...asked, now: this.clock.now() }),
    );
    const stored = events[0];
    if (stored) return { admission: stored.data as Admission, position, changed: true };
    // Somebody else was granted the same cohort in between.
    return (await this.alreadyGranted(asked))!;
  }

  private async decisionOn(asked: CohortAsked): Promise<typeof admitCohort> {
    // What does not depend on who waits is refused without asking for that.
    const { state } = await this.transactor.load(rolloutStream, undefined);
    admitCohort(state, { ...asked, size: asked.size ?? 1, now: this.clock.now() });
    if (asked.accounts) await refuseUnlessWaiting(this.transactor, asked.accounts);
    if (asked.accounts || asked.size !== undefined) return admitCohort;
    const waiting = await this.peopleLeft.count(asked.priority);
    return (current, command) => admitWaiting(current, command, waiting);
  }

  private async alreadyGranted(asked: CohortAsked): Promise<CohortGranted | undefined> {
    const found = await this.admissions.find(asked.cohortId);
    if (!found) return undefined;
    refuseOther(asked, found.admission);
    return { ...found, changed: false };
  }
}

/** @throws Refusal cohort-known */
function refuseOther({ cohortId, size, accounts, priority }: CohortAsked, admission: Admission): void {
  const same =
    (size === undefined || size === admission.size) &&
    (priority === undefined || priority === admission.priority) &&
    (!accounts || accounts.every((account) => admission.accounts?.includes(account)));
  if (same) return;
  throw new Refusal(
    'cohort-known',
    `cohort ${cohortId} was admitted already, with ${admission.size} people (${admission.selection}); use another cohortId`,
  );
}

export class AdmitCohortBody {
  /** People, the first of the waitlist; as many as may be and wait where neither this nor accounts is given. */
  @IfGiven()
  @IsInt()
  @Min(1)
  @Max(MAX_PER_WEEK)
  size?: number;

  /** Exactly these accounts instead; all of them have to wait. */
  @IfGiven()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(ACCOUNTS_PER_EVENT)
  @ArrayUnique()
  @AreEntityIds()
  accounts?: string[];

  /** Makes the request safe to repeat; a fresh one is made where it is absent. */
  @IfGiven()
  @IsEntityId()
  cohortId?: string;

  /** Only this priority class of the waitlist. */
  @IfGiven()
  @IsInt()
  @Min(0)
  @Max(9)
  priority?: number;
}

export interface AdmittedAnswer extends WriteReceipt {
  cohortId: string;
  /** People admitted at the most. */
  size: number;
  selection: Admission['selection'];
}

@Controller('v1/cohorts')
export class AdmitCohortController {
  constructor(
    @Inject(CommandBus) private readonly commands: CommandBus,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  /** Admits a cohort within the rate; its people are let in right after, GET /v1/cohorts/{id} tells how far that is. */
  @Post()
  @HttpCode(202)
  @Roles('operator', 'administrator')
  async admit(@Body() body: AdmitCohortBody, @Context() context: CommandContext): Promise<AdmittedAnswer> {
    const { accounts, size, priority, cohortId = this.ids.next() } = body;
    const beside = (['size', 'priority'] as const).filter((field) => accounts && body[field] !== undefined);
    if (beside.length > 0) {
      throw new InvalidInput(beside.map((field) => ({ field: `/${field}`, message: 'does not go with accounts' })));
    }
    const granted = await this.commands.execute(new AdmitCohort({ cohortId, size, accounts, priority }, context));
    const { admission } = granted;
    return { cohortId, size: admission.size, selection: admission.selection, ...writeReceipt(granted) };
  }
}
