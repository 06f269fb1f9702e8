import { disputeValues, ordersTable } from './authority-tables.js';
import {
  ILLEGAL_ROWS,
  isInRow,
  type MappedMeasures,
  mappedMeasures,
  NOTICE_ROWS,
  TERMS_ROWS,
  TOTAL,
} from './categorised.js';
import { COMPLAINT_KINDS } from './complaint-kinds.js';
import type { Restriction } from './known-images.js';
import { type AppealOutcome, medianOf, type Notices, type ReportFigures, sumOf } from './report-figures.js';
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

/*
 * The tables of annex I of Implementing Regulation (EU) 2024/2835, parts 3 to 8, with its headings letter by letter: some end
 * with a space there.
 */

const HOSTING = 'Only for providers of hosting services, including online platforms';
const PLATFORMS = 'Only for providers of online platforms';

export function reportTables(figures: ReportFigures, context: ReportContext): Table[] {
  const measures = mappedMeasures(figures.measures, context.mapping);
  return [
    ordersTable(figures, context),
    noticesTable(figures, measures, context),
    ownInitiativeTable(measures, context, 'illegal'),
    ownInitiativeTable(measures, context, 'terms'),
    appealsTable(figures, measures, context),
    automatedTable(figures, measures, context),
  ];
}

const NOTICES = [
  'Number of notices received ',
  'Number of notices received from Trusted flaggers',
  'Number of specific items of information included in the total number of notices',
  'Number of specific items of information included in the total number of notices by Trusted Flaggers (Trusted Flagger notices)',
  'Median time to take action',
  'Median time to take action (Trusted Flagger notices)',
  'Number of actions taken on the basis of the law',
  'Number of actions taken on the basis of the law (Trusted Flagger notices)',
  'Number of actions taken on the basis of the terms and conditions of the service',
  'Number of actions taken on the basis of the terms and conditions of the service (Trusted Flagger notices)',
];
const NOT_RECORDED = 'Not recorded in this system.';
const FLAGS_NAME_NO_KEYWORD = 'Notices name a category and no keyword.';

function noticesTable(figures: ReportFigures, measures: readonly MappedMeasures[], context: ReportContext): Table {
  const onNotice = measures.filter(({ flags }) => flags.users);
  return {
    file: '4_notices.csv',
    head: [
      ...[...COMMON, 'Category of illegal content', OTHER, ...NOTICES],
      ...NOTICES.map((one) => `Contextual information on ${one}`),
    ],
    rows: NOTICE_ROWS.map((row) => {
      const isKeyword = row.category !== undefined && row.code !== row.category;
      const { all, trusted } = figures.notices.get(row.category ?? TOTAL)!;
      /** Of all notices, and of those of trusted flaggers. */
      const ofNotices = (value: (notices: Notices) => Cell) => (isKeyword ? [null, null] : [all, trusted].map(value));
      const actions = (ground: MappedMeasures['entry']['ground']) => {
        const taken = onNotice.filter((one) => one.entry.ground === ground && isInRow(one, row));
        return [sumOf(taken), sumOf(taken.filter(({ isTrusted }) => isTrusted))];
      };
      return [
        ...[HOSTING, context.service, context.period, row.code, otherIn(row, context)],
        ...ofNotices(({ received }) => received),
        ...ofNotices(({ images }) => images),
        ...ofNotices(({ hours }) => hoursOf(medianOf(hours))),
        ...actions('illegal'),
        ...actions('terms'),
        ...NOTICES.map((_, place) => (place === 0 && isKeyword ? FLAGS_NAME_NO_KEYWORD : null)),
      ];
    }),
  };
}

const RESTRICTIONS: readonly (readonly [heading: string, restriction?: Restriction])[] = [
  ['Visibility restriction Removal'],
  ['Visibility restriction Disable', 'image-disabled'],
  ['Visibility restriction Demoted'],
  ['Visibility restriction Age restricted'],
  ['Visibility restriction Interaction restricted'],
  ['Visibility restriction Labelled '],
  ['Visibility restriction Other'],
  ['Monetary restriction Suspension'],
  ['Monetary restriction Termination'],
  ['Monetary restriction Other'],
  ['Provision of the service Suspension', 'service-restricted'],
  ['Provision of the service Termination'],
  ['Account restriction Suspension', 'account-suspended'],
  ['Account restriction Termination', 'account-terminated'],
];
const OWN = [
  "Number of measures taken at the provider's own initiative ",
  'Number of measures taken after detection with solely automated means ',
  ...RESTRICTIONS.map(([heading]) => heading),
];

function ownInitiativeTable(
  measures: readonly MappedMeasures[],
  context: ReportContext,
  ground: MappedMeasures['entry']['ground'],
): Table {
  const own = measures.filter(({ flags, entry }) => !flags.users && entry.ground === ground);
  const kind =
    ground === 'illegal'
      ? 'Category of illegal content'
      : "Category of incompatibility with the provider's terms and conditions";
  return {
    file: ground === 'illegal' ? '5_own_initiative_illegal.csv' : '6_own_initiative_TC.csv',
    head: [...[...COMMON, kind, OTHER, ...OWN], ...OWN.map((one) => `Contextual Information on ${one}`)],
    rows: (ground === 'illegal' ? ILLEGAL_ROWS : TERMS_ROWS).map((row) => {
      const counted = own.filter((one) => isInRow(one, row));
      return [
        ...[ALL, context.service, context.period, row.code, otherIn(row, context)],
        ...[sumOf(counted), sumOf(counted.filter(({ flags }) => flags.detectors))],
        ...RESTRICTIONS.map(([, restriction]) => sumOf(counted.filter((one) => one.restriction === restriction))),
        ...OWN.map(() => null),
      ];
    }),
  };
}

const INDICATOR_HEAD = [...COMMON, 'Section', 'Indicator', 'Scope', 'Value', 'Contextual Information'];
const COMPLAINTS = 'Internal complaints mechanism';
const DISPUTES = 'Out-of-court dispute settlement bodies';
const SUSPENSIONS = 'Suspensions imposed on repeated offenders';

function appealsTable(figures: ReportFigures, measures: readonly MappedMeasures[], context: ReportContext): Table {
  const rows: Cell[][] = [];
  const row = (applies: string, section: string, indicator: string, scope: string, value: Cell, note: Cell = null) =>
    rows.push([applies, context.service, context.period, section, indicator, scope, value, note]);
  for (const { indicator, isOf, hasOmitted, note } of COMPLAINT_KINDS) {
    const complaints = figures.complaints.filter(isOf);
    const decided = (outcome: AppealOutcome) => complaints.reduce((sum, { outcomes }) => sum + outcomes[outcome], 0);
    const hours = complaints.flatMap((one) => one.hours);
    const filed = complaints.reduce((sum, one) => sum + one.filed, 0);
    row(hasOmitted ? ALL : PLATFORMS, COMPLAINTS, indicator, 'Total number', filed, note);
    row(PLATFORMS, COMPLAINTS, indicator, 'Decisions upheld', decided('upheld'));
    row(PLATFORMS, COMPLAINTS, indicator, 'Decisions partially reversed', decided('partly-reversed'));
    row(PLATFORMS, COMPLAINTS, indicator, 'Decisions reversed', decided('reversed'));
    row(PLATFORMS, COMPLAINTS, indicator, 'Median time', hoursOf(medianOf(hours)), 'In hours.');
    if (!hasOmitted) continue;
    row(PLATFORMS, COMPLAINTS, indicator, 'Decision omitted', decided('omitted'));
    const imposed = 'Number of restrictions newly imposed as a result of an internal complaint';
    row(PLATFORMS, COMPLAINTS, imposed, 'Total number', 0, 'Who flagged content files no complaints in this system.');
  }
  const disputes = 'Number of disputes submitted to out-of-court dispute settlement bodies';
  for (const [scope, value, note = null] of disputeValues(figures))
    row(PLATFORMS, DISPUTES, disputes, scope, value, note);
  const suspended = measures.filter((one) => one.restriction === 'account-suspended' && one.entry.ground === 'illegal');
  const suspensions = 'Number of suspensions enacted for the provision of manifestly';
  row(PLATFORMS, SUSPENSIONS, `${suspensions} illegal content `, 'Total number', sumOf(suspended));
  row(PLATFORMS, SUSPENSIONS, `${suspensions} unfounded notices`, 'Total number', null, NOT_RECORDED);
  row(PLATFORMS, SUSPENSIONS, `${suspensions} unfounded complaints`, 'Total number', null, NOT_RECORDED);
  return { file: '7_appeals_and_recidivism.csv', head: INDICATOR_HEAD, rows };
}

const AUTOMATED = 'Use of automated means for content moderation';
const ACCURACY = 'Accuracy of the automated means -';
const NEEDS_ALL = 'Not known: content that no detector flagged is not reviewed as a whole.';
const PRECISION = 'Share of the reviews of content that detectors had flagged which found a violation.';

function automatedTable(
  { decided, notices }: ReportFigures,
  measures: readonly MappedMeasures[],
  context: ReportContext,
): Table {
  const rows: Cell[][] = [];
  const row = (applies: string, indicator: string, scope: string, value: Cell, note: Cell = null) =>
    rows.push([applies, context.service, context.period, AUTOMATED, indicator, scope, value, note]);
  const detected = decided.filter(({ flags }) => flags.detectors);
  const precisionOf = (rounds: typeof decided) =>
    shareOf(sumOf(rounds.filter(({ isConfirmed }) => isConfirmed)), sumOf(rounds)) ?? null;
  const scopes = [
    { scope: 'Total number', of: measures, rounds: detected },
    {
      scope: 'Own-initiative ',
      of: measures.filter(({ flags }) => !flags.users),
      rounds: detected.filter(({ flags }) => !flags.users),
    },
  ];
  for (const { scope, of, rounds } of scopes) {
    const others = sumOf(of.filter(({ isHuman }) => !isHuman));
    const note =
      others === 0 ? null : `${others} more of another system: whether people took part is not recorded here.`;
    row(ALL, 'Number of measures solely taken by automated means ', scope, 0, note);
    row(ALL, 'Number of measures not taken by automated means', scope, sumOf(of) - others);
    row(ALL, `${ACCURACY} Accuracy`, scope, null, NEEDS_ALL);
    row(ALL, `${ACCURACY} Precision`, scope, precisionOf(rounds), PRECISION);
    row(ALL, `${ACCURACY} Recall`, scope, null, NEEDS_ALL);
  }
  const { all, trusted } = notices.get(TOTAL)!;
  for (const [applies, scope, { hours }] of [
    [HOSTING, 'NAM Total', all],
    [PLATFORMS, 'NAM Trusted Flagger', trusted],
  ] as const) {
    row(applies, 'Number of notices solely processed by automated means ', scope, 0);
    row(applies, 'Number of notices not processed by automated means', scope, hours.length);
    for (const indicator of ['Accuracy', 'Precision', 'Recall']) row(applies, `${ACCURACY} ${indicator}`, scope, null);
  }
  return { file: '8_automated_means.csv', head: INDICATOR_HEAD, rows };
}
