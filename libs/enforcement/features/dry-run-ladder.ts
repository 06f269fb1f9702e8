import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Static } from 'typebox';
import { Transactor } from '../../event-store/transact.js';
import { RESTRICTED_ACTIONS } from '../../events/schemas.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IfGiven, IsInteger } from '../../http/field-rules.js';
import { closed, count, instant, list, oneOf, orNull, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { toIso } from '../../kernel/clock.js';
import type { Pool } from '../../platform/database/database.js';
import { POOL } from '../../platform/ports.js';
import { LadderSet, MEASURES } from '../events.js';
import { setLadder } from '../ladder.js';
import { type Difference, dryRun, type Treatment } from '../ladder-dry-run.js';
import { enforcedCases } from '../queries/enforced-cases.js';
import { entriesOf, knownClauses, LadderBody } from './set-ladder.js';

const MAX_CASES = 10_000;
const SHOWN = 200;

const treatment = (description: string) =>
  closed(
    {
      measure: oneOf(MEASURES, 'What is imposed.'),
      action: orNull(oneOf(RESTRICTED_ACTIONS, 'The action that is restricted.')),
      days: orNull(count('For how many days.')),
    },
    description,
  );

export const DryRunAnswer = closed({
  cases: count('The number of cases that were compared.'),
  accounts: count('The number of their accounts.'),
  changed: count('The number of cases that would have been treated differently.'),
  changes: list(
    closed({
      from: oneOf(MEASURES, 'What was imposed.'),
      to: oneOf(MEASURES, 'What would have been.'),
      cases: count('In how many cases.'),
    }),
    'How often which measure would have been another, or of another length.',
  ),
  items: list(
    closed({
      caseId: text('The case.'),
      accountId: text('Its account.'),
      clause: orNull(text('The clause that was violated.')),
      enforcedAt: instant('When it was decided.'),
      actual: treatment('What was imposed.'),
      would: treatment('What would have been.'),
    }),
    `The newest ${SHOWN} of them, oldest first.`,
  ),
});
export type DryRunAnswer = Static<typeof DryRunAnswer>;

export class DryRunLadder extends LadderBody<DryRunAnswer> {
  @IfGiven()
  @IsInteger('How many of the last confirmed cases are compared; 1000 by default.', 1, MAX_CASES)
  cases: number = 1_000;
}

/** Answers from what was ordered; nothing is stored. */
@CommandHandler(DryRunLadder)
export class DryRunLadderHandler implements ICommandHandler<DryRunLadder> {
  constructor(
    @Inject(Transactor) private readonly transactor: Transactor,
    @Inject(POOL) private readonly pool: Pool,
  ) {}

  async execute(command: DryRunLadder): Promise<DryRunAnswer> {
    const entries = entriesOf(command);
    // Refuses what could not be set either.
    setLadder({ versions: [] }, { entries, reason: 'dry run' }, await knownClauses(this.transactor));
    const { cases, concerned } = await enforcedCases(this.pool, command.cases);
    const differences = dryRun(cases, entries, ({ caseId }) => concerned.has(caseId));
    const compared = cases.filter(({ caseId }) => concerned.has(caseId));
    return {
      cases: compared.length,
      accounts: new Set(compared.map(({ accountId }) => accountId)).size,
      changed: differences.length,
      changes: counted(differences),
      items: differences.slice(-SHOWN).map(({ caseId, accountId, clause, at, actual, would }) => ({
        caseId,
        accountId,
        clause: clause ?? null,
        enforcedAt: toIso(at),
        actual: shown(actual),
        would: shown(would),
      })),
    };
  }
}

const shown = ({ measure, action, days }: Treatment) => ({ measure, action: action ?? null, days: days ?? null });

function counted(differences: readonly Difference[]): DryRunAnswer['changes'] {
  return MEASURES.flatMap((from) =>
    MEASURES.flatMap((to) => {
      const cases = differences.filter(({ actual, would }) => actual.measure === from && would.measure === to).length;
      return cases === 0 ? [] : [{ from, to, cases }];
    }),
  );
}

const example: DryRunAnswer = {
  cases: 1_000,
  accounts: 962,
  changed: 911,
  changes: [{ from: 'deactivate', to: 'strike', cases: 911 }],
  items: [
    {
      caseId: 'img-1',
      accountId: 'acc-1',
      clause: 'violent',
      enforcedAt: '2022-05-19T10:20:00.000Z',
      actual: { measure: 'deactivate', action: null, days: null },
      would: { measure: 'strike', action: null, days: null },
    },
  ],
};

@Controller('v1/enforcement-ladder')
export class DryRunLadderController {
  constructor(@Inject(CommandBus) private readonly commands: CommandBus) {}

  @Post('dry-runs')
  @HttpCode(200)
  @Roles('operator', 'administrator')
  @Operation('Compares what the last confirmed cases led to with what they would lead to under another ladder', {
    description:
      'Changes nothing. Strikes are counted as if that ladder had always been in force, over all cases of the accounts concerned.',
    example: { entries: LadderSet.example.entries, cases: 1_000 },
    answer: answer('LadderDryRun', 'Who would have been treated differently.', DryRunAnswer, example),
  })
  dryRunLadder(@Body() ladder: DryRunLadder, @Context() context: Context): Promise<DryRunAnswer> {
    return this.commands.execute(ladder.with({ context }));
  }
}
