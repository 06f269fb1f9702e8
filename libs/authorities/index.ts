import type { Context } from '../context/context.js';
import { authoritiesStream } from './authorities.js';
import { authorityEvents } from './events.js';
import {
  RecordAuthoritiesController,
  RecordDisputeHandler,
  RecordOrderHandler,
  SetTrustedFlaggerHandler,
} from './features/record-authorities.js';
import { authoritiesAgain } from './queries/authorities-again.js';
import { ShowAuthoritiesController, ShowAuthoritiesHandler } from './queries/show-authorities.js';

export * from './events.js';

export const authoritiesContext: Context = {
  name: 'authorities',
  events: authorityEvents,
  streams: [authoritiesStream],
  decisionsAgain: [authoritiesAgain],
  commands: [RecordOrderHandler, RecordDisputeHandler, SetTrustedFlaggerHandler, ShowAuthoritiesHandler],
  routes: [
    {
      name: 'Authorities',
      description:
        'What comes from authorities and out-of-court bodies under the EU Digital Services Act, as operators record it; the transparency report counts it.',
      controllers: [ShowAuthoritiesController, RecordAuthoritiesController],
    },
  ],
};
