import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SmallLog, seedOf, smallEvent } from '../../../test/support/small-log.js';
import { noteSigner, verifierText } from '../tlog/signed-note.js';
import { logsOnly, parsePolicy } from '../tlog/trust-policy.js';
import { MAX_BUNDLE_EVENTS, MAX_LINE_BYTES } from './bundle-format.js';
import { SummaryPage } from './summary-page.js';
import { UntrustedBundle } from './untrusted-bundle.js';
import { provedSentences, unprovedSentences } from './verdict.js';
import { type ProvedEvent, verifyBundle } from './verify-bundle.js';

const log = new SmallLog(300);
const trusted = logsOnly([log.signer]);
const [anna, ben, carl] = ['anna', 'ben', 'carl'].map((name) =>
  noteSigner(`${name}.example/witness`, seedOf(name), 'witness'),
) as [ReturnType<typeof noteSigner>, ReturnType<typeof noteSigner>, ReturnType<typeof noteSigner>];
const NOON = 1_652_961_600;

async function* inParts(bytes: Uint8Array, size = bytes.length): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function verified(bundle: string | Uint8Array, policy = trusted, size?: number) {
  const events: ProvedEvent[] = [];
  const bytes = Buffer.from(bundle as string);
  const proved = await verifyBundle(inParts(bytes, size), policy, (event) => events.push(event));
  return { proved, events };
}

const refused = (bundle: string | Uint8Array, policy = trusted) => expect(verified(bundle, policy)).rejects;

describe('an evidence bundle', () => {
  it('proves its events to anyone who trusts the key of the log, however its bytes arrive', async () => {
    const bundle = await log.bundle([0, 7, 255, 256, 299]);
    for (const size of [1, 7, 4096, undefined]) {
      const { proved, events } = await verified(bundle, trusted, size);
      expect(events.map(({ index }) => index)).toEqual([0, 7, 255, 256, 299]);
      expect(events.map(({ event }) => event)).toEqual([0, 7, 255, 256, 299].map((n) => log.events[n]));
      expect(proved.checkpoint).toMatchObject({ origin: log.origin, size: 300 });
      expect(proved).toMatchObject({ witnesses: [], quorum: 'none', withoutNonce: 0 });
    }
  });

  it('proves nothing to anyone who trusts another key, or the same key under the name of another log', async () => {
    const bundle = await log.bundle([7]);
    await refused(bundle, logsOnly([new SmallLog(0, log.origin, seedOf('x')).signer])).toThrow("can't be trusted");
    await refused(bundle, logsOnly([new SmallLog(0, 'example.org/log/b').signer])).toThrow("can't be trusted");
    await refused(bundle, logsOnly([])).toThrow(UntrustedBundle);
  });

  it('counts the witnesses of a policy, and proves nothing without its quorum', async () => {
    const policy = parsePolicy(
      [
        `log ${verifierText(log.signer)} https://example.org/log`,
        `witness anna ${verifierText(anna)}`,
        `witness ben\t${verifierText(ben)} https://ben.example/`,
        `  witness carl ${verifierText(carl)}`,
        '# two of three',
        'group all-of-us 2 anna ben carl',
        'quorum all-of-us',
        '',
      ].join('\n'),
    );
    const two = await log.bundle([7], {
      witnesses: [
        [anna, NOON],
        [carl, NOON + 60],
      ],
    });
    const { proved } = await verified(two, policy);
    expect(proved.witnesses.map(({ name, time }) => [name, time])).toEqual([
      ['anna', NOON],
      ['carl', NOON + 60],
    ]);
    const said = provedSentences(proved, { events: 1, first: 7, last: 7 });
    expect(said.join('\n')).toContain(
      '2 independent witnesses signed it too: anna (anna.example/witness) at 2022-05-19T12:00:00Z',
    );
    expect(unprovedSentences(proved).join('\n')).toContain('recorded by 2022-05-19T12:01:00Z');
    await refused(await log.bundle([7], { witnesses: [[anna, NOON]] }), policy).toThrow('too few witnesses');
    await refused(await log.bundle([7]), policy).toThrow('too few witnesses');
    const twice = await log.bundle([7], {
      witnesses: [
        [anna, NOON],
        [anna, NOON + 1],
      ],
    });
    await refused(twice, policy).toThrow('too few witnesses');
    const forged = two.replaceAll(/(carl.example\/witness \S{20})./g, '$1x');
    await refused(forged, policy).toThrow(UntrustedBundle);
    // A witness is no log.
    await refused(two, { ...policy, logs: [] }).toThrow('no trusted key of that log');
  });

  it('says that a bundle without witnesses proves nothing about other copies of the log', async () => {
    const { proved } = await verified(await log.bundle([7]));
    expect(unprovedSentences(proved).join('\n')).toContain('could keep a second log');
  });

  it('proves events from before the log of leaves by their value, and says how many there are', async () => {
    const older = new SmallLog(3);
    older.events[1] = smallEvent(1, { metadata: { subject: 'image-img-1' }, data: { half: '\ud800', large: 2 ** 60 } });
    const { proved } = await verified(await older.bundle([1, 2]));
    expect(proved.withoutNonce).toBe(1);
    expect(unprovedSentences(proved).join('\n')).toContain('1 event from before there was a log of leaves');
  });

  const [first, ...rest] = ['{"a":1}', '[]', 'null', '', '{', '{"bundle":"gatehouse-evidence/2"}'];
  it.each([first!, ...rest])('is none if it begins with %j', async (line) => {
    await refused(`${line}\n`).toThrow(UntrustedBundle);
  });

  it('is refused if a line is missing, repeated, moved, cut off or one too many', async () => {
    const [header, one, two] = (await log.bundle([7, 8])).split(/(?<=\n)/) as [string, string, string];
    for (const lines of [
      [],
      [header],
      [header, one],
      [header, two, one],
      [header, one, one],
      [header, one, two, two],
      [one, two],
    ])
      await refused(lines.join('')).toThrow(UntrustedBundle);
    await refused(header + one + two.slice(0, -1)).toThrow('was cut off');
    await refused(`${header + one + two}\n`).toThrow(UntrustedBundle);
  });

  it('is refused in any spelling but the canonical one, so that no two readers see different events', async () => {
    const bundle = await log.bundle([7]);
    for (const [from, to] of [
      ['{"event"', '{ "event"'],
      ['"position":"8"', '"position":"\\u0038"'],
      ['"revision":7', '"revision":7.0'],
      ['"revision":7', '"revision":9,"revision":7'],
      ['"type":"ImageGenerated"},"position"', '"type":"ImageGenerated"},"more":1,"position"'],
    ] as const) {
      expect(bundle).toContain(from);
      await refused(bundle.replace(from, to)).toThrow(UntrustedBundle);
    }
    await refused(Buffer.concat([Buffer.of(0xef, 0xbb, 0xbf), Buffer.from(bundle)])).toThrow(UntrustedBundle);
    const broken = Buffer.from(bundle);
    broken[bundle.indexOf('gatehouse-evidence')] = 0xff;
    await refused(broken).toThrow('not UTF-8');
  });

  it('is refused before it is parsed if it is too large, too long or too deep', async () => {
    const bundle = await log.bundle([7]);
    await refused(`${' '.repeat(MAX_LINE_BYTES + 1)}`).toThrow('more than');
    await refused(`${'['.repeat(1_000_000)}\n`).toThrow('not JSON');
    await refused(bundle.replace('"data":{', `"data":{"deep":${'['.repeat(5_000)}${']'.repeat(5_000)},`)).toThrow(
      'not JSON',
    );
    await refused(await log.bundle([7], { header: { events: MAX_BUNDLE_EVENTS + 1 } })).toThrow('more events than');
    await refused(await log.bundle([], { header: { events: 0 } })).toThrow('no events');
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) yield Buffer.alloc(65_536, 'x');
    }
    await expect(verifyBundle(endless(), trusted)).rejects.toThrow('more than');
  });

  it('never proves anything else than was signed, whatever is changed in it, and never crashes', async () => {
    const bundle = Buffer.from(await log.bundle([7, 40, 256]));
    const truth = await verified(bundle);
    const lines = String(bundle).split(/(?<=\n)/);
    const place = fc.integer({ min: 0, max: bundle.length - 1 });
    const changed = fc.oneof(
      fc
        .tuple(place, fc.uint8Array({ maxLength: 3 }), fc.nat(3))
        .map(([at, by, cut]) => Buffer.concat([bundle.subarray(0, at), by, bundle.subarray(at + cut)])),
      fc.tuple(place, place).map(([from, to]) => Buffer.concat([bundle.subarray(0, from), bundle.subarray(to)])),
      fc.array(fc.constantFrom(...lines), { maxLength: 6 }).map((some) => Buffer.from(some.join(''))),
      fc.tuple(place, fc.constantFrom(...'{}[]",:\\0123456789-eE.tfn')).map(([at, by]) => {
        const copy = Buffer.from(bundle);
        copy.write(by, at);
        return copy;
      }),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      fc.json().map((json) => Buffer.from(`${json}\n`)),
    );
    await fc.assert(
      fc.asyncProperty(changed, async (bytes) => {
        try {
          const { proved, events } = await verified(bytes);
          expect(proved.checkpoint).toEqual(truth.proved.checkpoint);
          expect(events.map(({ event, index }) => ({ event, index }))).toEqual(
            truth.events.map(({ event, index }) => ({ event, index })),
          );
        } catch (error) {
          expect(error).toBeInstanceOf(UntrustedBundle);
        }
      }),
      { numRuns: 2_000, seed: 20220519 },
    );
  });
});

describe('the page about a bundle', () => {
  it('shows every event, what is proved and what is not, with nothing that runs or is fetched', async () => {
    const hostile = new SmallLog(3);
    hostile.events[1] = smallEvent(1, {
      type: '<script>alert(1)</script>',
      data: { text: '</pre><img src=x onerror=alert(1)> \u202e' },
      metadata: 'none' as unknown,
    });
    const page = new SummaryPage();
    const bytes = Buffer.from(await hostile.bundle([0, 1], { header: { subject: '"><script>' } }));
    const proved = await verifyBundle(inParts(bytes), logsOnly([hostile.signer]), (event, of) => page.add(event, of));
    const html = page.html(proved, 'Trusted.');
    expect(html.match(/<article>/g)).toHaveLength(2);
    for (const sentence of [
      'An image was generated.',
      'Trusted.',
      'That the events are true',
      'among numbers 0 to 1 of the 3',
    ])
      expect(html).toContain(sentence);
    expect(html).toContain('prefers-color-scheme:dark');
    expect(html).not.toMatch(/<script|<img|\u202e|https?:|<[^>]+ src=|url\(/);
    expect(html).toContain('&lt;img src=x');
  });
});
