import type { Catalogue } from '../../libs/context/catalogue.js';
import type { ApiDescription } from '../../libs/http/openapi/api-description.js';
import { version } from '../composition/version.js';
import { operationsElsewhere } from './openapi/operation-groups.js';

const OPENAPI_DESCRIPTION = [
  'Access and enforcement for the staged rollout of a generative image product: a waitlist that is let in at a rate, access decisions, human review of flagged images, enforcement, and a log that anybody may replay.',
  'Send a credential as `Authorization: Bearer …`; each operation names the roles it admits.',
  'Errors are problem documents (RFC 9457): match on `type`, read `detail`.',
  'Positions are places in the one log, in digits. Every write answers one; an access decision takes it as `context.minPosition` and then knows of that write.',
].join('\n\n');

const ASYNCAPI_DESCRIPTION =
  'The events of Gatehouse as CloudEvents 1.0. They come in over POST /v1/events and go out over GET /v1/events, and come and go over topics of Kafka where the operators have set brokers. Personal fields are accepted and stored sealed, and never sent out, so a message that goes out has fewer fields than the same one coming in.';

/** What the documents of the API say of the whole. */
export const apiDescription = ({ groups, incoming, outgoing }: Catalogue): ApiDescription => ({
  title: 'Gatehouse',
  version,
  licence: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
  introduction: { openApi: OPENAPI_DESCRIPTION, asyncApi: ASYNCAPI_DESCRIPTION },
  groups,
  events: { incoming, outgoing },
  elsewhere: operationsElsewhere(),
});
