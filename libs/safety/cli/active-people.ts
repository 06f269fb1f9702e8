import { type Command, Option } from 'commander';
import { command } from '../../cli/commands.js';
import { table } from '../../cli/rendering/table.js';
import type { Runner } from '../../cli/session.js';
import type { ActivePeopleAnswer } from '../queries/show-active-people.js';
import { day } from './day.js';

/** Complete by its type: the list itself would load the views. */
const GROUPINGS: Record<ActivePeopleAnswer['by'], true> = { day: true, week: true, cohort: true };

interface Options {
  by?: string;
  from?: string;
  to?: string;
  cohort?: string;
}

export function activePeopleCommand(parent: Command, run: Runner): void {
  command(
    parent,
    'active-people',
    'Shows how many distinct accounts generated an image, by day, week or cohort, and what their images came to for each.',
    'metrics active-people',
    'metrics active-people --by week --cohort 2022-w20',
    'metrics active-people --by cohort --from 2022-05-16 --to 2022-05-22',
  )
    .addOption(new Option('--by <grouping>', 'group by').choices(Object.keys(GROUPINGS)))
    .option('--from <day>', 'first day', day)
    .option('--to <day>', 'last day', day)
    .option('--cohort <id>', 'only people of this cohort')
    .action(
      run<Options>(async ({ client, print }, { by, from, to, cohort }) => {
        const query = { by, from, to, cohort };
        const answer = await client.get<ActivePeopleAnswer>('/v1/metrics/active-people', query);
        print(answer, () => activePeopleText(answer));
      }),
    );
}

export const activePeopleText = ({ by, groups }: ActivePeopleAnswer) =>
  table(
    [by, 'people', 'generated', 'exposed', 'flagged', 'confirmed', 'generated each', 'flagged each', 'confirmed each'],
    groups.map(({ group, people, images, perPerson }) => [
      ...[group ?? 'no cohort', people, images.generated, images.exposed, images.flagged, images.confirmed],
      ...[perPerson.generated, perPerson.flagged, perPerson.confirmed].map((each) =>
        String(Number(each.toPrecision(3))),
      ),
    ]),
  );
