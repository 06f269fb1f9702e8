import type { Context } from '../context/context.js';
import { AccountHolds } from '../preservation/index.js';
import { erasureStream } from './erasure.js';
import { erasureEvents, keyEvents } from './events.js';
import { CancelErasureHandler, ChangeErasureController, RequestErasureHandler } from './features/change-erasure.js';
import { keysStream } from './keys.js';
import { Erasing } from './processes/erasing.js';
import { ListErasuresController, ListErasuresHandler } from './queries/list-erasures.js';
import { ShowErasureController, ShowErasureHandler } from './queries/show-erasure.js';
import { erasuresView } from './views/erasures.js';

export * from './events.js';
export { refuseOlderKeys } from './queries/newest-erasure.js';

export const erasureContext: Context = {
  name: 'erasure',
  events: [...erasureEvents, ...keyEvents],
  streams: [erasureStream, keysStream],
  views: [erasuresView],
  commands: [RequestErasureHandler, CancelErasureHandler, ListErasuresHandler, ShowErasureHandler],
  schedules: (ports) => {
    const { transactor, pool, log, settings, clock } = ports;
    return [new Erasing({ ...ports, holds: new AccountHolds(transactor, pool, log, settings, clock) })];
  },
  routes: [
    {
      name: 'Erasure',
      description:
        'Personal data becomes unreadable by destroying its keys, which are outside of the database. The log stays as it is.',
      controllers: [ChangeErasureController, ListErasuresController, ShowErasureController],
    },
  ],
};
