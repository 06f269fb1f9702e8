import { Body, Controller, Post } from '@nestjs/common';
import { Type } from 'typebox';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import type { ListedContext } from '../../apps/contexts.js';
import type { CommandGroup } from '../../libs/cli/commands.js';
import { line } from '../../libs/cli/rendering/plain-text.js';
import type { Context } from '../../libs/context/context.js';
import { CommandRoute, decisionHandler, RequestCommand } from '../../libs/context/decision.js';
import type { Transactor } from '../../libs/event-store/transact.js';
import { defineEvent, type EventOf } from '../../libs/events/event-definition.js';
import { EntityId, eventData } from '../../libs/events/schemas.js';
import { Roles } from '../../libs/http/credentials/route-access.js';
import { IsEntityId, IsInteger } from '../../libs/http/field-rules.js';
import { Operation, receipt } from '../../libs/http/openapi/operation.js';
import { Context as RequestContext } from '../../libs/http/request-context.js';
import type { WriteReceipt } from '../../libs/http/write-receipt.js';
import { defineInbound } from '../../libs/ingest/ingest.js';
import { causedBy } from '../../libs/kernel/command-context.js';
import type { StreamKind } from '../../libs/kernel/decider.js';
import { defineView } from '../../libs/projections/view.js';
import { defineConsumer } from '../../libs/subscriptions/consumer.js';

/* A context that no release has, with one of everything that a context can have. */

const feedbackId = EntityId('The feedback.');

const FeedbackGiven = defineEvent({
  type: 'FeedbackGiven',
  version: 1,
  summary: 'Somebody said what they think of the product.',
  contract: true,
  schema: eventData({ feedbackId, stars: Type.Integer({ minimum: 1, maximum: 5, description: 'How many stars.' }) }),
  example: { feedbackId: 'feedback-1', stars: 4 },
});

const FeedbackAnswered = defineEvent({
  type: 'FeedbackAnswered',
  version: 1,
  summary: 'The feedback was answered.',
  schema: eventData({ feedbackId }),
  example: { feedbackId: 'feedback-1' },
});

const feedbackEvents = [FeedbackGiven, FeedbackAnswered];
type FeedbackEvent = EventOf<(typeof feedbackEvents)[number]>;

interface Feedback {
  given: boolean;
  answered: boolean;
}

const feedbackStream: StreamKind<Feedback, FeedbackEvent> = {
  category: 'feedback',
  events: feedbackEvents,
  initial: { given: false, answered: false },
  evolve: (state, { type }) => ({ given: true, answered: state.answered || type === 'FeedbackAnswered' }),
};

export const feedbackView = defineView({
  name: 'feedback',
  version: 1,
  summary: 'All feedback and whether it was answered.',
  events: feedbackEvents,
  table: {
    name: 'feedback',
    key: 'feedback_id',
    columns: { feedback_id: { type: 'text' }, stars: { type: 'int4' }, answered: { type: 'bool' } },
  },
  keys: ({ data }) => [data.feedbackId],
  evolve(row: { feedback_id: string; stars: number; answered: boolean } | undefined, event) {
    if (event.type === 'FeedbackGiven')
      return { feedback_id: event.data.feedbackId, stars: event.data.stars, answered: row?.answered ?? false };
    return row && { ...row, answered: true };
  },
});

const answering = (transactor: Transactor) =>
  defineConsumer({
    name: 'answering',
    events: [FeedbackGiven],
    key: ({ data }) => data.feedbackId,
    async react(event) {
      const { feedbackId: id } = event.data;
      await transactor.transact(feedbackStream, id, causedBy(event, 'answering'), ({ answered }) =>
        answered ? [] : [{ type: 'FeedbackAnswered', data: { feedbackId: id } }],
      );
    },
  });

class GiveFeedback extends RequestCommand {
  @IsEntityId('The feedback.')
  feedbackId!: string;

  @IsInteger('How many stars.', 1, 5)
  stars!: number;
}

const GiveFeedbackHandler = decisionHandler(
  GiveFeedback,
  feedbackStream,
  (state, { feedbackId: id, stars }): FeedbackEvent[] =>
    state.given ? [] : [{ type: 'FeedbackGiven', data: { feedbackId: id, stars } }],
  (command) => command.feedbackId,
);

@Controller('v1/feedback')
class GiveFeedbackController extends CommandRoute {
  @Post()
  @Roles('service', 'administrator')
  @Operation('Stores what somebody thinks of the product', {
    example: { feedbackId: 'feedback-1', stars: 4 },
    answer: receipt('It is stored.'),
  })
  giveFeedback(@Body() feedback: GiveFeedback, @RequestContext() context: RequestContext) {
    return this.receipt(feedback.with({ context }));
  }
}

class CreateFeedbackTopics1799999999999 implements MigrationInterface {
  name = 'CreateFeedbackTopics1799999999999';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE feedback_topics (name text PRIMARY KEY)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE feedback_topics');
  }
}

const feedbackContext: Context = {
  name: 'feedback',
  events: feedbackEvents,
  streams: [feedbackStream],
  views: [feedbackView],
  consumers: ({ transactor }) => [answering(transactor)],
  commands: [GiveFeedbackHandler],
  inbound: (commands) => [
    defineInbound({
      event: FeedbackGiven,
      keys: (data) => [`feedback:${data.feedbackId}`],
      handle: (data, context) => commands.execute(new GiveFeedback().with({ ...data, context })),
    }),
  ],
  routes: [
    { name: 'Feedback', description: 'What people think of the product.', controllers: [GiveFeedbackController] },
  ],
  migrations: [CreateFeedbackTopics1799999999999],
};

const commands: CommandGroup = (program, run) => {
  program
    .command('feedback')
    .description('Gives feedback.')
    .argument('<id>')
    .argument('<stars>')
    .action(
      run(async ({ client, print }, _, feedbackId, stars) => {
        const given = await client.post<WriteReceipt>('/v1/feedback', { feedbackId, stars: Number(stars) });
        print(given, () => line`stored at position ${given.position}`);
        return undefined;
      }),
    );
};

/** The line of the list. */
export const feedback: ListedContext = {
  descriptor: async () => feedbackContext,
  cli: async () => ({ commands }),
};
