import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Static } from 'typebox';
import { RequestCommand } from '../../context/decision.js';
import { Transactor } from '../../event-store/transact.js';
import type { CommandResult } from '../../event-store/write-result.js';
import { ACCOUNTS_PER_EVENT, MAX_PER_WEEK } from '../../events/schemas.js';
import { Roles } from '../../http/credentials/route-access.js';
import { AreEntityIds, IfGiven, IsEntityId, IsInteger, IsSet } from '../../http/field-rules.js';
import { Located } from '../../http/location.js';
import { closed, count, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { writeReceipt, writeReceiptFields } from '../../http/write-receipt.js';
import type { Clock } from '../../kernel/clock.js';
import { InvalidInput, Refusal } from '../../kernel/errors.js';
import type { Ids } from '../../kernel/ids.js';
import { CLOCK, IDS } from '../../platform/ports.js';
import { type Admission, admitWaiting, hasSameAccounts, refuseReservedId } from '../admission.js';
import { GateWatch } from '../processes/gate-watch.js';
import { Admissions } from '../queries/admissions.js';
import { cohortSelection } from '../queries/cohort-list.js';
import { PeopleLeft } from '../queries/people-left.js';
import { classesOf, refuseUnlessWaiting } from '../queries/waiting-turns.js';
import { admitCohort, rolloutStream } from '../rollout.js';

export class AdmitCohort extends RequestCommand<CohortGranted> {
  @IfGiven()
  @IsInteger(
    'The number of people from the front of the waitlist. If absent, as many as wait and the rate allows.',
    1,
    MAX_PER_WEEK,
  )
  size?: number;

  @IfGiven()
  @IsSet(1, ACCOUNTS_PER_EVENT)
  @AreEntityIds('Exactly these accounts instead of a size; each has to be on the waitlist.')
  accounts?: string[];

  @IfGiven()
  @IsEntityId(
    'Makes the request safe to retry; generated if absent. Must not begin with `daily-`, `slice-`, `invited-` or `open-`.',
  )
  cohortId?: string;

  @IfGiven()
  @IsInteger('Only this priority class of the waitlist.', 0, 9)
  priority?: number;
}

export interface CohortGranted extends CommandResult {
  admission: Admission;
}

type CohortRequest = Pick<AdmitCohort, 'size' | 'accounts' | 'priority'> & { cohortId: string };

/** Grants a cohort within the rate; the onboarding process chooses its members and onboards them. */
@CommandHandler(AdmitCohort)
export class AdmitCohortHandler implements ICommandHandler<AdmitCohort> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(Admissions) private readonly admissions: Admissions,
    @Inject(PeopleLeft) private readonly peopleLeft: PeopleLeft,
    @Inject(GateWatch) private readonly gate: GateWatch,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  async execute({
    context,
    cohortId = this.ids.next(),
    size,
    accounts,
    priority,
  }: AdmitCohort): Promise<CohortGranted> {
    const request = { cohortId, size, accounts, priority };
    refuseReservedId(cohortId, '/cohortId');
    refuseSelectionBesideAccounts(request);
    const known = await this.alreadyGranted(request);
    if (known) return known;
    await this.gate.beforeAdmission();
    const { events, position } = await this.transactor.transact(
      rolloutStream,
      undefined,
      context,
      (state, decide) => decide(state, { ...request, now: this.clock.now() }),
      () => this.decisionOn(request),
    );
    const stored = events[0];
    if (stored) return { admission: stored.data as Admission, position, changed: true };
    // A concurrent request was granted the same cohort.
    return (await this.alreadyGranted(request))!;
  }

  private async decisionOn(request: CohortRequest): Promise<typeof admitCohort> {
    // Refuses what does not depend on the waitlist before reading the waitlist.
    const { state } = await this.transactor.load(rolloutStream, undefined);
    admitCohort(state, { ...request, size: request.size ?? 1, now: this.clock.now() });
    if (request.accounts) {
      await refuseUnlessWaiting(this.transactor, request.accounts);
      const classOf = await classesOf(this.transactor, request.accounts);
      return (current, command) => admitCohort(current, { ...command, classOf });
    }
    if (request.size !== undefined) return admitCohort;
    const waiting = await this.peopleLeft.count(request.priority);
    return (current, command) => admitWaiting(current, command, waiting);
  }

  private async alreadyGranted(request: CohortRequest): Promise<CohortGranted | undefined> {
    const found = await this.admissions.find(request.cohortId);
    if (!found) return undefined;
    refuseOther(request, found.admission);
    return { ...found, changed: false };
  }
}

/** @throws InvalidInput */
export function refuseSelectionBesideAccounts(request: Pick<CohortRequest, 'size' | 'accounts' | 'priority'>): void {
  const beside = (['size', 'priority'] as const).filter((field) => request.accounts && request[field] !== undefined);
  if (beside.length === 0) return;
  throw new InvalidInput(
    beside.map((field) => ({ field: `/${field}`, message: 'must be absent if accounts is present' })),
  );
}

/** A request without a size repeats one of any size: how many wait may have changed. @throws Refusal cohort-known */
function refuseOther({ cohortId, size, accounts, priority }: CohortRequest, admission: Admission): void {
  const same =
    (size === undefined || size === admission.size) &&
    priority === admission.priority &&
    hasSameAccounts(accounts, admission.accounts);
  if (same) return;
  throw new Refusal(
    'cohort-known',
    `cohort ${cohortId} was admitted already, with size ${admission.size} (${admission.selection}); repeat that request or use another cohortId`,
  );
}

export const AdmittedAnswer = closed({
  cohortId: text('The cohort.'),
  size: count('The maximum number of people admitted.'),
  selection: cohortSelection,
  ...writeReceiptFields,
});
export type AdmittedAnswer = Static<typeof AdmittedAnswer>;

@Controller('v1/cohorts')
export class AdmitCohortController {
  constructor(@Inject(CommandBus) private readonly commands: CommandBus) {}

  @Post()
  @HttpCode(202)
  @Located('/v1/cohorts/{cohortId}')
  @Roles('operator', 'administrator')
  @Operation('Admits a cohort within the rate; its people are onboarded right after', {
    description: '`GET /v1/cohorts/{id}` shows the progress.',
    example: { cohortId: '2022-w20', size: 1000 },
    answer: answer('CohortAdmission', 'The cohort is admitted.', AdmittedAnswer, {
      cohortId: '2022-w20',
      size: 1000,
      selection: 'first-come',
      position: '1041',
    }),
    refusals: {
      409: [
        'onboarding-paused',
        'gate-braked',
        'phase-refuses',
        'ceiling-reached',
        'rate-not-set',
        'rate-exceeded',
        'nobody-waiting',
        'not-waiting',
        'cohort-in-progress',
        'cohort-known',
      ],
      503: ['not-caught-up'],
    },
  })
  async admitCohort(@Body() command: AdmitCohort, @Context() context: Context): Promise<AdmittedAnswer> {
    const granted = await this.commands.execute(command.with({ context }));
    const { cohortId, size, selection } = granted.admission;
    return { cohortId, size, selection, ...writeReceipt(granted) };
  }
}
