/* Calls the server with openapi-fetch, by the types of openapi-typescript. */

import createClient from 'openapi-fetch';
import type { paths } from './schema.js';

const client = createClient<paths>({
  baseUrl: process.env.GATEHOUSE_URL ?? '',
  headers: { authorization: `Bearer ${process.env.GATEHOUSE_TOKEN}` },
});

const { data: joined } = await client.POST('/v1/waitlist', { body: { email: 'fetch@example.org' } });
const accountId = joined!.accountId!;
const { data: evaluation } = await client.POST('/access/v1/evaluation', {
  body: {
    subject: { type: 'account', id: accountId },
    action: { name: 'generate' },
    resource: { type: 'product', id: 'images' },
  },
});
const { data: sent } = await client.POST('/v1/events', {
  body: {
    specversion: '1.0',
    id: '1',
    source: '/fetch',
    type: 'ImageShared',
    data: { imageId: 'img-fetch', accountId },
  },
});
const { error } = await client.GET('/v1/accounts/{id}', { params: { path: { id: 'nobody' } } });
const { data: page } = await client.GET('/v1/events');

console.log(
  JSON.stringify({
    decision: evaluation?.decision,
    hasReason: Boolean(evaluation?.context.reason),
    outcome: sent?.results[0]?.outcome,
    problem: [error?.status, error?.type.split('/').at(-1)],
    // A string is the other media type of the feed, a stream.
    feed: typeof page === 'object' && page.events.some(({ type }) => type === 'WaitlistJoined'),
  }),
);
