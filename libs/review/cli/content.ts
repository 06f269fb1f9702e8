import { Argument, type Command } from 'commander';
import { command, reason } from '../../cli/commands.js';
import { line, lines, paragraphs, quotation, type Shown } from '../../cli/rendering/plain-text.js';
import { pairs, rowsOf, table, time } from '../../cli/rendering/table.js';
import { saveFile } from '../../cli/save-file.js';
import type { Runner } from '../../cli/session.js';
import { InvalidInput } from '../../kernel/errors.js';
import type { RevealedAnswer } from '../features/reveal-content-route.js';
import type { ReviewAnswer } from '../queries/review-answer.js';
import { casePath } from './case-paths.js';

const TEXTS = ['prompt', 'comments', 'notes'];
const LEVELS = [...TEXTS, 'blurred', 'grey', 'full'];

/** What a reviewer sees of a case. */
export function contentCommands(group: Command, run: Runner): void {
  command(
    group,
    'review <id>',
    'Shows everything that a reviewer needs to judge a case, except for the content.',
    'case review img-1',
  ).action(
    run(async ({ client, print }, _, id) => {
      const review = await client.get<ReviewAnswer>(`${casePath(id!)}/review`);
      print(review, () => reviewText(review));
    }),
  );

  command(
    group,
    'reveal',
    'Shows the prompt, the comments, colleagues’ notes or the image of a case that you have claimed. Leads read notes without a claim. The log records who looked at what, and why.',
    "case reveal img-1 prompt --reason 'the image alone is ambiguous'",
    "case reveal img-1 full --reason 'the sign is too small' --out img-1.png",
  )
    .argument('<id>', 'the case')
    .addArgument(new Argument('<level>', 'what to look at').choices(LEVELS))
    .requiredOption('--reason <text>', 'why; no personal data', reason)
    .option('--out <file>', 'a new file for the image; needed for an image')
    .action(
      run<{ reason: string; out?: string }>(async ({ client, print, remark }, { reason: why, out }, id, level) => {
        const path = `${casePath(id!)}/reveals`;
        const body = { level, reason: why };
        if (TEXTS.includes(level!)) {
          const revealed = await client.post<RevealedAnswer>(path, body);
          print(revealed, () => revealedText(revealed));
          if (revealed.breakAdvised) remark(BREAK);
          return;
        }
        if (out === undefined) {
          throw new InvalidInput([{ field: '--out', message: 'is missing: name a new file for the image' }]);
        }
        const { bytes, mediaType, headers } = await saveFile(out, () => client.content('POST', path, body));
        const position = headers.get('gatehouse-position');
        print({ caseId: id, level, mediaType, bytes: bytes.length, file: out, position }, () => savedText(bytes, out));
        if (headers.get('gatehouse-break-advised') === 'true') remark(BREAK);
      }),
    );
}

const BREAK = line`take a break: gatehouse reviewer break records it`;

const savedText = (bytes: Buffer, file: string): Shown => line`${bytes.length} bytes are in ${file}`;

function revealedText({ level, prompt, comments = [], notes = [], unavailable }: RevealedAnswer): Shown {
  const missing = unavailable > 0 ? [line`${unavailable} can't be read any more`] : [];
  if (level === 'prompt') return paragraphs([prompt == null ? line`no prompt` : quotation(prompt), ...missing]);
  if (level === 'notes') {
    const written = notes.map(({ type, writtenBy, at, rationale, note }) =>
      lines([
        line`${writtenBy}, ${type}, ${time(at)}:`,
        ...[rationale, note].flatMap((one) => (one === undefined ? [] : [quotation(one)])),
      ]),
    );
    return paragraphs([...(written.length > 0 ? written : [line`no notes`]), ...missing]);
  }
  const parts = comments.map((one) => lines([line`${one.flaggedBy}:`, quotation(one.comment)]));
  return paragraphs([...(parts.length > 0 ? parts : [line`no comments`]), ...missing]);
}

function reviewText(review: ReviewAnswer): Shown {
  const { account, claim, image, policy } = review;
  const about = pairs([
    ['case', review.caseId],
    ['status', review.status],
    ['round', review.round],
    ['opened', time(review.openedAt)],
    ['claimed', claim && `by ${claim.reviewer} until ${time(claim.until)}`],
    ['your verdict', review.verdict],
    ['escalated', review.isEscalated],
    ['prompt', review.hasPrompt],
    ['comments', review.hasComments],
    ['notes', review.hasNotes],
    ['photorealistic', image?.photorealistic],
    ['faces', image?.faces],
    ['clause of the highest severity', review.severeClause],
    ['you may reveal', review.levels.join(', ')],
  ]);
  const scores = table(
    ['category', 'flags', 'confidence'],
    rowsOf(review.categories, 'category', 'flags', 'confidence'),
  );
  const clauses = table(
    ['clause', 'severity', 'title', 'flagged'],
    rowsOf(policy.clauses, 'id', 'severity', 'title', 'isNamed'),
    'the content policy has no clauses',
  );
  return paragraphs([about, scores, account ? accountText(account) : line`the account is not known`, clauses]);
}

function accountText(account: NonNullable<ReviewAnswer['account']>): Shown {
  const { cases, latestCases, similarCases, restrictions } = account;
  const similar = new Set(similarCases.map(({ caseId }) => caseId));
  const rows = [
    ...latestCases,
    ...similarCases.filter((one) => !latestCases.some((seen) => seen.caseId === one.caseId)),
  ];
  return paragraphs([
    pairs([
      ['account', account.accountId],
      ['status', account.deactivated ? `${account.status}, deactivated` : account.status],
      ['suspended until', time(account.suspendedUntil)],
      ['cases confirmed', cases.confirmed],
      ['cases dismissed', cases.dismissed],
      ['problems of the model', cases.modelProblem],
      ['cases open', cases.open],
    ]),
    table(
      ['case', 'status', 'opened', 'categories', 'similar'],
      rows.map((one) => [
        one.caseId,
        one.status,
        time(one.openedAt),
        one.categories.join(', '),
        similar.has(one.caseId),
      ]),
      'no other cases',
    ),
    table(
      ['event', 'time', 'reason', 'case', 'until'],
      restrictions.map((one) => [one.type, time(one.time), one.reason, one.caseId, time(one.until)]),
      'never restricted',
    ),
  ]);
}
