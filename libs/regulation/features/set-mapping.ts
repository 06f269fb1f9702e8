import { Body, Controller, Inject, Put } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { IsIn } from 'class-validator';
import { CommandRoute, RequestCommand } from '../../context/decision.js';
import { Transactor } from '../../event-store/transact.js';
import { type CommandResult, commandResult } from '../../event-store/write-result.js';
import { Roles } from '../../http/credentials/route-access.js';
import {
  AreObjects,
  IfGiven,
  IsFlag,
  IsLabel,
  IsProse,
  IsReason,
  IsSet,
  IsTitle,
  Means,
} from '../../http/field-rules.js';
import { Condition, Edits, IfMatch } from '../../http/if-match.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { CATEGORIES, KEYWORDS } from '../../kernel/commission-codes.js';
import { type MappingEntry, mappingStream, setMapping } from '../mapping.js';
import { GROUNDS, MAX_ENTRIES, MAX_EXPLANATION, MAX_KEYWORDS, StatementMappingSet } from '../mapping-events.js';

class MappingEntryBody {
  @IfGiven()
  @IsLabel('The clause of the content policy; absent in the one entry for decisions that name none, as those by hand.')
  clause?: string;

  @Means('The category of the Commission’s database.')
  @IsIn(CATEGORIES)
  category!: string;

  @Means('Its keywords that apply.')
  @IfGiven()
  @IsIn(KEYWORDS, { each: true })
  @IsSet(1, MAX_KEYWORDS)
  keywords?: string[];

  @IfGiven()
  @IsTitle('What `KEYWORD_OTHER` means.')
  otherKeyword?: string;

  @Means('Whether such content is `illegal`, or incompatible with the terms of the service.')
  @IsIn(GROUNDS)
  ground!: (typeof GROUNDS)[number];

  @IfGiven()
  @IsTitle('The law that is violated, of `illegal`.')
  legalGround?: string;

  @IfGiven()
  @IsFlag('Of `terms`: whether such content is illegal too.')
  isAlsoIllegal?: boolean;

  @IfGiven()
  @IsProse(
    MAX_EXPLANATION,
    'Why such content is illegal or incompatible; by default the text of the clause. No personal data.',
  )
  explanation?: string;
}

/** What a mapping consists of, for a change and for its dry run. */
export abstract class MappingBody<Answer = CommandResult> extends RequestCommand<Answer> {
  @AreObjects(MappingEntryBody, 1, MAX_ENTRIES, 'One for each clause, and one for decisions that name none.')
  entries!: MappingEntryBody[];
}

/** Plain objects in a fixed order of fields, so that equal mappings are equal JSON. */
export const entriesOf = ({ entries }: Pick<MappingBody<unknown>, 'entries'>): MappingEntry[] =>
  entries.map(({ clause, category, keywords, otherKeyword, ground, legalGround, isAlsoIllegal, explanation }) => ({
    ...(clause !== undefined && { clause }),
    category,
    ...(keywords !== undefined && { keywords: [...keywords].sort() }),
    ...(otherKeyword !== undefined && { otherKeyword }),
    ground,
    ...(legalGround !== undefined && { legalGround }),
    ...(isAlsoIllegal !== undefined && { isAlsoIllegal }),
    ...(explanation !== undefined && { explanation }),
  }));

export class SetMapping extends MappingBody {
  declare readonly ifMatch: IfMatch;

  @IsReason('The reason, for other operators.')
  reason!: string;
}

@CommandHandler(SetMapping)
export class SetMappingHandler implements ICommandHandler<SetMapping> {
  constructor(@Inject(Transactor) private readonly transactor: Transactor) {}

  async execute(command: SetMapping): Promise<CommandResult> {
    const { reason, ifMatch, context } = command;
    const result = await this.transactor.transact(mappingStream, undefined, context, (state) => {
      const events = setMapping(state, { entries: entriesOf(command), reason });
      return ifMatch.allow(events, state.position, 'the mapping of statements of reasons');
    });
    return commandResult(result);
  }
}

@Controller('v1/statement-mapping')
export class SetMappingController extends CommandRoute {
  @Put()
  @Edits('/v1/statement-mapping')
  @Roles('operator', 'administrator')
  @Operation('Sets what statements of reasons say of each clause: its category and its ground', {
    description:
      'Statements that wait to be sent follow it at once; what was sent stays as it is. A statement whose clause has no entry waits until there is one. Try a change with a dry run first.',
    example: StatementMappingSet.example,
    answer: receipt('The mapping is in force.'),
  })
  setMapping(@Body() mapping: SetMapping, @Condition() ifMatch: IfMatch, @Context() context: Context) {
    return this.receipt(mapping.with({ context, ifMatch }));
  }
}
