import type { Context } from '../context/context.js';
import { AccountHolds } from '../preservation/index.js';
import { erasureStream } from './erasure.js';
import { erasureEvents, keyEvents } from './events.js';
import { ApplyRetentionController, ApplyRetentionHandler } from './features/apply-retention.js';
import { CancelErasureHandler, ChangeErasureController, RequestErasureHandler } from './features/change-erasure.js';
import { ExportPersonController, ExportPersonHandler } from './features/export-person.js';
import { CloseRequestHandler, KeepRequestsController, ReceiveRequestHandler } from './features/keep-requests.js';
import { RotateRootKeyController, RotateRootKeyHandler } from './features/rotate-root-key.js';
import { keysStream } from './keys.js';
import { Erasing } from './processes/erasing.js';
import { lateErasing } from './processes/late-erasing.js';
import { RotatingRootKey } from './processes/rotating-root-key.js';
import { CountRetentionController, CountRetentionHandler } from './queries/count-retention.js';
import { erasureAgain, keysAgain, requestsAgain, rootKeyAgain } from './queries/erasure-again.js';
import { ErasureGauges } from './queries/erasure-gauges.js';
import { HeldSlices } from './queries/held-slices.js';
import { ListAccessesController, ListAccessesHandler } from './queries/list-accesses.js';
import { ListErasuresController, ListErasuresHandler } from './queries/list-erasures.js';
import { ListRequestsController, ListRequestsHandler } from './queries/list-requests.js';
import { ShowErasureController, ShowErasureHandler } from './queries/show-erasure.js';
import { ShowRootKeyController, ShowRootKeyHandler } from './queries/show-root-key.js';
import { requestEvents } from './request-events.js';
import { rootKeyStream } from './root-key.js';
import { rootKeyEvents } from './root-key-events.js';
import { requestStream } from './subject-request.js';
import { erasuresView } from './views/erasures.js';
import { subjectRequestsView } from './views/subject-requests.js';

export * from './events.js';
export { refuseOlderKeys } from './queries/newest-erasure.js';

export const erasureContext: Context = {
  name: 'erasure',
  events: [...erasureEvents, ...keyEvents, ...requestEvents, ...rootKeyEvents],
  streams: [erasureStream, keysStream, requestStream, rootKeyStream],
  decisionsAgain: [erasureAgain, keysAgain, requestsAgain, rootKeyAgain],
  views: [erasuresView, subjectRequestsView],
  consumers: ({ transactor, personKeys }) => [lateErasing(transactor, personKeys)],
  commands: [
    RequestErasureHandler,
    CancelErasureHandler,
    ListErasuresHandler,
    ShowErasureHandler,
    ApplyRetentionHandler,
    ExportPersonHandler,
    ListAccessesHandler,
    ReceiveRequestHandler,
    CloseRequestHandler,
    ListRequestsHandler,
    RotateRootKeyHandler,
    ShowRootKeyHandler,
    CountRetentionHandler,
  ],
  schedules: (ports) => {
    const { transactor, pool, log, settings, clock, personKeys } = ports;
    const holds = new AccountHolds(transactor, pool, log, settings, clock);
    // A process whose root key is a setting can't replace it: it leaves the work to one that can.
    const isFixed = personKeys.store.rootKey.keeper === 'setting';
    return [new Erasing({ ...ports, holds }), ...(isFixed ? [] : [new RotatingRootKey(ports)])];
  },
  routes: [
    {
      name: 'Erasure',
      description:
        'What is stored of people: their requests about it, its export, who read it, and its erasure. Personal data becomes unreadable by destroying its keys, which are outside of the database. The log stays as it is.',
      controllers: [
        ChangeErasureController,
        ListErasuresController,
        ShowErasureController,
        ExportPersonController,
        ListAccessesController,
        KeepRequestsController,
        ListRequestsController,
        ApplyRetentionController,
        CountRetentionController,
        RotateRootKeyController,
        ShowRootKeyController,
      ],
    },
  ],
  services: [ErasureGauges, HeldSlices],
};
