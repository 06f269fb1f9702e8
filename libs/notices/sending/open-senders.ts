import type { Clock } from '../../kernel/clock.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { StartFailure } from '../../platform/start-failure.js';
import type { CHANNELS } from '../events.js';
import type { Sender } from './sender.js';
import { webhookKey } from './signature.js';
import { WebhookSender } from './webhook-sender.js';

export type Channel = (typeof CHANNELS)[number];

/** The channels that the settings configure. */
export const channelsOf = ({ noticeWebhookUrl }: Pick<Settings, 'noticeWebhookUrl'>): Channel[] =>
  noticeWebhookUrl === undefined ? [] : ['webhook'];

/** @throws StartFailure if a secret is not one of Standard Webhooks */
export function openSenders(settings: Settings, clock: Pick<Clock, 'now'>): Partial<Record<Channel, Sender>> {
  const { noticeWebhookUrl: url, noticeWebhookPrivate: isPrivateAllowed } = settings;
  const { noticeTimeoutMs: timeoutMs, noticeAppealUrl: appealUrl } = settings;
  if (url === undefined) return {};
  const target = { url, keys: keysOf(settings), isPrivateAllowed, timeoutMs, appealUrl };
  return { webhook: new WebhookSender(target, clock) };
}

function keysOf({ noticeWebhookSecret, noticeWebhookFormerSecret }: Settings): Buffer[] {
  const keys: Buffer[] = [];
  for (const [variable, secret] of [
    ['GATEHOUSE_NOTICE_WEBHOOK_SECRET', noticeWebhookSecret],
    ['GATEHOUSE_NOTICE_WEBHOOK_FORMER_SECRET', noticeWebhookFormerSecret],
  ] as const) {
    if (secret === undefined) continue;
    const key = webhookKey(secret);
    if (!key) {
      throw new StartFailure(
        'notice-secret-invalid',
        `${variable} is not 24 to 64 bytes in base64: create it with "openssl rand -base64 32", and give the receiver the same`,
      );
    }
    keys.push(key);
  }
  return keys;
}
