import type { Command } from 'commander';
import { command } from '../../cli/commands.js';
import { line, lines, paragraphs, type Shown } from '../../cli/rendering/plain-text.js';
import { exactTime } from '../../cli/rendering/table.js';
import type { Runner } from '../../cli/session.js';
import type { DecisionAnswer } from '../queries/show-decision.js';
import { explanationLines } from './history.js';

export function decisionCommand(group: Command, run: Runner): void {
  command(
    group,
    'decision <id>',
    'Makes a decision again on its history and shows what each rule said: of an enforcement, or of an access decision whose answer had a decisionId. Role compliance or administrator.',
    'audit decision img-1',
    'audit decision 0196e0f0-0000-7000-8000-000000000001 --json',
  ).action(
    run(async ({ client, print }, _, id) => {
      const found = await client.get<DecisionAnswer>(`/v1/audit/decisions/${encodeURIComponent(id!)}`);
      print(found, () => decisionText(found));
    }),
  );
}

const decisionText = ({ decisions }: DecisionAnswer): Shown =>
  paragraphs(
    decisions.map(({ what, position, time, stored, explanation }) =>
      lines([
        line`${what} at position ${position}, ${exactTime(time)}: ${JSON.stringify(stored)}`,
        ...(explanation ? explanationLines(explanation) : [line`it rests on what is in no event`]),
      ]),
    ),
  );
