import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { InvalidSettings, readSettings, settingsTable, shownSettings } from './settings.js';

function wrongLines(env: Record<string, string>): readonly string[] {
  try {
    readSettings(env);
    return [];
  } catch (error) {
    if (error instanceof InvalidSettings) return error.lines;
    throw error;
  }
}

describe('settings', () => {
  it('have defaults and are frozen', () => {
    const settings = readSettings({ PATH: '/bin' });
    expect(settings).toMatchObject({
      host: '127.0.0.1',
      port: 8080,
      data: './data',
      reviewPanel: 1,
      scheduler: true,
      logLevel: 'info',
    });
    expect(settings.databaseUrl).toBeUndefined();
    expect(Object.isFrozen(settings)).toBe(true);
  });

  it('are parsed by kind; an empty value counts as unset', () => {
    const key = randomBytes(32);
    const settings = readSettings({
      GATEHOUSE_PORT: '0',
      GATEHOUSE_SCHEDULER: 'off',
      GATEHOUSE_HOST: '',
      GATEHOUSE_MASTER_KEY: key.toString('base64'),
    });
    expect(settings).toMatchObject({ port: 0, scheduler: false, host: '127.0.0.1' });
    expect(settings.masterKey?.equals(key)).toBe(true);
  });

  it('names every wrong variable at once, with its value and what is expected', () => {
    const lines = wrongLines({
      GATEHOUSE_PORT: '80a',
      GATEHOUSE_LOG_LEVEL: 'loud',
      GATEHOUSE_STALENESS_MS: '5',
      GATEHOUSE_SCHEDULER: 'yes',
    });
    expect(lines).toEqual([
      'GATEHOUSE_PORT is "80a", which is not an integer from 0 to 65535: correct it, or unset it to use the default',
      expect.stringContaining('GATEHOUSE_LOG_LEVEL is "loud"'),
      expect.stringContaining('GATEHOUSE_STALENESS_MS is "5"'),
      expect.stringContaining('GATEHOUSE_SCHEDULER is "yes"'),
    ]);
  });

  it('never shows the value of a secret', () => {
    const lines = wrongLines({ GATEHOUSE_MASTER_KEY: 'hunter2', GATEHOUSE_DATABASE_URL: 'mysql://me:hunter2@db/x' });
    expect(lines).toHaveLength(2);
    expect(lines.join()).not.toContain('hunter2');
  });

  it.each(['GATEHOUSE_OIDC_ISSUER', 'GATEHOUSE_PUBLIC_URL'])(
    'refuses credentials in %s, which administrators see, and does not show them',
    (variable) => {
      const audience: Record<string, string> = variable.includes('OIDC')
        ? { GATEHOUSE_OIDC_AUDIENCE: 'gatehouse' }
        : {};
      for (const url of [
        'https://me:hunter2@id.example',
        'https://hunter2@id.example/x',
        'http://:hunter2@id.example',
      ]) {
        const lines = wrongLines({ ...audience, [variable]: url });
        expect(lines).toEqual([
          expect.stringMatching(new RegExp(`^${variable} has .* without a user name.* password`)),
        ]);
        expect(lines.join()).not.toContain('hunter2');
      }
      expect(wrongLines({ ...audience, [variable]: 'https://id.example/a@b' })).toEqual([]);
    },
  );

  it.each([
    ['GATEHOUSE_PORT', 'postgres://me:hunter2@db/x'],
    ['GATEHOUSE_KAFKA_BROKERS', 'me:hunter2@broker:9092'],
  ])('never shows the password of an address that %s can’t be', (variable, value) => {
    const lines = wrongLines({ [variable]: value });
    expect(lines).toHaveLength(1);
    expect(lines.join()).not.toContain('hunter2');
  });

  it('says what became of a setting that was removed', () => {
    expect(wrongLines({ GATEHOUSE_POSTGRES_PORT: '5432' })).toEqual([
      expect.stringMatching(/^GATEHOUSE_POSTGRES_PORT is no setting any more: .* Unix socket .*Unset it$/),
    ]);
  });

  it('refuses an unknown variable and names the nearest known one', () => {
    expect(wrongLines({ GATEHOUSE_PROT: '1' })).toEqual([expect.stringContaining('did you mean GATEHOUSE_PORT?')]);
  });

  it('refuses an issuer without an audience', () => {
    expect(wrongLines({ GATEHOUSE_OIDC_ISSUER: 'https://id.example' })).toEqual([
      expect.stringContaining('GATEHOUSE_OIDC_AUDIENCE is not set'),
    ]);
  });

  it('names every missing part of a Kafka login, and never its password', () => {
    const login = {
      GATEHOUSE_KAFKA_SASL_MECHANISM: 'scram-sha-512',
      GATEHOUSE_KAFKA_USERNAME: 'gatehouse',
      GATEHOUSE_KAFKA_PASSWORD: 'hunter2',
    };
    expect(readSettings(login)).toMatchObject({ kafkaSaslMechanism: 'scram-sha-512', kafkaTls: false });
    expect(
      wrongLines({
        GATEHOUSE_KAFKA_SASL_MECHANISM: 'plain',
        GATEHOUSE_KAFKA_TLS: 'off',
        GATEHOUSE_KAFKA_CA_FILE: 'ca',
      }),
    ).toEqual([
      'GATEHOUSE_KAFKA_TLS is not set, but GATEHOUSE_KAFKA_CA_FILE is: set it to on, or unset GATEHOUSE_KAFKA_CA_FILE',
      expect.stringContaining('GATEHOUSE_KAFKA_USERNAME is not set'),
      expect.stringContaining('GATEHOUSE_KAFKA_PASSWORD is not set'),
    ]);
    const lines = wrongLines({ GATEHOUSE_KAFKA_PASSWORD: 'hunter2' });
    expect(lines).toEqual([expect.stringContaining('GATEHOUSE_KAFKA_SASL_MECHANISM is not set')]);
    expect(lines.join()).not.toContain('hunter2');
  });

  it('refuses to have addresses confirmed without a channel that sends the links', () => {
    const given = { GATEHOUSE_WAITLIST_CONFIRM_URL: 'https://example.org/confirm' };
    expect(wrongLines(given)).toEqual([expect.stringContaining('so nobody would get a link')]);
    const mail = { GATEHOUSE_NOTICE_SMTP_URL: 'smtp://mail', GATEHOUSE_NOTICE_FROM: 'a@b.example' };
    expect(readSettings({ ...given, ...mail }).waitlistConfirmUrl).toBe(given.GATEHOUSE_WAITLIST_CONFIRM_URL);
  });

  it('takes a mail server with its login and nothing else, and an address that mail is from', () => {
    const mail = (url: string, from: string) => ({ GATEHOUSE_NOTICE_SMTP_URL: url, GATEHOUSE_NOTICE_FROM: from });
    const given = mail('smtps://me:p%40ss@mail.example:465', 'The Gate <no-reply@gate.example>');
    expect(readSettings(given)).toMatchObject({
      noticeSmtpUrl: given.GATEHOUSE_NOTICE_SMTP_URL,
      noticeFrom: { name: 'The Gate', address: 'no-reply@gate.example' },
    });
    expect(readSettings(mail('smtp://mail', 'a@b.example')).noticeFrom).toEqual({ name: '', address: 'a@b.example' });
    for (const url of [
      'http://mail',
      'smtp://',
      'smtp://me:hunter2@mail?logger=true',
      'smtp://h/x',
      'smtp://a:hunter2%@h',
    ])
      expect(wrongLines(mail(url, 'a@b.example'))).toEqual([expect.stringMatching(/^GATEHOUSE_NOTICE_SMTP_URL has /)]);
    for (const from of ['a@b.example, c@d.example', 'x', 'A <a@b.example> B', 'A\r\nTo: <a@b.example>'])
      expect(wrongLines(mail('smtp://mail', from))).toEqual([
        expect.stringMatching(/^GATEHOUSE_NOTICE_FROM (is|has) /),
      ]);
    expect(wrongLines({ GATEHOUSE_NOTICE_SMTP_URL: 'smtp://me:hunter2@mail' })).toEqual([
      expect.stringMatching(/^GATEHOUSE_NOTICE_FROM is not set/),
    ]);
  });

  it('refuses a wait that does not end before the limit of an answer', () => {
    expect(wrongLines({ GATEHOUSE_ANSWER_LIMIT_MS: '2000' })).toEqual([
      'GATEHOUSE_ACCESS_WAIT_MS is 2000, which is not less than GATEHOUSE_ANSWER_LIMIT_MS, which is 2000: lower GATEHOUSE_ACCESS_WAIT_MS or raise GATEHOUSE_ANSWER_LIMIT_MS',
      expect.stringContaining('GATEHOUSE_DECISION_WAIT_MS is 5000'),
    ]);
    expect(wrongLines({ GATEHOUSE_DECISION_WAIT_MS: '12000' })).toHaveLength(1);
    expect(wrongLines({ GATEHOUSE_DECISION_WAIT_MS: '11999' })).toEqual([]);
    expect(wrongLines({ GATEHOUSE_DECISION_WAIT_MS: 'long' })).toEqual([expect.stringContaining('is not an integer')]);
  });

  it('renders a row of the documentation for each', () => {
    expect(settingsTable()).toContain(
      '| `GATEHOUSE_PORT` | `8080` | an integer from 0 to 65535 | Port of the HTTP server; 0 picks a free port |',
    );
  });

  describe('as an administrator may see them', () => {
    const shownFor = (variable: string, value: string) =>
      shownSettings(readSettings({ [variable]: value })).find((one) => one.variable === variable)?.value;

    it.each([
      [
        'GATEHOUSE_DATABASE_URL',
        'postgres://me:hunter2@db:5432/gatehouse?sslmode=require',
        'postgres://db:5432/gatehouse',
      ],
      ['GATEHOUSE_NOTICE_SMTP_URL', 'smtps://me:hunter2@mail.example:465', 'smtps://mail.example:465'],
      ['GATEHOUSE_EVENTSTORE_URL', 'esdb://admin:hunter2@a:2113,b:2113?tls=false', 'esdb://a:2113,b:2113'],
      ['GATEHOUSE_MASTER_KEY', randomBytes(32).toString('base64'), undefined],
      ['GATEHOUSE_KAFKA_PASSWORD', 'hunter2', undefined],
      ['GATEHOUSE_PORT', '9', '9'],
    ])('%s is shown without its secret', (variable, given, shown) => {
      const needed = { GATEHOUSE_KAFKA_USERNAME: 'me', GATEHOUSE_KAFKA_SASL_MECHANISM: 'plain' };
      const from = { GATEHOUSE_NOTICE_FROM: 'no-reply@gate.example' };
      const env = {
        ...{ [variable]: given },
        ...(variable.includes('KAFKA') && needed),
        ...(variable.includes('SMTP') && from),
      };
      const found = shownSettings(readSettings(env)).find((one) => one.variable === variable);
      expect(found).toMatchObject({ isSet: true, summary: expect.any(String) });
      expect(found!.value).toBe(shown);
    });

    it('never contain a password, whatever its characters and however it was written', () => {
      const unit = fc.constantFrom(...'aZ09:/?#@&=%+,;!*._-~[]{}^|"<>');
      const password = fc.string({ unit, minLength: 8, maxLength: 24 });
      const place = fc.constantFrom('%USER@h/d', 'h/d?password=%USER', '%USER@h:1,i:2/d?x=%USER');
      const schemes = fc.constantFrom(
        'DATABASE_URL postgres',
        'EVENTSTORE_URL esdb',
        'EVENTSTORE_URL kurrentdb+discover',
      );
      fc.assert(
        fc.property(password, place, schemes, fc.boolean(), (secret, form, variableAndScheme, isEncoded) => {
          const [name, scheme] = variableAndScheme.split(' ');
          const text = isEncoded ? encodeURIComponent(secret) : secret;
          const url = `${scheme}://${form.replaceAll('%USER', () => `me:${text}`)}`;
          let shown: string | undefined;
          try {
            shown = shownFor(`GATEHOUSE_${name}`, url);
          } catch {
            return; // not a valid setting
          }
          expect(shown ?? '').not.toContain(text);
        }),
        { numRuns: 2_000 },
      );
    });
  });
});
