import { AddressBook, confirmationToken, invitationToken } from '../account/index.js';
import type { Context } from '../context/context.js';
import { CHANNELS, noticeEvents } from './events.js';
import { RedeliverNoticeController, RedeliverNoticeHandler } from './features/redeliver-notice.js';
import { noticeStream } from './notice.js';
import { noticeQueueing } from './processes/queueing.js';
import { NoticeSending } from './processes/sending.js';
import { ListNoticesController, ListNoticesHandler } from './queries/list-notices.js';
import { NoticeGauges } from './queries/notice-gauges.js';
import { noticesAgain } from './queries/notices-again.js';
import { Reporters } from './queries/reporters.js';
import { ShowNoticeController, ShowNoticeHandler } from './queries/show-notice.js';
import { channelsOf, openSenders } from './sending/open-senders.js';
import { notedReportersView } from './views/noted-reporters.js';
import { noticesView } from './views/notices.js';

export const noticesContext: Context = {
  name: 'notices',
  events: noticeEvents,
  streams: [noticeStream],
  decisionsAgain: [noticesAgain],
  views: [noticesView, notedReportersView],
  consumers: ({ store, pool, viewReader, transactor, ownEventIds, clock, settings }) => [
    noticeQueueing({
      ...{ store, transactor, ownEventIds, clock },
      reporters: new Reporters(store, pool, viewReader, settings.decisionWaitMs),
      channels: channelsOf(settings),
      language: settings.noticeLanguage,
      appealWindowDays: settings.appealWindowDays,
      hasAcceptLink: settings.noticeAcceptUrl !== undefined,
    }),
  ],
  schedules: (ports) => {
    const { store, personKeys, ownEventIds, clock, settings } = ports;
    const addresses = new AddressBook(store, personKeys);
    const senders = openSenders(settings, clock, (accountId) => addresses.holderOf(accountId), {
      ofInvitation: (accountId, batchId) => invitationToken(ownEventIds, accountId, batchId),
      ofConfirmation: (accountId, requestId) => confirmationToken(ownEventIds, accountId, requestId),
    });
    return CHANNELS.map((channel) => new NoticeSending(channel, senders[channel], ports));
  },
  commands: [ListNoticesHandler, ShowNoticeHandler, RedeliverNoticeHandler],
  routes: [
    {
      name: 'Notices',
      description:
        'People are notified of decisions about their account or about what they flagged: by webhooks to a service of yours, and by e-mail.',
      controllers: [ListNoticesController, ShowNoticeController, RedeliverNoticeController],
    },
  ],
  services: [NoticeGauges],
};
