import { integer, webUrl } from './setting-kinds.js';

/** Which changes of the rate one person may make alone, and how invited people are written to. */
export const rolloutSettings = {
  rateConfirmPercent: integer(200, 100, 100_000).means(
    'A raise of the rate to more than this percentage of the present one has to be confirmed by naming the figure',
  ),
  ratePerWeekAlone: integer(10_000_000, 0, 10_000_000).means(
    'Highest rate, in people a week, that one person may set; a raise above it needs the approval of another person',
  ),
  invitationReminderDays: integer(2, 0, 60).means(
    'Days before the end of an invitation at which people who have not answered are reminded once; 0 for no reminder. Shorter invitations have none',
  ),
  noticeAcceptUrl: webUrl().means(
    'Where people accept an invitation: `account` and `token` are added to its query. If unset, invitations and reminders notify nobody',
  ),
  waitlistConfirmUrl: webUrl().means(
    'Where people confirm their address: `account` and `token` are added to its query. If set, people who join from now on get a link, and are not chosen before the address is confirmed; needs a channel for notices',
  ),
  waitlistConfirmHours: integer(72, 1, 720).means('Hours for which such a link is valid'),
};
