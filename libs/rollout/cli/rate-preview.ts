import type { Command } from 'commander';
import { command, integer } from '../../cli/commands.js';
import { line, lines, paragraphs, type Shown } from '../../cli/rendering/plain-text.js';
import { number, table, time } from '../../cli/rendering/table.js';
import type { Runner } from '../../cli/session.js';
import { OUTCOME_WORDS, reasonWords } from '../../gate/gate-words.js';
import { counted, people } from '../../kernel/counted.js';
import type { RatePreviewAnswer } from '../queries/show-rate-preview.js';

/** @param most the highest rate */
export function ratePreviewCommand(parent: Command, run: Runner, most: number): void {
  command(
    parent,
    'preview',
    'Shows what a rate would come to: people a day, the load of reviewers, when the line ends, and what the gate says. Sets nothing.',
    'rate preview 2000',
  )
    .argument('<per-week>', 'people per rolling seven days', integer(0, most))
    .action(
      run(async ({ client, print }, _options, perWeek) => {
        const answer = await client.get<RatePreviewAnswer>('/v1/rollout/rate-preview', { perWeek: String(perWeek) });
        print(answer, () => ratePreviewText(answer));
      }),
    );
}

type Effect = RatePreviewAnswer['proposed'];

const NEEDS = {
  nothing: 'One person may set it.',
  confirmation: 'Setting it needs --confirm with the same figure.',
  approval: 'It has to be proposed (gatehouse rollout propose) and approved by another person.',
};

const rounded = (value: number): string => number(Number(value.toFixed(1)));
const percent = (share: number | null): string => (share === null ? 'not known' : `${Math.round(share * 100)}%`);

export function ratePreviewText(answer: RatePreviewAnswer): Shown {
  const { present, proposed, needs, waiting, unconfirmed, supplyPerDay, waitingCases, outcome, gate } = answer;
  const row = (name: string, textOf: (effect: Effect) => string | null) => [
    name,
    present ? textOf(present) : null,
    textOf(proposed),
  ];
  const effects = table(
    ['', 'now', 'then'],
    [
      row('people a week', ({ perWeek }) => number(perWeek)),
      row('people a day', ({ perDay }) => rounded(perDay)),
      row('people at once', ({ atOnce }) => number(atOnce)),
      row('the line ends', ({ lineEndsAt }) => (lineEndsAt === null ? 'never' : time(lineEndsAt))),
      row('cases a day', ({ casesPerDay }) => (casesPerDay === null ? 'not known' : rounded(casesPerDay))),
      row('load of reviewers', ({ load }) => percent(load)),
    ],
  );
  const supply =
    supplyPerDay === null
      ? 'It is too early to know how many cases reviewers decide a day'
      : `Reviewers decide at most ${counted(Number(supplyPerDay.toFixed(1)), 'case')} a day`;
  return paragraphs([
    effects,
    lines([
      line`${people(waiting, ['waits', 'wait'])}${unconfirmed > 0 ? `, and ${people(unconfirmed, ['has to confirm its', 'have to confirm their'])} address first` : ''}. ${supply}; ${counted(waitingCases, 'case waits', 'cases wait')}.`,
      line`${NEEDS[needs]}`,
    ]),
    lines([
      line`The gate would say: ${OUTCOME_WORDS[outcome]}`,
      ...reasonWords(answer.reasons, { missing: answer.missing }).map((why) => line`  ${why}`),
      line`In force now: ${gate.inForce}.`,
    ]),
  ]);
}
