import { Body, Controller, Put } from '@nestjs/common';
import { IsIn, IsNumber, Max, Min } from 'class-validator';
import { CommandRoute, EditCommand, editHandler } from '../../context/decision.js';
import { Roles } from '../../http/credentials/route-access.js';
import {
  AreLabels,
  AreObjects,
  IfGiven,
  IsInteger,
  IsLabel,
  IsName,
  IsReason,
  IsSet,
  IsTitle,
  Means,
} from '../../http/field-rules.js';
import { Condition, Edits, IfMatch } from '../../http/if-match.js';
import { Operation, receipt } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { FLAG_SOURCES } from '../flagging-events.js';
import { LEADS } from '../queries/reviewing-roles.js';
import { type QueueRules, reviewSettingsStream, setQueueRules } from '../queue-rules.js';
import { MAX_PANEL, MAX_PATIENCE_HOURS, MAX_QUEUES, MAX_RULES, MAX_SEVERITY } from '../routing-events.js';

class ReviewQueue {
  @IsLabel('What routes and rules name it by.')
  id!: string;

  @IfGiven()
  @IsTitle('Its title, for reviewers.')
  title?: string;

  @IfGiven()
  @IsLabel('The skill that its reviewers need.')
  skill?: string;

  @IfGiven()
  @IsName('The language that its reviewers need, like `cy`.')
  language?: string;

  @IfGiven()
  @IsInteger(
    'The number of reviewers whose verdicts decide its cases; without it, GATEHOUSE_REVIEW_PANEL. It holds for cases that nobody has judged yet.',
    1,
    MAX_PANEL,
  )
  panel?: number;
}

class RoutingRule {
  @IsLabel('The queue of the cases that meet every condition of this rule.')
  queue!: string;

  @IfGiven()
  @IsSet(1, 50)
  @AreLabels('Flags name one of these categories.')
  categories?: string[];

  @IfGiven()
  @IsSet(1, FLAG_SOURCES.length)
  @IsIn(FLAG_SOURCES, { each: true })
  @Means('One of these flagged it.')
  sources?: (typeof FLAG_SOURCES)[number][];

  @IfGiven()
  @IsInteger('The most severe clause that a flag names has at least this severity.', 0, MAX_SEVERITY)
  minSeverity?: number;

  @IfGiven()
  @IsNumber()
  @Min(0)
  @Max(1)
  @Means('The most confident flag has at least this confidence, from 0 to 1.')
  minConfidence?: number;
}

export class SetQueues extends EditCommand {
  @AreObjects(ReviewQueue, 1, MAX_QUEUES, 'The queues, each with an id of its own, in the order of the list.')
  queues!: ReviewQueue[];

  @AreObjects(RoutingRule, 0, MAX_RULES, 'The first rule that a case meets decides its queue.')
  rules!: RoutingRule[];

  @IsLabel('The queue of the cases that meet no rule.')
  default!: string;

  @IsInteger(
    'For how many hours cases that are opened later may go ahead of a case with priority 0; in proportion less for one with a higher priority.',
    1,
    MAX_PATIENCE_HOURS,
  )
  patienceHours!: number;

  @IsReason('Why.')
  reason!: string;
}

const QUEUES = { what: () => 'the list of queues', changedAt: ({ changedAt }: QueueRules) => changedAt };

export const SetQueuesHandler = editHandler(SetQueues, reviewSettingsStream, QUEUES, (state, command) => {
  const { queues, rules, patienceHours, reason, default: other } = command;
  const data = {
    queues: queues.map((one) => ({ ...one })),
    rules: rules.map((one) => ({ ...one })),
    default: other,
    patienceHours,
    reason,
  };
  return setQueueRules(state, data);
});

@Controller('v1/queues')
export class SetQueuesController extends CommandRoute {
  @Put()
  @Edits('/v1/queues')
  @Roles(...LEADS)
  @Operation('Sets the queues, and the rules by which cases get into them', {
    description:
      'It replaces the queues and the rules before. Open cases are routed again within a moment; those in a queue that is gone too.',
    example: {
      queues: [{ id: 'default' }, { id: 'severe', title: 'Severe violations', skill: 'severe', panel: 2 }],
      rules: [{ queue: 'severe', minSeverity: 3 }],
      default: 'default',
      patienceHours: 24,
      reason: 'severe cases go to trained reviewers',
    },
    answer: receipt('The queues are set.'),
  })
  setQueues(@Body() queues: SetQueues, @Condition() ifMatch: IfMatch, @Context() context: Context) {
    return this.receipt(queues.with({ context, ifMatch }));
  }
}
