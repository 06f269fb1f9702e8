import { evaluation } from './evaluations.mjs';
import { openConnection, requestBytes } from './http-connection.mjs';
import { memberId } from './loading.mjs';
import { onConnection } from './postgres.mjs';
import { batchRequest, expectAccepted } from './posting.mjs';

const BATCH = 500;
const SOURCE = '/review-tool';
/** The maximum wait for a deny. */
const PATIENCE_MS = 30_000;

const caseOf = (number) => `review-${memberId(number)}`;

/** An open case of each of the first members. */
export async function flagAnImageOfEach(standalone, count) {
  const time = new Date().toISOString();
  const about = (number) => ({ imageId: caseOf(number), accountId: memberId(number) });
  const facts = Array.from({ length: count }, (_, number) => [
    { id: `made-${number}`, type: 'ImageGenerated', data: about(number), time },
    {
      id: `flag-${number}`,
      type: 'ContentFlagged',
      data: { ...about(number), flaggedBy: 'detector-1', flaggerKind: 'detector', categories: ['violent'] },
      time,
    },
  ]).flat();
  const connection = await openConnection(standalone.url);
  for (let first = 0; first < facts.length; first += BATCH) {
    const some = facts.slice(first, first + BATCH);
    expectAccepted(await connection.ask(batchRequest(standalone.token, some)), some.length);
  }
  connection.close();
}

/**
 * Sends the confirmation of a member's case, then evaluations one after the other until one is a deny.
 * @returns when it was sent and denied, in epoch milliseconds
 */
export async function denialOf({ url, token }, number) {
  const accountId = memberId(number);
  const question = evaluation(token, accountId, 'generate');
  const [sender, asker] = await Promise.all([openConnection(url), openConnection(url)]);
  const permitted = await asker.ask(question);
  if (!permitted.includes('"decision":true')) throw new Error(`${accountId} was denied too early: ${permitted}`);

  const confirmed = {
    caseId: caseOf(number),
    imageId: caseOf(number),
    accountId,
    categories: ['violent'],
    reviewers: ['reviewer-1'],
  };
  const json = {
    specversion: '1.0',
    id: `confirmed-${number}`,
    source: SOURCE,
    type: 'ReviewConfirmed',
    data: confirmed,
  };
  const sentAt = Date.now();
  const sent = sender.ask(
    requestBytes('POST', '/v1/events', { token, json, mediaType: 'application/cloudevents+json' }),
  );
  while (!(await asker.ask(question)).includes('"reason":"account-deactivated"')) {
    if (Date.now() - sentAt > PATIENCE_MS) throw new Error(`${accountId} is not denied; answered: ${await sent}`);
  }
  const deniedAt = Date.now();
  expectAccepted(await sent, 1);
  for (const connection of [sender, asker]) connection.close();
  return { accountId, sentAt, deniedAt };
}

export const ENFORCEMENT_STEPS = ['ReviewConfirmed', 'EnforcementOrdered', 'AccountDeactivated'];

/** When each account's steps were stored, in epoch milliseconds of this machine's clock. */
export async function storedAt(connection) {
  const { rows } = await onConnection(connection, (client) =>
    client.query(
      `SELECT data->>'accountId' AS account, type, extract(epoch FROM recorded_at) * 1000 AS at
       FROM log.events WHERE type = ANY($1)`,
      [ENFORCEMENT_STEPS],
    ),
  );
  const times = new Map();
  for (const { account, type, at } of rows) times.set(account, { ...times.get(account), [type]: Number(at) });
  return times;
}
