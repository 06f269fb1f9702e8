import { createTransport, type SMTPTransportOptions, type Transporter } from 'nodemailer';
import type { Holder } from '../../account/index.js';
import type { Clock } from '../../kernel/clock.js';
import { InvalidAddress, mailboxOf } from '../../platform/personal-data/mailbox.js';
import type { Notice } from '../notice.js';
import { messageOf } from '../templates/message.js';
import type { Links } from '../templates/template.js';
import { type MailError, mailError } from './mail-error.js';
import { SendError, type Sender } from './sender.js';

export interface MailServer {
  /** smtp:// or smtps://, with a user name and a password if it needs them. */
  url: string;
  /** The certificates of a private authority, in PEM. */
  authority?: string | undefined;
  /** Whether it may do without encryption. */
  isPlainAllowed: boolean;
  from: { name: string; address: string };
  timeoutMs: number;
  links?: Links | undefined;
}

/** Finds how to write to the holder of an account. It is asked when a notice is sent, and its answer is not kept. */
export type FindHolder = (accountId: string) => Promise<Holder>;

/** Sends notices by e-mail, each over a connection of its own. Nobody is written to who was erased or has no address. */
export class EmailSender implements Sender {
  private readonly transport: Pick<Transporter, 'sendMail'>;

  constructor(
    private readonly server: MailServer,
    private readonly findHolder: FindHolder,
    private readonly clock: Pick<Clock, 'now'>,
  ) {
    this.transport = createTransport(transportOptions(server));
  }

  async send(notice: Notice): Promise<void> {
    const { from, timeoutMs, links } = this.server;
    const to = [{ name: '', address: recipient(await this.findHolder(notice.accountId)) }];
    const limit = AbortSignal.timeout(timeoutMs);
    try {
      await this.transport.sendMail({
        ...{ from, to, ...messageOf(notice, links) },
        // As objects, they are one address each whatever they contain.
        envelope: { from: { name: '', address: from.address }, to },
        // The same for each attempt, so that a mailbox can recognize a message that comes twice.
        messageId: `<${notice.noticeId}@${from.address.split('@').at(-1)}>`,
        date: new Date(this.clock.now()),
        // RFC 3834: an absence assistant does not answer it.
        headers: { 'auto-submitted': 'auto-generated', 'content-language': notice.language },
        signal: limit,
      });
    } catch (error) {
      if (limit.aborted) throw new SendError(`the mail server did not accept it within ${timeoutMs} ms`);
      throw mailError(error as MailError);
    }
  }
}

function transportOptions({ url, authority, isPlainAllowed, timeoutMs }: MailServer): SMTPTransportOptions {
  const { protocol, hostname, port, username, password } = new URL(url);
  const latest = 2 * timeoutMs;
  const isLogin = username !== '' || password !== '';
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? undefined : Number(port),
    secure: protocol === 'smtps:',
    requireTLS: !isPlainAllowed,
    ...(isLogin && {
      auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) },
      forceAuth: true,
    }),
    ...(authority !== undefined && { tls: { ca: authority } }),
    // Longer than the limit of the whole, which ends it with an error of its own.
    ...{ connectionTimeout: latest, greetingTimeout: latest, socketTimeout: latest, dnsTimeout: latest },
    // What is sent is never the content of a file or of an address that a notice names.
    ...{ disableFileAccess: true, disableUrlAccess: true },
    // Its log has addresses.
    logger: false,
  };
}

const WHY_NOT = {
  erased: 'the person was erased',
  'no-address': 'the person has no address',
  deactivated: 'the account is deactivated',
} as const;

/** @throws SendError if there is nobody to write to */
function recipient(holder: Holder): string {
  if ('email' in holder) return spelled(holder.email);
  // Another address may be in it.
  if (holder.why === 'unreadable') throw new SendError('an event of the account can’t be read');
  throw new SendError(WHY_NOT[holder.why], true, true);
}

/** The address as the person wrote it, with the domain as mail servers know it. */
function spelled(email: string): string {
  try {
    return `${email.slice(0, email.lastIndexOf('@'))}@${mailboxOf(email).domain}`;
  } catch (error) {
    if (error instanceof InvalidAddress) throw new SendError('the person’s address names no mailbox', true, true);
    throw error;
  }
}
