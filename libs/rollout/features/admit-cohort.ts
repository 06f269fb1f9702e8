import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { Command, CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { ArrayMaxSize, ArrayMinSize, ArrayUnique, IsArray, IsInt, Max, Min } from 'class-validator';
import type { Effect } from '../../event-store/effect.js';
import type { EventStore } from '../../event-store/event-store.js';
import { type CommandContext, Transactor } from '../../event-store/transact.js';
import type { Clock } from '../../kernel/clock.js';
import { fold } from '../../kernel/decider.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { InvalidInput, Refusal } from '../../kernel/errors.js';
import type { Ids } from '../../kernel/ids.js';
import { ACCOUNTS_PER_EVENT, MAX_PER_WEEK } from '../../messaging/schemas.js';
import { AreEntityIds, IfGiven, IsEntityId } from '../../platform/http/field-rules.js';
import { Context } from '../../platform/http/request-context.js';
import { type Written, written } from '../../platform/http/written.js';
import { CLOCK, EVENT_STORE, IDS } from '../../platform/ports.js';
import { Roles } from '../../platform/security/route-access.js';
import { type Admission, admitWaiting, findAdmission } from '../admission.js';
import type { RolloutEvent } from '../events.js';
import { admitCohort, rolloutStream } from '../rollout.js';
import { PeopleLeft } from '../views/people-left.js';

export interface CohortAsked {
  cohortId: string;
  size?: number;
  accounts?: readonly string[];
  priority?: number;
}

export interface CohortGranted extends Effect {
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
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(PeopleLeft) private readonly peopleLeft: PeopleLeft,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute({ asked, context }: AdmitCohort): Promise<CohortGranted> {
    const history = await this.store.readStream(rolloutStream.category);
    const known = alreadyGranted(history, asked);
    if (known) return known;
    const decide = asked.size === undefined && !asked.accounts ? await this.asManyAsWait(history, asked) : admitCohort;
    const { events, position } = await this.transactor.transact(rolloutStream, undefined, context, (state) =>
      decide(state, { ...asked, now: this.clock.now() }),
    );
    const stored = events[0];
    if (stored) return { admission: stored.data as Admission, position, changed: true };
    // Somebody else was granted the same cohort in between.
    return alreadyGranted(await this.store.readStream(rolloutStream.category), asked)!;
  }

  private async asManyAsWait(history: readonly RecordedEvent[], asked: CohortAsked): Promise<typeof admitCohort> {
    // What does not depend on who waits is refused without asking the view.
    const state = fold(rolloutStream, history as unknown as RolloutEvent[]);
    admitCohort(state, { ...asked, size: 1, now: this.clock.now() });
    const waiting = await this.peopleLeft.count(asked.priority);
    return (current, command) => admitWaiting(current, command, waiting);
  }
}

function alreadyGranted(history: readonly RecordedEvent[], asked: CohortAsked): CohortGranted | undefined {
  const found = findAdmission(history, asked.cohortId);
  if (!found) return undefined;
  refuseOther(asked, found.admission);
  return { ...found, changed: false };
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

  /** Exactly these accounts instead. */
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

export interface AdmittedAnswer extends Written {
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
    return { cohortId, size: admission.size, selection: admission.selection, ...written(granted) };
  }
}
