import type { Catalogue } from '../../libs/context/catalogue.js';
import type { ApiDescription } from '../../libs/http/openapi/api-description.js';
import { version } from '../composition/version.js';

const OPENAPI_DESCRIPTION = [
  'Access and enforcement for the staged rollout of a generative image product: onboarding from a waitlist at a set rate, access decisions, human review of flagged images, enforcement, and a log that can be replayed and verified.',
  'Send a credential as `Authorization: Bearer …`; each operation names the roles it admits.',
  'Errors are problem documents (RFC 9457): match on `type`, read `detail`.',
  'A trace (W3C Trace Context) continues from `traceparent` and `tracestate` into the events that a request causes. Every answer names it in the header `traceresponse`; without a valid `traceparent` it starts with the request.',
  'A position is a place in the log, as a string of digits. Every write returns one. Pass it to an access decision as `context.minPosition`, and the decision includes that write; a read waits for it as its parameter `minPosition`. An answer that comes from the log or a view has its `position`.',
  'What can be edited is shown with an `etag`, also as the header `ETag`. Send it as `If-Match` with the edit: if somebody else made a change meanwhile, it is refused with 412 `changed-meanwhile`, which names who made the last change, when and by which event, and has the present `etag`. Without the header, the last change wins. An edit that finds everything as it wants it succeeds, whatever the header says.',
  'Every answer names the epoch of the log in the header `Gatehouse-Log-Epoch`; a restore of the log begins another one. Keep positions as `EPOCH-digits`, like `9c1f03ab55d2-1042`: after a restore they are refused with 410 `position-gone`. Plain digits are refused only while the log does not reach them.',
].join('\n\n');

const ASYNCAPI_DESCRIPTION =
  'The events of Gatehouse as CloudEvents 1.0. They are accepted by POST /v1/events and published by GET /v1/events and, if brokers are configured, over Kafka topics. Personal fields are accepted, stored encrypted and never published, so a published message has fewer fields than an accepted one.';

/** What the documents of the API say about the whole API. */
export const apiDescription = ({ groups, incoming, outgoing }: Catalogue): ApiDescription => ({
  title: 'Gatehouse',
  version,
  licence: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
  introduction: { openApi: OPENAPI_DESCRIPTION, asyncApi: ASYNCAPI_DESCRIPTION },
  groups,
  events: { incoming, outgoing },
});
