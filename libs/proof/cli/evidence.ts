import { type Command, Option } from 'commander';
import { command, reason, severalOf } from '../../cli/commands.js';
import { EXIT } from '../../cli/exit-codes.js';
import { textOf } from '../../cli/json-file.js';
import { line, lines, paragraphs, type Shown } from '../../cli/rendering/plain-text.js';
import { saveFile, saveFiles } from '../../cli/save-file.js';
import type { Runner } from '../../cli/session.js';
import { GatehouseError, InvalidInput } from '../../kernel/errors.js';
import type { CheckedBundle } from '../evidence/check-bundle.js';
import type { Verdict } from '../evidence/verdict.js';
import type { LogKeysAnswer } from '../queries/proof-endpoints.js';

/** As the route knows them; the command line loads none of it. */
const KINDS = ['event', 'position', 'account', 'image', 'case', 'enforcement', 'appeal'];
const SERVER_TRUST =
  'It was checked with the keys that the server itself named: check it again with a key that you got in another way.';
const OWN_TRUST = 'It was checked with the keys that the maker of this page trusts.';

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
        const { checkBytes } = await import('../evidence/check-bundle.js');
        const page = `${out}.html`;
        const { headers, checked } = await saveFiles([out, page], async () => {
          const body = { id, reason: why, ...(kind !== undefined && { kind }) };
          const content = await client.content('POST', '/v1/evidence-bundles', body);
          const { keys } = await client.get<LogKeysAnswer>('/log/keys');
          const verifiers = keys.map(({ verifier }) => verifier);
          const checked = await checkBytes(content.bytes, verifiers);
          return { ...content, checked, files: [content.bytes, Buffer.from(checked.html(SERVER_TRUST))] };
        });
        const { events, origin, size } = checked.verdict;
        const answer = { file: out, page, events, origin, size, position: headers.get('gatehouse-position') };
        print(answer, () =>
          lines([
            line`${events} events with their proofs, under the checkpoint of ${size} events, are in ${out}`,
            line`${page} shows them to people`,
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
        const found = await verdictOn(file, options);
        if ('detail' in found) {
          print(found, () => line`NOT PROVED: ${found.detail}`);
          return EXIT.differs;
        }
        const { page } = options;
        if (page !== undefined) await saveFile(page, async () => ({ bytes: Buffer.from(found.html(OWN_TRUST)) }));
        print(found.verdict, () => verdictText(found.verdict));
        return EXIT.done;
      }),
    );
}

interface NotProved {
  status: 'not-proved';
  line: unknown;
  detail: string;
}

async function verdictOn(
  file: string,
  { key = [], policy }: { key?: string[]; policy?: string },
): Promise<CheckedBundle | NotProved> {
  if ((policy === undefined) === (key.length === 0))
    throw new InvalidInput([
      { field: '--key', message: 'or --policy is needed, and only one of them: name whom you trust' },
    ]);
  const { checkFile, policyOfKeys, policyOfText } = await import('../evidence/check-bundle.js');
  const trusted = policy === undefined ? policyOfKeys(key) : policyOfText(await textOf('--policy', policy));
  try {
    return await checkFile(file, trusted);
  } catch (error) {
    if (!(error instanceof GatehouseError) || error.code !== 'bundle-untrusted') throw error;
    return { status: 'not-proved', line: error.details.line, detail: error.message };
  }
}

const listOf = (title: string, sentences: readonly string[]): Shown =>
  lines([line`${title}`, ...sentences.map((one) => line`  - ${one}`)]);

const verdictText = ({ subject, proved, notProved }: Verdict): Shown =>
  paragraphs([line`PROVED: ${subject}`, listOf('What is proved:', proved), listOf('What is not proved:', notProved)]);
