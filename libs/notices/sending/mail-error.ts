import { SendError } from './sender.js';

/** What the mail client says of a failure. */
export interface MailError {
  code?: string;
  /** The code before the client's own one. */
  originalCode?: string;
  /** Of the server's answer, and whether it is final (RFC 5321: 5xx). */
  responseCode?: number;
  permanent?: boolean;
  /** The command that was answered. */
  command?: string;
  /** The server's answer. */
  response?: string;
}

/** The commands that are about this message. A refusal of another one is about this sender, and fixed by its operator. */
const ABOUT_THE_MESSAGE = ['RCPT TO', 'DATA'];
const AUTHENTICATION_REQUIRED = 530;
/** Enhanced codes (RFC 3463, RFC 7505) of a mailbox or a domain that does not exist, has moved, or is disabled. */
const NO_MAILBOX = /^5\d\d[ -](5\.1\.(?:1|2|3|6|10)|5\.2\.1)\b/;

/** Without the words of the client and of the server, which often name the address. */
export function mailError(error: MailError): SendError {
  const { code, originalCode, responseCode, permanent, command = '', response = '' } = error;
  const cause = responseCode ?? originalCode ?? code ?? 'unknown error';
  if (code === 'EAUTH' || code === 'ENOAUTH' || responseCode === AUTHENTICATION_REQUIRED)
    return new SendError(`the mail server refuses the login (${cause}): correct GATEHOUSE_NOTICE_SMTP_URL`);
  if (code === 'ETLS')
    return new SendError(
      `the connection to the mail server can't be encrypted (${cause}): see docs/operations/notices.md`,
    );
  const [, noMailbox] = (command === 'RCPT TO' && NO_MAILBOX.exec(response)) || [];
  if (noMailbox !== undefined)
    return new SendError(`the mail server says that there is no such mailbox (${noMailbox})`, true, true);
  if (responseCode !== undefined)
    return new SendError(
      `the mail server answers ${responseCode} to ${command || 'the connection'}`,
      permanent === true && ABOUT_THE_MESSAGE.includes(command),
    );
  // Without an answer these are about the address: the server has no way to write to it.
  if (code === 'EENVELOPE' || code === 'EMESSAGE') return new SendError(`the mail can't be addressed (${cause})`, true);
  return new SendError(`the mail server can't be reached (${cause})`);
}
