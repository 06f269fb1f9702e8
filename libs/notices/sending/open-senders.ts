import type { Clock } from '../../kernel/clock.js';
import { readAuthority } from '../../platform/authority-file.js';
import type { Settings } from '../../platform/configuration/settings.js';
import { StartFailure } from '../../platform/start-failure.js';
import type { CHANNELS } from '../events.js';
import { type Links, linksOf, type Tokens } from '../templates/template.js';
import { EmailSender, type FindHolder } from './email-sender.js';
import type { Sender } from './sender.js';
import { webhookKey } from './signature.js';
import { WebhookSender } from './webhook-sender.js';

export type Channel = (typeof CHANNELS)[number];

/** The channels that the settings configure. */
export const channelsOf = ({
  noticeWebhookUrl,
  noticeSmtpUrl,
}: Pick<Settings, 'noticeWebhookUrl' | 'noticeSmtpUrl'>): Channel[] => [
  ...(noticeWebhookUrl === undefined ? [] : ['webhook' as const]),
  ...(noticeSmtpUrl === undefined ? [] : ['email' as const]),
];

/** @throws StartFailure if a secret is not one of Standard Webhooks, or the file of the mail server's authority can't be read */
export const openSenders = (
  settings: Settings,
  clock: Pick<Clock, 'now'>,
  findHolder: FindHolder,
  tokens: Tokens,
): Record<Channel, Sender | undefined> => ({
  webhook: openWebhook(settings, clock, linksOf(settings, tokens)),
  email: openEmail(settings, clock, findHolder, linksOf(settings, tokens)),
});

function openWebhook(settings: Settings, clock: Pick<Clock, 'now'>, links: Links): Sender | undefined {
  const { noticeWebhookUrl: url, noticeWebhookPrivate: isPrivateAllowed } = settings;
  const { noticeTimeoutMs: timeoutMs } = settings;
  if (url === undefined) return undefined;
  return new WebhookSender({ url, keys: keysOf(settings), isPrivateAllowed, timeoutMs, links }, clock);
}

function openEmail(
  settings: Settings,
  clock: Pick<Clock, 'now'>,
  findHolder: FindHolder,
  links: Links,
): Sender | undefined {
  const { noticeSmtpUrl: url, noticeSmtpCaFile: file, noticeSmtpPlain: isPlainAllowed, noticeFrom: from } = settings;
  const { noticeTimeoutMs: timeoutMs } = settings;
  if (url === undefined || from === undefined) return undefined;
  const authority =
    file === undefined ? undefined : readAuthority('GATEHOUSE_NOTICE_SMTP_CA_FILE', file, 'notice-ca-unreadable');
  return new EmailSender({ url, authority, isPlainAllowed, from, timeoutMs, links }, findHolder, clock);
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
