import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

/** Of localhost and 127.0.0.1, signed by itself; for these specs only. */
export const CERTIFICATE = `
-----BEGIN CERTIFICATE-----
MIIBZjCCAQ2gAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhv
c3QwIBcNMjIwMTAxMDAwMDAwWhgPMjEyMjAxMDEwMDAwMDBaMBQxEjAQBgNVBAMM
CWxvY2FsaG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABD6YNpP616d7gwlv
JfJNVrCDsD/9Mm4PZuvGg6bP7mtfTSYCao5LqQ7YZvVW4D1yGeUae5LWGK52geHH
YsBMsvKjTjBMMBoGA1UdEQQTMBGCCWxvY2FsaG9zdIcEfwAAATAPBgNVHRMBAf8E
BTADAQH/MB0GA1UdDgQWBBTK5506WyuMvzAXuxZjV0/mYrk76zAKBggqhkjOPQQD
AgNHADBEAiB930jcKcGDqOuLkXfxzAFIZtuDLOIf3PnLGCzEK/MpywIgPSLee3rO
R1uWHIHnfgwT4VDGMwBUHADhc9zdAbDhGeM=
-----END CERTIFICATE-----
`.trimStart();
const KEY = `
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg2d5ZBmGLVEMUNfyd
xshlfYEk+nZ2ReCaSx8/0FDw0PShRANCAAQ+mDaT+tene4MJbyXyTVawg7A//TJu
D2brxoOmz+5rX00mAmqOS6kO2Gb1VuA9chnlGnuS1hiudoHhx2LATLLy
-----END PRIVATE KEY-----
`.trimStart();

export interface ReceivedMail {
  from: string;
  to: string[];
  isEncrypted: boolean;
  user: unknown;
  /** By lower-case names; of one that comes twice, an array would have hidden it, so all are kept. */
  headers: [name: string, value: string][];
  /** Decoded. */
  text: string;
}

export interface MailBehaviour {
  /** The answer's code to a command; undefined accepts it. */
  refuse?: { login?: number; sender?: number; recipient?: number; message?: number; enhanced?: string };
  /** Accepts connections and never answers. */
  isSilent?: boolean;
}

/** A local mail server with STARTTLS and a login (gate, s3cret/ö), or with neither. Specs change `behaviour`. */
export async function startMailServer({
  isPlain = false,
  port = 0,
  ...options
}: SMTPServerOptions & { isPlain?: boolean; port?: number } = {}) {
  const received: ReceivedMail[] = [];
  const behaviour: MailBehaviour = {};
  const answer = (code: number | undefined, words: string) =>
    code === undefined ? null : Object.assign(new Error(words), { responseCode: code });
  const server = new SMTPServer({
    ...(isPlain ? { disabledCommands: ['STARTTLS', 'AUTH'], authOptional: true } : { key: KEY, cert: CERTIFICATE }),
    disableReverseLookup: true,
    onConnect: (_session, done) => (behaviour.isSilent ? undefined : done()),
    onAuth({ username, password }, _session, done) {
      if (behaviour.refuse?.login) return done(answer(behaviour.refuse.login, `no login for ${username}`));
      done(username === 'gate' && password === 's3cret/ö' ? null : new Error('wrong'), { user: username });
    },
    onMailFrom: ({ address }, _session, done) => done(answer(behaviour.refuse?.sender, `no sender ${address}`)),
    onRcptTo: ({ address }, _session, done) =>
      done(answer(behaviour.refuse?.recipient, `${behaviour.refuse?.enhanced ?? '5.7.1'} not for ${address}`)),
    onData(stream, session, done) {
      const parts: Buffer[] = [];
      stream.on('data', (part: Buffer) => parts.push(part));
      stream.on('end', () => {
        const refusal = answer(behaviour.refuse?.message, `not for ${session.envelope.rcptTo[0]?.address}`);
        if (!refusal) received.push(mailOf(Buffer.concat(parts), session));
        done(refusal);
      });
    },
    ...options,
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const place = `127.0.0.1:${(server.server.address() as AddressInfo).port}`;
  return { place, received, behaviour, close: () => new Promise<void>((resolve) => server.close(() => resolve())) };
}

type Session = Parameters<NonNullable<SMTPServerOptions['onData']>>[1];

function mailOf(raw: Buffer, { envelope, secure, user }: Session): ReceivedMail {
  const [head = '', ...body] = raw.toString('latin1').split('\r\n\r\n');
  const headers = head
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n')
    .map((line): [string, string] => [
      line.slice(0, line.indexOf(':')).toLowerCase(),
      line.slice(line.indexOf(':') + 1).trim(),
    ]);
  const encoding = headers.find(([name]) => name === 'content-transfer-encoding')?.[1] ?? '7bit';
  return {
    from: envelope.mailFrom ? envelope.mailFrom.address : '',
    to: envelope.rcptTo.map(({ address }) => address),
    isEncrypted: secure,
    user,
    headers,
    text: decoded(body.join('\r\n\r\n'), encoding),
  };
}

function decoded(body: string, encoding: string): string {
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString();
  if (encoding !== 'quoted-printable') return Buffer.from(body, 'latin1').toString();
  const bytes = body
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString();
}
