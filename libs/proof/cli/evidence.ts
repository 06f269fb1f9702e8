import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { command, reason, severalOf } from '../../cli/commands.js';
import { EXIT, type ExitCode } from '../../cli/exit-codes.js';
import { textOf } from '../../cli/json-file.js';
import { line, lines, paragraphs, type Shown } from '../../cli/rendering/plain-text.js';
import { saveFile } from '../../cli/save-file.js';
import type { Runner } from '../../cli/session.js';
import { InvalidInput } from '../../kernel/errors.js';
import { MAX_BUNDLE_BYTES } from '../evidence/bundle-format.js';
import { SummaryPage } from '../evidence/summary-page.js';
import { UntrustedBundle } from '../evidence/untrusted-bundle.js';
import { type ProvedRange, provedSentences, unprovedSentences } from '../evidence/verdict.js';
import { type ProvedBundle, verifyBundle } from '../evidence/verify-bundle.js';
import { InvalidPolicy, logsOnly, parsePolicy, type TrustPolicy } from '../tlog/trust-policy.js';
import { logKey, trustedKeys } from './trusted-keys.js';

/** As the route knows them; the command line loads none of it. */
const KINDS = ['event', 'position', 'account', 'image', 'case', 'enforcement', 'appeal'];
const SERVER_TRUST =
  'It was checked with the keys that the server itself named: check it again with a key that you got in another way.';
const OWN_TRUST = 'It was checked with the keys that whoever made this page trusts.';

/** Evidence bundles: written by the server, verified without one. */
export function evidenceCommands(group: Command, run: Runner): void {
  command(
    group,
    'prove <id>',
    'Writes an evidence bundle: an event by its id or position, or all events of an account, an image, a case, an enforcement or an appeal, each with the proof that it is in the log, and beside it a page that shows them. It is recorded who got it and why. Role compliance or administrator.',
    'audit prove img-1 --kind case --reason "asked for by the regulator" --out img-1.evidence',
    'audit prove 1042 --reason "complaint 7" --out complaint-7.evidence',
  )
    .addOption(new Option('--kind <kind>', 'what the id is of; by default everything that has it').choices(KINDS))
    .requiredOption('--reason <text>', 'why; no personal data', reason)
    .requiredOption('--out <file>', 'a new file for the bundle; the page is FILE.html')
    .action(
      run<{ kind?: string; reason: string; out: string }>(async ({ client, print }, options, id) => {
        const { kind, reason: why, out } = options;
        const page = new SummaryPage();
        const { headers, bundle } = await saveFile(out, async () => {
          const body = { id, reason: why, ...(kind !== undefined && { kind }) };
          const content = await client.content('POST', '/v1/evidence-bundles', body);
          const policy = logsOnly(await trustedKeys(client));
          const proved = await verifyBundle(chunksOf(content.bytes), policy, (event, of) => page.add(event, of));
          return { ...content, bundle: proved };
        });
        const html = `${out}.html`;
        await saveFile(html, async () => ({ bytes: Buffer.from(page.html(bundle, SERVER_TRUST)) }));
        const { events } = bundle.header;
        const { origin, size } = bundle.checkpoint;
        const answer = { file: out, page: html, events, origin, size, position: headers.get('gatehouse-position') };
        print(answer, () =>
          lines([
            line`${events} events with their proofs, under the checkpoint of ${size} events, are in ${out}`,
            line`${html} shows them to people`,
          ]),
        );
      }),
    );

  command(
    group,
    'verify-bundle <file>',
    `Verifies an evidence bundle without a server, with keys that you trust, and says what it proves and what it doesn't. The exit code is ${EXIT.differs} if it proves nothing.`,
    'audit verify-bundle img-1.evidence --key "example.org/log/9c1f03ab55d2+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"',
    'audit verify-bundle img-1.evidence --policy trust.policy --page img-1.html',
  )
    .option('--key <key>', 'a key of the log that you trust; may be repeated', severalOf)
    .option('--policy <file>', 'a C2SP tlog-policy: keys of logs and witnesses, and which of these have to sign')
    .option('--page <file>', 'a new file for a page that shows the events to people')
    .action(
      run<{ key?: string[]; policy?: string; page?: string }>(async ({ print }, options, file) => {
        const policy = await policyOf(options);
        const page = new SummaryPage();
        const range: ProvedRange = { events: 0, first: 0, last: 0 };
        let proved: ProvedBundle;
        try {
          proved = await verifyBundle(await fileChunks(file), policy, (event, of) => {
            if (range.events++ === 0) range.first = event.index;
            range.last = event.index;
            if (options.page !== undefined) page.add(event, of);
          });
        } catch (error) {
          if (!(error instanceof UntrustedBundle)) throw error;
          const { message, line: place } = error;
          print({ status: 'not-proved', line: place, detail: message }, () => line`NOT PROVED: ${message}`);
          return EXIT.differs;
        }
        const { page: out } = options;
        if (out !== undefined) await saveFile(out, async () => ({ bytes: Buffer.from(page.html(proved, OWN_TRUST)) }));
        print(verdictOf(proved, range), () => verdictText(proved, range));
        return EXIT.done satisfies ExitCode;
      }),
    );
}

async function policyOf({ key = [], policy }: { key?: string[]; policy?: string }): Promise<TrustPolicy> {
  if ((policy === undefined) === (key.length === 0))
    throw new InvalidInput([
      { field: '--key', message: 'or --policy is needed, and only one of them: name whom you trust' },
    ]);
  if (policy === undefined) return logsOnly(key.map((text) => logKey('--key', text)));
  try {
    return parsePolicy(await textOf('--policy', policy));
  } catch (error) {
    if (!(error instanceof InvalidPolicy)) throw error;
    throw new InvalidInput([{ field: '--policy', message: error.message }]);
  }
}

async function* chunksOf(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** @throws InvalidInput before a byte is read, if it is no file or too large */
async function fileChunks(file: string): Promise<AsyncIterable<Uint8Array>> {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    throw new InvalidInput([{ field: 'the file', message: `${file} can't be read (${error.code}): check the path` }]);
  });
  if (found.isFile() && found.size <= MAX_BUNDLE_BYTES) return createReadStream(file);
  const message = `${file} is no file of at most ${MAX_BUNDLE_BYTES} bytes, which is the largest bundle`;
  throw new InvalidInput([{ field: 'the file', message }]);
}

function verdictOf(bundle: ProvedBundle, range: ProvedRange) {
  const { checkpoint, header, logKeys, witnesses, quorum } = bundle;
  return {
    status: 'proved',
    subject: header.subject,
    events: range.events,
    firstIndex: range.first,
    lastIndex: range.last,
    origin: checkpoint.origin,
    size: checkpoint.size,
    root: checkpoint.root.toString('base64'),
    keys: logKeys.map(({ name, id }) => `${name}+${id.toString('hex')}`),
    witnesses: witnesses.map(({ name, key, time }) => ({ name, key: key.name, time })),
    quorum,
    proved: provedSentences(bundle, range),
    notProved: unprovedSentences(bundle),
  };
}

const listOf = (title: string, sentences: readonly string[]): Shown =>
  lines([line`${title}`, ...sentences.map((one) => line`  - ${one}`)]);

const verdictText = (bundle: ProvedBundle, range: ProvedRange): Shown =>
  paragraphs([
    line`PROVED: ${bundle.header.subject}`,
    listOf('What is proved:', provedSentences(bundle, range)),
    listOf('What is not proved:', unprovedSentences(bundle)),
  ]);
