import { disputeValues, ordersTable } from './authority-tables.js';
import {
  ILLEGAL_ROWS,
  isInRow,
  type MappedMeasure,
  mappedMeasures,
  NOTICE_ROWS,
  noticeCategory,
  TERMS_ROWS,
} from './categorised.js';
import { COMPLAINT_KINDS } from './complaint-kinds.js';
import { type Complaint, medianOf, type ReportFigures, type Restriction } from './report-figures.js';
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

function noticesTable(figures: ReportFigures, measures: readonly MappedMeasure[], context: ReportContext): Table {
  const categoryOf = ({ categories }: { categories: readonly string[] }) => noticeCategory(categories, context.mapping);
  const onNotice = measures.filter(({ flags }) => flags.users);
  return {
    file: '4_notices.csv',
    head: [
      ...[...COMMON, 'Category of illegal content', OTHER, ...NOTICES],
      ...NOTICES.map((one) => `Contextual information on ${one}`),
    ],
    rows: NOTICE_ROWS.map((row) => {
      const isKeyword = row.category !== undefined && row.code !== row.category;
      const isOf = (one: { categories: readonly string[] }) =>
        row.category === undefined || categoryOf(one) === row.category;
      const received = figures.notices.filter(isOf);
      const decided = figures.decidedNotices.filter(isOf);
      /** Of all notices, and of those of trusted flaggers. */
      const both = (value: (isOne: (one: { isTrusted: boolean }) => boolean) => Cell): Cell[] => [
        value(() => true),
        value(({ isTrusted }) => isTrusted),
      ];
      const ofNotices = (value: Parameters<typeof both>[0]) => (isKeyword ? [null, null] : both(value));
      const actions = (ground: MappedMeasure['entry']['ground']) =>
        both(
          (isOne) => onNotice.filter((one) => one.entry.ground === ground && isOne(one) && isInRow(one, row)).length,
        );
      return [
        ...[HOSTING, context.service, context.period, row.code, otherIn(row, context)],
        ...ofNotices((isOne) => received.filter(isOne).length),
        ...ofNotices((isOne) => new Set(received.filter(isOne).map(({ imageId }) => imageId)).size),
        ...ofNotices((isOne) => hoursOf(medianOf(decided.filter(isOne).map(({ hours }) => hours)))),
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
  measures: readonly MappedMeasure[],
  context: ReportContext,
  ground: MappedMeasure['entry']['ground'],
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
        ...[counted.length, counted.filter(({ flags }) => flags.detectors).length],
        ...RESTRICTIONS.map(([, restriction]) => counted.filter((one) => one.restriction === restriction).length),
        ...OWN.map(() => null),
      ];
    }),
  };
}

const INDICATOR_HEAD = [...COMMON, 'Section', 'Indicator', 'Scope', 'Value', 'Contextual Information'];
const COMPLAINTS = 'Internal complaints mechanism';
const DISPUTES = 'Out-of-court dispute settlement bodies';
const SUSPENSIONS = 'Suspensions imposed on repeated offenders';

function appealsTable(figures: ReportFigures, measures: readonly MappedMeasure[], context: ReportContext): Table {
  const rows: Cell[][] = [];
  const row = (applies: string, section: string, indicator: string, scope: string, value: Cell, note: Cell = null) =>
    rows.push([applies, context.service, context.period, section, indicator, scope, value, note]);
  for (const { indicator, isOf, hasOmitted, note } of COMPLAINT_KINDS) {
    const complaints = figures.complaints.filter(isOf);
    const decided = (outcome: Complaint['outcome']) => complaints.filter((one) => one.outcome === outcome);
    const hours = complaints.flatMap((one) =>
      one.hours === undefined || one.outcome === 'omitted' ? [] : [one.hours],
    );
    const filed = complaints.filter(({ isFiled }) => isFiled).length;
    row(hasOmitted ? ALL : PLATFORMS, COMPLAINTS, indicator, 'Total number', filed, note);
    row(PLATFORMS, COMPLAINTS, indicator, 'Decisions upheld', decided('upheld').length);
    row(PLATFORMS, COMPLAINTS, indicator, 'Decisions partially reversed', decided('partly-reversed').length);
    row(PLATFORMS, COMPLAINTS, indicator, 'Decisions reversed', decided('reversed').length);
    row(PLATFORMS, COMPLAINTS, indicator, 'Median time', hoursOf(medianOf(hours)), 'In hours.');
    if (!hasOmitted) continue;
    row(PLATFORMS, COMPLAINTS, indicator, 'Decision omitted', decided('omitted').length);
    const imposed = 'Number of restrictions newly imposed as a result of an internal complaint';
    row(PLATFORMS, COMPLAINTS, imposed, 'Total number', 0, 'Who flagged content files no complaints in this system.');
  }
  const disputes = 'Number of disputes submitted to out-of-court dispute settlement bodies';
  for (const [scope, value, note = null] of disputeValues(figures))
    row(PLATFORMS, DISPUTES, disputes, scope, value, note);
  const suspended = measures.filter((one) => one.restriction === 'account-suspended' && one.entry.ground === 'illegal');
  const suspensions = 'Number of suspensions enacted for the provision of manifestly';
  row(PLATFORMS, SUSPENSIONS, `${suspensions} illegal content `, 'Total number', suspended.length);
  row(PLATFORMS, SUSPENSIONS, `${suspensions} unfounded notices`, 'Total number', null, NOT_RECORDED);
  row(PLATFORMS, SUSPENSIONS, `${suspensions} unfounded complaints`, 'Total number', null, NOT_RECORDED);
  return { file: '7_appeals_and_recidivism.csv', head: INDICATOR_HEAD, rows };
}

const AUTOMATED = 'Use of automated means for content moderation';
const ACCURACY = 'Accuracy of the automated means -';
const NEEDS_ALL = 'Not known: content that no detector flagged is not reviewed as a whole.';
const PRECISION = 'Share of the reviews of content that detectors had flagged which found a violation.';

function automatedTable(
  { decided, decidedNotices }: ReportFigures,
  measures: readonly MappedMeasure[],
  context: ReportContext,
): Table {
  const rows: Cell[][] = [];
  const row = (applies: string, indicator: string, scope: string, value: Cell, note: Cell = null) =>
    rows.push([applies, context.service, context.period, AUTOMATED, indicator, scope, value, note]);
  const detected = decided.filter(({ flags }) => flags.detectors);
  const precisionOf = (rounds: typeof decided) =>
    shareOf(rounds.filter(({ isConfirmed }) => isConfirmed).length, rounds.length) ?? null;
  const scopes = [
    { scope: 'Total number', of: measures, rounds: detected },
    {
      scope: 'Own-initiative ',
      of: measures.filter(({ flags }) => !flags.users),
      rounds: detected.filter(({ flags }) => !flags.users),
    },
  ];
  for (const { scope, of, rounds } of scopes) {
    const others = of.filter(({ isHuman }) => !isHuman).length;
    const note =
      others === 0 ? null : `${others} more of another system: whether people took part is not recorded here.`;
    row(ALL, 'Number of measures solely taken by automated means ', scope, 0, note);
    row(ALL, 'Number of measures not taken by automated means', scope, of.length - others);
    row(ALL, `${ACCURACY} Accuracy`, scope, null, NEEDS_ALL);
    row(ALL, `${ACCURACY} Precision`, scope, precisionOf(rounds), PRECISION);
    row(ALL, `${ACCURACY} Recall`, scope, null, NEEDS_ALL);
  }
  for (const [applies, scope] of [
    [HOSTING, 'NAM Total'],
    [PLATFORMS, 'NAM Trusted Flagger'],
  ] as const) {
    const decided = decidedNotices.filter(({ isTrusted }) => scope === 'NAM Total' || isTrusted);
    row(applies, 'Number of notices solely processed by automated means ', scope, 0);
    row(applies, 'Number of notices not processed by automated means', scope, decided.length);
    for (const indicator of ['Accuracy', 'Precision', 'Recall']) row(applies, `${ACCURACY} ${indicator}`, scope, null);
  }
  return { file: '8_automated_means.csv', head: INDICATOR_HEAD, rows };
}
