import { Controller, Get, Inject, Param } from '@nestjs/common';
import { type Static, Type } from 'typebox';
import { decideAgain, type RecordedDecision, RecordedDecisions } from '../../access/index.js';
import { Catalogue } from '../../context/catalogue.js';
import { FromLog } from '../../context/from-views.js';
import { enforcementStream } from '../../enforcement/index.js';
import type { EventStore } from '../../event-store/event-store.js';
import { Roles } from '../../http/credentials/route-access.js';
import { IdParam } from '../../http/field-rules.js';
import { closed, instant, list, oneOf, position, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { sortedJson } from '../../kernel/canonical-json.js';
import { toIso } from '../../kernel/clock.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { NotFound } from '../../kernel/errors.js';
import { isUuid } from '../../kernel/ids.js';
import { EVENT_STORE } from '../../platform/ports.js';
import { Explanations } from './explain-event.js';
import { Explanation, holds } from './explanation.js';

const anything = (description: string) => Type.Unsafe<unknown>({ description });

const DecisionAnswer = closed({
  id: text('The decision.'),
  kind: oneOf(['access', 'enforcement'], 'What was decided.'),
  position: position('What it was made again from goes up to here.'),
  decisions: list(
    closed({
      what: text('The event, or the action that somebody asked for.'),
      position: position('The event, or what the decision point had applied.'),
      time: instant('When it was decided.'),
      stored: anything('What was decided then.'),
      basis: Type.Optional(anything('Of an access decision: the account and the facts that it rested on.')),
      explanation: Type.Optional(Explanation),
    }),
    'The decision; of an enforcement each order, oldest first. Without an explanation, it rests on what is in no event.',
  ),
});
export type DecisionAnswer = Static<typeof DecisionAnswer>;

@Controller('v1/audit/decisions')
export class DecisionController {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(RecordedDecisions) private readonly recorded: RecordedDecisions,
    @Inject(Catalogue) private readonly catalogue: Pick<Catalogue, 'contexts'>,
  ) {}

  @Get(':id')
  @FromLog()
  @Roles('compliance', 'administrator')
  @Operation('Makes a decision again on its history, and says what each rule said', {
    description: 'The id of an enforcement, or the `decisionId` of an access decision that was recorded.',
    answer: answer('Decision', 'The decision.', DecisionAnswer),
    refusals: { 404: ['decision-unknown'] },
  })
  async explainDecision(@Param() { id }: IdParam): Promise<DecisionAnswer> {
    const until = String(await this.store.head());
    const access = isUuid(id) ? await this.recorded.find(id.toLowerCase()) : undefined;
    if (access) return { id, kind: 'access', position: until, decisions: [accessDecision(access)] };
    const events = await this.store.readStream(`${enforcementStream.category}-${id}`);
    const orders = events.filter(({ type }) => type === 'EnforcementOrdered');
    if (orders.length === 0)
      throw new NotFound(
        'decision-unknown',
        `${id} is neither an enforcement nor an access decision that was recorded; a sample of those is, and kept for a while`,
      );
    const again = new Explanations(this.store, this.catalogue.contexts);
    const decisions = await Promise.all(orders.map((one) => this.ofOrder(one, again)));
    return { id, kind: 'enforcement', position: until, decisions };
  }

  private async ofOrder(event: RecordedEvent, again: Explanations): Promise<DecisionAnswer['decisions'][number]> {
    const explanation = await again.of(event);
    return {
      what: event.type,
      position: String(event.position),
      time: event.recordedAt,
      stored: event.data,
      ...(explanation && { explanation }),
    };
  }
}

function accessDecision(found: RecordedDecision): DecisionAnswer['decisions'][number] {
  const { subject, action, resource, decision, at, basis } = found;
  const again = decideAgain(found);
  return {
    what: `${action} of ${resource.type} ${resource.id} by ${subject.type} ${subject.id}`,
    position: String(found.position),
    time: toIso(at),
    stored: decision,
    ...(basis && { basis }),
    ...(again && {
      explanation: {
        rules: again.rules.map(({ rule, broken }) => holds(rule, !broken)),
        decided: again.decision,
        agrees: sortedJson(again.decision) === sortedJson(decision),
      },
    }),
  };
}
