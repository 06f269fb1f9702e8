import { ORDER_ROWS, TOTAL, UNSPECIFIED_ORDER } from './categorised.js';
import { type DisputeFigure, medianOf, type Order, type ReportFigures } from './report-figures.js';
import {
  ALL,
  type Cell,
  COMMON,
  hoursOf,
  OTHER,
  otherIn,
  type ReportContext,
  shareOf,
  type Table,
} from './table-parts.js';

/* What the transparency report has of authorities and of out-of-court bodies, as operators recorded it. */

const ORDERS = [
  'Number of orders to act against illegal content received',
  'Number of specific items of information included in the total number of orders to act against illegal content',
  'Median time to inform the authority of the receipt of the order to act against illegal content',
  'Median time to give effect to the order to act against illegal content',
  'Number of orders to provide information',
  'Median time to inform the authority of the receipt of the order to provide information',
  'Median time to give effect to the order to provide information',
];
const RECORDED = 'Those that operators recorded in this system.';

/** A row for each category, and below it one for each country that gave orders. */
export function ordersTable({ orders }: Pick<ReportFigures, 'orders'>, context: ReportContext): Table {
  const countries = [...new Set(orders.map(({ country }) => country))].sort();
  return {
    file: '3_member_states_orders.csv',
    head: [
      ...[...COMMON, 'Category of illegal content', OTHER, 'Scope', ...ORDERS],
      ...ORDERS.map(
        (one, n) => `Contextual information on ${n < 2 ? one.charAt(0).toLowerCase() + one.slice(1) : one}`,
      ),
    ],
    rows: ORDER_ROWS.flatMap((row) =>
      [TOTAL, ...countries].map((scope) => {
        const counted = orders.filter(
          ({ category = UNSPECIFIED_ORDER, keyword, country }) =>
            (scope === TOTAL || country === scope) &&
            (row.category === undefined ||
              (category === row.category && (row.code === category || row.code === keyword))),
        );
        const isWhole = row.category === undefined && scope === TOTAL;
        return [
          ...[ALL, context.service, context.period, row.code, otherIn(row, context), scope],
          ...orderValues(counted),
          ...ORDERS.map((_, place) => (isWhole && (place === 0 || place === 4) ? RECORDED : null)),
        ];
      }),
    ),
  };
}

function orderValues(orders: readonly Order[]): Cell[] {
  const [act, inform] = (['act', 'inform'] as const).map((kind) => orders.filter((one) => one.kind === kind));
  const median = (of: readonly Order[], hours: (order: Order) => number | undefined): Cell =>
    hoursOf(medianOf(of.map(hours).filter((one) => one !== undefined)));
  const medians = (of: readonly Order[]) => [
    median(of, ({ hoursToAcknowledge }) => hoursToAcknowledge),
    median(of, ({ hoursToCarryOut }) => hoursToCarryOut),
  ];
  const items = act!.reduce((sum, one) => sum + one.items, 0);
  return [act!.length, items, ...medians(act!), inform!.length, ...medians(inform!)];
}

/** By scope; the third is a note. */
export function disputeValues({ disputes }: Pick<ReportFigures, 'disputes'>): [string, Cell, string?][] {
  const decided = disputes.flatMap((one) => one.decided ?? []);
  const of = (outcome: NonNullable<DisputeFigure['decided']>['outcome']) =>
    decided.filter((one) => one.outcome === outcome).length;
  const final = decided.filter(({ outcome }) => outcome !== 'omitted');
  const implemented = final.filter(({ isImplemented }) => isImplemented).length;
  return [
    ['Total number', disputes.filter(({ isSubmitted }) => isSubmitted).length, RECORDED],
    ['Decisions upheld', of('upheld')],
    ['Decisions partially reversed', of('partly-reversed')],
    ['Decisions reversed', of('reversed')],
    ['Median time', hoursOf(medianOf(final.map(({ hours }) => hours))), 'In hours.'],
    ['Decision omitted', of('omitted')],
    ['Percentage of outcomes implemented', shareOf(implemented, final.length) ?? null, 'A share from 0 to 1.'],
  ];
}
