import { Body, Controller, Delete, Param, Put, Query } from '@nestjs/common';
import { IsIn } from 'class-validator';
import { CommandRoute, EditCommand, editHandler } from '../../context/decision.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam, IfGiven, IsFlag, IsInstant, IsInteger, IsReason, Means } from '../../http/field-rules.js';
import { Condition, Edits, IfMatch } from '../../http/if-match.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { COUNTRIES, ILLEGAL_CATEGORIES, KEYWORDS } from '../../kernel/commission-codes.js';
import {
  type AuthorityRecords,
  authoritiesStream,
  recordDispute,
  recordOrder,
  setTrustedFlagger,
} from '../authorities.js';
import { AuthorityOrderRecorded, DISPUTE_OUTCOMES, DisputeRecorded, ORDER_KINDS } from '../events.js';

const SHOWN = '/v1/authority-records';
const MAX_ITEMS = 1_000_000;
const IsWhy = () => IsReason('Why it is recorded or corrected. No personal data.');
const EDITED = {
  what: () => 'the records of authorities',
};

export class RecordOrder extends EditCommand {
  declare readonly orderId: string;

  @Means('Whether it is to act against illegal content, or to inform.')
  @IsIn(ORDER_KINDS)
  kind!: (typeof ORDER_KINDS)[number];

  @Means('The country of the authority, of the European Economic Area.')
  @IsIn(COUNTRIES)
  country!: string;

  @Means('The category of illegal content; absent if the order names none.')
  @IfGiven()
  @IsIn(Object.keys(ILLEGAL_CATEGORIES))
  category?: string;

  @Means('A keyword of that category.')
  @IfGiven()
  @IsIn(KEYWORDS)
  keyword?: string;

  @IfGiven()
  @IsInteger('Of `act`: how many items of information it names.', 1, MAX_ITEMS)
  items?: number;

  @IsInstant('When it arrived.')
  receivedAt!: string;

  @IfGiven()
  @IsInstant('When the authority was informed that it has arrived.')
  acknowledgedAt?: string;

  @IfGiven()
  @IsInstant('When it was given effect.')
  carriedOutAt?: string;

  @IsWhy()
  reason!: string;
}

export class RecordDispute extends EditCommand {
  declare readonly disputeId: string;

  @IsInstant('When it was submitted to the body.')
  submittedAt!: string;

  @IfGiven()
  @IsInstant('When the body decided it, or left it undecided.')
  decidedAt?: string;

  @Means('What it decided of our decision; `omitted` if it decided nothing.')
  @IfGiven()
  @IsIn(DISPUTE_OUTCOMES)
  outcome?: (typeof DISPUTE_OUTCOMES)[number];

  @IfGiven()
  @IsFlag('Whether its outcome was carried out here.')
  isImplemented?: boolean;

  @IsWhy()
  reason!: string;
}

export class SetTrustedFlagger extends EditCommand {
  declare readonly flaggerId: string;
  declare readonly isTrusted: boolean;

  @IsWhy()
  reason!: string;
}

/** The fields of a command that were given, without its context. */
function dataOf<Given extends EditCommand>({ context: _, ifMatch: __, ...fields }: Given) {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Omit<
    Given,
    keyof EditCommand
  >;
}

export const RecordOrderHandler = editHandler(
  RecordOrder,
  authoritiesStream,
  EDITED,
  (state: AuthorityRecords, order, now) => recordOrder(state, dataOf(order), now),
);
export const RecordDisputeHandler = editHandler(
  RecordDispute,
  authoritiesStream,
  EDITED,
  (state: AuthorityRecords, dispute, now) => recordDispute(state, dataOf(dispute), now),
);
export const SetTrustedFlaggerHandler = editHandler(
  SetTrustedFlagger,
  authoritiesStream,
  EDITED,
  (state: AuthorityRecords, flagger) => setTrustedFlagger(state, dataOf(flagger)),
);

export class RemovalQuery {
  @IsWhy()
  reason!: string;
}

const example = <Id extends string>(data: Record<string, unknown>, id: Id) =>
  Object.fromEntries(Object.entries(data).filter(([field]) => field !== id));

@Controller('v1')
export class RecordAuthoritiesController extends CommandRoute {
  @Put('authority-orders/:id')
  @Edits(SHOWN)
  @Roles('operator', 'compliance', 'administrator')
  @Operation('Records an order of an authority, or corrects and completes what is recorded of it', {
    description:
      'Of the Digital Services Act, articles 9 and 10. All of the order is given each time: what is left out is not known any more. The transparency report counts it. A repeat changes nothing.',
    example: example(AuthorityOrderRecorded.example, 'orderId'),
    answer: receipt('Recorded.'),
  })
  recordOrder(
    @Param() { id }: IdParam,
    @Body() order: RecordOrder,
    @Condition() ifMatch: IfMatch,
    @Context() context: Context,
  ) {
    return this.receipt(order.with({ orderId: id, ifMatch, context }));
  }

  @Put('disputes/:id')
  @Edits(SHOWN)
  @Roles('operator', 'compliance', 'administrator')
  @Operation('Records a dispute before an out-of-court body, or corrects and completes what is recorded of it', {
    description:
      'Of the Digital Services Act, article 21. All of the dispute is given each time: what is left out is not known any more. The transparency report counts it. A repeat changes nothing.',
    example: example(DisputeRecorded.example, 'disputeId'),
    answer: receipt('Recorded.'),
  })
  recordDispute(
    @Param() { id }: IdParam,
    @Body() dispute: RecordDispute,
    @Condition() ifMatch: IfMatch,
    @Context() context: Context,
  ) {
    return this.receipt(dispute.with({ disputeId: id, ifMatch, context }));
  }

  @Put('trusted-flaggers/:id')
  @Edits(SHOWN)
  @Roles('operator', 'compliance', 'administrator')
  @Operation('Counts the flags of an account as notices of a trusted flagger from now on', {
    description: 'Of the Digital Services Act, article 22. A repeat changes nothing.',
    example: { reason: 'named by the Digital Services Coordinator' },
    answer: receipt('Set.'),
  })
  setTrustedFlagger(
    @Param() { id }: IdParam,
    @Body() flagger: SetTrustedFlagger,
    @Condition() ifMatch: IfMatch,
    @Context() context: Context,
  ) {
    return this.receipt(flagger.with({ flaggerId: id, isTrusted: true, ifMatch, context }));
  }

  @Delete('trusted-flaggers/:id')
  @Edits(SHOWN)
  @Roles('operator', 'compliance', 'administrator')
  @Operation('Counts the flags of an account as those of any user from now on', {
    description: 'A repeat changes nothing.',
    answer: receipt('Set.'),
    refusals: { 404: ['flagger-unknown'] },
  })
  removeTrustedFlagger(
    @Param() { id }: IdParam,
    @Query() { reason }: RemovalQuery,
    @Condition() ifMatch: IfMatch,
    @Context() context: Context,
  ) {
    return this.receipt(new SetTrustedFlagger().with({ flaggerId: id, isTrusted: false, reason, ifMatch, context }));
  }
}
