import { type CommandGroup, command } from '../../cli/commands.js';
import { jsonOf } from '../../cli/json-file.js';
import type { Shown } from '../../cli/rendering/plain-text.js';
import { table } from '../../cli/rendering/table.js';
import { computeCase, type GateCase, type GateResult, gateCasesOf } from './gate-cases.js';

const CASES = '{"cases": [{"n", "x", "a", "b", "p0"}, …]} with x violations among n exposures';
const DIGITS = 10;

export const gateCommands: CommandGroup = (program, run) => {
  const group = program
    .command('gate')
    .description('Computes the statistics of the safety gate, which asks whether the evidence supports a higher rate.');

  command(
    group,
    'compute',
    'Computes the evidence of given counts, without a server, so that anybody can check it with another program.',
    'gate compute --cases cases.json',
    'gate compute --cases cases.json --json',
  )
    .requiredOption('--cases <file>', 'JSON file: {"cases": [{"n", "x", "a", "b", "p0"}, …]}')
    .action(
      run<{ cases: string }>(async ({ print }, { cases: file }) => {
        const cases = gateCasesOf(await jsonOf('--cases', file, CASES));
        const results = cases.map(computeCase);
        print(results, () => resultsText(cases, results));
      }),
    );
};

function resultsText(cases: readonly GateCase[], results: readonly GateResult[]): Shown {
  const rows = results.map(({ logESafe, logEHarm, csLower, csUpper }, i) => {
    const { n, x, a, b, p0 } = cases[i]!;
    const computed = [logESafe, logEHarm, csLower, csUpper].map((value) => String(Number(value.toPrecision(DIGITS))));
    return [n, x, ...[a, b, p0].map(String), ...computed];
  });
  const head = ['n', 'x', 'a', 'b', 'p0', 'ln E safe', 'ln E harm', 'lower', 'upper'];
  return table(head, rows, 'the file has no cases');
}
