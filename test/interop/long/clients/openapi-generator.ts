/* Calls the server with the TypeScript client of openapi-generator. */

import { AccessApi, AccountsApi, Configuration, EventsApi, ResponseError, WaitlistApi } from './client/index.js';

const { GATEHOUSE_URL: basePath = '', GATEHOUSE_TOKEN: accessToken = '' } = process.env;
const configuration = new Configuration({ basePath, accessToken });

const joined = await new WaitlistApi(configuration).joinWaitlist({ joinWaitlistBody: { email: 'ts@example.org' } });
const accountId = joined.accountId!;
const evaluation = await new AccessApi(configuration).evaluate({
  evaluationRequest: {
    subject: { type: 'account', id: accountId },
    action: { name: 'generate' },
    resource: { type: 'product', id: 'images' },
  },
});
const { results } = await new EventsApi(configuration).sendEvents({
  incomingEvent: {
    specversion: '1.0',
    id: '1',
    source: '/ts',
    type: 'ImageShared',
    data: { imageId: 'img-ts', accountId },
  },
});
const problem = await new AccountsApi(configuration).showAccount({ id: 'nobody' }).then(
  () => undefined,
  async (error: ResponseError) => {
    const { type } = (await error.response.json()) as { type: string };
    return [error.response.status, type.split('/').at(-1)];
  },
);
const { events } = await new EventsApi(configuration).readFeed();

console.log(
  JSON.stringify({
    decision: evaluation.decision,
    hasReason: Boolean(evaluation.context.reason),
    outcome: results[0]?.outcome,
    problem,
    feed: events.some(({ type }) => type === 'WaitlistJoined'),
  }),
);
