import { Inject } from '@nestjs/common';
import { Command, type CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { EventStore } from '../../event-store/event-store.js';
import { Transactor } from '../../event-store/transact.js';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import type { DataOf } from '../../events/event-definition.js';
import { defineInbound, type InboundCommand } from '../../ingest/ingest.js';
import type { Clock } from '../../kernel/clock.js';
import type { CommandContext } from '../../kernel/command-context.js';
import { InvalidInput, Refusal } from '../../kernel/errors.js';
import { CLOCK, EVENT_STORE } from '../../platform/ports.js';
import { hasSameAccounts, refuseReservedId } from '../admission.js';
import { cohortStream } from '../cohort.js';
import { CohortAdmitted, CohortOnboarded } from '../events.js';
import { GateWatch } from '../processes/gate-watch.js';
import { Admissions } from '../queries/admissions.js';
import { partAt } from '../queries/chosen-parts.js';
import { classesOf, refuseUnlessWaiting } from '../queries/waiting-turns.js';
import { admitCohort, rolloutStream } from '../rollout.js';

type Onboarded = DataOf<typeof CohortOnboarded>;

export class ImportCohort extends Command<CommandResult> {
  constructor(
    readonly onboarded: Onboarded,
    readonly context: CommandContext,
  ) {
    super();
  }
}

const LONGEST_ID = 200;

/**
 * Imports people that another system onboarded as a listed cohort, within the rate like any other. Each further part of
 * a large cohort is a cohort of its own, `{id}~{part}`, since each has to fit into the rate when it arrives.
 */
@CommandHandler(ImportCohort)
export class ImportCohortHandler implements ICommandHandler<ImportCohort> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(Admissions) private readonly admissions: Admissions,
    @Inject(GateWatch) private readonly gate: GateWatch,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute({ onboarded, context }: ImportCohort): Promise<CommandResult> {
    const { cohortId: id, accounts, part = 0 } = onboarded;
    const echoed = await this.reported(id, accounts, part);
    if (echoed) return echoed;
    refuseReservedId(id, '/data/cohortId');
    const cohortId = part === 0 ? id : `${id}~${part}`;
    if (cohortId.length > LONGEST_ID) {
      throw new InvalidInput([{ field: '/data/cohortId', message: 'is too long for a cohort of several parts' }]);
    }
    const known = await this.admitted(cohortId, accounts);
    if (known) return known;
    await this.gate.beforeAdmission();
    const result = await this.transactor.transact(
      rolloutStream,
      undefined,
      context,
      (state, classOf) => admitCohort(state, { cohortId, accounts, classOf, now: this.clock.now() }),
      async () => {
        await refuseUnlessWaiting(this.transactor, accounts);
        return classesOf(this.transactor, accounts);
      },
    );
    if (result.events.length > 0) return commandResult(result);
    // A concurrent request was granted the same cohort.
    return (await this.admitted(cohortId, accounts))!;
  }

  /** A no-op if the cohort has reported exactly these accounts, as when one of our own events returns. */
  private async reported(
    cohortId: string,
    accounts: readonly string[],
    part: number,
  ): Promise<CommandResult | undefined> {
    const { state, position } = await this.transactor.load(cohortStream, cohortId);
    // An event of ours names its report; another system may have sent it on without that.
    for (const report of [...state.reports.slice(part), ...state.reports.slice(0, part)]) {
      const known = await partAt(this.store, report);
      if (hasSameAccounts(accounts, known.accounts)) return { changed: false, position };
    }
    return undefined;
  }

  /** @throws Refusal cohort-known */
  private async admitted(cohortId: string, accounts: readonly string[]): Promise<CommandResult | undefined> {
    const known = await this.admissions.find(cohortId);
    if (!known) return undefined;
    if (hasSameAccounts(accounts, known.admission.accounts)) return { changed: false, position: known.position };
    throw new Refusal(
      'cohort-known',
      `cohort ${cohortId} was admitted here with other accounts; send it under another id`,
    );
  }
}

/** Handles a CohortOnboarded event of another system. All of them share the rate, so they are handled in sequence. */
export const importCohortInbound = (commands: CommandBus): InboundCommand =>
  defineInbound({
    event: CohortOnboarded,
    storedAs: [CohortAdmitted],
    keys: ({ accounts }) => ['rollout', ...accounts.map((accountId) => `account:${accountId}`)],
    handle: (data, context) => commands.execute(new ImportCohort(data, context)),
  });
