import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { CERTIFICATE, startMailServer } from '../../../test/support/mail-server.js';
import type { Holder } from '../../account/index.js';
import { NoticeQueued } from '../events.js';
import type { Notice } from '../notice.js';
import { EmailSender, type MailServer } from './email-sender.js';
import type { SendError } from './sender.js';

const ID = '0196e0f0-0000-8000-8000-000000000001';
const NOW = Date.parse('2022-05-19T10:20:00Z');
const notice = (change: object = {}): Notice => ({ ...NoticeQueued.example, noticeId: ID, ...change }) as Notice;

let server: Awaited<ReturnType<typeof startMailServer>>;
beforeAll(async () => {
  server = await startMailServer();
});
afterEach(() => {
  server.received.length = 0;
  for (const name of ['refuse', 'isSilent'] as const) delete server.behaviour[name];
});
afterAll(() => server.close());

const holder = (email: string): Holder => ({ accountId: 'acc-1', email, locale: null });
function senderTo(found: Holder, change: Partial<MailServer> = {}): EmailSender {
  const target: MailServer = {
    url: `smtp://gate:s3cret%2F%C3%B6@${server.place}`,
    authority: CERTIFICATE,
    isPlainAllowed: false,
    from: { name: 'Gatehouse', address: 'no-reply@gate.example' },
    timeoutMs: 20_000,
    links: { appealUrl: 'https://example.org/appeal' },
    ...change,
  };
  return new EmailSender(target, async () => found, { now: () => NOW });
}

/** How sending fails. */
const failure = (sender: EmailSender): Promise<SendError> =>
  sender.send(notice()).then(
    () => Promise.reject(new Error('it was sent')),
    (error) => error,
  );

describe('an e-mail', () => {
  it('is sent encrypted and with the login, as text in the language of the notice', async () => {
    await senderTo(holder('Ada@Example.org')).send(notice({ language: 'de' }));
    const [mail, ...others] = server.received;
    expect(others).toEqual([]);
    expect(mail).toMatchObject({
      from: 'no-reply@gate.example',
      to: ['Ada@example.org'],
      isEncrypted: true,
      user: 'gate',
    });
    const headers = Object.fromEntries(mail!.headers);
    expect(headers).toMatchObject({
      from: 'Gatehouse <no-reply@gate.example>',
      to: 'Ada@example.org',
      subject: 'Eine Entscheidung zu Ihrem Konto',
      'content-type': expect.stringMatching(/^text\/plain; charset=utf-8/),
      'content-language': 'de',
      'auto-submitted': 'auto-generated',
      'message-id': `<${ID}@gate.example>`,
      date: 'Thu, 19 May 2022 10:20:00 +0000',
    });
    expect(mail!.text).toMatch(/deaktiviert\.[\s\S]*für falsch[\s\S]*https:\/\/example\.org\/appeal/);
  });

  it('has the same id each time that it is sent', async () => {
    await senderTo(holder('ada@example.org')).send(notice());
    await senderTo(holder('ada@example.org')).send(notice());
    const ids = server.received.map(({ headers }) => Object.fromEntries(headers)['message-id']);
    expect(ids).toEqual([`<${ID}@gate.example>`, `<${ID}@gate.example>`]);
  });

  it.each([
    { reason: 'fair\r\nBcc: eve@example.com\r\n\r\n.\r\nMAIL FROM:<eve@example.com>' },
    { clause: 'violent\r\nTo: eve@example.com', outcome: 'denied' },
    { language: 'en', enforcementId: 'img\nSubject: prize' },
  ])('gets no header and no recipient from what it says: %j', async (change) => {
    await senderTo(holder('ada@example.org')).send(notice({ kind: 'appeal-decided', outcome: 'denied', ...change }));
    expect(server.received).toHaveLength(1);
    const [{ to, headers }] = server.received as [(typeof server.received)[number]];
    expect(to).toEqual(['ada@example.org']);
    const names = headers.map(([name]) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.sort()).toEqual(
      [
        ...['from', 'to', 'subject', 'message-id', 'date', 'mime-version', 'content-type', 'content-language'],
        ...['content-transfer-encoding', 'auto-submitted'],
      ].sort(),
    );
    expect(Object.fromEntries(headers)).toMatchObject({ to: 'ada@example.org', subject: 'Your appeal was decided' });
  });

  it('goes to a domain in Unicode as mail servers know it', async () => {
    await senderTo(holder('ada@bücher.example.')).send(notice());
    // The server shows a domain in Unicode, without the final dot that it would refuse.
    expect(server.received[0]!.to).toEqual(['ada@bücher.example']);
  });
});

describe('nobody is written to', () => {
  it.each([
    [{ accountId: 'acc-1', why: 'erased' }, 'the person was erased'],
    [{ accountId: 'acc-1', why: 'no-address' }, 'the person has no address'],
    [holder('ada@example.org, eve@example.org'), 'the person’s address names no mailbox'],
    [holder('ada@example.org\r\nRCPT TO:<eve@example.org>'), 'the person’s address names no mailbox'],
  ] as [Holder, string][])('%j', async (found, message) => {
    expect(await failure(senderTo(found))).toMatchObject({ message, isPermanent: true, isSkipped: true });
    expect(server.received).toEqual([]);
  });

  it('while an event of the account, which may change the address, can’t be read', async () => {
    const error = await failure(senderTo({ accountId: 'acc-1', why: 'unreadable' }));
    expect(error).toMatchObject({ isPermanent: false, isSkipped: false });
  });
});

describe('a failure', () => {
  it.each([
    [{ recipient: 550 }, 'the mail server answers 550 to RCPT TO', true],
    [{ recipient: 450 }, 'the mail server answers 450 to RCPT TO', false],
    [{ message: 554 }, 'the mail server answers 554 to DATA', true],
    [{ message: 451 }, 'the mail server answers 451 to DATA', false],
    [{ sender: 550 }, 'the mail server answers 550 to MAIL FROM', false],
    [{ login: 535 }, 'the mail server refuses the login (535): correct GATEHOUSE_NOTICE_SMTP_URL', false],
  ])('by %j is %s, permanent: %s', async (refuse, message, isPermanent) => {
    server.behaviour.refuse = refuse;
    const error = await failure(senderTo(holder('ada@example.org')));
    expect(error).toMatchObject({ message, isPermanent, isSkipped: false });
    expect(error.message).not.toContain('ada');
  });

  it('that says that there is no such mailbox is nobody to write to, unlike a server that relays nothing', async () => {
    const fail = () => failure(senderTo(holder('ada@example.org')));
    server.behaviour.refuse = { recipient: 550, enhanced: '5.1.1' };
    const message = 'the mail server says that there is no such mailbox (5.1.1)';
    expect(await fail()).toMatchObject({ message, isPermanent: true, isSkipped: true });
    server.behaviour.refuse = { recipient: 550, enhanced: '5.7.1' };
    expect(await fail()).toMatchObject({ isPermanent: true, isSkipped: false });
    server.behaviour.refuse = { recipient: 450, enhanced: '4.2.1' };
    expect(await fail()).toMatchObject({ isPermanent: false, isSkipped: false });
  });

  it('ends after the time limit if the server accepts the connection and does not answer', async () => {
    server.behaviour.isSilent = true;
    const error = await failure(senderTo(holder('ada@example.org'), { timeoutMs: 200 }));
    expect(error).toMatchObject({ message: 'the mail server did not accept it within 200 ms', isPermanent: false });
  });

  it('is retried if no server listens', async () => {
    const gone = await startMailServer();
    await gone.close();
    const error = await failure(senderTo(holder('ada@example.org'), { url: `smtp://${gone.place}` }));
    expect(error).toMatchObject({ message: "the mail server can't be reached (ECONNREFUSED)", isPermanent: false });
  });

  it('sends nothing without a trusted certificate', async () => {
    const error = await failure(senderTo(holder('ada@example.org'), { authority: undefined }));
    const message = "the mail server can't be reached (DEPTH_ZERO_SELF_SIGNED_CERT)";
    expect(error).toMatchObject({ message, isPermanent: false });
    expect(server.received).toEqual([]);
  });

  it('sends nothing unencrypted, and no password, unless that is allowed', async () => {
    const plain = await startMailServer({ isPlain: true });
    try {
      const url = `smtp://${plain.place}`;
      expect((await failure(senderTo(holder('ada@example.org'), { url }))).message).toMatch(/can't be encrypted/);
      expect(plain.received).toEqual([]);
      await senderTo(holder('ada@example.org'), { url, isPlainAllowed: true }).send(notice());
      expect(plain.received).toMatchObject([{ isEncrypted: false, to: ['ada@example.org'] }]);
      const login = senderTo(holder('ada@example.org'), { url: `smtp://a:b@${plain.place}`, isPlainAllowed: true });
      expect((await failure(login)).message).toMatch(/refuses the login/);
    } finally {
      await plain.close();
    }
  });
});
